"""Batches of a stream to those who bought it: sealed bytes for a token, their key for an acknowledgement.

Law: (1) A stream is one use, that of its transfer: the whole policy decides it before its first key, and again, without
counting it once more, before every other. (2) A key is given for the word that the sealed bytes are here; what it
opens is counted in the same transaction, once under each agreement. (3) A buyer that signs its word signs what has
come in all: that is the count which both sides have.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from connector.channel.errors import ChannelFault
from connector.custody import batches
from connector.custody.batches import Acknowledgement, Batch
from connector.enforcement import performed
from connector.enforcement.use import Refused
from connector.negotiation.notices import address_of
from connector.provider.plain import decision as copy_decision
from connector.runtime.errors import Absent, Conflict, NotPermitted, Unproven
from connector.store.rows.product import ProductRow
from connector.store.rows.stream import BatchesTakenRow, BatchRow, StreamRow
from connector.store.rows.vault import CopyRow
from connector.store.table_row import replace
from contracts import signature
from contracts.ranges import RowSet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.core.core import Core
    from connector.custody.secrets import Keys
    from connector.custody.tickets import Ticket
    from connector.enforcement.enforce import Enforcement
    from connector.enforcement.use import Use
    from connector.licence.continuity import Continuity
    from connector.licence.duties import Duties
    from connector.provider.plain.copies import Copies
    from connector.provider.streams.batching import Batching
    from connector.store.rows.agreement import AgreementRow
    from connector.store.rows.protocol import TransferRow
    from connector.store.transaction import Tx

# what waits for the next batch looks so often whether it still may: revocation is known to it within this
LOOK_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Wish:
    """What a buyer says of its use."""

    purpose: str
    said: Mapping[str, str]


class Giving:
    """The batches that one participant gives."""

    def __init__(
        self,
        core: Core,
        copies: Copies,
        enforcement: Enforcement,
        duties: Duties,
        secrets: Keys,
        batching: Batching,
        continuity: Continuity,
    ) -> None:
        self._core, self._copies, self._enforcement, self._duties = core, copies, enforcement, duties
        self._secrets, self._batching, self._continuity = secrets, batching, continuity

    async def span(self, ticket: Ticket) -> tuple[int, int]:
        """Return the numbers of the oldest batch that is kept, and of the newest; both 0 for none."""

        def look(tx: Tx) -> tuple[int, int]:
            product = self._product(tx, ticket)
            kept = tx.find(BatchRow, "product = ?", (product,), order="number", limit=1)
            there = tx.get(StreamRow, product=product)
            return (kept[0].number if kept else 0), (0 if there is None else there.number)

        return await self._core.store.read(look)

    async def next(self, ticket: Ticket, after: int, seconds: float) -> tuple[Batch, bytes] | None:
        """Return the first batch behind `after` with its sealed bytes, None where none comes within `seconds`."""
        until = self._core.clock.monotonic() + seconds
        while True:
            product, row = await self._core.store.read(lambda tx: self._after(tx, ticket, after))
            if row is not None:
                return _batch(row), await asyncio.to_thread(self._batching.path(product, row.number).read_bytes)
            left = until - self._core.clock.monotonic()
            if left <= 0:
                return None
            await self._batching.wait(product, min(left, LOOK_SECONDS))

    async def key(self, ticket: Ticket, number: int, word: Acknowledgement, signed: bytes | None, wish: Wish) -> bytes:
        """Return the key of a batch for its buyer's word; raises NotPermitted, Conflict, Unproven, Absent."""
        try:
            told = await self._core.store.write(lambda tx: self._key(tx, ticket, number, word, signed, wish))
        except ChannelFault as failure:
            await self._duties.note(failure, [ticket.subject.hex()])
            raise
        if isinstance(told, str):
            raise NotPermitted(told)
        return told

    # ---- inside one transaction

    def _product(self, tx: Tx, ticket: Ticket) -> str:
        agreement, _ = self._copies.under(tx, ticket)
        product = tx.get(ProductRow, id=agreement.product)
        if product is None or not product.brief.get("stream"):
            raise Absent("this product is no stream")
        return product.id

    def _after(self, tx: Tx, ticket: Ticket, after: int) -> tuple[str, BatchRow | None]:
        product = self._product(tx, ticket)
        found = tx.find(BatchRow, "product = ? and number > ?", (product, after), order="number", limit=1)
        return product, found[0] if found else None

    def _key(
        self, tx: Tx, ticket: Ticket, number: int, word: Acknowledgement, signed: bytes | None, wish: Wish
    ) -> bytes | str:
        product = self._product(tx, ticket)
        agreement, transfer = self._copies.under(tx, ticket)
        row = tx.get(BatchRow, product=product, number=number)
        if row is None:
            raise Absent(f"batch {number} is not kept here any more", "go on with the oldest that is")
        if agreement.parent:
            return "a sub-licence is served to connectors that can show its whole chain, not by a stream"
        batch, now = _batch(row), self._core.clock.now()
        taken = tx.get(BatchesTakenRow, agreement=agreement.digest)
        after = _with(taken, agreement.digest, batch, signed, now)
        _require_word(agreement, word, after, batch, signed)
        if reasons := self._decided(tx, agreement, transfer, wish, now):
            return reasons
        if taken is None:
            tx.insert(after)
        elif after.numbers != taken.numbers:
            tx.change(taken, after)
        messages = after.messages - (0 if taken is None else taken.messages)
        if messages:
            self._count(tx, agreement, transfer, messages, after.bytes - (0 if taken is None else taken.bytes))
        return batches.key(self._secrets.streams(), product, number)

    def _decided(self, tx: Tx, agreement: AgreementRow, transfer: TransferRow, wish: Wish, now: datetime) -> str:
        """Decide the stream, the first time as its one use; return why not, empty where it may go on."""
        purpose = wish.purpose or copy_decision.agreed_purpose(agreement)
        use = copy_decision.stream(agreement, transfer.id, purpose, wish.said)
        if tx.get(CopyRow, id=transfer.id) is not None:
            answer = self._enforcement.enforce(tx, replace(use, draws=False), now)
            return answer.text if isinstance(answer, Refused) else ""
        return self._begin(tx, agreement, transfer, use, purpose, now)

    def _begin(
        self, tx: Tx, agreement: AgreementRow, transfer: TransferRow, use: Use, purpose: str, now: datetime
    ) -> str:
        if reasons := self._enforcement.at_once(tx, [use], now):
            return reasons
        performed.record(tx, use.own.agreement, use.taker, performed.read(use.own.by, now))
        self._copies.start(tx, agreement, transfer, purpose, self._copies.size(tx, agreement), now)
        tx.after(partial(self._continuity.touch, agreement.digest))
        return ""

    def _count(self, tx: Tx, agreement: AgreementRow, transfer: TransferRow, messages: int, plain: int) -> None:
        copy = tx.get(CopyRow, id=transfer.id)
        assert copy is not None, "a stream is decided before it is counted"
        counted = replace(copy, calls=copy.calls + messages, bytes=copy.bytes + plain)
        self._copies.within_quota(tx, agreement, counted)
        tx.change(copy, counted)


def _batch(row: BatchRow) -> Batch:
    return Batch(row.number, row.previous, row.messages, row.plain_bytes, row.sealed_digest)


def _with(
    taken: BatchesTakenRow | None, agreement: str, batch: Batch, signed: bytes | None, now: datetime
) -> BatchesTakenRow:
    """Return what an agreement has taken with one more batch; nothing is counted twice."""
    before = RowSet() if taken is None else RowSet.from_json(taken.numbers)
    fresh = RowSet.of([(batch.number, 1)]) - before
    messages, plain = (0, 0) if taken is None else (taken.messages, taken.bytes)
    return BatchesTakenRow(
        agreement=agreement,
        numbers=(before | fresh).json(),
        messages=messages + (batch.messages if fresh else 0),
        bytes=plain + (batch.plain_bytes if fresh else 0),
        number=batch.number,
        head=batch.head,
        signature=signed,
        at=now,
    )


def _require_word(
    agreement: AgreementRow, word: Acknowledgement, after: BatchesTakenRow, batch: Batch, signed: bytes | None
) -> None:
    """Raise Conflict for a word of something else than will have come, Unproven for one that its buyer did not sign."""
    ours = Acknowledgement(agreement.digest, batch.number, batch.head.hex(), after.messages, after.bytes)
    if word != ours:
        text = f"{after.messages} messages and {after.bytes} bytes come with batch {batch.number} in all"
        raise Conflict(f"{text}, {word.messages} and {word.plain_bytes} are acknowledged", "ask which were taken")
    if signed is None:
        return
    address = address_of(agreement)
    if address is None or not signature.is_by(address, word.digest, signed):
        raise Unproven("the acknowledgement is not signed with the key that signed the agreement")
