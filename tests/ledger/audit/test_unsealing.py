"""A bundle of a log opened by the supervisor: what its entries disclose, keep back, and leave unreadable."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from ledger.audit.event import Event
from ledger.audit.unsealing import Pages, unseal
from ledger.log import disclosure, merkle
from ledger.log import note as notes
from ledger.log.disclosure import BOX_LIMIT_BYTES
from ledger.log.events import Block, Entry
from ledger.log.reader import ReadError
from ledger.log.tiles import ENTRIES, Tile, encode_bundle
from ledger.log.wrapping import HybridKey
from tests.every import every
from tests.ledger.audit.diary import SUPERVISOR
from tests.ledger.audit.values import AT

OURS, OTHER = "did:web:ours", "did:web:other"
HYBRID = HybridKey(b"\x79" * 32)
STRANGER = X25519PrivateKey.from_private_bytes(b"\x78" * 32)
ENDED = {"reason": "over", "by": "us"}


def recipient(key=SUPERVISOR):
    return disclosure.recipient_id(key.public_key().public_bytes_raw())


def entry(fields=ENDED, *, kind="agreement.ended", party=OURS):
    """Return an entry as it stands in the log, and the texts that it commits to."""
    texts = disclosure.conceal(fields)
    written = Entry(kind, AT, party, "aa", ("aa",), disclosure.digests(texts), Block(3, b"\x03" * 32))
    return written.encode(), texts


def box(raw, texts, key=SUPERVISOR, leaf=None):
    """Return what discloses texts of an entry to whoever has a key."""
    public = key.public_key().public_bytes_raw()
    return {recipient(key): notes.b64(disclosure.seal(texts, public, leaf or merkle.leaf_hash(raw)))}


def pages(entries, addenda, *, index=0, missing=""):
    leaves = b"".join(merkle.leaf_hash(raw) for raw in entries)
    body = addenda if isinstance(addenda, bytes) else json.dumps(addenda).encode()
    tile = Tile(ENTRIES, index, len(entries))
    return Pages(OURS, tile, encode_bundle(entries), leaves, body, missing, SUPERVISOR.private_bytes_raw())


def opened(*written, index=0):
    """Open entries, each (raw, boxes); return their events and what was found: code, index, facts."""
    made = unseal(pages([raw for raw, _ in written], [boxes for _, boxes in written], index=index))
    assert made.served.findings == []
    shown = [(one.code, one.index, one.facts) for one in made.found.findings]
    return [Event.from_row(OURS, row) for row in made.rows], shown


def test_what_is_disclosed_truly_becomes_events_where_they_stand_in_the_log():
    written = [entry(), entry({"reason": "sold", "by": "them"})]
    bundle = pages([raw for raw, _ in written], [box(*one) for one in written], index=2)
    made = unseal(bundle)
    assert made.found.findings == made.served.findings == []
    assert made.leaves == bundle.hashes
    assert made.size_bytes == sum(len(raw) for raw, _ in written)
    events = [Event.from_row(OURS, row) for row in made.rows]
    assert [(one.index, one.fields["by"], one.told) for one in events] == [(512, "us", True), (513, "them", True)]
    first = events[0]
    assert (first.did, first.kind, first.part, first.link, first.time) == (OURS, "agreement.ended", "aa", ("aa",), AT)
    assert (first.block, first.leaf) == (Block(3, b"\x03" * 32), merkle.leaf_hash(written[0][0]))


def test_an_entry_that_is_not_in_its_tile_opens_nothing():
    raw, texts = entry()
    good = pages([raw], [box(raw, texts)])
    with pytest.raises(ReadError, match="entry `0` does not hash"):
        unseal(Pages(good.did, good.tile, good.entries, bytes(32), good.addenda, "", good.key))


def test_what_is_no_entry_is_named_by_its_place_and_the_next_one_is_read():
    good = entry()
    events, found = opened((good[0], box(*good)), (b"{}", {}), (good[0], box(*good)), index=1)
    assert [one.index for one in events] == [256, 258]
    [(code, index, facts)] = found
    assert (code, index, facts["index"]) == ("entry-malformed", None, "257")
    assert facts["reason"].startswith("not a log entry: ")


def test_an_entry_of_another_party_is_named_and_read_all_the_same():
    raw, texts = entry(party=OTHER)
    events, found = opened((raw, box(raw, texts)), index=1)
    assert found == [("entry-of-another-party", None, {"index": "256", "other": OTHER})]
    assert events[0].fields == ENDED


@pytest.mark.parametrize("boxes", ["for nobody", "for another", "a number"])
def test_an_entry_with_fields_that_has_no_box_for_the_supervisor_discloses_nothing(boxes):
    raw, texts = entry()
    given = {"for nobody": {}, "for another": box(raw, texts, STRANGER), "a number": {recipient(): 5}}[boxes]
    [event], found = opened((raw, given))
    assert found == [("disclosure-missing", 0, {"event": "agreement.ended at index 0"})]
    assert (event.told, event.fields) == (False, {})


def test_an_entry_without_fields_needs_no_box():
    raw, _ = entry({}, kind="strange.event")
    [event], found = opened((raw, {}))
    assert (event.told, found) == (True, [])


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        ("of another entry", "the box does not open with this key for this entry"),
        ("another value", "the entry does not commit to the disclosed value of `reason`"),
        ("no base64", "`?` is not canonical base64"),
    ],
)
def test_a_box_that_does_not_hold_what_the_entry_commits_to_discloses_nothing(lie, reason):
    raw, texts = entry()
    lies = {
        "of another entry": box(raw, texts, leaf=bytes(32)),
        "another value": box(raw, disclosure.conceal(ENDED)),
        "no base64": {recipient(): "?"},
    }
    [event], [(code, index, facts)] = opened((raw, lies[lie]))
    assert (code, index) == ("disclosure-false", 0)
    assert reason in facts["reason"]
    assert (event.told, event.fields) == (False, {})


@every(
    ("kind", "fields", "shown", "missing"),
    [
        ("agreement.ended", ENDED, ["by", "reason"], None),
        ("agreement.ended", ENDED, ["by"], "reason"),
        ("channel.claimed", {"tx": "00", "cumulative": "9"}, [], "cumulative, tx"),
        ("channel.claimed", {"tx": "00"}, ["tx"], "cumulative"),
        ("replica.held", {"place": "here", "rows": "9", "from": "us"}, ["place"], "2 of 3"),
        ("replica.held", {"place": "here", "rows": "9", "from": "us"}, ["rows", "from"], "place"),
        ("replica.held", {"place": "here"}, ["place"], None),
        ("strange.event", {"a": 1, "b": 2}, ["b"], "1 of 2"),
        ("strange.event", {"a": 1, "b": 2}, ["a", "b"], None),
    ],
)
def test_a_field_that_is_kept_back_is_named_or_at_least_counted(kind, fields, shown, missing):
    raw, texts = entry(fields, kind=kind)
    names = [json.loads(text)[1] for text in texts]
    [event], found = opened((raw, box(raw, [text for name, text in zip(names, texts, strict=True) if name in shown])))
    assert event.fields == {name: fields[name] for name in shown}
    told = [("field-undisclosed", 0, {"event": f"{kind} at index 0", "fields": missing})]
    assert found == (told if missing else [])


def served(addenda, *, count=2, missing=""):
    """Open a bundle with these addenda; return what is said of them, and of how many entries nothing is disclosed."""
    written = [entry() for _ in range(count)]
    made = unseal(pages([raw for raw, _ in written], addenda(*written), index=1, missing=missing))
    kept_back = [one.index for one in made.found.findings if one.code == "disclosure-missing"]
    assert len(made.rows) == count
    return [(one.code, one.subject, one.facts["reason"]) for one in made.served.findings], kept_back


def test_addenda_that_are_not_served_are_said_once():
    found, kept_back = served(lambda *_: b"", missing="404 addenda/256-2")
    assert found == [("log-unreadable", OURS, "addenda from 256: 404 addenda/256-2")]
    assert kept_back == [256, 257]


def test_addenda_that_are_not_json_are_said_once():
    [(code, subject, reason)], kept_back = served(lambda *_: b"[{]")
    assert (code, subject) == ("log-unreadable", OURS)
    assert reason.startswith("addenda from 256: ")
    assert "not JSON" in reason
    assert kept_back == [256, 257]


@pytest.mark.parametrize(
    ("addenda", "kept_back"),
    [
        (lambda one, _: [box(*one)], [257]),
        (lambda one, two: [5, box(*two)], [256]),
        (lambda one, two: [box(*one), box(*two), box(*one)], []),
        (lambda one, two: {"0": box(*one), "1": box(*two)}, [256, 257]),
    ],
    ids=["too few", "one that is no row", "one too many", "no list"],
)
def test_an_entry_without_a_row_of_boxes_has_none(addenda, kept_back):
    assert served(addenda) == ([], kept_back)


@pytest.mark.parametrize(("over", "read"), [(0, True), (1, False)])
def test_addenda_have_room_for_the_largest_box_of_each_entry(over, read):
    def padded(*written):
        body = json.dumps([box(*one) for one in written]).encode()
        return body + b" " * (2 * BOX_LIMIT_BYTES + over - len(body))

    found, kept_back = served(padded)
    assert (not found, kept_back) == (read, [] if read else [256, 257])


@every("held", [b"", HYBRID.seed])
def test_a_box_is_opened_by_whichever_key_it_was_sealed_to(held):
    classical, hybrid = entry(), entry({"reason": "sold", "by": "them"})
    sealed = notes.b64(disclosure.seal(hybrid[1], HYBRID.public, merkle.leaf_hash(hybrid[0])))
    boxes = [box(*classical), {disclosure.recipient_id(HYBRID.public): sealed}]
    given = pages([classical[0], hybrid[0]], boxes)
    made = unseal(replace(given, key=given.key + held))
    told = [Event.from_row(OURS, row).fields for row in made.rows]
    assert told == [ENDED, {"reason": "sold", "by": "them"} if held else {}]
    assert [one.code for one in made.found.findings] == ([] if held else ["disclosure-missing"])
