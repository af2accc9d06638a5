"""What came of one case that somebody's implementation is held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PASSED, FAILED, UNCLEAR = "passed", "failed", "unclear"
SEEN_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Case:
    """What came of one case: the clause that it is of, what was tried, and what was seen where it did not pass."""

    clause: str
    name: str
    outcome: str
    seen: str = ""

    def json(self) -> dict[str, str]:
        """Return the JSON form."""
        return {"clause": self.clause, "case": self.name, "outcome": self.outcome, "seen": self.seen}


def short(seen: Any) -> str:
    """Return what was seen, cut to what a line holds."""
    return str(seen)[:SEEN_CHARACTERS_MAX]
