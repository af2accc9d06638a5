"""Chain transactions as an outbox.

Law: (1) an act on chain is stored in the same store transaction as its cause, under an id that names the cause
("licence:<digest>"), so a repeated cause acts once; (2) it is signed and numbered, stored, and only then sent; (3) it
is sent again, byte for byte, until the chain shows its receipt; (4) one account, one sequence of nonces, one act at a
time, so that a refusal leaves no gap; (5) what follows from stored rows alone may be made when it is signed (`makers`):
laying out a call costs more than the act that causes it.

The life of a row: wanted → signed → mined, or reverted with the chain's reason; what a reorganisation took back is
signed again.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from connector.errors import ChainReverted
from ledger.chain import call_data
from ledger.chain_error import ChainRefused, ChainUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.clock import Clock
    from connector.store.sqlite import Store
    from connector.store.transaction import Tx
    from contracts.typed_data import Domain
    from ledger.chain import Act, Receipt
    from ledger.programs import Programs

RETRY_SECONDS = 0.5  # an unreachable chain is asked twice a second; everything else waits on this one line anyway
RECEIPT_SECONDS = 0.05  # the embedded chain mines at once; others are asked twenty times a second at most
WANTED, SIGNED, MINED, REVERTED = "wanted", "signed", "mined", "reverted"
OPEN = (WANTED, SIGNED)

log = logging.getLogger(__name__)
Row = dict[str, Any]


class Transactions:
    """The stored, numbered and resent transactions of this participant's account."""

    def __init__(self, store: Store, programs: Programs, key: bytes, account: bytes, clock: Clock) -> None:
        self._store = store
        self._programs = programs
        self._chain = programs.chain
        self._key = key
        self._account = account
        self._clock = clock
        self._work = asyncio.Event()
        self._ended: dict[str, asyncio.Event] = {}
        self._task: asyncio.Task[None] | None = None
        self.listeners: list[Callable[[Row], None]] = []
        # what comes before the colon of an id → the act that is meant by what comes behind it
        self.makers: dict[str, Callable[[Tx, str], Act]] = {}

    def start(self) -> None:
        """Send what an earlier run left and everything that comes."""
        self._task = asyncio.create_task(self._run(), name="transactions")
        self._work.set()

    async def close(self) -> None:
        """Stop sending; what is stored is sent at the next start."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def domain(self, program: str) -> Domain:
        """Return the EIP-712 domain of a program."""
        return self._programs.deployment.domain(program)

    def enqueue(self, tx: Tx, key: str, act: Act) -> None:
        """Store the act named `key` in the transaction of its cause; a known `key` changes nothing."""
        self._want(tx, key, **_call(act))

    def enqueue_made(self, tx: Tx, key: str) -> None:
        """Do the same with an act that its maker makes later."""
        assert key.partition(":")[0] in self.makers, f"nobody makes `{key}`"
        self._want(tx, key)

    def _want(self, tx: Tx, key: str, **call: Any) -> None:
        if tx.get("chain_txs", id=key) is None:
            tx.insert("chain_txs", id=key, state=WANTED, created=self._clock.now(), **call)
            tx.after(self._work.set)

    async def submit(self, key: str, act: Act) -> Row:
        """Enqueue on its own and wait until it is mined; raises ChainReverted with the chain's reason."""
        await self._store.write(lambda tx: self.enqueue(tx, key, act))
        return await self.mined(key)

    async def mined(self, key: str) -> Row:
        """Wait for the end of `key` and return its row; raises ChainReverted."""
        while True:
            waiting = self._ended.setdefault(key, asyncio.Event())
            row = await self._store.read(lambda tx: tx.get("chain_txs", id=key))
            if row is not None and row["state"] == MINED:
                return row
            if row is not None and row["state"] == REVERTED:
                raise ChainReverted(f"the chain refused `{row['program']}.{row['function']}`: {row['error']}")
            await waiting.wait()

    async def again(self, first: int) -> None:
        """Send again what was mined from block `first` on and is no longer on the chain: a reorganisation took it."""
        rows = await self._store.read(lambda tx: tx.find("chain_txs", "state = ? and block >= ?", (MINED, first)))
        for row in rows:
            if await self._chain.receipt(bytes.fromhex(row["hash"])) is None:
                await self._write(row, state=SIGNED)
                self._work.set()

    async def _run(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            rows = await self._store.read(lambda tx: tx.find("chain_txs", "state in (?, ?)", OPEN, order="created"))
            for row in rows:
                await self._finish(row)

    async def _finish(self, row: Row) -> None:
        """Bring one act to its end, however long the chain is away."""
        while True:
            try:
                if row["state"] == WANTED:
                    row = await self._sign(row)
                await self._chain.send(row["raw"])
                receipt = await self._receipt(bytes.fromhex(row["hash"]))
                await self._end(row, receipt)
            except ChainUnreachable as fault:
                log.info("chain unreachable, `%s` waits: %s", row["id"], fault)
                await asyncio.sleep(RETRY_SECONDS)
            except ChainRefused as fault:
                log.warning("the chain refused `%s`: %s", row["id"], fault)
                await self._write(row, state=REVERTED, error=str(fault))
                return
            else:
                return

    async def _sign(self, row: Row) -> Row:
        """Give it a number, sign it and store it; the number is taken only when the signed bytes are durable."""
        base = await self._chain.nonce(self._account)
        call = {} if row["data"] is not None else await self._store.read(lambda tx: self._made(tx, row["id"]))
        row = {**row, **call}
        newest = await self._store.read(lambda tx: tx.execute("SELECT max(nonce) AS newest FROM chain_txs"))
        last = newest[0]["newest"]
        nonce = base if last is None else max(base, last + 1)
        to = self._programs.deployment.addresses[row["program"]]
        signed = await self._chain.sign_call(to, row["data"], nonce=nonce, key=self._key)
        changes = call | {"nonce": nonce, "raw": signed.raw, "hash": signed.hash.hex(), "state": SIGNED}
        await self._store.write(lambda tx: tx.update("chain_txs", {"id": row["id"]}, **changes))
        return {**row, **changes}

    def _made(self, tx: Tx, key: str) -> Row:
        kind, _, about = key.partition(":")
        return _call(self.makers[kind](tx, about))

    async def _receipt(self, transaction: bytes) -> Receipt:
        while (receipt := await self._chain.receipt(transaction)) is None:  # noqa: ASYNC110  # a chain is asked, it does not call
            await asyncio.sleep(RECEIPT_SECONDS)  # the chain tells nobody; asking is its only way
        return receipt

    async def _end(self, row: Row, receipt: Receipt) -> None:
        error = None if receipt.succeeded else "it was mined and failed"
        await self._write(row, state=MINED if receipt.succeeded else REVERTED, block=receipt.block, error=error)

    async def _write(self, row: Row, **changes: Any) -> None:
        await self._store.write(lambda tx: tx.update("chain_txs", {"id": row["id"]}, **changes))
        if (waiting := self._ended.pop(row["id"], None)) is not None:
            waiting.set()
        for listener in self.listeners:
            listener({**row, **changes})


def _call(act: Act) -> Row:
    """Return an act as the columns that keep it."""
    return {"program": act.program.name, "function": act.function, "data": call_data(act)}
