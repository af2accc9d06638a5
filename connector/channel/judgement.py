"""The orders of a request as uses: decided at the offer and again at the release, recounted if forgotten (spec 4, 5).

Law: what was reserved at the offer is committed at the release or given back. Only openings draw on counters, each
once: keys kept are counted by their holder. An order under a sub-licence is under every licence above it, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from connector.channel import openings
from connector.channel.errors import fault
from connector.channel.messages import Denial
from connector.channel.tally import OPEN, plain_bytes
from connector.enforcement import uses
from connector.enforcement.context import SHARES, measured, share_of
from connector.enforcement.use import HAPPENED, Link, Refused, Use
from connector.enforcement.uses import Exhausted
from contracts.canonical import sha
from contracts.labels import H

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from connector.channel.doors import Deal, Holder
    from connector.channel.priced import Line
    from connector.enforcement.use import Granted, Stage
    from connector.store.transaction import Tx
    from contracts.typed_data import Order

# use code of an order (spec 2) → the ODRL action it performs
ACTION_OF_USE: Final[Mapping[int, str]] = MappingProxyType({0: "reproduce", 1: "read", 2: "reproduce"})
# licences above one another; a chain that is longer has no end
LICENCES_ABOVE_MAX = 16


@dataclass(frozen=True, slots=True)
class Request:
    """What is decided on: the priced orders with their contexts, and the account hash that names the request."""

    account_hash: bytes
    lines: Sequence[Line]
    contexts: Sequence[Mapping[str, str]]

    @property
    def places(self) -> Iterator[int]:
        """Return the place of each order, of which each has its context."""
        return (place for place, _ in enumerate(zip(self.lines, self.contexts, strict=True)))


@dataclass(frozen=True, slots=True)
class Judgement:
    """A request whose orders were all granted, one after the other."""

    granted: tuple[Granted, ...]

    @property
    def digest(self) -> bytes:
        """Return `decisionDigest` (32 bytes): one digest over the digests of all rulings."""
        return sha([each.ruling.digest.hex() for each in self.granted])


def judge(tx: Tx, holder: Holder, request: Request, stage: Stage, now: datetime) -> Judgement | Denial:
    """Decide every order and hold its counts; when one is denied, what this request holds is given back."""
    granted = []
    for place in request.places:
        deal = request.lines[place].deal
        use = _use(tx, holder, request, place, stage, (*_above(tx, holder, deal), deal))
        try:
            answer = holder.enforcement.enforce(tx, use, now)
        except Exhausted as full:
            raise fault("exhausted", str(full)) from full
        if isinstance(answer, Refused):
            give_back(tx, [line.order for line in request.lines])
            return Denial(answer.outcome, answer.reasons, answer.duties)
        granted.append(answer)
    return Judgement(tuple(granted))


def recount(tx: Tx, holder: Holder, request: Request, now: datetime) -> None:
    """Take again what a window learnt from the other side had taken, on licences that are over, too."""
    for place in request.places:
        deal = request.lines[place].deal
        if request.lines[place].order.use == OPEN:
            use = _use(tx, holder, request, place, HAPPENED, (*_lineage(tx, holder, deal), deal))
            holder.enforcement.at_once(tx, [use], now)


def give_back(tx: Tx, orders: Sequence[Order]) -> None:
    """Return what the orders of a request hold and did not use."""
    for order in orders:
        if order.use == OPEN:
            uses.give_back(tx, _taker(order))


def _use(tx: Tx, holder: Holder, request: Request, place: int, stage: Stage, deals: Sequence[Deal]) -> Use:
    """Return an order as a use under its agreement, the last of `deals`, and those above it."""
    line = request.lines[place]
    order = line.order
    links = tuple(_link(holder, request, deal, own=deal.digest == line.deal.digest) for deal in deals)
    asked = any(name in link.rules.asks for link in links for name in SHARES)
    return Use(
        links,
        ACTION_OF_USE.get(order.use, "use"),
        measured(request.contexts[place], line.plain_bytes, _share(tx, holder, line) if asked else ""),
        stage,
        place=stage.name,
        taker=_taker(order),
        draws=order.use == OPEN,
        number=place,
    )


def _share(tx: Tx, holder: Holder, line: Line) -> str:
    """Return the share of its edition that an order is; of an opening all that was agreed, in whatever windows.

    An opening takes its share once, so the first of its orders stands for the rest.
    """
    table = holder.editions.table(tx, line.order.edition_id)
    if table is None:
        return ""
    part = line.plain_bytes
    if line.order.use == OPEN:
        part = max(part, plain_bytes(table, table.licensed(set(line.deal.terms.columns.values()))))
    return share_of(part, table.plain_bytes())


def _link(holder: Holder, request: Request, deal: Deal, *, own: bool) -> Link:
    """Return one agreement of an order; one above it has a request id of its own."""
    name = request.account_hash if own else H("decision-above", request.account_hash, deal.digest)
    rules = holder.enforcement.judge.agreed(deal.agreement.terms_digest, deal.terms, deal.peer)
    terms = deal.terms
    return Link(deal.digest.hex(), terms.product, deal.peer, deal.peer, rules, name.hex(), terms.tier, terms.facts)


def _taker(order: Order) -> str:
    """Return who takes the share of an order: its opening, in whatever window."""
    return openings.identity("payee", order)


def _above(tx: Tx, holder: Holder, deal: Deal) -> list[Deal]:
    """Return the agreements that a sub-licence stands under, its parent first; each link must hold (spec 5)."""
    found = _lineage(tx, holder, deal)
    if not all(above.live for above in found) or (found or [deal])[-1].parent is not None:
        raise fault("agreement-over", "a licence that this one stands under is over")
    return found


def _lineage(tx: Tx, holder: Holder, deal: Deal) -> list[Deal]:
    """Return what is here of the agreements above, whether they live or not."""
    found: list[Deal] = []
    while deal.parent is not None and len(found) < LICENCES_ABOVE_MAX:
        above = holder.books.deal(tx, deal.parent)
        if above is None:
            break
        found.append(above)
        deal = above
    return found
