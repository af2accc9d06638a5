"""How a policy is asked in a scope, told as Eclipse EDC tells it (`PolicyEvaluationPlan`): which of its parts count.

Law: the plan follows from the table that decisions are narrowed by (`connector.enforcement.scopes`); what a scope does
not know is told as filtered, with why, and not left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.enforcement.scopes import DISPLAY, KNOWN, ORDER, PARTY, STANDING
from connector.operation.management.query import listed
from connector.operation.management.shape import Violation, Violations
from policy.forms.protocol import local

if TYPE_CHECKING:
    from collections.abc import Mapping

# what Eclipse EDC calls a scope → ours
SCOPES: Final[Mapping[str, str]] = {
    "catalog": DISPLAY,
    "contract.negotiation": PARTY,
    "transfer.process": STANDING,
    "policy.monitor": STANDING,
    "use": ORDER,  # of ours alone: at each release and opening the whole policy is asked
}
LOGICAL: Final[Mapping[str, str]] = {
    "and": "AndConstraintStep",
    "andSequence": "AndConstraintStep",
    "or": "OrConstraintStep",
    "xone": "XoneConstraintStep",
}
# rules of a policy → their steps: the member, and the kind of each
STEPS: Final[Mapping[str, tuple[str, str]]] = {
    "permission": ("permissionSteps", "PermissionStep"),
    "prohibition": ("prohibitionSteps", "ProhibitionStep"),
    "obligation": ("dutySteps", "DutyStep"),
}
ASKS_BY: Final = "Penstock"  # what of ours asks


def plan(rules: Mapping[str, Any], scope: str) -> dict[str, Any]:
    """Return the plan of rules, in the form in which they are offered; raises Violations for an unknown scope."""
    if scope not in SCOPES:
        text = f"`{scope[:100]}` is no scope here; it is one of {', '.join(SCOPES)}"
        raise Violations([Violation(text, "policyScope", scope[:100])])
    known = KNOWN[SCOPES[scope]]
    told: dict[str, Any] = {"@type": "PolicyEvaluationPlan", "preValidators": [], "postValidators": []}
    for name, (member, kind) in STEPS.items():
        told[member] = [_rule(rule, kind, known) for rule in listed(rules.get(name))]
    return told


def _rule(rule: Mapping[str, Any], kind: str, known: frozenset[str] | None) -> dict[str, Any]:
    steps = [_constraint(one, known) for one in listed(rule.get("constraint"))]
    # a condition that is not known makes a prohibition no matter of the scope, and a permission wider
    left_out = kind == "ProhibitionStep" and any(step.get("isFiltered") for step in steps)
    duties = {"dutySteps": [_rule(one, "DutyStep", known) for one in listed(rule.get("duty"))]}
    return {
        "@type": kind,
        "isFiltered": left_out,
        "filteringReasons": ["it has a condition that this scope does not know"] if left_out else [],
        "constraintSteps": steps,
        "ruleFunctions": [],
    } | (duties if kind == "PermissionStep" else {})


def _constraint(told: Mapping[str, Any], known: frozenset[str] | None) -> dict[str, Any]:
    for name, kind in LOGICAL.items():
        if name in told:
            within = [_constraint(one, known) for one in listed(told[name])]
            filtered = any(one.get("isFiltered") for one in within)
            return {"@type": kind, "constraintSteps": within} | ({"isFiltered": True} if filtered else {})
    operand = str(local({"leftOperand": told.get("leftOperand", "")})["leftOperand"])
    filtered = known is not None and operand not in known
    return {
        "@type": "AtomicConstraintStep",
        "isFiltered": filtered,
        "filteringReasons": [f"`{operand}` is not known in this scope"] if filtered else [],
        "functionName": "" if filtered else ASKS_BY,
        "functionParams": [operand, str(told.get("operator", "")), str(told.get("rightOperand", ""))],
    }
