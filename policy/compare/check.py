"""Checking: everything that is found in each of some policies and between them."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from policy.compare.between import between
from policy.compare.findings import Finding, Level
from policy.compare.inspection import Inspection
from policy.errors import UntoldError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.compare.cells import Effort
    from policy.model import Policy

_ORDER = list(Level)


def check(policies: Sequence[Policy], effort: Effort | None = None) -> list[Finding]:
    """Find what is wrong in each policy and between any two, the worst first; total."""
    found = [finding for number, policy in enumerate(policies) for finding in _alone(number, policy, effort)]
    for (one, first), (other, second) in combinations(enumerate(policies), 2):
        found += _between(one, other, first, second)
    return sorted(found, key=lambda finding: (_ORDER.index(finding.level), finding.policy, finding.path, finding.code))


def has_errors(findings: Sequence[Finding]) -> bool:
    """Whether a policy should be kept from being published or signed."""
    return any(finding.level is Level.ERROR for finding in findings)


def first_error(policy: Policy, effort: Effort | None = None) -> Finding | None:
    """Return what keeps a policy from being published or signed, the first if there are several."""
    return next((finding for finding in check([policy], effort) if finding.level is Level.ERROR), None)


def _alone(number: int, policy: Policy, effort: Effort | None) -> list[Finding]:
    try:
        return list(Inspection(number, policy, effort).findings())
    except UntoldError as untold:
        return [Finding("not-told", number, "", (str(untold),))]


def _between(one: int, other: int, first: Policy, second: Policy) -> list[Finding]:
    try:
        return list(between((one, other), (first, second)))
    except UntoldError:
        return []  # what cannot be told of one of them is said where that one is looked at alone
