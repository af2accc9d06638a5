"""Decisions on the orders of a batch: asked at the offer, repeated at the release, counted by reservation (spec 4, 5).

Law: what was reserved at the offer is committed at the release or given back; every decision leaves its row and its
event. Only openings draw on counters, each once: keys kept are counted by their holder. `conditional` is good enough
for an offer only when nothing but the payment is outstanding, and never for a release.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connector.channel import counts, openings, records
from connector.channel.messages import Denial
from connector.channel.tally import OPEN
from contracts.canonical import sha

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.channel.doors import Held, Holder, Ruling
    from connector.channel.tally import Line
    from connector.store.transaction import Tx
    from contracts.typed_data import Order

OFFER = "offer"
RELEASE = "release"
ALLOW = "allow"
CONDITIONAL = "conditional"
# the duty that the voucher itself fulfils
PAYMENT = frozenset({"compensate"})


@dataclass(frozen=True, slots=True)
class Request:
    """What is decided on: the priced orders with their contexts, and the account hash that names the request."""

    account_hash: bytes
    lines: Sequence[Line]
    contexts: Sequence[Mapping[str, str]]


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
        ruling = _rule(tx, holder, request, place, line, context, stage, now)
        rulings.append(ruling)
        if not _suffices(ruling, stage):
            give_back(tx, [each.order for each in request.lines])
            return Judgement(tuple(rulings), Denial(ruling.outcome, ruling.reasons, ruling.duties))
        counts.reserve(tx, line.deal.digest.hex(), _taker(line.order), _drawn(line.order, ruling), now)
    return Judgement(tuple(rulings), None)


def commit(tx: Tx, orders: Sequence[Order]) -> None:
    """Make final what the orders of a request hold."""
    for order in orders:
        counts.commit(tx, _taker(order))


def recount(tx: Tx, holder: Holder, request: Request, now: datetime) -> None:
    """Take again what a window learnt from the other side had taken; it happened, so no limit stops it."""
    for line, context in zip(request.lines, request.contexts, strict=True):
        who, agreement = _taker(line.order), line.deal.digest.hex()
        taken = counts.taken(tx, agreement, without=who)
        ruling = holder.judge.decide(tx, line.deal, line.order, context, stage=RELEASE, taken=taken, now=now)
        counts.reserve(tx, agreement, who, [replace(held, limit=None) for held in _drawn(line.order, ruling)], now)
        counts.commit(tx, who)


def give_back(tx: Tx, orders: Sequence[Order]) -> None:
    """Return what the orders of a request hold and did not use."""
    for order in orders:
        counts.give_back(tx, _taker(order))


def purpose(context: Mapping[str, str]) -> str:
    """Return the purpose that a context names, empty if none."""
    return context.get("purpose", "")


def _taker(order: Order) -> str:
    """Return who takes the share of an order: its opening, in whatever window."""
    return openings.identity("payee", order)


def _drawn(order: Order, ruling: Ruling) -> Sequence[Held]:
    return ruling.held if order.use == OPEN else ()


def _suffices(ruling: Ruling, stage: str) -> bool:
    if ruling.outcome == ALLOW:
        return True
    return stage == OFFER and ruling.outcome == CONDITIONAL and ruling.outstanding <= PAYMENT


def _rule(
    tx: Tx,
    holder: Holder,
    request: Request,
    place: int,
    line: Line,
    context: Mapping[str, str],
    stage: str,
    now: datetime,
) -> Ruling:
    agreement = line.deal.digest.hex()
    taken = counts.taken(tx, agreement, without=_taker(line.order))
    ruling = holder.judge.decide(tx, line.deal, line.order, context, stage=stage, taken=taken, now=now)
    tx.put(
        "decisions",
        id=f"{request.account_hash.hex()}/{place}/{stage}",
        agreement=agreement,
        request=dict(context),
        decision=dict(ruling.document),
        outcome=ruling.outcome,
        digest=ruling.digest,
        at=now,
    )
    records.decision_event(tx, holder, line.deal, request.account_hash, ruling, taken, purpose(context), now)
    return ruling
