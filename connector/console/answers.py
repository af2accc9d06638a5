"""What a question to data that stay at their provider was answered with, as a page shows it.

All such answers have an id; the rest is there or not: rows of cells with their margins, a line through numbers, how
many of the keys are there and paid, what is left of each budget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.client.acts.queries import cells

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from contracts.canonical import JsonObject

ANSWER_ROWS_MAX: Final = 200  # on a page; all of them are in the answer under its id
BARS_MAX: Final = 60  # in one drawing
CHARTS_MAX: Final = 4
KEYS: Final = ("there", "asked", "paid")


def shown(told: Mapping[str, Any]) -> JsonObject:
    """Return the parts of an answer that a page shows: texts, numbers, and bars as shares of the longest."""
    rows = told.get("rows") if "columns" in told else None
    found: JsonObject = {"id": told["id"], "columns": told.get("columns", []), "many": len(rows or ())}
    margins = told.get("margins") or [[]] * len(rows or ())
    found["rows"] = [cells(row, off) for row, off in zip(rows or (), margins, strict=True)][:ANSWER_ROWS_MAX]
    found["charts"] = _charts(told["columns"], rows[:ANSWER_ROWS_MAX]) if rows else []
    found["held"], found["needs"] = bool(told.get("heldBack")), told.get("needs")
    found["attested"] = (told.get("evidence") or {}).get("platform", "")
    found["assent"] = (told.get("receipt") or {}).get("assent", "")
    found["looked_up"] = {name: told[name] for name in KEYS} if "there" in told else None
    found["line"] = _line(told) if "features" in told else None
    found["budgets"], found["missing"] = _budgets(told), told.get("missing", [])
    return found


def _charts(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[JsonObject]:
    """Return what is drawn of a table: a bar for each group, in a drawing for each of the numbers behind the groups.

    Nothing of one group alone, of too many, or of numbers of which one is below zero.
    """
    if not 1 < len(rows) <= BARS_MAX:
        return []
    first = max((at + 1 for at, _ in enumerate(columns) if not _numbers(rows, at)), default=1)
    labels = [", ".join("" if cell is None else str(cell) for cell in row[:first]) for row in rows]
    drawn = [at for at in range(first, len(columns)) if _numbers(rows, at)][:CHARTS_MAX]
    return [
        {"title": columns[at], "bars": [[label, row[at]] for label, row in zip(labels, rows, strict=True)]}
        for at in drawn
        if all(row[at] >= 0 for row in rows)
    ]


def _numbers(rows: Sequence[Sequence[Any]], at: int) -> bool:
    return all(isinstance(row[at], int | float) and not isinstance(row[at], bool) for row in rows)


def _line(told: Mapping[str, Any]) -> JsonObject:
    most = max((abs(one["most"]) for one in told["features"]), default=0) or 1

    def feature(one: Mapping[str, Any]) -> JsonObject:
        bar = abs(one["most"]) / most
        return {"name": one["name"], "of": one.get("of", ""), "weight": f"{one['weight']:+.4g}", "bar": bar}

    features = [feature(one) for one in told["features"]]
    line: JsonObject = {"label": told["label"], "intercept": f"{told['intercept']:.4g}", "features": features}
    line |= {"rows": told["rows"], "off": told.get("off")}
    explained = told.get("explained")
    return line | {"explained": None if explained is None else round(100 * explained)}


def _budgets(told: Mapping[str, Any]) -> list[JsonObject]:
    """Return what the answer cost of each budget of noise; of an answer without noise nothing."""
    many = told.get("members") or told.get("sides") or ([told] if told.get("epsilon") is not None else [])
    return [{"of": one.get("did") or one["agreement"], "epsilon": one["epsilon"], "left": one["left"]} for one in many]
