"""Entries and disclosures: the table refuses, the codec is strict, values open only for their recipients."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from contracts.canonical import canonical, sha
from ledger.log import disclosure, events
from ledger.log.disclosure import Disclosure, DisclosureError
from ledger.log.events import Block, Entry, EventError
from tests.every import every

NOW = datetime(2026, 3, 1, 12, 0, 0, 123, tzinfo=UTC)
DIGEST = bytes(range(32))
ENTRY = Entry(
    "keys.released", NOW, "did:web:localhost%3A7001", "c1" * 32, ("ab" * 32, "7"), (DIGEST,), Block(5, DIGEST)
)
# spec 7, the types of its table, and those of data flows (decision 0177)
TYPES = [
    "edition.sealed",
    "edition.registered",
    "edition.withdrawn",
    "agreement.signed",
    "agreement.amended",
    "agreement.ended",
    "flow.started",
    "flow.ended",
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
    "keys.exported",
    "opening.started",
    "opening.ended",
    "edition.reviewed",
    "negotiation.moved",
    "listing.moved",
    "space.headed",
    "heads.gathered",
    "heads.missed",
    "member.moved",
    "replica.held",
    "replica.checked",
    "replica.deleted",
    "dispute.filed",
    "dispute.ruled",
    "time.mark",
    "log.restored",
    "disclosure.erased",  # ours, for what spec 7 permits
    "disclosure.made",
    # beside the specification's: section 7 allows other types
    "assent.given",
    "computation.started",
    "computation.ended",
    "answer.received",
    "duty.performed",
    "duty.failed",
    "notice.sent",
    "notice.received",
    "alarm.raised",
    "demand.moved",
    "use.moved",
    "project.moved",
    "project.signed",
    "project.result",
    "hosting.moved",
    "code.assigned",
    "code.verified",
    "node.linked",
    "report.made",
    "report.received",
    "credential.moved",
    "credential.received",
    "contract.filed",
    "contract.consented",
    "deal.moved",
    "deal.signed",
    "contract.declined",
    "contract.proposed",
    "service.dropped",
    "service.named",
    "delivery.listed",
    "delivery.unlisted",
    "contract.reported",
    "contract.signed",
    "instruction.moved",
    "template.moved",
    "identity.moved",
    "key.moved",
    "trade.recorded",
    "complaint.moved",
    "cash.moved",
    "payment.made",
    "operator.moved",
    "act.moved",
    "space.moved",
    "authority.granted",
    "authority.revoked",
    "access.changed",
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


@every("kind", TYPES)
def test_every_row_accepts_its_own_and_refuses_others(kind):
    shape = events.SHAPES[kind]
    links = [name for name in shape.links if not name.endswith("?")]
    events.check(kind, links, shape.required)
    events.check(kind, links, shape.allowed)
    with pytest.raises(EventError, match="no fields"):
        events.check(kind, links, [*shape.required, "colour"])
    events.check(kind, shape.links, shape.required)
    for wrong in ([*shape.links, "one more"], links[:-1]):
        if wrong != links:
            with pytest.raises(EventError, match=f"links `.*`, not `{len(wrong)}` ids"):
                events.check(kind, wrong, shape.required)
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
        "v": [2, "1", True],
        "type": [5, None],
        "time": [
            "2026-03-01T12:00:00Z",
            "2026-03-01T12:00:00.000123+00:00",
            5,
            "2026-3-01T12:00:00.000123Z",
            "2026-03-01 12:00:00.000123Z",
            "2026-03-01T12:00:00,000123Z",
            "2026-03-01T24:00:00.000000Z",
        ],
        "party": [None, "x" * 600],
        "link": ["ab", [5], ["x"] * 9],
        "sd": [
            ["00" * 31, "11" * 33],
            ["00" * 31 + "  "],
            ["00"],
            [DIGEST.hex().upper()],
            [DIGEST.hex()] * 2,
            ["ff" * 32, "00" * 32],
            "00",
        ],
        "block": [
            {},
            *({"number": one, "hash": DIGEST.hex()} for one in (5, "05", "\u0665", str(2**63))),
            [],
            "x",
            ["number", "hash"],
            {"number": "5", "hash": DIGEST.hex().upper()},
            {"number": "5", "hash": DIGEST.hex() + " "},
        ],
    }.items():
        for value in values:
            yield canonical({**document, key: value})


@every("raw", list(broken()))
def test_broken_entries_are_refused(raw):
    with pytest.raises(EventError):
        events.decode(raw)


def test_an_entry_has_a_limit():
    with pytest.raises(EventError, match="limit"):
        Entry("x", NOW, "y", "z" * 70_000, (), ()).encode()


def test_an_entry_says_what_json_can_say():
    with pytest.raises(EventError, match="what JSON cannot say"):
        Entry("x", NOW, "y", "a lone half: \ud800", (), ()).encode()


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
    fields = {f"field {number}": number for number in range(disclosure.FIELD_LIMIT_COUNT)}
    most = disclosure.seal(disclosure.conceal(fields), public, DIGEST)
    assert {one.name: one.value for one in disclosure.unseal(most, OWNER, DIGEST)} == fields
    more = disclosure.seal(disclosure.conceal(fields | {"one more": 1}), public, DIGEST)
    with pytest.raises(DisclosureError, match="at most 64 fields"):
        disclosure.unseal(more, OWNER, DIGEST)
    assert len(disclosure.recipient_id(public)) == 16


# --- each limit of an entry, to the unit


def told(**changed):
    return canonical({**json.loads(ENTRY.encode()), **changed})


@every(
    "most",
    [
        {"party": "x" * 512},
        {"link": ["x"] * 8},
        {"sd": [bytes([at]).hex() * 32 for at in range(64)]},
        {"block": {"number": str(2**63 - 1), "hash": DIGEST.hex()}},
        {"time": "1970-01-01T00:00:00.000000Z"},
        {"time": "8999-12-31T23:59:59.999999Z"},
    ],
)
def test_an_entry_at_its_limits_is_read(most):
    raw = told(**most)
    assert events.decode(raw).encode() == raw


@every(
    ("more", "match"),
    [
        ({"party": "x" * 513}, "at most 512"),
        ({"link": ["x"] * 9}, "too many links"),
        ({"sd": [bytes([at]).hex() * 32 for at in range(65)]}, "too many links or fields"),
        ({"sd": ["00" * 31]}, "32-byte digest"),
        ({"block": {"number": str(2**63), "hash": DIGEST.hex()}}, "no chain has"),
        ({"block": {"number": "-1", "hash": DIGEST.hex()}}, "decimal number"),
        ({"block": {"number": "1", "hash": DIGEST.hex(), "more": 1}}, "decimal number"),
        ({"time": "1969-12-31T23:59:59.999999Z"}, "dated from 1970 to 8999"),
        ({"time": "9000-01-01T00:00:00.000000Z"}, "dated from 1970 to 8999"),
        ({"block": {"number": "one", "hash": DIGEST.hex()}}, "decimal number"),
        ({"block": {"number": "1"}}, "decimal number"),
        ({"block": {"number": "1", "hash": "00" * 33}}, "32-byte digest"),
        ({"sd": ["00" * 33]}, "32-byte digest"),
        ({"sd": ["11" * 32, "00" * 32]}, "not sorted and unique"),
        ({"sd": ["00" * 32] * 2}, "not sorted and unique"),
        ({"sd": ["AA" * 32]}, "not in canonical form"),
        ({"type": 5}, "a text of at most 512 characters is needed, not `5`"),
        ({"part": None}, "a text of at most 512 characters is needed, not `None`"),
        ({"link": [5]}, "a text of at most 512 characters is needed, not `5`"),
        ({"v": 2}, "version 1 has exactly the keys"),
        ({"more": 1}, "version 1 has exactly the keys block, link, part, party, sd, time, type, v"),
    ],
)
def test_an_entry_beyond_them_says_why_it_is_none(more, match):
    with pytest.raises(EventError, match=match):
        events.decode(told(**more))


@pytest.mark.parametrize("raw", [b"[]", b"{}", b"1", b'"entry"', b"null"])
def test_an_entry_is_a_document_with_its_keys(raw):
    with pytest.raises(EventError, match="an entry of version 1 has exactly the keys"):
        events.decode(raw)


def test_an_entry_has_as_many_bytes_as_a_bundle_holds():
    around = len(Entry("x", NOW, "y", "", (), ()).encode())
    assert len(Entry("x", NOW, "y", "z" * (65_535 - around), (), ()).encode()) == 65_535
    with pytest.raises(EventError, match="an entry of `65536` bytes is over the limit of 65535"):
        Entry("x", NOW, "y", "z" * (65_536 - around), (), ()).encode()
    for room, match in ((65_535, "at most 512"), (65_536, "over the limit of 65535")):
        with pytest.raises(EventError, match=match):
            events.decode(told(party="x" * (room - len(told(party="")))))
