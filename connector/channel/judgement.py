"""Decisions on the orders of a batch: asked at the offer, repeated at the release, counted by reservation (spec 4, 5).

Law: what was reserved at the offer is committed at the release or given back; every decision leaves its row and its
event. Only openings draw on counters, each once: keys kept are counted by their holder. `conditional` is good enough
for an offer only when nothing is outstanding but what the release itself does, the payment among it, and never for a
release; a duty that nobody can perform denies both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connector.channel import openings, uses
from connector.channel.errors import fault
from connector.channel.messages import Denial
from connector.channel.tally import OPEN
from connector.channel.uses import Draw
from connector.enforcement import decisions
from connector.enforcement.decisions import Made
from contracts.canonical import sha
from contracts.labels import H

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.channel.doors import Deal, Holder
    from connector.channel.priced import Line
    from connector.enforcement.ruling import Ruling
    from connector.store.transaction import Tx
    from contracts.typed_data import Order

OFFER = "offer"
RELEASE = "release"
ALLOW = "allow"
CONDITIONAL = "conditional"
DENY = "deny"
# what is known of an order without being told, by the operand that asks for it
SIZE, UNIT, BYTE = "absoluteSize", "unit", "byte"
# licences above one another; a chain that is longer has no end
LICENCES_ABOVE_MAX = 16


@dataclass(frozen=True, slots=True)
class Request:
    """What is decided on: the priced orders with their contexts, and the account hash that names the request."""

    account_hash: bytes
    lines: Sequence[Line]
    contexts: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One order of a request, at its place, at a stage."""

    account_hash: bytes
    place: int
    line: Line
    context: Mapping[str, str]
    stage: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """The rulings on a request, order by order; `denial` is None when all are good enough for their stage."""

    rulings: tuple[Ruling, ...]
    denial: Denial | None

    @property
    def digest(self) -> bytes:
        """Return `decisionDigest` (32 bytes): one digest over the digests of all rulings."""
        return sha([ruling.digest.hex() for ruling in self.rulings])


def judge(tx: Tx, holder: Holder, request: Request, stage: str, now: datetime) -> Judgement:
    """Decide every order and hold its counts; when one is denied, what this request holds is given back."""
    rulings: list[Ruling] = []
    for place, (line, context) in enumerate(zip(request.lines, request.contexts, strict=True)):
        asked = Asked(request.account_hash, place, line, context, stage)
        links = [(deal, _rule(tx, holder, asked, deal, now)) for deal in (*_above(tx, holder, line.deal), line.deal)]
        rulings.append(links[-1][1])
        for deal, ruling in links:
            if denial := _denial(holder, deal, ruling, stage, now):
                give_back(tx, [each.order for each in request.lines])
                return Judgement(tuple(rulings), denial)
        if line.order.use == OPEN:
            uses.reserve(tx, [Draw(deal.digest.hex(), ruling.held) for deal, ruling in links], _taker(line.order), now)
    return Judgement(tuple(rulings), None)


def commit(tx: Tx, orders: Sequence[Order]) -> None:
    """Make final what the orders of a request hold."""
    for order in orders:
        if order.use == OPEN:
            uses.commit(tx, _taker(order))


def recount(tx: Tx, holder: Holder, request: Request, now: datetime) -> None:
    """Take again what a window learnt from the other side had taken; it happened, so no limit stops it."""
    for line, context in zip(request.lines, request.contexts, strict=True):
        if line.order.use != OPEN:
            continue
        who = _taker(line.order)
        draws = []
        for deal in (*_lineage(tx, holder, line.deal), line.deal):
            known = _measured(line, context)
            counted = holder.judge.counted(deal, known)
            taken = uses.taken(tx, deal.digest.hex(), counted, without=who, now=now)
            ruling = holder.judge.decide(tx, deal, line.order, known, stage=RELEASE, taken=taken, now=now)
            held = uses.shares(ruling.held, counted or {})
            draws.append(Draw(deal.digest.hex(), [replace(share, limit=None) for share in held]))
        uses.reserve(tx, draws, who, now)
        uses.commit(tx, who)


def give_back(tx: Tx, orders: Sequence[Order]) -> None:
    """Return what the orders of a request hold and did not use."""
    for order in orders:
        if order.use == OPEN:
            uses.give_back(tx, _taker(order))


def purpose(context: Mapping[str, str]) -> str:
    """Return the purpose that a context names, empty if none."""
    return context.get("purpose", "")


def _measured(line: Line, context: Mapping[str, str]) -> Mapping[str, str]:
    """Return the context with what we know of the order ourselves: its plain bytes, whatever the peer says of them."""
    return {**context, SIZE: str(line.plain_bytes), UNIT: BYTE}


def _taker(order: Order) -> str:
    """Return who takes the share of an order: its opening, in whatever window."""
    return openings.identity("payee", order)


def _denial(holder: Holder, deal: Deal, ruling: Ruling, stage: str, now: datetime) -> Denial | None:
    """Return why a decision is not good enough for its stage, None when it is."""
    promised = stage == OFFER and ruling.outcome == CONDITIONAL and ruling.outstanding <= holder.duties.promised
    if ruling.outcome != ALLOW and not promised:
        return Denial(ruling.outcome, ruling.reasons, ruling.duties)
    impossible = holder.duties.refusal(deal, ruling, now)
    return None if impossible is None else Denial(DENY, (impossible,), ruling.duties)


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


def _rule(tx: Tx, holder: Holder, asked: Asked, deal: Deal, now: datetime) -> Ruling:
    """Decide one order under one agreement and record it; an agreement above has a request id of its own."""
    order, context = asked.line.order, _measured(asked.line, asked.context)
    counted = holder.judge.counted(deal, context)
    taken = uses.taken(tx, deal.digest.hex(), counted, without=_taker(order), now=now)
    ruling = holder.judge.decide(tx, deal, order, context, stage=asked.stage, taken=taken, now=now)
    request = asked.account_hash
    if deal.digest != asked.line.deal.digest:
        request = H("decision-above", request, deal.digest)
    made = Made(asked.stage, deal.digest.hex(), request.hex(), ruling, purpose(context))
    decisions.record(tx, holder.evidence, made, now, row=f"{request.hex()}/{asked.place}/{asked.stage}")
    return replace(ruling, held=tuple(uses.shares(ruling.held, counted or {})))
