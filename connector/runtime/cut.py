"""A cut: why what runs in a thread is to end before its time, said from anywhere, asked between two steps."""

from __future__ import annotations

from connector.runtime.errors import NotPermitted


class Cut:
    """Whether a piece of work was cut, and why; the first word counts."""

    def __init__(self) -> None:
        self._why = ""

    def end(self, why: str) -> None:
        """Have the work end at its next step; safe from another thread, and again."""
        self._why = self._why or why

    def check(self) -> None:
        """Raise NotPermitted once it was cut."""
        if self._why:
            raise NotPermitted(f"the opening was cut: {self._why}", "nothing of it was left behind")
