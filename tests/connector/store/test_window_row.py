"""A window rests packed, two to a page, and one that an older program wrote reads the same."""

from __future__ import annotations

from datetime import UTC, datetime

from connector.store.rows.channel import Side, WindowRow, WindowState
from connector.store.sqlite import SqliteFile
from connector.store.store import Store
from contracts.typed_data import KeyOffer, Order, Range, Receipt, Refusal, Voucher
from contracts.typed_json import to_json

ID = b"\x0a" * 32
OFFER = KeyOffer(ID, 7, ID, 1750, ID, ID, ID, 1_800_000_000)
VOUCHER = Voucher(ID, 7, 1750, ID, ID, 1_800_000_000)
RECEIPT = Receipt(ID, 7, ID, ID, ID, ID, 1_800_000_000)
REFUSAL = Refusal(ID, ID, 1_800_000_000)
ORDERS = (Order(ID, ID, ID, 1, (Range(0, 4),), 250, ID), Order(ID, ID, ID, 2, (Range(0, 1), Range(7, 2)), 1500, ID))
TYPED = {"offer": OFFER, "voucher": VOUCHER, "receipt": RECEIPT, "refusal": REFUSAL}
SIGNED = {f"{name}_signature": b"\x01" * 65 for name in TYPED}
ROW = WindowRow(
    channel="0a" * 32,
    seq=7,
    role=Side.PAYER,
    state=WindowState.RELEASED,
    orders=ORDERS,
    prev=ID,
    account_hash=ID,
    amount=1750,
    cumulative=1750,
    valid_until=1_800_000_000,
    lock=ID,
    created=datetime(2026, 3, 1, tzinfo=UTC),
    **TYPED,
    **SIGNED,
)
# what a page of 4096 bytes has room for, twice
HALF_BYTES = 2_000
OLD = {name: to_json(value) for name, value in TYPED.items()} | {"orders": [to_json(order) for order in ORDERS]}


async def test_a_window_reads_the_same_however_it_rests(tmp_path):
    store = await Store.open(tmp_path / "p.db", [WindowRow.TABLE])
    key = {"channel": ROW.channel, "seq": ROW.seq}
    await store.write(lambda tx: tx.insert(ROW))
    packed = await store.read(lambda tx: (tx.get(WindowRow, **key), tx.get("windows", **key)))
    assert packed[0] == ROW
    assert all(isinstance(packed[1][name], str) for name in TYPED)
    await store.write(lambda tx: tx.update("windows", key, **OLD))
    old = await store.read(lambda tx: (tx.get(WindowRow, **key), tx.get("windows", **key)))
    assert old[0] == ROW
    assert all(isinstance(old[1][name], dict) for name in TYPED)
    await store.close()


async def test_two_windows_share_a_page(tmp_path):
    store = await Store.open(tmp_path / "p.db", [WindowRow.TABLE])
    await store.write(lambda tx: tx.insert(ROW))
    await store.close()
    reader = SqliteFile(tmp_path / "p.db").reader()
    [[size]] = reader.execute("SELECT sum(payload) FROM dbstat WHERE name = 'windows'").fetchall()
    reader.close()
    assert size < HALF_BYTES
