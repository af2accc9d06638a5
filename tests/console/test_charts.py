"""What is drawn of an answer: its numbers behind its groups, where a bar says something."""

from __future__ import annotations

from connector.console.answers import BARS_MAX, shown
from tests.every import every


def drawn(columns, rows):
    told = shown({"id": "one", "columns": columns, "rows": rows})
    return [(one["title"], one["bars"]) for one in told["charts"]]


@every(
    ("columns", "rows", "expected"),
    [
        (["d", "n"], [["A", 1], ["B", 2.5]], [("n", [["A", 1], ["B", 2.5]])]),
        (["year", "n"], [[2023, 1], [2024, 2]], [("n", [["2023", 1], ["2024", 2]])]),
        (["d", "e", "n", "m"], [["A", None, 1, 2], ["B", "x", 3, -4]], [("n", [["A, ", 1], ["B, x", 3]])]),
        (["d", "n"], [["A", 1]], []),
        (["n", "d"], [[1, "A"], [2, "B"]], []),
        (["d", "n"], [["A", True], ["B", False]], []),
        (["d", "n"], [["A", None], ["B", 1]], []),
        (["d", "n"], [[str(at), at] for at in range(BARS_MAX + 1)], []),
    ],
)
def test_numbers_behind_groups_are_drawn(columns, rows, expected):
    assert drawn(columns, rows) == expected
