"""Where a use is decided, counted and recorded: one order for keys, openings, copies, pushes and what runs.

Law: (1) all of it is part of the caller's transaction and in this order: counts, request, decision, record, duties that
can be done, reservation; then `take` (duties done, share made final) or `uses.give_back`. What is refused holds
nothing; what is taken was decided and recorded. (2) Everything that the policy may ask for is in `Use.context`, also
when it says for whom uses are counted. (3) Under a chain of licences each link is decided before one of them refuses,
and the share is drawn on all of them or on none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from connector.enforcement import decision_log as decisions
from connector.enforcement import performed, since, uses
from connector.enforcement.context import PLACE, QUERY, agreed, purpose_of, told
from connector.enforcement.decision_log import Made
from connector.enforcement.ruling import CONDITIONAL, DENY
from connector.enforcement.use import Granted, Refused
from connector.enforcement.uses import Draw
from connector.store.rows.use import DecisionRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.enforcement.counted import Counters
    from connector.enforcement.judge import Judge
    from connector.enforcement.ruling import Ruling
    from connector.enforcement.use import Link, Use
    from connector.store.recorder import Recorder
    from connector.store.transaction import Tx
    from contracts.facts import Fact

# the places of our own reader process, and of what it finds when that goes into a file
READ_HERE = frozenset({"opening", "export"})


class Duties(Protocol):
    """What is to be done around a use (`connector.licence.duties`)."""

    @property
    def promised(self) -> frozenset[str]:
        """Return the actions that may be outstanding at an offer."""

    def refusal(self, link: Link, ruling: Ruling, now: datetime) -> Mapping[str, Any] | None:
        """Return as a reason which duty nobody can perform, None when all can be."""

    def perform(self, tx: Tx, link: Link, ruling: Ruling, now: datetime) -> None:
        """Do them in their order; raises `ChannelFault` `duty-failed`."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The ruling on a use under one agreement, what it was told of the uses before, and what it takes."""

    link: Link
    ruling: Ruling
    taken: Counters | None
    draw: Draw


@dataclass(frozen=True, slots=True)
class Enforcement:
    """Who decides, who does the duties, and where it is recorded."""

    judge: Judge
    duties: Duties
    evidence: Recorder

    def decide(self, tx: Tx, use: Use, link: Link, now: datetime) -> Decided:
        """Decide a use under one of its agreements; nothing is written."""
        counted = link.rules.counted(use.context)
        taken = uses.taken(tx, link.agreement, counted, without=use.taker, now=now)
        done = performed.acts(tx, link.agreement) if link.rules.minds else ()
        taken = since.known(tx, link, taken, now)
        request = self.judge.request(link.by, link.product, use.action, use.context, link.rules.asks)
        if known := self._known(use, link):
            request = replace(request, context={**request.context, **known})
        ruling = self.judge.ruling(link.rules, request, stage=use.stage.name, taken=taken, now=now, done=done)
        return Decided(link, ruling, taken, Draw(link.agreement, uses.shares(ruling.held, counted or {})))

    def _known(self, use: Use, link: Link) -> Mapping[str, Fact]:
        """Return what is known of a use beside purpose and size, of that which the policy asks for."""
        asks = link.rules.asks
        place = {PLACE: self.judge.place()} if PLACE in asks else {}
        # what a peer says of a statement is nothing: here alone our own reader process answers it
        asked = {QUERY: use.context[QUERY]} if use.place in READ_HERE and QUERY in asks & use.context.keys() else {}
        read = {name: value for name, value in use.read.items() if name in asks}
        known = {**agreed(link.tier, link.by, link.facts, asks), **place, **asked, **read}
        return {**told(use.context, asks), **known}

    def foresee(self, tx: Tx, use: Use, now: datetime) -> Refused | None:
        """Return why a use would be refused, None when it would not; nothing is recorded and nothing held."""
        found = (self.decide(tx, use, link, now) for link in use.links)
        return next(filter(None, (self._refused(use, one, now) for one in found)), None)

    def enforce(self, tx: Tx, use: Use, now: datetime) -> Granted | Refused:
        """Decide a use and hold its share, from its agreement and from those above it; raises `Exhausted`."""
        found = [self._recorded(tx, use, link, now) for link in use.links]
        if refused := next(filter(None, (self._refused(use, one, now) for one in found)), None):
            return refused
        if use.draws:
            uses.reserve(tx, [one.draw for one in found], use.taker, now, bounded=not use.stage.happened)
        return Granted(use, found[-1].ruling)

    def take(self, tx: Tx, granted: Granted, now: datetime) -> None:
        """Do the duties of what was granted and make its share final; raises `ChannelFault` `duty-failed`."""
        if granted.use.stage.duties:
            self.duties.perform(tx, granted.use.own, granted.ruling, now)
        if granted.use.draws and (granted.ruling.held or len(granted.use.links) > 1):
            uses.commit(tx, granted.use.taker)

    def at_once(self, tx: Tx, parts: Sequence[Use], now: datetime) -> str:
        """Enforce and take what is one act, part by part until one is refused; return why it is, empty if none is."""
        assert not any(use.draws for use in parts[:-1]), "what an earlier part held would outlive a refusal"
        granted = []
        for use in parts:
            answer = self.enforce(tx, use, now)
            if isinstance(answer, Refused):
                return answer.text
            granted.append(answer)
        for each in granted:
            self.take(tx, each, now)
        return ""

    def _recorded(self, tx: Tx, use: Use, link: Link, now: datetime) -> Decided:
        found, row = self.decide(tx, use, link, now), use.row(link)
        last = tx.get(DecisionRow, id=row) if use.polls else None
        if not use.stage.happened and (last is None or last.outcome != found.ruling.outcome):
            made = Made(use.place, link.agreement, link.request, found.ruling, purpose_of(use.context))
            decisions.record(tx, self.evidence, made, now, row)
        return found

    def _refused(self, use: Use, found: Decided, now: datetime) -> Refused | None:
        """Return why a decision is not good enough for its stage, None when it is."""
        stage, ruling = use.stage, found.ruling
        promised = stage.promises and ruling.outcome == CONDITIONAL and ruling.outstanding <= self.duties.promised
        if not (stage.happened or promised or ruling.outcome in stage.good):
            return Refused(ruling.outcome, ruling.reasons, ruling.duties)
        impossible = self.duties.refusal(found.link, ruling, now) if stage.duties else None
        return None if impossible is None else Refused(DENY, (impossible,), ruling.duties)
