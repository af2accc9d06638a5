"""Duties: what fulfils one, until when it can be, and what follows when it was not.

The world says a duty's status, or the acts performed do: an act fulfils a duty when it is the duty's action, by whom it
binds, on its target, on its terms and in time. Done late, the duty is fulfilled and its consequences are due; not done
by its deadline, it is violated and they are due as well (ODRL 2.2, section 2.6.5; the formal semantics of its group).
What is to be done after a use is asked for by each use; one act answers all uses before it.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from policy.calendar import Duration
from policy.constraint_truth import Scope, amount, build_test
from policy.model import DutyMode, RuleKind
from policy.operators import ordered
from policy.request import Request
from policy.request import given as texts
from policy.vocabulary.actions import actions_within
from policy.vocabulary.names import action_name
from policy.vocabulary.operands import OPERANDS, State
from policy.world import DUTY_STATUSES, World, since

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from policy.model import Constraint, Duty
    from policy.verdict import Verdict
    from policy.world import Act

FULFILLED, VIOLATED, UNKNOWN = "fulfilled", "violated", "unknown"
# context of an act: the agreement it was done under, and whether it has already fulfilled another duty
AGREEMENT, SPENT = "agreement", "spent"
_UNTIL = frozenset({"lt", "lteq", "eq"})
# what answers something that was done: only what was done since counts
_FOLLOWING = frozenset({RuleKind.REMEDY, RuleKind.CONSEQUENCE})
_TERM_OF_TIME = frozenset({State.TRIGGER, State.FIRST_USE})

TermTest: TypeAlias = "Callable[[Act, World], Verdict]"


class Standing(NamedTuple):
    """Where one duty stands; `due` are the standings of the consequences that it has brought about."""

    duty: Duty
    status: str
    due: tuple[Standing, ...] = ()


class _Judged(NamedTuple):
    """One trigger of a duty judged: the worst of several is the duty's own status."""

    rank: int
    late: bool
    trigger: datetime | None


_RANKS = (VIOLATED, UNKNOWN, FULFILLED)


@dataclass(frozen=True, slots=True)
class CompiledDuty:
    """A duty ready to be judged: `terms` are asked of an act, `deadlines` and `waits` bound its time from a trigger.

    `holders` are the assignees of the rule: what one of them has done is done for all of them.
    """

    duty: Duty
    agreement: str
    actions: frozenset[str]
    holders: frozenset[str]
    parties: Mapping[str, frozenset[str]]
    terms: tuple[TermTest, ...]
    deadlines: tuple[Constraint, ...]
    waits: tuple[Constraint, ...]
    consequences: tuple[CompiledDuty, ...]

    def standing(self, request: Request, world: World, triggers: Sequence[datetime] = ()) -> Standing:
        """Judge the duty for a request; `triggers` are the instants of the acts that ask for it, each anew."""
        if (told := world.duties.get(self.duty.id)) in DUTY_STATUSES:
            return Standing(self.duty, told, self._due(request, world, ()) if told == VIOLATED else ())
        acts = sorted((act for act in world.performed if self._fits(act, request, world)), key=_at)
        judged = [self._judge(acts, trigger, world.now) for trigger in self._asked(acts, world, triggers)]
        status = _RANKS[min(one.rank for one in judged)]
        missed = [one.trigger for one in judged if one.late or _RANKS[one.rank] == VIOLATED]
        if not missed:
            return Standing(self.duty, status)
        return Standing(self.duty, status, self._due(request, world, [at for at in missed if at is not None]))

    def binds(self, request: Request, world: World) -> bool:
        """Whether the duty is the asker's, or may be: nobody may know who is in a collection."""
        return self._is_for(request.assignee, world) is not False

    def _due(self, request: Request, world: World, triggers: Sequence[datetime]) -> tuple[Standing, ...]:
        return tuple(one.standing(request, world, triggers) for one in self.consequences)

    def _asked(self, acts: list[Act], world: World, triggers: Sequence[datetime]) -> list[datetime | None]:
        """List the instants it is asked from; of those between two acts the earliest stands for all."""
        if (begun := self._waited_for(world)) is not None:
            return [begun]
        if not triggers or (self.duty.mode is not DutyMode.POST and self.duty.kind not in _FOLLOWING):
            return [None]
        times = [act.at for act in acts]
        first: dict[int, datetime] = {}
        for trigger in sorted(triggers):
            first.setdefault(bisect_left(times, trigger), trigger)
        return list(first.values())

    def _judge(self, acts: list[Act], trigger: datetime | None, now: datetime) -> _Judged:
        since_then = [act for act in acts if trigger is None or act.at >= trigger]
        fit = [act for act in since_then if self._has_waited(act, trigger)]
        until = self._until(trigger)
        if self._suffice([act for act in fit if _in_time(act, until)]):
            return _Judged(_RANKS.index(FULFILLED), False, trigger)
        if self._suffice(fit):
            return _Judged(_RANKS.index(FULFILLED), True, trigger)
        over = until is not None and not _open(now, until)
        return _Judged(_RANKS.index(VIOLATED if over else UNKNOWN), False, trigger)

    def _has_waited(self, act: Act, trigger: datetime | None) -> bool:
        return all(trigger is not None and _holds(wait, trigger, act.at) for wait in self.waits)

    def _fits(self, act: Act, request: Request, world: World) -> bool:
        return (
            action_name(act.action) in self.actions
            and act.at <= world.now
            and self._is_by(act, request, world)
            and self._is_on(act, request, world)
            and texts(act.context.get(AGREEMENT)) in ((), (self.agreement,))
            and texts(act.context.get(SPENT)) != ("true",)
            and all(names.issuperset(texts(act.context.get(function))) for function, names in self.parties.items())
            and all(test(act, world) is True for test in self.terms)
        )

    def _suffice(self, acts: list[Act]) -> bool:
        """Whether acts that fit are enough: one, or where several parties are named, one that names each."""
        reached = {
            function: {name for act in acts for name in texts(act.context.get(function))} for function in self.parties
        }
        return bool(acts) and all(
            len(names) == 1 or names <= reached[function] for function, names in self.parties.items()
        )

    def _is_for(self, party: str, world: World) -> Verdict:
        if self.duty.assignee is None:
            return True
        return world.lies_in(party, frozenset((self.duty.assignee,)), self.duty.party_collections)

    def _is_by(self, act: Act, request: Request, world: World) -> bool:
        if not act.by:
            return True
        if self.duty.assignee is None:
            return act.by == request.assignee or not self.holders.isdisjoint(world.collections(act.by))
        # what the asker did is its duty's where it may be bound, since where it is not, nothing is asked of it
        found = self._is_for(act.by, world)
        return found is True or (found is None and act.by == request.assignee)

    def _is_on(self, act: Act, request: Request, world: World) -> bool:
        return not act.target or (self.duty.target or request.target) in world.collections(act.target)

    def _waited_for(self, world: World) -> datetime | None:
        known = (world.counters or {}).get((self.duty.id, "delayPeriod"))
        if isinstance(known, Duration):
            return since(world.now, known)
        return known if isinstance(known, datetime) else None

    def _until(self, trigger: datetime | None) -> tuple[datetime, bool] | None:
        """Find the earliest deadline: (instant, whether that instant is still in time)."""
        found = [last for term in self.deadlines if (last := _last(term, trigger)) is not None]
        return min(found, default=None)


def compile_duty(duty: Duty, agreement: str, holders: Sequence[str] = ()) -> CompiledDuty:
    """Compile one duty and its consequences; `holders` are the assignees of the rule it stands on."""
    deadlines = tuple(term for term in duty.terms if _is_of_time(term) and term.operator in _UNTIL)
    waits = tuple(term for term in duty.terms if _is_period(term) and term not in deadlines)
    return CompiledDuty(
        duty,
        agreement,
        actions_within(duty.action),
        frozenset(holders),
        {function: frozenset(iri for of, iri in duty.parties if of == function) for function, _iri in duty.parties},
        tuple(_term_test(duty.id, term) for term in duty.terms if term not in deadlines + waits),
        deadlines,
        waits,
        tuple(compile_duty(one, agreement, holders) for one in duty.consequences),
    )


def _is_period(term: Constraint) -> bool:
    return OPERANDS[term.left].state in _TERM_OF_TIME


def _is_of_time(term: Constraint) -> bool:
    return term.left == "dateTime" or _is_period(term)


def _holds(wait: Constraint, trigger: datetime, at: datetime) -> bool:
    """Whether an act kept to a wait: so long after the trigger, or longer."""
    span = wait.right[0]
    assert isinstance(span, Duration)
    return ordered(wait.operator, (span.after(trigger),))(at)


def _at(act: Act) -> datetime:
    return act.at


def _last(term: Constraint, trigger: datetime | None) -> tuple[datetime, bool] | None:
    limit = term.right[0]
    if isinstance(limit, datetime):
        return limit, term.operator != "lt"
    assert isinstance(limit, Duration)
    return None if trigger is None else (limit.after(trigger), term.operator != "lt")


def _in_time(act: Act, until: tuple[datetime, bool] | None) -> bool:
    return until is None or _open(act.at, until)


def _open(at: datetime, until: tuple[datetime, bool]) -> bool:
    last, inclusive = until
    return at <= last if inclusive else at < last


def _term_test(duty: str, term: Constraint) -> TermTest:
    """Build the test of a term on an act: its amounts are those of the act alone, its time is the act's."""
    if OPERANDS[term.left].state in {State.SUM, State.PAID}:
        compare = ordered(term.operator, term.right)

        def of_amount(act: Act, world: World) -> Verdict:
            paid = amount(act.context, term)
            lapsed = term.every is not None and term.every.after(act.at) <= world.now
            return None if paid is None else compare(paid) and not lapsed

        return of_amount
    ask = build_test(Scope(duty, lambda _request, _world: ()), term)

    def of_act(act: Act, world: World) -> Verdict:
        asked = Request(act.by, act.action, act.target, act.context)
        return ask(asked, World(act.at, world.part_of, {}, world.counters, world.performed))

    return of_act
