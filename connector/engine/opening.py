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

from connector import decisions
from connector.channel import account as accounts
from connector.channel import openings, performed, tally, uses, windows
from connector.channel.doors import Deal
from connector.channel.errors import ChannelFault
from connector.channel.judgement import BYTE, SIZE, UNIT
from connector.channel.plan import Want
from connector.channel.uses import Draw
from connector.decisions import Made
from connector.engine import copying, disputes
from connector.engine.acquisition import COMPLETE
from connector.engine.books import transfer_id
from connector.engine.judge import in_force
from connector.engine.purchase import Purchase
from connector.errors import Absent, Conflict, InvalidInput, NotPermitted
from connector.protocol.offers import PLAIN
from connector.vault import replicas
from connector.vault.reader import Reader
from contracts.canonical import sha
from contracts.ranges import RowSet
from ledger.opening import Code, OpeningError
from policy.purposes import resolve

if TYPE_CHECKING:
    from connector.engine.trader import Trader
    from connector.store.transaction import Tx

ASKED, DONE, DENIED = "asked", "done", "denied"
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
            row = await self._begin(key, str(body.get("acquisition", "")), purpose)
            if row["state"] == DENIED:
                raise NotPermitted(row["reason"])
            if row["state"] == DONE and row["result"] is not None:
                return dict(row["result"])
            return await self._perform(row, None if to is None else Path(str(to)))

    async def _begin(self, key: str, acquisition: str, purpose: str) -> Row:
        now = self._trader.clock.now()

        def act(tx: Tx) -> Row:
            known = tx.get("reads", id=key)
            if known is None:
                got = tx.get("acquisitions", id=acquisition)
                if got is None or got["state"] != COMPLETE:
                    raise Absent(f"`{acquisition[:100]}` is not here, or not complete", "penstock get, first")
                about = {"acquisition": acquisition, "agreement": got["agreement"], "purpose": purpose}
                tx.insert("reads", id=key, **about, state=ASKED, created=now)
                known = tx.get("reads", id=key)
                assert known is not None
            if (known["acquisition"], known["purpose"]) != (acquisition, purpose):
                raise Conflict(f"the opening `{key[:100]}` was for something else", "choose another id")
            return known

        return await self._trader.store.write(act)

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
            reason = str(refusal)
            await trader.store.write(lambda tx: tx.update("reads", {"id": row["id"]}, state=DENIED, reason=reason))
            raise

    # ---- plain: here already, and nobody's to control

    async def _plain(self, row: Row, to: Path | None) -> Row:
        trader = self._trader
        got = await trader.store.read(lambda tx: tx.get("acquisitions", id=row["acquisition"]))
        assert got is not None
        sizes, folder = got["progress"]["files"], copying.folder_of(trader.replica_folder, row["agreement"])
        names = list(sizes) if to is None else await asyncio.to_thread(copying.hand_out, folder, sizes, to)
        before = await trader.store.read(
            lambda tx: tx.find("reads", "agreement = ? and state = ?", (row["agreement"], DONE))
        )
        return await self._done(row, number=len(before) + 1, size=sum(sizes.values()), files=names, charged=0)

    # ---- leased: bought from the key holder, once per opening

    async def _leased(self, row: Row, _agreement: Row, replica: Row, to: Path | None) -> Row:
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
                rows=RowSet.of([(0, int(replica["header"]["rows"]))]),
                reader_key=reader,
                context={"purpose": row["purpose"]},
            )
            received = await purchase.next(want)
            assert received is not None, "an opening always has something to buy"
        else:
            reader = row["reader_key"]
        secrets = {key.row: key.secret for key in received.keys}
        try:
            files, size = await self._read(replica, secrets, to)
        except OpeningError as wrong:
            if wrong.code is Code.EDITION and wrong.row is not None:
                await disputes.accuse(trader, channel, received, wrong.row)
            raise
        trader.books.forget(reader)
        charged, number = await trader.store.write(lambda tx: self._end_leased(tx, row, reader, channel, received.seq))
        return await self._done(row, number=number, size=size, files=files, charged=charged)

    def _end_leased(self, tx: Tx, row: Row, reader: bytes, channel: bytes, seq: int) -> tuple[int, int]:
        """End our side's record of the opening; returns what it cost and its number."""
        found = tx.find("openings", "agreement = ? and role = ?", (row["agreement"], "payer"))
        opened = next(one for one in found if one["reader_key"] == reader)
        trader = self._trader
        openings.end(tx, trader.evidence, opened["id"], "read", trader.clock.now())
        window = windows.find(tx, accounts.load(tx, channel, accounts.PAYER), seq)
        assert window is not None
        return window.amount, int(opened["number"])

    # ---- kept: decided and counted here

    async def _kept(self, row: Row, _agreement: Row, replica: Row, to: Path | None) -> Row:
        trader = self._trader
        try:
            number = await trader.store.write(lambda tx: self._decide_kept(tx, row))
        except ChannelFault as failure:
            await trader.duties.note(failure, [row["agreement"]])
            raise
        if isinstance(number, str):
            raise NotPermitted(number)
        secrets = await trader.store.read(lambda tx: replicas.load_secrets(tx, trader.secrets, replica["id"]))
        files, size = await self._read(replica, secrets, to)
        await trader.store.write(lambda tx: self._record_kept(tx, row, replica, number, size))
        return await self._done(row, number=number, size=size, files=files, charged=0)

    def _decide_kept(self, tx: Tx, row: Row) -> int | str:
        """Decide by our own agreement's policy; returns the opening's number, or the reasons of a denial."""
        trader = self._trader
        agreement = tx.get("agreements", digest=row["agreement"])
        assert agreement is not None
        if over := trader.standing.over(tx, agreement, trader.clock.now()):
            return over
        deal = Deal.of_row(agreement, live=True)
        rules = in_force(deal.terms.policy, deal.terms.product, trader.did)
        replica = replicas.under(tx, row["agreement"])
        assert replica is not None, "a complete acquisition has its replica"
        said = {"purpose": row["purpose"], SIZE: str(replica["header"]["plainBytes"]), UNIT: BYTE}
        request = trader.judge.request(trader.did, deal.terms.product, "read", said)
        now = trader.clock.now()
        counted = trader.judge.counted(deal, {})
        taken = uses.taken(tx, row["agreement"], counted, without=row["id"], now=now)
        done = performed.acts(tx, row["agreement"])
        ruling = trader.judge.ruling(rules, request, stage="release", taken=taken, now=now, done=done)
        asked = sha({"opening": row["id"]}).hex()
        made = Made("opening", row["agreement"], asked, ruling, row["purpose"])
        decisions.record(tx, trader.evidence, made, now)
        if ruling.outcome != "allow":
            return "; ".join(str(reason["text"]) for reason in ruling.reasons)
        if impossible := trader.duties.refusal(deal, ruling, now):
            return str(impossible["text"])
        trader.duties.perform(tx, deal, ruling, now)
        uses.reserve(tx, [Draw(row["agreement"], uses.shares(ruling.held, counted or {}))], row["id"], now)
        uses.commit(tx, row["id"])
        return 1 + len(tx.find("reads", "agreement = ? and state = ?", (row["agreement"], DONE)))

    def _record_kept(self, tx: Tx, row: Row, replica: Row, number: int, size: int) -> None:
        trader = self._trader
        reader = trader.keys.delivery_public.hex()
        told = {"transfer": row["acquisition"], "opening": str(number), "readerKey": reader, "purpose": row["purpose"]}
        link, now = [row["acquisition"], str(number)], trader.clock.now()
        rows = [[0, int(replica["header"]["rows"])]]
        record = trader.evidence.record
        started = {**told, "rows": rows, "bytes": str(size)}
        record(tx, "opening.started", part=row["agreement"], link=link, fields=started, now=now)
        uses.end(tx, row["id"], now)
        performed.record(tx, row["agreement"], row["id"], performed.read(trader.did, now))
        tx.after(trader.erasing.wake)
        ended = {**told, "duration": "0"}
        record(tx, "opening.ended", part=row["agreement"], link=link, fields=ended, now=now)

    # ---- both

    async def _read(self, replica: Row, secrets: dict[int, bytes], to: Path | None) -> tuple[list[str], int]:
        """Open every file, to a folder or only in memory; returns their names and plain bytes."""

        def work() -> tuple[list[str], int]:
            with replicas.sealed_file(self._trader.replica_folder, replica) as sealed:
                reader = Reader(sealed, secrets)
                index = reader.index()
                size = sum(file.size for file in index.files)
                if to is not None:
                    return [str(path) for path in reader.open_files(to)], size
                for file in index.files:
                    for _ in reader.pieces(file):
                        pass
                return [file.name for file in index.files], size

        return await asyncio.to_thread(work)

    async def _done(self, row: Row, *, number: int, size: int, files: list[str], charged: int) -> Row:
        result = {
            "id": row["id"],
            "acquisition": row["acquisition"],
            "number": number,
            "bytes": size,
            "files": files,
            "charged": charged,
            "purpose": row["purpose"],
        }
        key = {"id": row["id"]}
        await self._trader.store.write(lambda tx: tx.update("reads", key, state=DONE, result=result))
        return result
