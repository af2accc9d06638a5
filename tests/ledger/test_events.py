"""Entries and disclosures: the table refuses, the codec is strict, values open only for their recipients."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from contracts.canonical import canonical, sha
from ledger import disclosure, events
from ledger.disclosure import Disclosure, DisclosureError
from ledger.events import Block, Entry, EventError

NOW = datetime(2026, 3, 1, 12, 0, 0, 123, tzinfo=UTC)
DIGEST = bytes(range(32))
ENTRY = Entry(
    "keys.released", NOW, "did:web:localhost%3A7001", "c1" * 32, ("ab" * 32, "7"), (DIGEST,), Block(5, DIGEST)
)
# spec 7, the types of its table
TYPES = [
    "edition.sealed",
    "edition.registered",
    "edition.withdrawn",
    "agreement.signed",
    "agreement.amended",
    "agreement.ended",
    "licence.granted",
    "licence.sublicensed",
    "licence.revoked",
    "channel.opened",
    "channel.topped",
    "channel.claimed",
    "channel.closed",
    "decision.made",
    "keys.offered",
    "keys.released",
    "keys.refused",
    "keys.received",
    "keys.acknowledged",
    "keys.faulted",
    "opening.started",
    "opening.ended",
    "edition.reviewed",
    "negotiation.moved",
    "listing.moved",
    "member.moved",
    "replica.held",
    "replica.checked",
    "replica.deleted",
    "dispute.filed",
    "dispute.ruled",
    "time.mark",
    "log.restored",
    "disclosure.erased",  # ours, for what spec 7 permits
    # beside the specification's: section 7 allows other types
    "duty.performed",
    "duty.failed",
    "notice.sent",
    "notice.received",
    "alarm.raised",
    "demand.moved",
    "identity.moved",
    "trade.recorded",
    "complaint.moved",
    "operator.moved",
    "act.moved",
    "space.moved",
    "record.viewed",
    "leave.moved",
    "copy.served",
    "edition.transferred",
    "edition.pledged",
    "edition.released",
    "licence.suspended",
    "licence.resumed",
    "licence.pledged",
    "licence.released",
]


def test_the_table_has_every_type_of_the_specification():
    assert sorted(events.SHAPES) == sorted(TYPES)


@pytest.mark.parametrize("kind", TYPES)
def test_every_row_accepts_its_own_and_refuses_others(kind):
    shape = events.SHAPES[kind]
    links = [name for name in shape.links if not name.endswith("?")]
    events.check(kind, links, shape.required)
    events.check(kind, links, shape.allowed)
    with pytest.raises(EventError, match="no fields"):
        events.check(kind, links, [*shape.required, "colour"])
    with pytest.raises(EventError, match="links"):
        events.check(kind, [*shape.links, "one more"], shape.required)
    for name in shape.required:
        with pytest.raises(EventError, match="lacks"):
            events.check(kind, links, shape.required - {name})


def test_an_unknown_type_is_not_written_but_is_read():
    with pytest.raises(EventError, match="no event"):
        events.check("keys.stolen", [], [])
    entry = Entry("weather.changed", NOW, "did:web:x", "p", (), ())
    assert events.decode(entry.encode()) == entry


def test_an_entry_is_the_canonical_form_of_the_specification():
    assert json.loads(ENTRY.encode()) == {
        "v": 1,
        "type": "keys.released",
        "time": "2026-03-01T12:00:00.000123Z",
        "party": "did:web:localhost%3A7001",
        "part": "c1" * 32,
        "link": ["ab" * 32, "7"],
        "sd": [DIGEST.hex()],
        "block": {"number": "5", "hash": DIGEST.hex()},
    }
    assert ENTRY.encode() == canonical(json.loads(ENTRY.encode()))


@given(
    st.text(max_size=40),
    st.datetimes(datetime(1970, 1, 1), datetime(8999, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - of the zone beside
    st.lists(st.text(max_size=20), max_size=4),
    st.lists(st.binary(min_size=32, max_size=32), max_size=5, unique=True),
    st.none() | st.builds(Block, st.integers(0, 2**60), st.binary(min_size=32, max_size=32)),
)
def test_entries_round_trip(text, time, link, sd, block):
    entry = Entry(text, time, text, text, tuple(link), tuple(sorted(sd)), block)
    assert events.decode(entry.encode()) == entry


def broken():
    document = json.loads(ENTRY.encode())
    yield b"[]"
    yield b"{}"
    yield b"not json"
    yield ENTRY.encode() + b" "
    yield canonical({**document, "extra": 1})
    for key, values in {
        "v": [2, "1"],
        "type": [5, None],
        "time": ["2026-03-01T12:00:00Z", "2026-03-01T12:00:00.000123+00:00", 5, "2026-3-01T12:00:00.000123Z"],
        "party": [None, "x" * 600],
        "link": ["ab", [5], ["x"] * 9],
        "sd": [["00"], [DIGEST.hex().upper()], [DIGEST.hex()] * 2, ["ff" * 32, "00" * 32], "00"],
        "block": [{}, *({"number": one, "hash": DIGEST.hex()} for one in (5, "05", str(2**63))), [], "x"],
    }.items():
        for value in values:
            yield canonical({**document, key: value})


@pytest.mark.parametrize("raw", list(broken()))
def test_broken_entries_are_refused(raw):
    with pytest.raises(EventError):
        events.decode(raw)


def test_an_entry_has_a_limit():
    with pytest.raises(EventError, match="limit"):
        Entry("x", NOW, "y", "z" * 70_000, (), ()).encode()


def test_times_are_written_in_utc():
    later = datetime(2026, 3, 1, 20, tzinfo=UTC).astimezone(tz=None) + timedelta(0)
    assert b"2026-03-01T20:00:00.000000Z" in Entry("x", later, "y", "z", (), ()).encode()


OWNER = X25519PrivateKey.from_private_bytes(b"\x05" * 32)
STRANGER = X25519PrivateKey.from_private_bytes(b"\x06" * 32)
FIELDS = {"amount": "250", "rows": [[0, 5]], "purpose": "research"}


def sealed():
    disclosed = disclosure.conceal(FIELDS)
    return disclosed, disclosure.seal(disclosed, OWNER.public_key().public_bytes_raw(), DIGEST)


def test_a_digest_is_that_of_the_specification():
    (made,) = disclosure.digests(disclosure.conceal({"amount": "250"}, bytes))
    assert made == sha(["00" * 16, "amount", "250"])


@given(st.text(), st.recursive(st.none() | st.booleans() | st.integers(-5, 5) | st.text(), st.lists, max_leaves=9))
def test_a_field_is_committed_to_in_canonical_form(name, value):
    assert disclosure.conceal({name: value}, bytes) == [canonical(["00" * 16, name, value])]


def test_a_box_opens_for_its_recipient_and_entry_only():
    disclosed, box = sealed()
    opened = disclosure.unseal(box, OWNER, DIGEST)
    assert disclosure.check(opened, disclosure.digests(disclosed)) == FIELDS
    for key, leaf, body in [
        (STRANGER, DIGEST, box),
        (OWNER, bytes(32), box),
        (OWNER, DIGEST, box[:-1] + bytes([box[-1] ^ 1])),
    ]:
        with pytest.raises(DisclosureError):
            disclosure.unseal(body, key, leaf)


def test_equal_values_have_different_digests():
    first, second = (disclosure.digests(disclosure.conceal({"amount": "1"})) for _ in range(2))
    assert first != second


def test_a_false_or_doubled_value_is_refused():
    texts, box = sealed()
    sd, disclosed = disclosure.digests(texts), disclosure.unseal(box, OWNER, DIGEST)
    lie = Disclosure(disclosed[0].salt, "amount", "1")
    with pytest.raises(DisclosureError, match="does not commit"):
        disclosure.check([lie], sd)
    with pytest.raises(DisclosureError, match="twice"):
        disclosure.check([disclosed[0], disclosed[0]], sd)
    assert disclosure.check(disclosed[:1], sd) == {"amount": "250"}


def test_what_a_box_holds_is_checked():
    public = OWNER.public_key().public_bytes_raw()
    for rows in ([Disclosure("00", "short salt", 1)], [Disclosure("ZZ" * 16, "no hex", 1)]):
        with pytest.raises(DisclosureError, match="salt"):
            disclosure.unseal(disclosure.seal([one.text() for one in rows], public, DIGEST), OWNER, DIGEST)
    assert len(disclosure.recipient_id(public)) == 16
