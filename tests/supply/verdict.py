"""What a check of the supply chain found."""

from __future__ import annotations

from typing import NamedTuple


class Verdict(NamedTuple):
    """How many things were looked at, what is wrong with which, and why it could not be looked at, if it could not."""

    tried: int
    faults: tuple[str, ...] = ()
    absent: str = ""

    @property
    def word(self) -> str:
        """`absent`, `failed` or `passed`; who looked at nothing has not passed."""
        if self.absent:
            return "absent"
        return "failed" if self.faults or not self.tried else "passed"
