"""What flows give: the newest edition of a product in the tier `plain`, fetched with a token or sent by us.

Law: (1) a flow gives what was newest when it began, to its end. (2) Its control plane has agreed and decides: here the
flow alone is asked, at each request and before each step, so a pause or an end cuts off. (3) What leaves is counted
before it leaves, and what did not leave is given back. (4) A token lasts an hour; a consumer with a DID of its own
renews it (`connector.provider.flows.renewal`), and each `resume` brings a fresh one.
"""

from __future__ import annotations

import asyncio
import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from connector.core.driver import Driver
from connector.custody import bearers, tickets
from connector.custody.opened import Opened
from connector.custody.tickets import Ticket, transfer_digest
from connector.negotiation.on_offer import sold
from connector.negotiation.protocol import data_address
from connector.negotiation.protocol.offers import PLAIN
from connector.negotiation.protocol.states import PROVIDER
from connector.operation.signaling.profiles import endpoint_type
from connector.operation.signaling.states import STARTED
from connector.provider.plain.copies import DRAWN_BYTES_MIN, EDITIONS_MAX, GONE
from connector.provider.plain.sending import Sending, target
from connector.runtime.errors import Absent, InvalidInput, NotPermitted
from connector.store.rows.product import ProductRow
from connector.store.rows.signaling import FlowRow
from connector.store.rows.vault import EditionRow
from connector.store.table_row import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.custody.blobs import Blobs
    from connector.custody.secrets import Keys as Secrets
    from connector.licence.books import Books
    from connector.licence.carriage import Carriage
    from connector.licence.throttle import Throttle
    from connector.operation.signaling.flows import Flows
    from connector.store.transaction import Tx

PATH: Final = "/flows"
REFRESH_BYTES: Final = 32
NONCE_BYTES: Final = 16
# members of a brief with which a product is no files
LIVE: Final = ("api", "stream")
DID: Final = "did:web:"


class Given:
    """The flows in which one provider gives."""

    def __init__(
        self,
        core: Core,
        flows: Flows,
        ticket_key: bytes,
        secrets: Secrets,
        blobs: Blobs,
        books: Books,
        carriage: Carriage,
        throttle: Throttle,
    ) -> None:
        self._core, self._flows, self._key = core, flows, ticket_key
        self._secrets, self._blobs, self._books = secrets, blobs, books
        self._carriage, self._throttle = carriage, throttle
        self.driver = Driver("push of a flow", self._push, flows.failed)
        flows.sides[PROVIDER] = self

    # ---- the provider's side of `connector.operation.signaling.flows`

    def opens(self, tx: Tx, row: FlowRow, message: Mapping[str, Any]) -> FlowRow:
        """Return the flow with the edition that it gives; raises Absent, and NotPermitted for what it cannot give."""
        if not row.push and message["dataAddress"] is not None:
            raise InvalidInput("a pull has no `dataAddress` in its start", "the provider's data plane says it")
        name = (message["metadata"] or {}).get("product", row.dataset)
        product = tx.get(ProductRow, id=name) if isinstance(name, str) else None
        product = product and sold(product)
        edition = product and product.edition and tx.get(EditionRow, id=product.edition)
        if not product or not edition or product.tier != PLAIN:
            hint = f"publish it first: penstock publish FILE --id {row.dataset[:60]} --tier plain"
            raise Absent(f"there is no product `{str(name)[:200]}` in the tier `plain` here", hint)
        if any(product.brief.get(member) is not None for member in LIVE):
            raise NotPermitted(f"`{product.id}` is an interface or a stream, and a flow gives files")
        if edition.watermarks:
            raise NotPermitted(f"`{product.id}` is marked for each buyer under its agreement, and a flow has none here")
        table = self._books.table(tx, bytes.fromhex(edition.id))
        assert table is not None, "what is on offer is here"
        size = table.plain_bytes() - table.plain_bytes(0, table.index_rows)
        return replace(row, edition=edition.id, edition_bytes=size)

    def addressed(self, row: FlowRow, address: dict[str, Any] | None) -> FlowRow:
        """Return the flow with where it sends to; raises InvalidInput where it needs one."""
        if not row.push:
            return row  # Eclipse EDC says ours again when it resumes
        if (found := address or row.address) is None:
            raise InvalidInput("a push needs a `dataAddress`")
        self._core.outbound.check(target(found)[0])
        return replace(row, address=found)

    def address(self, row: FlowRow) -> tuple[FlowRow, dict[str, Any] | None]:
        """Return where the consumer fetches, with a fresh token, and how it renews it."""
        if row.push:
            return row, None
        token, endpoint = self.token(row), f"{self._core.identity.url}{PATH}/{row.id}"
        told = {"authorization": token, "authType": bearers.AUTH_TYPE}
        if row.counterparty.startswith(DID):
            row, refresh = self.renewed(row)
            renewal = {"refreshToken": refresh, "refreshEndpoint": f"{endpoint}/token"}
            told |= renewal | {"expiresIn": str(tickets.TICKET_SECONDS)}
        return row, data_address.write(endpoint, told) | {"endpointType": endpoint_type(push=False)}

    def moved(self, row: FlowRow) -> None:
        """Send what is pushed, and cut off what rests or is over."""
        if row.state != STARTED:
            self._carriage.halt(row.id)
        elif row.push:
            self.driver.wake(row.id)

    def place(self, row: FlowRow) -> str:
        """Return nothing: what is given is the product's."""
        del row
        return ""

    # ---- tokens

    def token(self, row: FlowRow) -> str:
        """Return a fresh token to what a flow gives."""
        about = bytes.fromhex(row.edition), _subject(row.id, secrets.token_bytes(NONCE_BYTES)), transfer_digest(row.id)
        return bearers.issue(self._key, *about, self._core.clock.now())

    def renewed(self, row: FlowRow) -> tuple[FlowRow, str]:
        """Return the flow with a new refresh token in the old one's place, and that token."""
        refresh = secrets.token_urlsafe(REFRESH_BYTES)
        return replace(row, renewal=sha256(refresh.encode()).digest()), refresh

    def is_of(self, ticket: Ticket, row: FlowRow) -> bool:
        """Say whether a ticket is one of a flow's."""
        about = bytes.fromhex(row.edition), _subject(row.id, ticket.subject[:NONCE_BYTES]), transfer_digest(row.id)
        return about == (ticket.edition, ticket.subject, ticket.transfer)

    def pace(self, ticket: Ticket) -> str:
        """Return whose pace is kept: the flow's, whatever token is shown."""
        return ticket.transfer.hex()

    def started(self, tx: Tx, key: str) -> FlowRow | None:
        """Return the pull of this id that is started here, None where there is none."""
        row = tx.get(FlowRow, id=key)
        return row if row and (row.role, row.state, row.push) == (PROVIDER, STARTED, 0) else None

    # ---- what is counted (`connector.provider.plain.meter`)

    async def stands(self, ticket: Ticket) -> None:
        """Raise NotPermitted unless the ticket's flow is started."""
        await self._core.store.read(lambda tx: self._under(tx, ticket))

    async def require(self, ticket: Ticket, key: str) -> None:
        """Raise Absent unless a ticket is one of the flow of this id."""
        row = await self._core.store.read(lambda tx: _named(tx, ticket))
        if row is None or row.id != key:
            raise Absent("the token is for another data flow")

    async def open(self, ticket: Ticket) -> Opened:
        """Open what the ticket's flow gives; raises NotPermitted where it is not here any more."""
        edition = await self._core.store.read(lambda tx: tx.get(EditionRow, id=ticket.edition.hex()))
        table = await self._core.store.read(lambda tx: self._books.table(tx, ticket.edition))
        if edition is None or table is None:
            raise NotPermitted(GONE)
        return await asyncio.to_thread(Opened, self._blobs, self._secrets, edition, table)

    async def charge(self, ticket: Ticket, rows: range, length: int, calls: int) -> None:
        """Count bytes before they leave; raises NotPermitted where the flow rests, or has drawn too much."""
        del rows, calls
        await self._core.store.write(lambda tx: self._count(tx, ticket, length), short=True)

    async def give_back(self, ticket: Ticket, length: int) -> None:
        """Take back bytes that did not leave."""
        if length:
            await self._core.store.write(lambda tx: self._count(tx, ticket, -length), short=True)

    async def sent(self, key: str) -> int:
        """Return how many files of a push were taken."""
        row = await self._core.store.read(lambda tx: tx.get(FlowRow, id=key))
        return 0 if row is None else row.files

    async def note_sent(self, key: str, count: int) -> None:
        """Take note of files that were taken."""
        await self._core.store.write(lambda tx: tx.update(FlowRow, {"id": key}, files=count))

    def _count(self, tx: Tx, ticket: Ticket, length: int) -> None:
        row = self._under(tx, ticket) if length > 0 else _named(tx, ticket)
        if row is None:
            return
        served, bound = row.bytes + length, max(EDITIONS_MAX * row.edition_bytes, DRAWN_BYTES_MIN)
        if served > bound:
            raise NotPermitted(f"{served} bytes would be served, {bound} may be by one flow", "begin another")
        tx.update(FlowRow, {"id": row.id}, bytes=served)

    def _under(self, tx: Tx, ticket: Ticket) -> FlowRow:
        row = _named(tx, ticket)
        if row is None or row.state != STARTED:
            raise NotPermitted("the data flow of this token is suspended or over", "have it resumed, or begin another")
        return row

    async def _push(self, key: str) -> None:
        row = await self._core.store.read(lambda tx: tx.get(FlowRow, id=key))
        if row is None or row.state != STARTED:
            return
        about = bytes.fromhex(row.edition), _subject(key, bytes(NONCE_BYTES)), transfer_digest(key)
        ticket = Ticket(*about, self._core.clock.now())
        sending = Sending(self._core, self, self._carriage, self._throttle, key, row.address or {}, ticket)
        if await sending.run():
            await self._flows.done(key)


def _subject(key: str, nonce: bytes) -> bytes:
    """Return what stands in a ticket where others have an agreement; by the nonce no two tokens are the same."""
    return nonce + sha256(b"penstock/flow/v1\x00" + nonce + key.encode()).digest()[NONCE_BYTES:]


def _named(tx: Tx, ticket: Ticket) -> FlowRow | None:
    """Return the flow that a ticket is about, None for a ticket of an agreement."""
    for row in tx.find(FlowRow, "digest = ? and role = ?", (ticket.transfer.hex(), PROVIDER)):
        if (_subject(row.id, ticket.subject[:NONCE_BYTES]), row.edition) == (ticket.subject, ticket.edition.hex()):
            return row
    return None
