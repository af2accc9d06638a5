"""Opening a replica for a purpose: a decision, then plaintext, then evidence (spec 5).

Kept: the keys are here, so our own connector decides and counts, as the tier's label says. Leased: nothing is
here but sealed bytes; each opening buys the keys of its rows for a fresh reader key, the provider decides and
counts, and the secrets live in memory only.

Law: an opening is named by its caller; asked again it is not paid again. What was decided is recorded before a byte of
plaintext exists.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.channel import account as accounts
from connector.channel import openings, tally, windows
from connector.channel.plan import Want
from connector.engine.books import transfer_id
from connector.errors import Absent, InvalidInput, NotPermitted
from connector.plain import copying
from connector.protocol.offers import PLAIN
from connector.pull import reads
from connector.pull.acquisition import COMPLETE
from connector.pull.licensed import rows_of
from connector.pull.purchase import Purchase
from connector.settle import disputes
from connector.vault import replicas
from connector.vault.reader import Reader
from contracts.ranges import RowSet
from ledger.opening import Code, OpeningError
from policy.purposes import resolve

if TYPE_CHECKING:
    from connector.engine.trader import Trader
    from connector.store.transaction import Tx

LEASED = "leased"
Row = dict[str, Any]


class Openings:
    """The openings this participant asks for."""

    def __init__(self, trader: Trader) -> None:
        self._trader = trader
        self._turn = asyncio.Lock()

    async def open(self, body: Any) -> Row:
        """Open as `{id, acquisition, purpose, to?}` says; raises NotPermitted with the decision's reasons."""
        key, purpose = str(body.get("id", "")), resolve(str(body.get("purpose", "")))
        to = body.get("to")
        if not key or (to is not None and not Path(str(to)).is_absolute()):
            raise InvalidInput("an opening needs an `id`, and `to` is an absolute path if it is given")
        async with self._turn:
            row = await reads.begin(self._trader, key, await self._got(str(body.get("acquisition", ""))), purpose)
            if row["state"] == reads.DONE and row["result"] is not None:
                return dict(row["result"])
            return await self._perform(row, None if to is None else Path(str(to)))

    async def _got(self, acquisition: str) -> Row:
        got = await self._trader.store.read(lambda tx: tx.get("acquisitions", id=acquisition))
        if got is None or got["state"] != COMPLETE:
            raise Absent(f"`{acquisition[:100]}` is not here, or not complete", "penstock get, first")
        return got

    async def _perform(self, row: Row, to: Path | None) -> Row:
        trader = self._trader
        agreement = await trader.store.read(lambda tx: tx.get("agreements", digest=row["agreement"]))
        assert agreement is not None
        if agreement["terms"]["tier"] == PLAIN:
            return await self._plain(row, to)
        replica = await trader.store.read(lambda tx: replicas.under(tx, row["agreement"]))
        assert replica is not None, "a complete acquisition has its replica"
        way = self._leased if agreement["terms"]["tier"] == LEASED else self._kept
        try:
            return await way(row, agreement, replica, to)
        except NotPermitted as refusal:
            await reads.deny(trader, row, refusal)
            raise

    # ---- plain: here already, and nobody's to control

    async def _plain(self, row: Row, to: Path | None) -> Row:
        trader = self._trader
        got = await trader.store.read(lambda tx: tx.get("acquisitions", id=row["acquisition"]))
        assert got is not None
        sizes, folder = got["progress"]["files"], copying.folder_of(trader.replica_folder, row["agreement"])
        names = list(sizes) if to is None else await asyncio.to_thread(copying.hand_out, folder, sizes, to)

        def act(tx: Tx) -> Row:
            before = tx.find("reads", "agreement = ? and state = ?", (row["agreement"], reads.DONE))
            number, size = len(before) + 1, sum(sizes.values())
            return reads.settle(tx, row, number=number, size=size, files=names, charged=0)

        return await trader.store.write(act)

    # ---- leased: bought from the key holder, once per opening

    async def _leased(self, row: Row, agreement: Row, replica: Row, to: Path | None) -> Row:
        trader = self._trader
        got = await trader.store.read(lambda tx: tx.get("acquisitions", id=row["acquisition"]))
        assert got is not None
        channel = bytes.fromhex(got["channel"])
        received = None
        purchase = Purchase(trader, got["provider"], channel)
        if row["reader_key"]:
            received = await purchase.resume(row["reader_key"])
        if received is None:
            private = X25519PrivateKey.generate()
            reader = trader.books.lend(private)
            await trader.store.write(lambda tx: tx.update("reads", {"id": row["id"]}, reader_key=reader))
            transfer = await trader.store.read(lambda tx: tx.get("transfers", id=got["transfer"]))
            assert transfer is not None
            want = Want(
                agreement=bytes.fromhex(row["agreement"]),
                transfer=transfer_id(transfer["peer_pid"], transfer["id"]),
                use=tally.OPEN,
                rows=rows_of(agreement["terms"], replicas.table_of(replica)),
                reader_key=reader,
                context={"purpose": row["purpose"]},
            )
            received = await purchase.next(want)
            assert received is not None, "an opening always has something to buy"
        else:
            reader = row["reader_key"]
        secrets = {key.row: key.secret for key in received.keys}
        try:
            files, size = await self._read(agreement, replica, secrets, to)
        except OpeningError as wrong:
            if wrong.code is Code.EDITION and wrong.row is not None:
                await disputes.accuse(trader, channel, received, wrong.row)
            raise
        trader.books.forget(reader)
        return await trader.store.write(
            lambda tx: self._end_leased(tx, row, reader, channel, received.seq, size=size, files=files)
        )

    def _end_leased(
        self, tx: Tx, row: Row, reader: bytes, channel: bytes, seq: int, *, size: int, files: list[str]
    ) -> Row:
        """End our side's record of the opening; returns what is told of it."""
        found = tx.find("openings", "agreement = ? and role = ?", (row["agreement"], "payer"))
        opened = next(one for one in found if one["reader_key"] == reader)
        trader = self._trader
        openings.end(tx, trader.evidence, opened["id"], "read", trader.clock.now())
        window = windows.find(tx, accounts.load(tx, channel, accounts.PAYER), seq)
        assert window is not None
        number, charged = int(opened["number"]), window.amount
        return reads.settle(tx, row, number=number, size=size, files=files, charged=charged)

    # ---- kept: decided and counted here

    async def _kept(self, row: Row, agreement: Row, replica: Row, to: Path | None) -> Row:
        trader = self._trader
        number = await reads.decide(trader, row)
        secrets = await trader.store.read(lambda tx: replicas.load_secrets(tx, trader.secrets, replica["id"]))
        files, size = await self._read(agreement, replica, secrets, to)
        return await reads.finish(trader, row, number, size, files)

    # ---- both

    async def _read(
        self, agreement: Row, replica: Row, secrets: dict[int, bytes], to: Path | None
    ) -> tuple[list[str], int]:
        """Open all that was agreed on, to a folder or only in memory; returns names and plain bytes of the files."""

        def work() -> tuple[list[str], int]:
            with replicas.sealed_file(self._trader.replica_folder, replica) as sealed:
                rows = rows_of(agreement["terms"], sealed.table)
                reader = Reader(sealed, secrets, rows)
                size = tally.plain_bytes(sealed.table, rows - RowSet(((0, sealed.table.index_rows),)))
                if to is not None:
                    return [str(path) for path in reader.open_files(to)], size
                for file in reader.files():
                    for _ in reader.pieces(file):
                        pass
                return [file.name for file in reader.files()], size

        return await asyncio.to_thread(work)
