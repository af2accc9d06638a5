"""Chain transactions as an outbox.

Law: (1) an act on chain is stored in the same store transaction as its cause, under an id that names the cause
("licence:<digest>"), so a repeated cause acts once; (2) it is signed and numbered, stored, and only then sent; (3) it
is sent again, byte for byte or at a higher price, until the chain shows its receipt (`parcel`); (4) each of our
accounts has its sequence of nonces, and one parcel goes at a time, so that a refusal leaves no gap; (5) what follows
from stored rows alone may be made when it is signed (`makers`): laying out a call costs more than the act that causes
it; (6) acts that anybody may bring and that wait together are brought together (`ledger.chain.batch`, licences by the
hundred: `grants`), and by halves where one is refused; (7) the event that follows a mined act is stored with the act
and recorded in the transaction that notes it as mined; (8) signed bytes are kept until what they did is too deep to be
taken back.

The life of a row: wanted → signed → mined, or reverted with the program's reason; what a reorganisation took back is
sent again, and what somebody else brought for us counts as ours.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from itertools import groupby, takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.chain.parcel import Account, NonceTakenError, Parcel, SignedMeanwhileError, TakenBackError, anybody
from connector.runtime import rehearsal
from connector.runtime.cancellation import cancel
from connector.runtime.errors import ChainReverted, Conflict
from connector.store.rows.chain import ActState, ChainTxRow
from connector.store.topic import Topic
from contracts import address, signature
from ledger.chain import batch, grants
from ledger.chain.client import call_data
from ledger.chain.errors import ChainRefused, ChainUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connector.chain.parcel import Fence
    from connector.runtime.clock import Clock
    from connector.store.evidence import Evidence
    from connector.store.store import Store
    from connector.store.transaction import Tx
    from contracts.signature import Secret
    from ledger.chain.client import Act, Event, Receipt
    from ledger.chain.programs import Programs

_LAST = "SELECT max(block) AS last FROM chain_txs WHERE state = ?"
# of a number that is not an account's newest, from which its next is counted; no account is the first one
_SETTLED = (
    "DELETE FROM chain_sends AS sent "
    "WHERE nonce < (SELECT max(nonce) FROM chain_sends WHERE coalesce(account, '') = coalesce(sent.account, '')) "
    "AND nonce IN (SELECT nonce FROM chain_txs WHERE coalesce(account, '') = coalesce(sent.account, '') "
    "AND state IN (?, ?) AND block > ? AND block <= ?)"
)
SETTLED_BLOCKS = 64  # below the newest that has its confirmations: two epochs, as chains of Ethereum's kind are final
RETRY_SECONDS = 0.5  # an unreachable chain is asked twice a second; everything else waits on this one line anyway
# a refusal that says the purpose is fulfilled → the event that tells by which transaction; its id is that of the row
FULFILLED = {"licences: already granted": ("licences", "LicenceGranted", "agreementDigest")}
OPEN = (ActState.WANTED, ActState.SIGNED)
URGENT = ("claim:", "claim;")  # the ids between the two: what lapses goes before what only waits

log = logging.getLogger(__name__)


class MinedEvent(NamedTuple):
    """The event (spec 7) that follows an act when it is mined; its field `tx` is the transaction's hash, hex."""

    kind: str
    part: str
    fields: Mapping[str, str]


class Mined(NamedTuple):
    """Where an act stands on the chain: the hash of its transaction, hex, and the block."""

    transaction: str
    block: int


class Transactions:
    """The stored, numbered and resent transactions of this participant's account, and of those that it had."""

    def __init__(
        self,
        store: Store,
        programs: Programs,
        key: Secret,
        clock: Clock,
        fence: Fence = anybody,
        evidence: Evidence | None = None,
        mined: Topic[[ChainTxRow]] | None = None,
        former: Sequence[Secret] = (),
    ) -> None:
        self._store = store
        self._programs = programs
        self._chain = programs.chain
        self._fence, self._clock = fence, clock
        first, *later = [*reversed(former), key]
        self._present = signature.address(key)
        self._accounts = {one.address: one for one in (self._of(first, None), *map(self._later, later))}
        self._evidence = evidence
        self._work = asyncio.Event()
        self._ended: dict[str, asyncio.Event] = {}
        self._settled = -1  # the last block of which nothing that was signed is kept
        self._task: asyncio.Task[None] | None = None
        self.heard_mined: Topic[[ChainTxRow]] = mined or Topic()
        # what comes before the colon of an id → the act that is meant by what comes behind it
        self.makers: dict[str, Callable[[Tx, str], Act]] = {}

    def follow(self, key: Secret) -> None:
        """Send by another account from now on; what names a former one is sent by that."""
        following = self._later(key)
        self._accounts.setdefault(following.address, following)
        self._present = following.address

    def _later(self, key: Secret) -> Account:
        return self._of(key, signature.address(key).hex())

    def _of(self, key: Secret, name: str | None) -> Account:
        return Account(self._store, self._programs, key, signature.address(key), self._clock, self._fence, name)

    def _whose(self, row: ChainTxRow) -> Account:
        """Return the account that sends an act."""
        return next(one for one in self._accounts.values() if one.name == row.account)

    def _knows(self, row: ChainTxRow) -> bool:
        """Say whether we have the key of who sends an act: another process of ours may have a newer one."""
        return any(one.name == row.account for one in self._accounts.values())

    def start(self) -> None:
        """Send what an earlier run left and everything that comes."""
        self._task = asyncio.create_task(self._run(), name="transactions")
        self._work.set()

    async def close(self) -> None:
        """Stop sending; what is stored is sent at the next start."""
        await cancel(self._task)

    def enqueue(self, tx: Tx, key: str, act: Act, event: MinedEvent | None = None) -> None:
        """Store the act named `key` in the transaction of its cause; a known `key` changes nothing."""
        told = f"{act.program.name}.{act.function}", act.program.address.hex(), act.args
        self._want(tx, key, told, act.sender, **_call(act), event=event and event._asdict())

    def enqueue_made(self, tx: Tx, key: str) -> None:
        """Do the same with an act that its maker makes later."""
        assert key.partition(":")[0] in self.makers, f"nobody makes `{key}`"
        what, about = key.split(":", 1)
        self._want(tx, key, (what, about, None))

    def _want(self, tx: Tx, key: str, told: tuple[str, str, Any], sender: bytes = b"", **call: Any) -> None:
        """Store what is wanted and not known yet; `told` is what a rehearsal says of it."""
        if tx.get(ChainTxRow, id=key) is None:
            rehearsal.note(rehearsal.CHAIN, *told)
            if (account := self._accounts.get(sender or self._present)) is None:
                text = f"the account {address.show(sender)} is none of ours"
                raise Conflict(text, "if it was, restore `keys/agreement.former` from a back-up of the keys")
            wanted, now = ActState.WANTED, self._clock.now()
            tx.insert(ChainTxRow(id=key, state=wanted, created=now, account=account.name, **call))
            tx.after(self._work.set)

    async def submit(self, key: str, act: Act, event: MinedEvent | None = None, *, anew: bool = False) -> Mined:
        """Enqueue on its own and wait until it is mined; raises ChainReverted with the chain's reason.

        With `anew` one that the chain refused before is tried once more: what stood against it may be over.
        """

        def want(tx: Tx) -> None:
            self.enqueue(tx, key, act, event)
            if anew and tx.update(
                ChainTxRow, {"id": key, "state": ActState.REVERTED}, state=ActState.WANTED, error=None
            ):
                tx.after(self._work.set)

        await self._store.write(want)
        return await self.mined(key)

    async def mined(self, key: str) -> Mined:
        """Wait for the end of `key` and return where it stands; raises ChainReverted."""
        while True:
            waiting = self._ended.setdefault(key, asyncio.Event())
            row = await self._store.read(lambda tx: tx.get(ChainTxRow, id=key))
            if row is not None and row.state is ActState.MINED:
                assert row.hash is not None
                assert row.block is not None
                return Mined(row.hash, row.block)
            if row is not None and row.state is ActState.REVERTED:
                raise ChainReverted(f"the chain refused `{row.program}.{row.function}`: {row.error}")
            await waiting.wait()

    def heard(self) -> None:
        """Look again at the rows: another process has written some, or brought some to their end."""
        ended, self._ended = self._ended, {}
        for waiting in ended.values():
            waiting.set()
        self._work.set()

    async def last_mined(self) -> int | None:
        """Return the newest block that has something of ours, None if none has."""
        found = await self._store.read(lambda tx: tx.execute(_LAST, ActState.MINED))
        return None if found[0]["last"] is None else int(found[0]["last"])

    async def again(self, first: int) -> None:
        """Send again what was mined from block `first` on and is no longer on the chain: a reorganisation took it.

        Acts that went together go together again: half of a parcel, replaced, would pass for the whole of it.
        """
        rows = await self._store.read(
            lambda tx: tx.find(ChainTxRow, "state = ? and block >= ?", (ActState.MINED, first))
        )
        hashes = {bytes.fromhex(row.hash) for row in rows if row.hash is not None}
        gone = {each.hex() for each in sorted(hashes) if await self._chain.receipt(each) is None}
        for state, signed in ((ActState.WANTED, False), (ActState.SIGNED, True)):
            if taken := [row for row in rows if row.hash in gone and (row.nonce is not None) is signed]:
                await self._write(taken, state=state)
                self._work.set()

    async def tidy(self) -> None:
        """Remove the signed forms of what stands so deep on the chain that it is never sent again."""
        final = None if self._evidence is None else self._evidence.block
        if final is None or (last := final.number - SETTLED_BLOCKS) <= self._settled:
            return
        ended = ActState.MINED, ActState.REVERTED
        await self._store.write(lambda tx: tx.execute(_SETTLED, *ended, self._settled, last))
        self._settled = last

    async def _run(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            signed = await self._store.read(
                lambda tx: tx.find(ChainTxRow, "state = ?", (ActState.SIGNED,), order="account, nonce")
            )
            for _, shared in groupby(filter(self._knows, signed), key=lambda row: (row.account, row.nonce)):
                await self._finish(list(shared))
            # what is to be looked at again may be signed already, and comes before what is wanted
            while not self._work.is_set() and (rows := await self._waiting()):
                await self._finish(rows)

    async def _waiting(self) -> list[ChainTxRow]:
        """Return what is wanted next: one act, or as many as may be brought together."""
        most = await self._most_grants()

        def look(tx: Tx) -> list[ChainTxRow]:
            limit = max(batch.CALLS_MAX, min(most, grants.GRANTS_MAX))
            wanted = tx.find(
                ChainTxRow, "state = ? and id >= ? and id < ?", (ActState.WANTED, *URGENT), "created", limit
            )
            wanted = wanted or tx.find(ChainTxRow, "state = ?", (ActState.WANTED,), "created", limit)
            wanted = list(filter(self._knows, wanted))
            wanted = [row for row in wanted if row.account == wanted[0].account]
            made = [row if row.data is not None else replace(row, **self._made(tx, row.id)) for row in wanted]
            fitting = list(takewhile(lambda row: batch.fits(*row.call), made[: batch.CALLS_MAX]))
            licences = grants.run([row.call for row in made], most)
            return made[: max(licences, len(fitting), 1)]

        return await self._store.read(look)

    async def _most_grants(self) -> int:
        """Return how many licences one call grants; none that anybody knows of while the chain does not answer."""
        try:
            return await self._programs.most_grants()
        except ChainUnreachable:
            return 0

    async def _finish(self, rows: list[ChainTxRow]) -> None:
        """Bring acts of one parcel to their end, however long the chain is away."""
        account = self._whose(rows[0])
        parcel = Parcel(account, rows)
        while True:
            try:
                await self._try(parcel)
            except ChainUnreachable as fault:
                log.info("chain unreachable, `%s` waits: %s", rows[0].id, fault)
                await asyncio.sleep(RETRY_SECONDS)
            except NonceTakenError:
                log.warning("somebody else sent with our key; `%s` is signed anew", rows[0].id)
                parcel = Parcel(account, [replace(row, state=ActState.WANTED) for row in parcel.rows])
            except (SignedMeanwhileError, TakenBackError):
                self._work.set()
                return
            else:
                return

    async def _try(self, parcel: Parcel) -> None:
        """Bring a parcel's acts to their end once; raises what the chain, or who sends beside us, has against it."""
        try:
            if parcel.rows[0].state is ActState.WANTED:
                await parcel.sign()
            await self._end(parcel.rows, await parcel.arrive())
        except ChainRefused as fault:
            await self._refused(parcel.rows, fault)

    async def _refused(self, rows: list[ChainTxRow], fault: ChainRefused) -> None:
        """End an act that its program refuses; of several, each half is tried. Raises ChainUnreachable."""
        if len(rows) > 1:
            await self._halves(rows)
            return
        [row] = rows
        if (brought := await self._brought(row, fault)) is not None:
            await self._write(
                rows, state=ActState.MINED, nonce=None, hash=brought.transaction.hex(), block=brought.block
            )
            return
        log.warning("the chain refused `%s`: %s", row.id, fault)
        await self._write(rows, state=ActState.REVERTED, error=str(fault))

    async def _brought(self, row: ChainTxRow, fault: ChainRefused) -> Event | None:
        """Return the event by which somebody else did what we wanted, None if nobody did; raises ChainUnreachable."""
        told = FULFILLED.get(fault.reason.removeprefix("execution reverted: "))
        if told is None:
            return None
        program, event, field = told
        about = bytes.fromhex(row.id.partition(":")[2])
        filters: dict[str, Any] = {field: about}
        return await self._programs.told(program, event, **filters)

    async def _halves(self, rows: list[ChainTxRow]) -> None:
        """Bring acts by halves: one that is refused is found in few steps, and takes none of the others with it."""
        wanted, middle = [replace(row, state=ActState.WANTED) for row in rows], len(rows) // 2
        for half in (wanted[:middle], wanted[middle:]):
            self._whose(rows[0]).used.clear()  # a good half says nothing of the other
            await self._finish(half)

    def _made(self, tx: Tx, key: str) -> dict[str, Any]:
        kind, _, about = key.partition(":")
        return _call(self.makers[kind](tx, about))

    async def _end(self, rows: list[ChainTxRow], receipt: Receipt) -> None:
        if not receipt.succeeded and len(rows) > 1:
            # between the trial and the block somebody else brought one of them
            await self._halves(rows)
            return
        error = None if receipt.succeeded else "it was mined and failed"
        state = ActState.MINED if receipt.succeeded else ActState.REVERTED
        await self._write(rows, state=state, block=receipt.block, error=error, hash=receipt.transaction.hex())

    async def _write(self, rows: list[ChainTxRow], **changes: Any) -> None:
        def act(tx: Tx) -> None:
            for row in rows:
                tx.update(ChainTxRow, {"id": row.id}, **changes)
                if changes["state"] is ActState.MINED:
                    self._record(tx, row.id, changes["hash"])

        await self._store.write(act)
        for row in rows:
            if (waiting := self._ended.pop(row.id, None)) is not None:
                waiting.set()
            self.heard_mined.tell(replace(row, **changes))

    def _record(self, tx: Tx, key: str, transaction: str) -> None:
        """Record the event of an act that is mined, once."""
        row = tx.get(ChainTxRow, id=key)
        if row is None or row.event is None:
            return
        assert self._evidence is not None, "whoever stores events has a log"
        event = MinedEvent(**row.event)
        fields = {**event.fields, "tx": transaction}
        self._evidence.record(tx, event.kind, part=event.part, fields=fields, now=self._clock.now())
        tx.change(row, replace(row, event=None))


def _call(act: Act) -> dict[str, Any]:
    """Return an act as the columns that keep it."""
    return {"program": act.program.name, "function": act.function, "data": call_data(act)}
