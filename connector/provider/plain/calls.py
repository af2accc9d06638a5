"""Calls of an interface: each decided, counted and billed here, then made of the provider's own server (decision 0164).

Law: (1) A call is a use of its own: the whole policy decides it, and it draws on the counters, before its request
leaves. (2) It is paid when the server has answered: what did not answer, or failed (5xx), is given back and not billed.
(3) Quota and counters are exact under concurrency: what is under way is held. A crash forgets what was under way: it
is not billed, and stays counted by the policy. (4) Where the server is, and with which secret it is called, goes into
no answer, no error and no record.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog import interface
from connector.channel.errors import ChannelFault
from connector.enforcement import uses
from connector.enforcement.use import Granted, Refused
from connector.negotiation.notices import account_of
from connector.provider import upstream
from connector.provider.plain import decision as copy_decision
from connector.runtime.errors import Absent, NotPermitted, RequestRefused
from connector.runtime.limits import CONCURRENT_CALLS_MAX
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.product import ProductRow
from connector.store.rows.vault import CopyRow
from connector.store.table_row import replace
from contracts.canonical import load

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from catalog.interface import Interface
    from connector.core.core import Core
    from connector.custody.tickets import Ticket
    from connector.enforcement.enforce import Enforcement
    from connector.licence.duties import Duties
    from connector.provider.plain.copies import Copies
    from connector.store.transaction import Tx


# interfaces that are called are read once
INTERFACES_KEPT = 256
# what a policy calls the number of uses
USES = "count"


@dataclass(frozen=True, slots=True)
class Asked:
    """One call as its caller asks for it: its path in segments, the names in its query, what it says of its use."""

    method: str
    path: tuple[str, ...]
    names: Collection[str]
    purpose: str
    said: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Held:
    """A call that may be made: where to, with which headers; `granted` is what it holds, `account` what sold it."""

    base: str
    headers: Mapping[str, str]
    granted: Granted
    agreement: str
    account: bytes | None
    transfer: str


class CallRefused(NotPermitted):
    """The policy refuses a call; `is_used_up` where that is for the number of its uses."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.text)
        self.is_used_up = any(USES in reason.get("facts", ()) for reason in refused.reasons)


class Calls:
    """The calls that one participant takes."""

    def __init__(self, core: Core, copies: Copies, enforcement: Enforcement, duties: Duties) -> None:
        self._core, self._copies, self._enforcement, self._duties = core, copies, enforcement, duties
        # agreement → the calls that are held and not counted yet; touched within the transaction that it belongs to
        self._under_way: dict[str, set[str]] = {}
        self._interfaces: dict[bytes, Interface] = {}

    async def hold(self, ticket: Ticket, asked: Asked) -> Held:
        """Decide a call and hold its share; raises NotPermitted with the reasons, Absent for no such interface."""
        agreement, taker = ticket.subject.hex(), str(uuid.uuid4())
        agreed = self._interfaces.get(ticket.edition) or await self._agreed(ticket)
        agreed.require(asked.method, asked.path, asked.names)
        try:
            told = await self._core.store.write(lambda tx: self._hold(tx, ticket, asked, taker), short=True)
        except BaseException:
            self._forget(agreement, taker)
            raise
        if isinstance(told, Refused):
            raise CallRefused(told)
        return told

    async def take(self, held: Held, length: int) -> None:
        """Count a call whose answer, or its first `length` bytes, is here; raises ChannelFault where a duty fails."""
        try:
            await self._core.store.write(lambda tx: self._take(tx, held, length), short=True)
        except ChannelFault as failure:
            await self._duties.note(failure, [held.agreement])
            raise

    async def add(self, held: Held, length: int) -> None:
        """Count bytes of an answer that goes on."""
        await self._core.store.write(lambda tx: self._add(tx, held, length, 0), short=True)

    async def give_back(self, held: Held) -> None:
        """Return what a call held that was not answered."""
        await self._core.store.write(lambda tx: uses.give_back(tx, held.granted.use.taker), short=True)

    def over(self, held: Held) -> None:
        """Take note that a call is under way no more."""
        self._forget(held.agreement, held.granted.use.taker)

    async def _agreed(self, ticket: Ticket) -> Interface:
        """Return the calls that the agreed edition lists, whatever its product lists by now; raises Absent for none."""
        await self._copies.stands(ticket)
        with await self._copies.open(ticket) as opened:
            index = await asyncio.to_thread(opened.index)
            file = next((one for one in index.files if one.name == upstream.FILE), None)
            if file is None:
                raise Absent("this product is no interface")
            rows = range(file.first_row, file.first_row + file.row_count)
            read = [await asyncio.to_thread(opened.bytes_of, file, row, 0, file.size) for row in rows]
        if len(self._interfaces) >= INTERFACES_KEPT:
            self._interfaces.clear()
        found = self._interfaces[ticket.edition] = interface.read(load(b"".join(read))["calls"])
        return found

    def _forget(self, agreement: str, taker: str) -> None:
        held = self._under_way.get(agreement, set())
        held.discard(taker)
        if not held:
            self._under_way.pop(agreement, None)

    def _hold(self, tx: Tx, ticket: Ticket, asked: Asked, taker: str) -> Held | Refused:
        agreement, transfer = self._copies.under(tx, ticket)
        product = tx.get(ProductRow, id=agreement.product)
        if product is None or not product.brief.get("api"):
            raise Absent("this product is no interface")
        secret = product.brief.get("secret")
        headers = upstream.headers(secret) if secret else {}
        if agreement.parent:
            raise NotPermitted("a sub-licence is served to connectors that can show its whole chain, not by calls")
        now = self._core.clock.now()
        purpose = asked.purpose or tx.value(AgreementRow, copy_decision.agreed_purpose, digest=agreement.digest) or ""
        use = copy_decision.call(agreement, transfer.id, purpose, asked.said, taker)
        granted = self._enforcement.enforce(tx, use, now)
        if not isinstance(granted, Granted):
            return granted
        copy = tx.get(CopyRow, id=transfer.id)
        if copy is None:
            self._copies.start(tx, agreement, transfer, purpose, self._copies.size(tx, agreement), now)
            copy = tx.get(CopyRow, id=transfer.id)
            assert copy is not None, "it was written just now"
        if (under_way := len(self._under_way.get(agreement.digest, ()))) >= CONCURRENT_CALLS_MAX:
            raise RequestRefused("too-many", f"{under_way} calls are under way under this agreement")
        self._copies.within_quota(tx, agreement, replace(copy, calls=copy.calls + under_way + 1))
        self._under_way.setdefault(agreement.digest, set()).add(taker)
        base, account = product.brief["api"].rstrip("/"), account_of(agreement)
        return Held(base, headers, granted, agreement.digest, account, transfer.id)

    def _take(self, tx: Tx, held: Held, length: int) -> None:
        self._enforcement.take(tx, held.granted, self._core.clock.now())
        if held.granted.ruling.held:
            uses.end(tx, held.granted.use.taker, self._core.clock.now())
        self._add(tx, held, length, 1)
        self._forget(held.agreement, held.granted.use.taker)

    def _add(self, tx: Tx, held: Held, length: int, calls: int) -> None:
        copy = tx.get(CopyRow, id=held.transfer)
        assert copy is not None, "a call is held before it is counted"
        tx.change(copy, replace(copy, calls=copy.calls + calls, bytes=copy.bytes + length))
