"""Deciding: one pure function from policy, request and world to a Decision.

The order of the law, each step only when those before it did not decide:

1. An Offer is not decided; an action outside the vocabulary is nobody's permission        -> default deny
2. A prohibition that covers the request and holds, or might hold: with conflict `perm` a
   permission that holds goes before it; with `prohibit` it wins; with `invalid`, which is
   ODRL's default, a permission that holds as well makes the policy void                   -> deny
3. An obligation of the asker that was violated, or a remedy that a permission waits for   -> deny
4. A permission that covers the request, all its conditions hold, no duty violated:
   every duty of before fulfilled -> allow;   some still to be done                        -> conditional
5. A permission covers the request but does not hold                                       -> deny, saying what failed
6. Nothing covers it (closed world)                                                        -> default deny

Of several permissions that hold, the one with the fewest duties left, then the fewest counters to draw on, then the
smallest id decides; so the order of rules in the document never matters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from policy.constraint_truth import amount
from policy.decision import Decision, DutyReport, Outcome, Reason, Reservation, RuleReport
from policy.duties import FULFILLED, UNKNOWN, VIOLATED, Standing
from policy.model import Conflict, Constraint, DutyMode, PolicyKind
from policy.values import show, show_all
from policy.verdict import Verdict, all_of
from policy.vocabulary.actions import ACTIONS
from policy.vocabulary.names import action_name
from policy.vocabulary.operands import OPERANDS, Source, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction

    from policy.compile import Check, Claim, Compiled, CompiledRule
    from policy.request import Request
    from policy.world import World

CLEAR, INFRINGED, REMEDIED = "clear", "infringed", "remedied"


class _Finding(NamedTuple):
    """One rule against the request; `standings` are those of its duties, or of the remedies that are due."""

    compiled: CompiledRule
    covers: Verdict
    verdicts: tuple[Verdict, ...]
    holds: Verdict
    standings: tuple[Standing, ...]
    report: RuleReport

    @property
    def applies(self) -> Verdict:
        """Whether it is about the request and holds."""
        return all_of((self.covers, self.holds))

    @property
    def outstanding(self) -> list[Standing]:
        return [one for one in _flat(self.standings) if _is_outstanding(one)]


def decide(compiled: Compiled, request: Request, world: World) -> Decision:
    """Decide one request; total and pure, so the same three values give the same decision bit by bit."""
    action = action_name(request.action)
    if compiled.policy.kind is PolicyKind.OFFER:
        return _default_deny(Reason("offer-not-decided", ""))
    if action not in ACTIONS:
        return _default_deny(Reason("unknown-action", "", (request.action,)))
    permissions = [_permission(rule, action, request, world) for rule in compiled.permissions]
    usable = [finding for finding in permissions if finding.report.active]
    others: list[Standing] = []  # owed beside the permissions' own duties
    if not compiled.prohibitions and not compiled.obligations:  # the usual case, and the fast one
        rules = tuple([finding.report for finding in permissions])
    else:
        prohibitions = [_prohibition(rule, action, request, world) for rule in compiled.prohibitions]
        rules = tuple([finding.report for finding in permissions + prohibitions])
        against = [finding for finding in prohibitions if finding.applies is not False]
        if against and not (usable and compiled.policy.conflict is Conflict.PERM):
            void = bool(usable) and compiled.policy.conflict is Conflict.INVALID
            return _prohibited(action, against, rules, void=void)
        bound = [duty.standing(request, world) for duty in compiled.obligations if duty.binds(request, world)]
        remedies = [one for finding in prohibitions for one in finding.standings] if usable else []
        for owed in (bound, remedies):
            if _violated(owed):
                return _breached(owed, rules)
        others = bound + remedies
    if usable:
        return _permitted(usable, action, others, request, world, rules)
    return _unmet(permissions, request, world, rules) or _uncovered(permissions, action, request, world, rules)


def _default_deny(*reasons: Reason, rules: tuple[RuleReport, ...] = ()) -> Decision:
    return Decision(Outcome.DEFAULT_DENY, rules, reasons=reasons)


# ---- rules against the request


def _permission(compiled: CompiledRule, action: str, request: Request, world: World) -> _Finding:
    covers = compiled.reach.covers(action, request.target, request.assignee, world)
    verdicts = tuple([test(request, world) for test in compiled.tests])
    holds = all_of(verdicts)
    standings = _standings(compiled, request, world) if compiled.duties else ()
    if covers is True and holds is True and not _violated(standings):
        return _Finding(compiled, covers, verdicts, holds, standings, compiled.active)
    return _Finding(compiled, covers, verdicts, holds, standings, _report(compiled, verdicts, active=False))


def _standings(compiled: CompiledRule, request: Request, world: World) -> tuple[Standing, ...]:
    triggers = [act.at for act in compiled.reach.own_uses(request, world)]
    return tuple([duty.standing(request, world, triggers) for duty in compiled.duties])


def _prohibition(compiled: CompiledRule, action: str, request: Request, world: World) -> _Finding:
    covers = compiled.reach.covers(action, request.target, request.assignee, world)
    verdicts = tuple([test(request, world) for test in compiled.tests])
    holds = all_of(verdicts)
    state, standings = _infringement(compiled, request, world)
    report = _report(compiled, verdicts, active=covers is True and holds is True, state=state)
    return _Finding(compiled, covers, verdicts, holds, standings, report)


def _infringement(compiled: CompiledRule, request: Request, world: World) -> tuple[str, tuple[Standing, ...]]:
    """Tell whether the asker has done what is prohibited, and where the remedies stand."""
    done = [act.at for act in compiled.reach.own_uses(request, world) if compiled.infringed_by(act, request, world)]
    if not done:
        return CLEAR, ()
    standings = tuple([duty.standing(request, world, done) for duty in compiled.remedies])
    remedied = standings and all(one.status == FULFILLED for one in standings)
    return (REMEDIED if remedied else INFRINGED), standings


def _report(compiled: CompiledRule, verdicts: Sequence[Verdict], *, active: bool, state: str = "") -> RuleReport:
    reports = [check.reports[verdict] for check, verdict in zip(compiled.checks, verdicts, strict=True)]
    return RuleReport(compiled.rule.id, compiled.active.kind, active, tuple(reports), state)


# ---- outcomes


def _prohibited(action: str, against: list[_Finding], rules: tuple[RuleReport, ...], *, void: bool) -> Decision:
    codes = {True: "prohibited", None: "prohibition-possible"}
    reasons = [
        Reason("policy-void" if void else codes[finding.applies], finding.compiled.rule.path, (action,))
        for finding in against
    ]
    return Decision(Outcome.DENY, rules, reasons=tuple(reasons))


def _breached(bound: Sequence[Standing], rules: tuple[RuleReport, ...]) -> Decision:
    reasons = [_duty_reason("duty-violated", one) for one in _violated(bound)]
    return Decision(Outcome.DENY, rules, _duty_reports(bound), tuple(reasons))


def _permitted(
    usable: list[_Finding],
    action: str,
    others: list[Standing],
    request: Request,
    world: World,
    rules: tuple[RuleReport, ...],
) -> Decision:
    best = usable[0] if len(usable) == 1 else min(usable, key=_cost)
    compiled = best.compiled
    reservations = _reservations(compiled, request, world) if compiled.claims else ()
    permitted = Reason("permitted", compiled.rule.path, (action,))
    if not best.standings and not others:
        return Decision(Outcome.ALLOW, rules, (), (permitted,), reservations)
    standings = (*best.standings, *others)
    left = [one for one in _flat(standings) if _is_outstanding(one)]
    if left:
        reasons = tuple([_duty_reason("duty-outstanding", one) for one in left])
        return Decision(Outcome.CONDITIONAL, rules, _duty_reports(standings), reasons, reservations)
    return Decision(Outcome.ALLOW, rules, _duty_reports(standings), (permitted,), reservations)


def _cost(finding: _Finding) -> tuple[int, int, str]:
    return len(finding.outstanding), len(finding.compiled.claims), finding.compiled.rule.id


def _reservations(compiled: CompiledRule, request: Request, world: World) -> tuple[Reservation, ...]:
    rule = compiled.rule.id
    return tuple(
        Reservation(rule, claim.constraint.left, _taken(claim, request), claim.limit)
        for claim in compiled.claims
        if claim.test is None or claim.test(request, world) is True
    )


def _taken(claim: Claim, request: Request) -> int | Fraction:
    """Tell how much one use takes: an amount it names, nothing yet of a time, otherwise one."""
    state = OPERANDS[claim.constraint.left].state
    if state is State.SUM:
        return amount(request.context, claim.constraint) or 0
    return 0 if state is State.SESSION else 1


# ---- refusals


def _unmet(
    permissions: list[_Finding], request: Request, world: World, rules: tuple[RuleReport, ...]
) -> Decision | None:
    reasons: list[Reason] = []
    standings: list[Standing] = []
    for finding in permissions:
        if finding.covers:
            assert not finding.report.active
            if finding.standings:
                standings += [one for one in finding.standings if _violated([one])]
                reasons += [_duty_reason("duty-violated", one) for one in _violated(finding.standings)]
            for check, verdict in zip(finding.compiled.checks, finding.verdicts, strict=True):
                if verdict is not True:
                    reasons += _failures(check, verdict, finding.compiled.rule.id, request, world)
    if not reasons:
        return None
    return Decision(Outcome.DENY, rules, _duty_reports(standings) if standings else (), tuple(reasons))


def _uncovered(
    permissions: list[_Finding], action: str, request: Request, world: World, rules: tuple[RuleReport, ...]
) -> Decision:
    """Name the first thing that no permission covers: the action, else the target, else the party."""
    for_action = [finding.compiled.reach for finding in permissions if action in finding.compiled.reach.actions]
    if not for_action:
        return _default_deny(Reason("no-permission", "", (action,)), rules=rules)
    if not any(reach.covers_target(request.target, world) for reach in for_action):
        return _default_deny(Reason("other-target", "", (request.target,)), rules=rules)
    return _default_deny(Reason("other-party", "", (request.assignee,)), rules=rules)


def _failures(check: Check, verdict: Verdict, rule: str, request: Request, world: World) -> list[Reason]:
    """Say why a check does not hold: the constraints inside an `and`, the whole of another joint."""
    if isinstance(check.condition, Constraint):
        return [_constraint_reason(check, verdict, rule, request, world)]
    if check.condition.operator == "and":
        parts = [(part, part.test(request, world)) for part in check.parts]
        return [
            reason
            for part, found in parts
            if found is not True
            for reason in _failures(part, found, rule, request, world)
        ]
    return [Reason("no-alternative", check.path, (check.condition.operator,))]


def _constraint_reason(check: Check, verdict: Verdict, rule: str, request: Request, world: World) -> Reason:
    operand = OPERANDS[check.facts[0]]
    given = _given(check.facts[0], operand.source, rule, request, world)
    if verdict is False:
        code = operand.refusal
    elif operand.source is Source.COUNTER and world.counters is None:
        code = "state-unavailable"
    else:
        code = "context-unclear" if given else "context-missing"
    return Reason(code, check.path, (*check.facts, given))


def _given(left: str, source: Source, rule: str, request: Request, world: World) -> str:
    if source is Source.CLOCK:
        return show(world.now)
    raw = request.context.get(left)
    told = raw if type(raw) is str else ", ".join(request.given(left))
    if source is not Source.COUNTER:
        return told
    known = (world.counters or {}).get((rule, left))
    if known is None:
        return told if OPERANDS[left].state in {State.SUM, State.PAID, State.TRIGGER} else "0"
    return f"{len(known)}" if isinstance(known, tuple) else show(known)


# ---- duties


def _flat(standings: Iterable[Standing]) -> list[Standing]:
    """List duties with the consequences that are due, each before what follows from it."""
    return [each for one in standings for each in (one, *_flat(one.due))]


def _violated(standings: Iterable[Standing]) -> list[Standing]:
    """List the duties that were violated, consequences that are due among them."""
    return [one for one in _flat(standings) if one.status == VIOLATED]


def _is_outstanding(one: Standing) -> bool:
    return one.status == UNKNOWN and one.duty.mode is DutyMode.PRE


def _duty_reports(standings: Iterable[Standing]) -> tuple[DutyReport, ...]:
    return tuple(
        [DutyReport(one.duty.id, one.duty.action, one.status, one.duty.mode.value) for one in _flat(standings)]
    )


def _duty_reason(code: str, one: Standing) -> Reason:
    terms = ", ".join(f"{show_all(term.right)} {term.unit}".rstrip() for term in one.duty.terms)
    return Reason(code, one.duty.path, (one.duty.action, terms))
