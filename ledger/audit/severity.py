"""How grave a finding is, and what is no accusation at all.

Records contradict each other or a rule; something could not be shown; it could not be seen yet; it was not disclosed to
whoever audits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ERROR, WARNING = "error", "warning"
STALE, UNDISCLOSED = "stale", "undisclosed"
# in the order in which they are shown
ORDER = (ERROR, WARNING, UNDISCLOSED, STALE)


def laid_out(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the findings of a report's JSON as they are shown: (0, row), and (1, row) for what follows from it."""
    for row in sorted(rows, key=lambda row: ORDER.index(row["severity"])):
        yield 0, row
        yield from ((1, one) for one in row.get("follows", ()))
