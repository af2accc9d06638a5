"""The trade that a provider shows the exchange: the batch that the chain paid, among any number of windows."""

from __future__ import annotations

from connector.channel import account as accounts
from connector.channel import windows
from connector.settlement import reporting
from connector.store.rows.channel import Side
from contracts import agreement as agreements
from contracts.typed_data import Batch
from contracts.typed_json import to_json
from ledger.agreement.bill import WINDOWS_MAX
from tests.billing.test_statement import FIRST, Books, fill
from tests.channel.rig import KEPT, PAYEE, PAYER

WINDOW = {"state": "paid", "at": FIRST, "lives": 0, "receipt": True, "amounts": [5], "foreign": False}
EMPTY = {**WINDOW, "state": "closing", "amounts": []}
UNSIGNED = {**WINDOW, "state": "void", "receipt": False}
DEAL = {"role": "provider", "plain": False, "closed": True, "receipts": []}
BLANK = "channel, seq, role, state, orders, contexts, cumulative, sealed_keys, reasons, created"


def test_the_batch_that_was_claimed_is_found_behind_any_number_of_windows():
    def act(tx):
        fill(tx, [{**DEAL, "channels": [[WINDOW, WINDOW, EMPTY, UNSIGNED]]}])
        [row] = tx.find("channels")
        channel = accounts.load(tx, bytes.fromhex(row["id"]), Side.PAYEE)
        paid = windows.find(tx, channel, 2)
        tx.execute("UPDATE windows SET seq = seq + ?", WINDOWS_MAX)
        tx.execute(
            "WITH RECURSIVE n(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < ?) "
            f"INSERT INTO windows ({BLANK}) SELECT ?, seq, 'payee', 'void', '[]', '[]', '0', '{{}}', '[]', 0 FROM n",
            WINDOWS_MAX,
            channel.id,
        )
        tx.update("channels", {"id": channel.id}, claimed=paid.cumulative)
        told = to_json(agreements.build(KEPT, provider=PAYEE, buyer=PAYER, price_cap=10))
        signed = {"provider_signature": bytes(65), "buyer_signature": bytes(65)}
        tx.update("agreements", {"digest": row["agreement"]}, agreement=told, **signed)
        trade = reporting.trade_of(tx, channel.id)
        assert trade is not None
        assert trade.batch == Batch(paid.prev, paid.orders)

    Books().act(act)
