"""Findings: what can be wrong in a policy that reads well, and between several that hold for one asset.

FINDINGS has a row for each kind; words/ has its sentence and what to change. A policy with an error should be neither
published nor signed. Where it can be shown, a finding carries a request that shows it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.compare.example import Example


class Level(StrEnum):
    """How bad it is, the worst first; an error makes the policy mean less or other than it says."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


# code -> (level, the names of its facts)
FINDINGS: Mapping[str, tuple[Level, tuple[str, ...]]] = {
    # in one policy
    "never-permits": (Level.ERROR, ()),
    "always-forbidden": (Level.ERROR, ()),
    "policy-void": (Level.ERROR, ("other",)),
    "late-for-its-use": (Level.ERROR, ("duty",)),
    "never-fulfilled": (Level.ERROR, ("duty",)),
    "duty-forbidden": (Level.ERROR, ("duty", "other")),
    "duty-perhaps-forbidden": (Level.WARNING, ("duty", "other")),
    "never-forbids": (Level.WARNING, ()),
    "due-before-use": (Level.WARNING, ("duty",)),
    "says-nothing-new": (Level.WARNING, ("other",)),
    "counted-apart": (Level.WARNING, ("other", "operand")),
    "prohibition-wins": (Level.NOTE, ("other",)),
    "permission-wins": (Level.NOTE, ("other",)),
    "not-told": (Level.NOTE, ("reason",)),
    # between two; `other` names the other policy
    "same-id": (Level.ERROR, ("other",)),
    "no-common-law": (Level.ERROR, ("other",)),
    "forbidden-here": (Level.WARNING, ("other",)),
    "duty-forbidden-here": (Level.WARNING, ("duty", "other")),
    "same-elsewhere": (Level.NOTE, ("other",)),
}


class Finding(NamedTuple):
    """One finding: `policy` counts the policies given from 0, `path` is a JSON pointer into that one."""

    code: str
    policy: int
    path: str
    facts: tuple[str, ...] = ()
    example: Example | None = None

    @property
    def level(self) -> Level:
        """How bad it is."""
        return FINDINGS[self.code][0]

    def named_facts(self) -> dict[str, str]:
        """Name the facts as FINDINGS does."""
        return dict(zip(FINDINGS[self.code][1], self.facts, strict=True))
