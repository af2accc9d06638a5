"""Deciding: one pure function from policy, request and world to a Decision.

The order of the law, each step only when those before it did not decide:

1. An Offer is not decided; an action outside the vocabulary is nobody's permission     -> default deny
2. A prohibition that covers the request and holds, or might hold                       -> deny
3. An obligation of the policy that was violated                                        -> deny
4. A permission that covers the request, all its constraints hold, no duty violated:
   every duty fulfilled -> allow;   some still to be done                               -> conditional
5. A permission covers the request but does not hold                                    -> deny, saying what failed
6. Nothing covers it (closed world)                                                     -> default deny

Of several permissions that hold, the one with the fewest duties left, then the fewest counters to draw on, then the
smallest id decides; so the order of rules in the document never matters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from policy.decision import (
    ConstraintReport,
    Decision,
    DutyReport,
    Outcome,
    Reason,
    RuleReport,
)
from policy.model import Constraint, Duty, PolicyKind, RuleKind
from policy.operators import Verdict, all_of
from policy.values import show
from policy.vocabulary import ACTIONS, OPERANDS, Source, local_name
from policy.world import DUTY_STATUSES, World

if TYPE_CHECKING:
    from policy.compile import Check, Compiled, CompiledRule
    from policy.request import Request


class _Case(NamedTuple):
    """What is being decided, with everything that is looked up once."""

    request: Request
    world: World
    action: str
    targets: frozenset[str]
    parties: frozenset[str]


class _Finding(NamedTuple):
    """One rule against the case."""

    compiled: CompiledRule
    covers: bool
    verdicts: tuple[Verdict, ...]
    holds: Verdict
    violated: tuple[Duty, ...]
    outstanding: tuple[Duty, ...]

    @property
    def usable(self) -> bool:
        return self.covers and self.holds is True and not self.violated


def decide(compiled: Compiled, request: Request, world: World) -> Decision:
    """Decide one request; total and pure, so the same three values give the same decision bit by bit."""
    action = local_name(request.action)
    if compiled.policy.kind is PolicyKind.OFFER:
        return _default_deny(Reason("offer-not-decided", ""))
    if action not in ACTIONS:
        return _default_deny(Reason("unknown-action", "", (request.action,)))
    case = _Case(request, world, action, world.collections(request.target), world.collections(request.assignee))
    prohibitions = [_find(rule, case) for rule in compiled.prohibitions]
    permissions = [_find(rule, case) for rule in compiled.permissions]
    rules = tuple(map(_report, permissions + prohibitions))
    return (
        _prohibited(prohibitions, rules)
        or _breached(compiled, case, rules)
        or _permitted(compiled, permissions, case, rules)
        or _unmet(permissions, case, rules)
        or _uncovered(permissions, case, rules)
    )


def _default_deny(*reasons: Reason, rules: tuple[RuleReport, ...] = ()) -> Decision:
    return Decision(Outcome.DEFAULT_DENY, rules, reasons=reasons)


def _find(compiled: CompiledRule, case: _Case) -> _Finding:
    verdicts = tuple([check.test(case.request, case.world) for check in compiled.checks])
    duties = compiled.rule.duties
    return _Finding(
        compiled,
        case.action in compiled.actions and _covers_target(compiled, case) and _covers_party(compiled, case),
        verdicts,
        all_of(verdicts),
        tuple([duty for duty in duties if _status(duty, case.world) == "violated"]),
        tuple([duty for duty in duties if _status(duty, case.world) == "unknown"]),
    )


def _covers_target(compiled: CompiledRule, case: _Case) -> bool:
    target = compiled.rule.target
    return target is None or target in case.targets or _reaches_into(compiled, target, case.request.target, case)


def _covers_party(compiled: CompiledRule, case: _Case) -> bool:
    party = compiled.rule.assignee
    return party is None or party in case.parties or _reaches_into(compiled, party, case.request.assignee, case)


def _reaches_into(compiled: CompiledRule, part: str, whole: str, case: _Case) -> bool:
    """Tell whether a prohibition on a part stops an act on the whole: the act would touch the part."""
    return compiled.rule.kind is RuleKind.PROHIBITION and whole in case.world.collections(part)


def _status(duty: Duty, world: World) -> str:
    status = world.duties.get(duty.id, "unknown")
    return status if status in DUTY_STATUSES else "unknown"


def _report(finding: _Finding) -> RuleReport:
    checks = finding.compiled.checks
    reports = tuple(
        [ConstraintReport(check.id, verdict) for check, verdict in zip(checks, finding.verdicts, strict=True)]
    )
    rule = finding.compiled.rule
    return RuleReport(rule.id, rule.kind.value, finding.usable, reports)


def _prohibited(prohibitions: list[_Finding], rules: tuple[RuleReport, ...]) -> Decision | None:
    reasons = tuple(
        Reason(
            "prohibited" if finding.holds else "prohibition-possible",
            finding.compiled.rule.path,
            (finding.compiled.rule.action,),
        )
        for finding in prohibitions
        if finding.covers and finding.holds is not False
    )
    return Decision(Outcome.DENY, rules, reasons=reasons) if reasons else None


def _breached(compiled: Compiled, case: _Case, rules: tuple[RuleReport, ...]) -> Decision | None:
    obligations = compiled.policy.obligations
    violated = [duty for duty in obligations if _status(duty, case.world) == "violated"]
    if not violated:
        return None
    reasons = tuple(_duty_reason("duty-violated", duty) for duty in violated)
    return Decision(Outcome.DENY, rules, _duty_reports(obligations, case), reasons)


def _permitted(
    compiled: Compiled, permissions: list[_Finding], case: _Case, rules: tuple[RuleReport, ...]
) -> Decision | None:
    usable = [finding for finding in permissions if finding.usable]
    if not usable:
        return None
    best = min(usable, key=_cost)
    left = best.outstanding + tuple(
        duty for duty in compiled.policy.obligations if _status(duty, case.world) == "unknown"
    )
    reasons = tuple(_duty_reason("duty-outstanding", duty) for duty in left)
    rule = best.compiled.rule
    return Decision(
        Outcome.CONDITIONAL if left else Outcome.ALLOW,
        rules,
        _duty_reports(rule.duties + compiled.policy.obligations, case),
        reasons or (Reason("permitted", rule.path, (case.action,)),),
        best.compiled.reservations,
    )


def _cost(finding: _Finding) -> tuple[int, int, str]:
    return len(finding.outstanding), len(finding.compiled.reservations), finding.compiled.rule.id


def _unmet(permissions: list[_Finding], case: _Case, rules: tuple[RuleReport, ...]) -> Decision | None:
    reasons: list[Reason] = []
    for finding in permissions:
        if finding.covers:
            assert not finding.usable
            reasons.extend(_duty_reason("duty-violated", duty) for duty in finding.violated)
            for check in finding.compiled.checks:
                reasons.extend(_failures(check, finding.compiled.rule.id, case))
    return Decision(Outcome.DENY, rules, reasons=tuple(reasons)) if reasons else None


def _uncovered(permissions: list[_Finding], case: _Case, rules: tuple[RuleReport, ...]) -> Decision:
    """Name the first thing that no permission covers: the action, else the target, else the party."""
    for_action = [finding.compiled for finding in permissions if case.action in finding.compiled.actions]
    if not for_action:
        return _default_deny(Reason("no-permission", "", (case.action,)), rules=rules)
    if not any(_covers_target(rule, case) for rule in for_action):
        return _default_deny(Reason("other-target", "", (case.request.target,)), rules=rules)
    return _default_deny(Reason("other-party", "", (case.request.assignee,)), rules=rules)


def _failures(check: Check, rule: str, case: _Case) -> list[Reason]:
    """Say why a check does not hold: the constraints inside an `and`, the whole of an `or` or `xone`."""
    verdict = check.test(case.request, case.world)
    if verdict is True:
        return []
    condition = check.condition
    if isinstance(condition, Constraint):
        return [_constraint_reason(condition, rule, verdict, case)]
    if condition.operator == "and":
        return [reason for part in check.parts for reason in _failures(part, rule, case)]
    return [Reason("no-alternative", check.path, (condition.operator,))]


def _constraint_reason(constraint: Constraint, rule: str, verdict: Verdict, case: _Case) -> Reason:
    operand = OPERANDS[constraint.left]
    given = _given(constraint.left, operand.source, rule, case)
    if verdict is False:
        code = operand.refusal
    elif operand.source is Source.COUNTER:
        code = "state-unavailable"
    else:
        code = "context-unclear" if given else "context-missing"
    return Reason(code, constraint.path, (constraint.left, constraint.operator, show(constraint.right), given))


def _given(left: str, source: Source, rule: str, case: _Case) -> str:
    if source is Source.CLOCK:
        return show(case.world.now)
    if source is Source.COUNTER:
        return "" if case.world.counters is None else str(case.world.counters.get((rule, left), 0))
    return case.request.value(left) or ""


def _duty_reason(code: str, duty: Duty) -> Reason:
    terms = ", ".join(f"{show(constraint.right)} {constraint.unit}".rstrip() for constraint in duty.constraints)
    return Reason(code, duty.path, (duty.action, terms))


def _duty_reports(duties: tuple[Duty, ...], case: _Case) -> tuple[DutyReport, ...]:
    return tuple(DutyReport(duty.id, duty.action, _status(duty, case.world)) for duty in duties)
