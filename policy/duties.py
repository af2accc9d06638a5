"""Duties: what fulfils one, until when it can be, and what follows when it was not.

The world says a duty's status, or the acts performed do: an act fulfils a duty when it is the duty's action, by whom it
binds, on its target, on its terms and in time. Done late, the duty is fulfilled and its consequences are due; not done
by its deadline, it is violated and they are due as well (ODRL 2.2, section 2.6.5; the formal semantics of its group).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from policy.calendar import Duration
from policy.model import DutyMode
from policy.operators import ordered
from policy.request import Request
from policy.request import given as texts
from policy.sources import Scope, amount, build_test
from policy.vocabulary.actions import actions_within
from policy.vocabulary.names import action_name
from policy.vocabulary.operands import OPERANDS, State
from policy.world import DUTY_STATUSES, World, since

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policy.model import Constraint, Duty
    from policy.verdict import Verdict
    from policy.world import Act

FULFILLED, VIOLATED, UNKNOWN = "fulfilled", "violated", "unknown"
# context of an act: the agreement it was done under, and whether it has already fulfilled another duty
AGREEMENT, SPENT = "agreement", "spent"
_UNTIL = frozenset({"lt", "lteq", "eq"})
_TERM_OF_TIME = frozenset({State.TRIGGER, State.FIRST_USE})

TermTest: TypeAlias = "Callable[[Act, World], Verdict]"


class Standing(NamedTuple):
    """Where one duty stands; `due` are the standings of the consequences that it has brought about."""

    duty: Duty
    status: str
    due: tuple[Standing, ...] = ()


@dataclass(frozen=True, slots=True)
class CompiledDuty:
    """A duty ready to be judged: `terms` are asked of an act, `deadlines` give the last instant from the trigger."""

    duty: Duty
    agreement: str
    actions: frozenset[str]
    parties: Mapping[str, frozenset[str]]
    terms: tuple[TermTest, ...]
    deadlines: tuple[Constraint, ...]
    consequences: tuple[CompiledDuty, ...]

    def standing(self, request: Request, world: World, trigger: datetime | None = None) -> Standing:
        """Judge the duty for a request; `trigger` is the instant of the use that asks for it, if there was one."""
        status, late = self._status(request, world, trigger)
        if status != VIOLATED and not late:
            return Standing(self.duty, status)
        return Standing(self.duty, status, tuple(one.standing(request, world, trigger) for one in self.consequences))

    def binds(self, request: Request, world: World) -> bool:
        """Whether the duty is the asker's."""
        return self.duty.assignee is None or self.duty.assignee in world.collections(request.assignee)

    def _status(self, request: Request, world: World, trigger: datetime | None) -> tuple[str, bool]:
        if (told := world.duties.get(self.duty.id)) in DUTY_STATUSES:
            return told, False
        begun = self._waited_for(world) or trigger
        until = self._until(begun)
        done = [act for act in world.performed if self._is_done_by(act, request, world, begun)]
        if self._suffice([act for act in done if _in_time(act, until)]):
            return FULFILLED, False
        if self._suffice(done):
            return FULFILLED, True
        return (VIOLATED if until is not None and not _open(world.now, until) else UNKNOWN), False

    def _is_done_by(self, act: Act, request: Request, world: World, trigger: datetime | None) -> bool:
        return (
            action_name(act.action) in self.actions
            and act.at <= world.now
            and self._is_by(act, request, world)
            and self._is_on(act, request, world)
            and texts(act.context.get(AGREEMENT)) in ((), (self.agreement,))
            and texts(act.context.get(SPENT)) != ("true",)
            and all(names.issuperset(texts(act.context.get(function))) for function, names in self.parties.items())
            and (self.duty.mode is not DutyMode.POST or trigger is None or act.at >= trigger)
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

    def _is_by(self, act: Act, request: Request, world: World) -> bool:
        if self.duty.assignee is not None:
            return not act.by or self.duty.assignee in world.collections(act.by)
        return act.by in ("", request.assignee)

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


def compile_duty(duty: Duty, agreement: str) -> CompiledDuty:
    """Compile one duty and its consequences."""
    deadlines = tuple(term for term in duty.terms if _is_deadline(term))
    return CompiledDuty(
        duty,
        agreement,
        actions_within(duty.action),
        {function: frozenset(iri for of, iri in duty.parties if of == function) for function, _iri in duty.parties},
        tuple(_term_test(duty.id, term) for term in duty.terms if term not in deadlines),
        deadlines,
        tuple(compile_duty(one, agreement) for one in duty.consequences),
    )


def _is_deadline(term: Constraint) -> bool:
    times = term.left == "dateTime" or OPERANDS[term.left].state in _TERM_OF_TIME
    return times and term.operator in _UNTIL


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
