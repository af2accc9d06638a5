"""What comes out of deciding: one of four outcomes, why, what is still to do, and what must be counted for it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from policy.values import show
from policy.words.speak import reason as speak_reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction


class Outcome(StrEnum):
    """TC609-6-2025-15's four outcomes."""

    ALLOW = "allow"
    CONDITIONAL = "conditional"
    DENY = "deny"
    DEFAULT_DENY = "default-deny"


_CONSTRAINT_FACTS = ("operand", "operator", "wanted", "given")
# Every reason code with the names of its facts; words/ has a sentence for each in each language.
REASONS: Mapping[str, tuple[str, ...]] = {
    "permitted": ("action",),
    "duty-outstanding": ("duty", "terms"),
    "duty-violated": ("duty", "terms"),
    "prohibited": ("action",),
    "prohibition-possible": ("action",),
    "policy-void": ("action",),
    "outside-time": _CONSTRAINT_FACTS,
    "purpose-not-allowed": _CONSTRAINT_FACTS,
    "outside-region": _CONSTRAINT_FACTS,
    "recipient-not-allowed": _CONSTRAINT_FACTS,
    "environment-not-allowed": _CONSTRAINT_FACTS,
    "party-not-allowed": _CONSTRAINT_FACTS,
    "data-not-allowed": _CONSTRAINT_FACTS,
    "manner-not-allowed": _CONSTRAINT_FACTS,
    "event-not-met": _CONSTRAINT_FACTS,
    "count-exhausted": _CONSTRAINT_FACTS,
    "limit-exhausted": _CONSTRAINT_FACTS,
    "time-used-up": _CONSTRAINT_FACTS,
    "too-soon": _CONSTRAINT_FACTS,
    "too-often": _CONSTRAINT_FACTS,
    "context-missing": _CONSTRAINT_FACTS,
    "context-unclear": _CONSTRAINT_FACTS,
    "state-unavailable": _CONSTRAINT_FACTS,
    "no-alternative": ("operator",),
    "no-permission": ("action",),
    "other-target": ("target",),
    "other-party": ("assignee",),
    "unknown-action": ("asked",),
    "offer-not-decided": (),
}


class Reason(NamedTuple):
    """Why: a code of REASONS, the JSON pointer of the rule, duty or constraint, and the facts in their order."""

    code: str
    path: str
    facts: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The reason as an English sentence; words/speak.py has the other languages."""
        return speak_reason(self)

    def named_facts(self) -> dict[str, str]:
        """Name the facts as REASONS does."""
        return dict(zip(REASONS[self.code], self.facts, strict=True))


class Reservation(NamedTuple):
    """`amount` to be taken from what `limit` leaves on the counter (rule, operand), before the act is done.

    Without a limit the use is only remembered, with its instant. Amounts of time are seconds.
    """

    rule: str
    operand: str
    amount: int | Fraction
    limit: int | Fraction | None


class ConstraintReport(NamedTuple):
    """Whether one constraint held; None is unknown."""

    id: str
    satisfied: bool | None


class RuleReport(NamedTuple):
    """Whether one rule applied; a duty still to be done does not make it inactive, a violated one does.

    `state` of a prohibition: clear, infringed (a remedy is due) or remedied; empty for a permission.
    """

    id: str
    kind: str
    active: bool
    constraints: tuple[ConstraintReport, ...]
    state: str = ""


class DutyReport(NamedTuple):
    """One duty that matters to the outcome: fulfilled, violated or unknown (still to be done), and when it falls."""

    id: str
    action: str
    status: str
    mode: str = "pre"


class Decision(NamedTuple):
    """A decision, complete enough to be logged, checked and made again.

    `reservations` are to be applied in the transaction of the act. They also come with a conditional outcome, so that
    the place can be held while the duties are being done.
    """

    outcome: Outcome
    rules: tuple[RuleReport, ...] = ()
    duties: tuple[DutyReport, ...] = ()
    reasons: tuple[Reason, ...] = ()
    reservations: tuple[Reservation, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the act may be done now."""
        return self.outcome is Outcome.ALLOW

    @property
    def outstanding(self) -> tuple[DutyReport, ...]:
        """The duties still to be done before the use."""
        return tuple(duty for duty in self.duties if duty.status != "fulfilled" and duty.mode == "pre")

    def as_json(self) -> dict[str, object]:
        """Write the decision as canonical-friendly JSON: counts as decimal text, unknown as the word."""
        return {
            "outcome": self.outcome.value,
            "rules": [_rule_json(rule) for rule in self.rules],
            "duties": [duty._asdict() for duty in self.duties],
            "reasons": [_reason_json(reason) for reason in self.reasons],
            "reservations": [_reservation_json(held) for held in self.reservations],
        }


def _rule_json(rule: RuleReport) -> dict[str, object]:
    constraints = [
        {"id": report.id, "satisfied": "unknown" if report.satisfied is None else report.satisfied}
        for report in rule.constraints
    ]
    document = {"id": rule.id, "kind": rule.kind, "active": rule.active, "constraints": constraints}
    return document | {"state": rule.state} if rule.state else document


def _reservation_json(held: Reservation) -> dict[str, object]:
    limit = None if held.limit is None else show(held.limit)
    return {"rule": held.rule, "operand": held.operand, "amount": show(held.amount), "limit": limit}


def _reason_json(reason: Reason) -> dict[str, object]:
    return {"code": reason.code, "text": reason.text, "path": reason.path, "facts": list(reason.facts)}
