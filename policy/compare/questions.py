"""Questions: everything one policy asks about a request and its world, each put to the one axis that answers it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from policy.compare.cells import Axis, Cell, Deed, Effort, Key, Place, Probe
from policy.compare.cuts import deal
from policy.compare.scene import Names, request_of, world_of
from policy.compile import compile_policy
from policy.constraint_truth import Scope, build_test
from policy.duties import FULFILLED
from policy.model import Constraint, Logical, PolicyKind
from policy.operators import ordered
from policy.values import show_all
from policy.vocabulary.operands import OPERANDS, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from policy.compile import Check, Compiled, CompiledRule
    from policy.constraint_truth import Test
    from policy.duties import CompiledDuty
    from policy.model import Condition, Duty, Policy, Rule, Scalar
    from policy.request import Request
    from policy.verdict import Verdict
    from policy.world import World

_PLACES = {
    Source.CLOCK: Place.CLOCK,
    Source.CONTEXT: Place.CONTEXT,
    Source.COUNTER: Place.COUNTER,
    Source.EVENTS: Place.EVENTS,
}
DEADLINE = "deadline"
USE = "use"
# What several values answer together, where each answers for some of the right operands.
_JOINT = frozenset({"isAllOf", "hasPart"})


@dataclass(slots=True)
class Side:
    """One of the policies that are compared; an offer is taken as what it would permit once agreed."""

    tag: str
    policy: Policy
    compiled: Compiled = field(init=False)
    names: Names = field(default_factory=Names)
    probes: list[Probe] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.compiled = compile_policy(replace(self.policy, kind=PolicyKind.SET))
        for rule in self.compiled.permissions + self.compiled.prohibitions:
            self._ask_rule(rule)
        for duty in self.compiled.obligations:
            self._ask_duty(duty)

    def key(self, *names: str) -> Key:
        """Name a question of this policy."""
        return (self.tag, *names)

    def _ask_rule(self, rule: CompiledRule) -> None:
        self._ask(Place.ACTION, rule.rule.id, rule.rule.actions, lambda cell: cell.value in rule.reach.actions)
        self._ask(Place.TARGET, rule.rule.id, rule.rule.targets, lambda cell: rule.reach.covers_target(*_who(cell)))
        self._ask(Place.ASSIGNEE, rule.rule.id, rule.rule.assignees, lambda cell: rule.reach.covers_party(*_who(cell)))
        for check in rule.checks:
            self._ask_check(check, rule.rule.id)
        for duty in rule.duties:
            self._ask_duty(duty)
        if rule.remedies:
            deeds = tuple(Deed(action, target) for action in rule.rule.actions for target in rule.rule.targets or ("",))
            key = self.key(rule.rule.id, Place.REMEDY)
            self.probes.append(Probe(key, Axis(Place.REMEDY), deeds, lambda cell: not cell.acts))
            for duty in rule.remedies:
                self._ask_duty(duty)
                self.names.remedies.add(duty.duty.id)

    def _ask(self, place: Place, name: str, constants: tuple[str, ...], ask: Callable[[Cell], Verdict]) -> None:
        self.probes.append(Probe(self.key(name, place), Axis(place), constants, ask))

    def _ask_duty(self, duty: CompiledDuty) -> None:
        axis = duty_axis(duty.duty)
        self.names.duties.setdefault(axis, []).append(duty.duty.id)
        self.probes.append(Probe(self.key(duty.duty.id), axis, (), lambda cell: cell.value == FULFILLED))
        if days := [term for term in duty.deadlines if term.left == "dateTime"]:
            self.probes.append(Probe(self.key(duty.duty.id, DEADLINE), Axis(Place.CLOCK), *_until(days)))
        if duty.duty.assignee is not None:
            self._ask(Place.ASSIGNEE, duty.duty.id, (duty.duty.assignee,), lambda cell: duty.binds(*_asked(cell)))

    def _ask_check(self, check: Check, rule: str) -> None:
        if isinstance(check.condition, Logical):
            if check.condition.operator == "andSequence":
                self._ask_sequence(check)
            for part in check.parts:
                self._ask_check(part, rule)
            return
        constraint = check.condition
        axis = operand_axis(constraint)
        if axis.place is Place.COUNTER and rule not in self.names.rules.setdefault(axis, []):
            self.names.rules[axis].append(rule)
        finer = tuple(self._asker(axis, test) for test in _single(constraint, rule))
        self.probes.append(Probe(self.key(check.id), axis, constraint.right, self._asker(axis, check.test), finer))

    def _ask_sequence(self, check: Check) -> None:
        """Ask whether the parts were satisfied in their order before, by acts that each satisfy one."""
        done = [self._done(part) for part in check.parts if not is_counted(part)]
        facts = tuple(fact for _deed, cell in done for fact in cell.part_of)
        before = Cell(part_of=facts, acts=tuple(deed for deed, _cell in done))
        axis = Axis(Place.SEQUENCE, said(check.condition))
        self.probes.append(Probe(self.key(check.id, Place.SEQUENCE), axis, (before,), lambda cell: bool(cell.acts)))

    def _done(self, check: Check) -> tuple[Deed, Cell]:
        """Find an act whose context satisfies a part; one that says nothing where there is none so simple."""
        if isinstance(check.condition, Constraint):
            axis = operand_axis(check.condition)
            deck = deal(axis, [Probe((), axis, check.condition.right, self._asker(axis, check.test))], Effort())
            found = [cell for cell, answer in deck.answers() if answer and cell.is_plain]
            if found and axis.place is Place.CONTEXT:
                return Deed(USE, operand=axis.name, value=found[0].value), found[0]
        return Deed(USE), Cell()

    def _asker(self, axis: Axis, test: Test) -> Callable[[Cell], bool | None]:
        def ask(cell: Cell) -> bool | None:
            point = {axis: cell}
            return test(request_of(point), world_of(point, self.names))

        return ask


def operand_axis(constraint: Constraint) -> Axis:
    """Find the axis a constraint looks at: the clock is one for all that look at it."""
    source = OPERANDS[constraint.left].source
    return Axis(Place.CLOCK) if source is Source.CLOCK else Axis(_PLACES[source], constraint.left, constraint.unit)


def is_counted(check: Check) -> bool:
    """Whether a condition looks at a counter, which no act of the past satisfied by itself."""
    return isinstance(check.condition, Constraint) and OPERANDS[check.condition.left].source is Source.COUNTER


def duty_axis(duty: Duty) -> Axis:
    """Name a duty by what it asks for, so that the same duty of two policies is one."""
    terms = sorted(map(said, duty.terms))
    parties = sorted(" ".join(party) for party in duty.parties)
    who = [duty.assignee or "", duty.target or "", *parties]
    return Axis(Place.DUTY, "; ".join([f"{duty.action} {duty.mode}", *terms, *filter(None, who)]))


def _until(days: Sequence[Constraint]) -> tuple[tuple[Scalar, ...], Callable[[Cell], bool]]:
    """Ask whether it is not yet too late by any of some days."""
    tests = [ordered("lt" if day.operator == "lt" else "lteq", day.right) for day in days]
    return tuple(day.right[0] for day in days), lambda cell: all(test(cell.value) for test in tests)


def rule_said(rule: Rule) -> str:
    """Write a rule in one form, without ids and places."""
    duties = sorted(duty_axis(duty).name for duty in rule.duties + rule.remedies)
    many = [*rule.asset_collections, *rule.party_collections]
    collections = sorted(" ".join(sorted(names)) for names in many)
    reach = [*sorted(rule.actions), *sorted(rule.targets), *sorted(rule.assignees), *collections]
    return "; ".join([*reach, *sorted(map(said, rule.conditions)), *duties])


def said(condition: Condition) -> str:
    """Write a condition in one form, without its id and place."""
    if isinstance(condition, Logical):
        return f"{condition.operator}({', '.join(map(said, condition.parts))})"
    every = "" if condition.every is None else f"every {condition.every}"
    parts = (condition.left, condition.operator, show_all(condition.right), condition.unit, every)
    return " ".join(filter(None, parts))


def _single(constraint: Constraint, rule: str) -> Iterator[Test]:
    if constraint.operator in _JOINT and len(constraint.right) > 1:
        scope = Scope(rule, lambda _request, _world: ())
        for value in constraint.right:
            yield build_test(scope, replace(constraint, right=(value,)))


def _who(cell: Cell) -> tuple[str, World]:
    return str(cell.value), world_of({Axis(Place.ASSIGNEE): cell}, Names())


def _asked(cell: Cell) -> tuple[Request, World]:
    point = {Axis(Place.ASSIGNEE): cell}
    return request_of(point), world_of(point, Names())
