"""One parcel: the acts of one nonce, from the signed bytes to the receipt, whatever the node does meanwhile.

Law: (1) signed bytes are durable before they are sent, every replacement too; (2) all that was ever signed for a nonce
is watched, for any of it may be mined; (3) what a node lost is sent again, and so is what stands before it; what was
taken back from before it comes first, at a price of its own; (4) what waits too long is replaced by the same act at a
higher price; (5) a nonce that somebody else used is given up only when the chain counts past it and shows none of ours,
look after look; (6) an act is signed only as it stands in the store: a run that ended while it was storing its
signature may have been the one that sends it.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.store.rows.chain import ActState, ChainSendRow, ChainTxRow
from ledger.chain import batch, grants
from ledger.chain.errors import ChainRefused, ChainUnreachable
from ledger.chain.fees import Fees

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.runtime.clock import Clock
    from connector.store.store import Store
    from connector.store.transaction import Tx
    from contracts.signature import Secret
    from ledger.chain.client import Receipt, Signed
    from ledger.chain.programs import Programs

    Fence = Callable[[Tx], object]

RECEIPT_SECONDS = 0.05  # the embedded chain mines at once; others are asked twenty times a second at most
RESEND_SECONDS = 5.0  # a node that restarted has forgotten what waited
STUCK_SECONDS = 60.0  # some five blocks: what was not mined by then offers too little
SHAPES_KEPT = 64  # kinds of batches of which it is known what they use: a queue is of one or two
LOOKS = 3  # rounds of sending: a node may count a nonce before it shows the receipt

_NEWEST = "SELECT max(nonce) AS newest FROM chain_sends WHERE account IS ?"

log = logging.getLogger(__name__)


def anybody(_tx: Tx) -> None:
    """Let everybody sign."""


def stored_nonce(tx: Tx, key: str) -> int | None:
    """Return the number that an act has in the store, None before it is signed."""
    row = tx.get(ChainTxRow, id=key)
    return None if row is None else row.nonce


class NonceTakenError(Exception):
    """Somebody else sent with our key: the number is used, and nothing of ours was mined under it."""


class TakenBackError(Exception):
    """A reorganisation took back what stands before it: that is brought to its end first, at a price of its own."""


class SignedMeanwhileError(Exception):
    """The store has another number for an act than the one it was read with: it must be read again."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who signs and sends, on which programs, kept where; `fence` raises where another process has taken over.

    `name` is its own in the tables, None of the first account that we had. `used` is how much gas the last good batch
    of a shape took, the acts in their order.
    """

    store: Store
    programs: Programs
    key: Secret
    address: bytes
    clock: Clock
    fence: Fence
    name: str | None = None
    used: dict[tuple[str, ...], int] = field(default_factory=dict)


class Parcel:
    """Rows of `chain_txs` that share a nonce; `sign` it, or take one that is signed, then `arrive`."""

    def __init__(self, account: Account, rows: Sequence[ChainTxRow]) -> None:
        self._account = account
        self._chain = account.programs.chain
        self.rows = list(rows)
        self._fresh: bytes | None = None  # signed just now, with the number that the chain counts next

    async def sign(self) -> None:
        """Give the acts a number and sign them.

        `ChainRefused` with the words of the program that refuses one, `SignedMeanwhileError`.
        """
        await self._chain.confirm_id(self._account.programs.deployment.chain_id)
        base = await self._chain.nonce(self._account.address)
        newest = await self._account.store.read(lambda tx: tx.execute(_NEWEST, self._account.name)[0]["newest"])
        nonce = base if newest is None else max(base, newest + 1)
        signed = await self._signed(nonce)
        await self._keep(nonce, signed)
        self._fresh = signed.raw if nonce == base else None

    async def arrive(self) -> Receipt:
        """Send until there is a receipt; `NonceTakenError`, `TakenBackError`.

        Whatever the node says against it, it is tried again.
        """
        nonce, missed = self.rows[0].nonce, 0
        assert nonce is not None, "what is to arrive is signed"
        while True:
            try:
                if self._fresh is None and not await self._sends(nonce):
                    # taken back from so deep that what was signed is gone
                    await self._keep(nonce, await self._signed(nonce))
                await self._push(nonce)
                if (receipt := await self._look(nonce)) is not None:
                    return self._learn(receipt)
                if await self._is_behind(nonce):
                    raise TakenBackError
                missed = missed + 1 if await self._counted() > nonce else 0
                if missed >= LOOKS:
                    raise NonceTakenError
                await self._replace(nonce)
            except ChainRefused as fault:
                raise ChainUnreachable(f"the node does not answer about nonce {nonce}: {fault.reason}") from fault

    async def _look(self, nonce: int) -> Receipt | None:
        """Watch all that was signed for a nonce, until it is time to send again."""
        sends = await self._sends(nonce)
        until = self._account.clock.monotonic() + RESEND_SECONDS
        while True:
            for send in reversed(sends):
                if (receipt := await self._chain.receipt(bytes.fromhex(send.hash))) is not None:
                    return receipt
            if self._account.clock.monotonic() >= until:
                return None
            await asyncio.sleep(RECEIPT_SECONDS)

    async def _is_behind(self, nonce: int) -> bool:
        """Say whether an act of a lower number waits to be mined again: sent as it was it may offer too little."""
        before = "state = ? and nonce < ? and account is ?", (ActState.SIGNED, nonce, self._account.name)
        return bool(await self._account.store.read(lambda tx: tx.find(ChainTxRow, *before, limit=1)))

    async def _counted(self) -> int:
        return await self._chain.nonce(self._account.address, "latest")

    async def _signed(self, nonce: int, instead_of: Fees | None = None) -> Signed:
        deployment = self._account.programs.deployment
        if len(self.rows) == 1:
            program, _, data = self.rows[0].call
        else:
            program, data = await self._together()
        to = deployment.addresses[program]
        like, key = self._account.used.get(self._shape(), 0), self._account.key
        return await self._chain.sign_call(to, data, nonce=nonce, key=key, instead_of=instead_of, like=like)

    async def _together(self) -> tuple[str, bytes]:
        """Return the program and the call by which several acts are done: licences by their own, where it has one."""
        programs, calls = self._account.programs, [row.call for row in self.rows]
        if grants.run(calls, await programs.most_grants()) == len(calls):
            return "licences", grants.together([data for _, _, data in calls])
        return "batch", batch.carry_data(programs.deployment, [(program, data) for program, _, data in calls])

    def _shape(self) -> tuple[str, ...]:
        """Return what a batch does, nothing of a single act: that is tried, for a refusal has the program's words."""
        calls = [row.call for row in self.rows] if len(self.rows) > 1 else ()
        return tuple(f"{program}.{function}" for program, function, _ in calls)

    def _learn(self, receipt: Receipt) -> Receipt:
        """Remember what a batch used; one that failed is tried the next time."""
        used, shape = self._account.used, self._shape()
        used.pop(shape, None)
        if receipt.succeeded and shape:
            used[shape] = receipt.gas_used
            if len(used) > SHAPES_KEPT:
                del used[next(iter(used))]
        return receipt

    async def _keep(self, nonce: int, signed: Signed) -> None:
        rows = [replace(row, nonce=nonce, hash=signed.hash.hex(), state=ActState.SIGNED) for row in self.rows]

        def act(tx: Tx) -> None:
            self._account.fence(tx)
            if any(stored_nonce(tx, row.id) != row.nonce for row in self.rows):
                raise SignedMeanwhileError
            for row in rows:
                program, function, data = row.call
                call = {"program": program, "function": function, "data": data}
                tx.update(ChainTxRow, {"id": row.id}, **call, nonce=nonce, hash=row.hash, state=row.state)
            tx.put(
                ChainSendRow(
                    hash=signed.hash.hex(),
                    nonce=nonce,
                    raw=signed.raw,
                    price=signed.fees.price,
                    tip=signed.fees.tip,
                    sent=self._account.clock.now(),
                    account=self._account.name,
                )
            )

        await self._account.store.write(act)
        self.rows = rows

    async def _sends(self, nonce: int) -> list[ChainSendRow]:
        where = "nonce = ? and account is ?", (nonce, self._account.name)
        return await self._account.store.read(lambda tx: tx.find(ChainSendRow, *where, order="sent"))

    async def _push(self, nonce: int) -> None:
        """Send what the chain has not counted yet, up to this nonce: a gap before it would hold it for ever.

        What was signed just now goes alone, for there is no gap before it; the rest follows if the node refuses it.
        """
        fresh, self._fresh = self._fresh, None
        if fresh is not None and await self._taken(nonce, fresh):
            return
        await self._chain.confirm_id(self._account.programs.deployment.chain_id)
        first = await self._counted()
        where = "nonce >= ? and nonce <= ? and account is ?", (min(first, nonce), nonce, self._account.name)
        sends = await self._account.store.read(lambda tx: tx.find(ChainSendRow, *where, order="sent"))
        for send in sends:
            await self._taken(send.nonce, send.raw)

    async def _taken(self, nonce: int, raw: bytes) -> bool:
        try:
            await self._chain.send(raw)
        except ChainRefused as fault:
            log.info("the node does not take nonce %s now: %s", nonce, fault)
            return False
        return True

    async def _replace(self, nonce: int) -> None:
        """Sign the same act again at a higher price, if it waited too long and a price is asked at all."""
        last = (await self._sends(nonce))[-1]
        is_young = self._account.clock.now() < last.sent + timedelta(seconds=STUCK_SECONDS)
        if is_young or last.price == 0:
            return
        try:
            signed = await self._signed(nonce, Fees(last.price, last.tip))
        except ChainRefused as fault:
            # the state has moved on; what was signed still decides
            log.info("nonce %s is not replaced: %s", nonce, fault)
            return
        await self._keep(nonce, signed)
