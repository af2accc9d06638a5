"""A month's statement asks each table once, and says what asking agreement by agreement says."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.channel import account as accounts
from connector.channel import windows
from connector.provider.billing import copies, orders, statement
from connector.store import schema
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import Side, WindowRow
from connector.store.statements import Statements
from connector.store.tables import TABLES
from connector.store.transaction import Tx
from contracts.typed_data import Order, Range, Receipt, Voucher
from tests.channel.rig import KEPT, PAYEE, PAYER, TOKEN
from tests.fault.extent import tried

MONTH = "2026-11"
FIRST, LAST = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
PARTS = {"provider": Side.PAYEE, "consumer": Side.PAYER}
EVERY_STATE = sorted({state for known in statement.PAID.values() for state in known} | {"offered", "closing", "void"})
AT = datetime(2026, 10, 1, tzinfo=UTC)

# what lies near the ends of the month, on either side, tells right from wrong
moments = st.sampled_from([FIRST, LAST]).flatmap(
    lambda end: st.integers(-3 * 86_400, 3 * 86_400).map(lambda seconds: end + timedelta(seconds=seconds))
)
released = st.fixed_dictionaries({
    "state": st.sampled_from(EVERY_STATE),
    "at": moments,
    "lives": st.integers(0, 20 * 86_400),
    "receipt": st.booleans(),
    "amounts": st.lists(st.integers(0, 10**20), min_size=1, max_size=3),
    "foreign": st.booleans(),
})  # fmt: skip
deals = st.fixed_dictionaries({
    "role": st.sampled_from(sorted(PARTS)),
    "plain": st.booleans(),
    "closed": st.booleans(),
    "channels": st.lists(st.lists(released, max_size=3), max_size=2),
    "receipts": st.lists(st.tuples(moments, st.integers(0, 10**6)), max_size=2),
})  # fmt: skip


class Books:
    """Tables in memory, and how many statements were put to them."""

    def __init__(self):
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        schema.apply(self.connection, TABLES)
        self.statements, self.asked = {table.name: Statements(table) for table in TABLES}, 0

    def act(self, work):
        self.connection.execute("BEGIN")
        tx = Tx(self.connection, self.statements)
        self.connection.set_trace_callback(self._count)
        try:
            return work(tx)
        finally:
            self.connection.set_trace_callback(None)
            tx.end()
            self.connection.execute("COMMIT")

    def _count(self, _statement):
        self.asked += 1


def fill(tx, told):
    """Write agreements with their channels, windows and receipts; a deal has the place that its number says."""
    for number, deal in enumerate(told):
        digest = number.to_bytes(32, "big")
        terms = replace(KEPT, title=f"Deal {number}", tier="plain" if deal["plain"] else "kept").json()
        about = {"role": deal["role"], "peer": "did:web:peer.example", "product": f"p{number}", "state": "performing"}
        tx.insert(
            "agreements", digest=digest.hex(), **about, terms=terms, licence_tx="", created=AT + timedelta(number)
        )
        for place, told_windows in enumerate(deal["channels"]):
            channel(tx, number, place, deal, told_windows)
        if deal["plain"]:
            for place, (at, amount) in enumerate(deal["receipts"]):
                receipt(tx, number, place, deal["role"], at, amount)


def channel(tx, number, place, deal, told):
    key, digest, part = (
        bytes([place + 1]) * 16 + number.to_bytes(16, "big"),
        number.to_bytes(32, "big"),
        PARTS[deal["role"]],
    )
    about = {"payer": PAYER, "payee": PAYEE, "signer": PAYER, "token": TOKEN, "split": KEPT.split}
    more = {
        "arbitrator": bytes(20),
        "salt": bytes(32),
        "deposit": 10**30,
        "expiry": LAST + timedelta(days=99),
        "now": AT,
    }
    state = "closed" if deal["closed"] else "open"
    accounts.begin(
        tx, channel_id=key, role=part, peer="did:web:peer.example", agreement=digest.hex(), state=state, **about, **more
    )
    total = 0
    for seq, said in enumerate(told, 1):
        until = int(said["at"].timestamp()) + said["lives"]
        whose = [bytes([255]) * 32 if said["foreign"] and at else digest for at in range(len(said["amounts"]))]
        orders_ = tuple(
            Order(one, bytes(32), bytes(32), 0, (Range(0, 1),), amount, bytes(32))
            for one, amount in zip(whose, said["amounts"], strict=True)
        )
        signed = Receipt(key, seq, bytes(32), bytes(32), bytes(32), bytes(32), int(said["at"].timestamp()))
        total += sum(said["amounts"])
        windows.save(
            tx,
            WindowRow(
                channel=key.hex(), seq=seq, role=part, state=said["state"], created=AT, prev=bytes(32),
                account_hash=bytes(32), amount=sum(said["amounts"]), cumulative=total, valid_until=until,
                orders=orders_, contexts=tuple({} for _ in orders_),
                voucher=Voucher(key, seq, total, bytes(32), bytes(32), until), voucher_signature=bytes(65),
                receipt=signed if said["receipt"] else None, receipt_signature=bytes(65) if said["receipt"] else None,
            ),
        )  # fmt: skip
    if total and not tx.get("paid_rows", agreement=digest.hex()):
        tx.insert("paid_rows", agreement=digest.hex(), rows=[], quantity=1, amount=total, plain=1)


def receipt(tx, number, place, role, at, amount):
    digest, key = number.to_bytes(32, "big").hex(), f"{number}-{place}"
    told = {"at": at.isoformat(), "amount": str(amount), "plainBytes": "1"}
    about = {"peer_pid": key, "peer": "did:web:peer.example", "callback": "", "format": "", "state": "COMPLETED"}
    tx.insert("transfers", id=key, role=role, agreement=digest, pending="", turn="", **about, created=at, updated=at)
    if role == "provider":
        tx.insert("copies", id=key, agreement=digest, transfer=key, receipt=told, signature=bytes(65), created=at)
        return
    progress = {"files": {}, "receipt": {"receipt": told, "signature": "00"}}
    about = {"product": "p", "provider": "did:web:peer.example", "mandate": {}, "state": "complete"}
    tx.insert("acquisitions", id=key, agreement=digest, progress=progress, **about, created=at, updated=at)


def slowly(tx, month):
    """Say the same agreement by agreement, each with questions of its own: what `rows` must be like."""
    told = []
    for agreement in tx.find(AgreementRow, "", (), "created"):
        digest, amounts = agreement.digest, []
        if agreement.terms["tier"] == "plain":
            for one in copies.receipts(tx, agreement):
                at = datetime.fromisoformat(one["receipt"]["at"]).astimezone(UTC)
                amounts += [int(one["receipt"]["amount"])] if f"{at:%Y-%m}" == month else []
        else:
            for row in tx.find("channels", "agreement = ?", (digest,)):
                account = accounts.load(tx, bytes.fromhex(row["id"]), PARTS[agreement.role])
                for window in windows.later(tx, account, 0, 1000):
                    if window.state not in statement.PAID[account.role]:
                        continue
                    at = window.receipt.released_at if window.receipt else window.voucher.valid_until
                    if f"{datetime.fromtimestamp(at, UTC):%Y-%m}" == month:
                        own = [one for one in window.orders if one.agreement_digest.hex() == digest]
                        amounts += [order.amount for order in own]
        if amounts:
            order = orders.view(tx, agreement)
            said = {name: order[name] for name in statement.TOLD}
            told.append(said | {"orders": str(len(amounts)), "amount": str(sum(amounts))})
    return told


@settings(max_examples=tried(150), deadline=None)
@given(st.lists(deals, max_size=4))
def test_it_says_what_asking_one_by_one_says(told):
    books = Books()
    books.act(lambda tx: fill(tx, told))
    assert books.act(lambda tx: statement.rows(tx, MONTH)) == books.act(lambda tx: slowly(tx, MONTH))


def asked(count):
    """Return how many statements a month with so many agreements takes."""
    window = {"state": "acknowledged", "at": FIRST, "lives": 60, "receipt": True, "amounts": [7], "foreign": False}
    told = [
        {"role": role, "plain": plain, "closed": False, "channels": [[window]], "receipts": [(FIRST, 5)]}
        for role, plain in zip(sorted(PARTS) * count, [False, True, True, False] * count, strict=False)
    ]
    books = Books()
    books.act(lambda tx: fill(tx, told))
    books.asked = 0
    assert len(books.act(lambda tx: statement.rows(tx, MONTH))) == len(told)
    return books.asked


def test_it_asks_as_often_for_many_agreements_as_for_few():
    assert asked(2) == asked(40) <= 8


@pytest.mark.parametrize(("month", "paid"), [("2026-10", []), ("2026-11", ["7"]), ("2026-12", [])])
def test_an_order_is_in_the_month_of_its_release(month, paid):
    window = {"state": "paid", "at": FIRST, "lives": 40 * 86_400, "receipt": True, "amounts": [7], "foreign": False}
    deal = {"role": "provider", "plain": False, "closed": True, "channels": [[window]], "receipts": []}
    books = Books()
    books.act(lambda tx: fill(tx, [deal]))
    assert [row["amount"] for row in books.act(lambda tx: statement.rows(tx, month))] == paid
