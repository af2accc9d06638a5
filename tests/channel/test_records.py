"""What each event of a channel says: the members that its kind carries, and nothing else."""

from __future__ import annotations

import pytest

from connector.channel import records, tally, windows
from contracts.ranges import RowSet
from contracts.typed_data import Order, digest
from contracts.typed_json import to_ranges
from tests.channel.rig import CHANNEL_ID, CHANNELS, DELIVERY_KEY, KEPT, REGISTRY, TRANSFER, Pair

ROWS = {"rows", "amount", "cumulative"}
OFFERED = {"lock", "maskedHash", "decisionDigest", "plainBytes"}
PINNED = {"offerDigest", "validUntil"}
# kind → the side that tells it, and what it carries
KINDS = {
    "keys.offered": ("payee", ROWS | OFFERED | PINNED),
    "keys.released": ("payee", ROWS | OFFERED | PINNED | {"voucherDigest"}),
    "keys.refused": ("payee", ROWS | OFFERED | {"voucherDigest"}),
    "keys.acknowledged": ("payee", ROWS | {"voucherDigest", "receiptDigest"}),
    "keys.received": ("payer", ROWS | {"voucherDigest", "receiptDigest"}),
    "keys.faulted": ("payer", ROWS | {"voucherDigest", "receiptDigest"}),
}


class Told:
    """A recorder that keeps what it is told: real evidence shows its fields to nobody."""

    def __init__(self):
        self.events = []

    def record(self, _tx, kind, *, part, link=(), fields, now):
        self.events.append((kind, part, list(link), dict(fields), now))
        return 41


@pytest.fixture(scope="module")
def released():
    """A pair whose second window, of two rows, was released."""
    pair = Pair()
    pair.window(pair.want([0]))
    pair.window(pair.want([8, 10, 11]))
    return pair


def window_of(pair, role):
    db, account = (pair.payer_db if role == "payer" else pair.payee_db), pair.account(role)
    return db, db.act(lambda tx: windows.find(tx, account, 2))


def tell(pair, kind, **more):
    role, _ = KINDS[kind]
    db, window = window_of(pair, role)
    desk, evidence = (pair.buyer if role == "payer" else pair.holder), Told()
    kept = desk.evidence
    object.__setattr__(desk, "evidence", evidence)
    try:
        index = db.act(lambda tx: records.keys_event(tx, desk, kind, window, pair.now, **more))
    finally:
        object.__setattr__(desk, "evidence", kept)
    assert index == 41
    return window, evidence.events[0]


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_carries_the_members_of_its_kind(released, kind):
    window, (told, part, link, fields, now) = tell(released, kind)
    assert (told, part, now) == (kind, CHANNEL_ID.hex(), released.now)
    assert link == [window.account_hash.hex(), "2"]
    assert set(fields) == KINDS[kind][1]
    said = {
        "amount": "140", "cumulative": "210", "lock": window.offer.lock.hex(), "plainBytes": "2000",
        "maskedHash": window.offer.masked_hash.hex(), "decisionDigest": window.offer.decision_digest.hex(),
        "offerDigest": digest(REGISTRY, window.offer).hex(), "validUntil": str(window.valid_until),
        "voucherDigest": digest(CHANNELS, window.voucher).hex(), "rows": [records.order_json(window.orders[0])],
        "receiptDigest": digest(REGISTRY, window.receipt).hex(),
    }  # fmt: skip
    assert fields == {name: said[name] for name in fields}


def test_what_is_said_beside_goes_before_what_the_window_says(released):
    _, (_, _, _, fields, _) = tell(released, "keys.released", decisionDigest="ff", note="more")
    assert (fields["decisionDigest"], fields["note"]) == ("ff", "more")


def test_keys_that_came_without_a_receipt_have_no_digest_of_one():
    pair = Pair()
    pair.window(pair.want([0]))
    request = pair.plan(pair.want([1]))
    pair.sign(request, pair.request(request))
    _, (_, _, _, fields, _) = tell(pair, "keys.received")
    assert fields["receiptDigest"] == ""


ORDER = Order(b"\x01" * 32, TRANSFER, KEPT.edition_id, 0, to_ranges(RowSet.of([(3, 2), (9, 1)])), 94, DELIVERY_KEY)


def test_an_order_is_told_by_its_members_and_the_period_where_one_was_said():
    told = {
        "agreement": "01" * 32, "edition": KEPT.edition_id.hex(), "transfer": TRANSFER.hex(), "use": 0,
        "ranges": [[3, 2], [9, 1]], "amount": "94", "readerKey": DELIVERY_KEY.hex(),
    }  # fmt: skip
    assert records.order_json(ORDER) == told
    assert records.order_json(ORDER, {"purpose": "research"}) == told
    assert records.order_json(ORDER, {tally.PERIOD: "24314"}) == told | {"period": "24314"}
