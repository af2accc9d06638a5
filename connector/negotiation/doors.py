"""What the engine is given from outside, and the few values that pass through.

Law: the engine opens no socket, reads no clock, holds no key and knows no chain; it calls these. All but `deliver` and
`ask` are called inside a transaction: they are short, do not wait, and may write through the transaction they are
handed.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.negotiation.agreement import why_over
from connector.negotiation.protocol.errors import UnacceptableError
from contracts import currencies

if TYPE_CHECKING:
    from datetime import datetime

    from connector.negotiation.agreement import Cause
    from connector.negotiation.protocol.messages import Document
    from connector.store.rows.agreement import AgreementRow
    from connector.store.rows.product import ProductRow
    from connector.store.rows.protocol import NegotiationRow, ProcessRow, TransferRow
    from connector.store.transaction import Tx
    from contracts.typed_data import Domain


class DeclinedError(Exception):
    """We will not go on with this process; the text goes to the peer as the reason of the termination."""


@dataclass(frozen=True, slots=True)
class Participant:
    """Who we are. `base` is our DSP base address without trailing slash, `account` tells ours of now.

    `sign` makes 65 bytes of a 32-byte digest; `former` tells which accounts we had.

    `currency` is the space's: nothing is signed in another one.
    """

    did: str
    base: str
    account: Callable[[], bytes]
    sign: Callable[[bytes], bytes]
    domain: Domain
    currency: str = currencies.FIRST
    former: Callable[[], Sequence[bytes]] = tuple

    @property
    def address(self) -> bytes:
        """Return our account: another one may follow it while we run."""
        return self.account()


@dataclass(frozen=True, slots=True)
class Peer:
    """Who a message comes from, already authenticated.

    `address` is the 20-byte address of the agreement key in its DID document, None for one that has no such key;
    `is_ndi` says that the message came by the national interfaces, whose ways ask for more before anything flows.
    """

    did: str
    address: bytes | None
    is_ndi: bool = False


@dataclass(frozen=True, slots=True)
class Parties:
    """Who talks in a process: our role, the peer and its id (None until it tells), and where it is called."""

    role: str
    peer: str
    peer_pid: str | None
    callback: str


@dataclass(frozen=True, slots=True)
class OnTable:
    """What a negotiation begins with; see `connector.negotiation.negotiation` for the columns of its row."""

    product: str
    their_price: int | None
    own_price: int | None = None
    terms: Document | None = None
    mandate: Document | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a peer: an HTTP status and a typed document."""

    status: int
    body: Document


def _shut(*_asked: Any) -> Any:
    raise AssertionError("nobody has opened this door of the engine")


def _no_chain(_tx: Tx, _offer: Document, _peer: Peer, _now: datetime) -> OnTable:
    raise UnacceptableError("sub-licences are not taken here")


def _no_contract(_tx: Tx, _offer: Document, _peer: Peer, _now: datetime) -> OnTable:
    raise UnacceptableError("contracts of the national interfaces are not taken here")


Deliver = Callable[[str, str, "Document"], Awaitable[tuple[int, Any]]]
Ask = Callable[[str, str], Awaitable[tuple[int, Any]]]


@dataclass(slots=True)
class Doors:
    """Everything the engine calls. Those that decide something raise `DeclinedError` to end the process.

    What is made after the engine, because it stands on it, opens its door when it is made.

    deliver         (peer DID, url, body) → (HTTP status, JSON or None); any exception counts as unreachable
    ask             (peer DID, url) → (HTTP status, JSON or None) of a GET; any exception counts as unreachable
    enqueue_licence (tx, `agreements` row) queues the licence transaction of a signed agreement (provider)
    data_address    (tx, `transfers` row, `agreements` row) → the data address of a start (provider)
    ready           (tx, `transfers` row, `agreements` row) → whether a start may go now; who has to make
                    something ready first asks for the step again (provider)
    refuse_url      url of a callback → why it may not be called, or None
    moved           (tx, process, row) after every change of state; for whoever waits for it, through `tx.after`
    sees            (tx, `products` row, peer DID) → whether the peer may know of the offer
    asker           peer DID → what the space knows of it: `member` (its DID), `role`, `region`; empty of a stranger
    agrees          (tx, `negotiations` row, now) → why its policy makes no agreement with its buyer, empty if it does
    sub_licensed    (tx, offer with a chain of sub-licences, `Peer`, now) → what the negotiation on it begins with
                    (provider); raises `UnacceptableError` for a chain that does not hold
    contracted      (tx, offer under a contract of the national interfaces, `Peer`, now) → what the negotiation on it
                    begins with (provider); raises `UnacceptableError` for one that does not stand
    under_over      (tx, `agreements` row of such a contract that is over, `Cause`, now) ends what stands under it
    stands          (tx, `agreements` row, now) → why nothing may flow under it, empty if it may
    halted          (tx, `transfers` row) as soon as nothing may flow under a transfer any more, told to the peer or not
    ended           (tx, agreement digest) when a negotiation that ends takes its agreement along
    superseded      (tx, `agreements` row, the row in its place, now) when an amendment comes into force: ends the first
    random          n → n random bytes
    """

    now: Callable[[], datetime]
    deliver: Deliver
    ask: Ask
    refuse_url: Callable[[str], str | None]
    moved: Callable[[Tx, str, ProcessRow], None]
    enqueue_licence: Callable[[Tx, AgreementRow], None] = _shut
    data_address: Callable[[Tx, TransferRow, AgreementRow], Document] = _shut
    ready: Callable[[Tx, TransferRow, AgreementRow], bool] = lambda _tx, _row, _agreement: True
    sees: Callable[[Tx, ProductRow, str], bool] = lambda _tx, _product, _peer: True
    asker: Callable[[str], Mapping[str, str]] = lambda _peer: {}
    agrees: Callable[[Tx, NegotiationRow, datetime], str] = lambda _tx, _row, _now: ""
    sub_licensed: Callable[[Tx, Document, Peer, datetime], OnTable] = _no_chain
    contracted: Callable[[Tx, Document, Peer, datetime], OnTable] = _no_contract
    under_over: Callable[[Tx, AgreementRow, Cause, datetime], None] = lambda _tx, _row, _cause, _now: None
    stands: Callable[[Tx, AgreementRow, datetime], str] = lambda _tx, agreement, now: why_over(agreement, now)
    halted: Callable[[Tx, TransferRow], None] = lambda _tx, _row: None
    ended: Callable[[Tx, str], None] = lambda _tx, _digest: None
    superseded: Callable[[Tx, AgreementRow, AgreementRow, datetime], None] = _shut
    random: Callable[[int], bytes] = secrets.token_bytes

    async def send(self, peer: str, url: str, body: Document) -> tuple[int, Any]:
        """Deliver by the way that is open now: another may be put before it when the engine is there."""
        return await self.deliver(peer, url, body)

    async def question(self, peer: str, url: str) -> tuple[int, Any]:
        """Ask likewise."""
        return await self.ask(peer, url)
