"""The tables of docs/benchmarks.md, from what the benchmarks last recorded (`make bench`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.limits import LIMITS

RESULTS = Path(__file__).resolve().parents[2] / "bench" / "results"
# what stands in protocol.json as well, and besides in a file of its own where a part was run by itself
PARTS = frozenset({"negotiation", "catalogue", "start", "hostile", "hosted"})
RATIO = " ÷ "
WHOLE_MIN = 100  # from here on three digits say enough


def table(name: str, also: str = RATIO) -> str:
    """Return the rows of bench/results/NAME.json that have a target, or compare, or have `also` in their name."""
    return _table([each for each in recorded(name) if each["target"] or also in each["work"]])


def begun(name: str, words: tuple[str, ...]) -> str:
    """Return the rows of bench/results/NAME.json that begin with one of `words`."""
    return _table([each for each in recorded(name) if each["work"].startswith(words)])


def missed() -> str:
    """Return every row that missed its target, of all that was recorded, with what holds it there."""
    lines = [
        f"| `make bench-{name}` | {row['work']} | {_value(row)} | {row['target']} | {LIMITS[name][row['work']]} |"
        for name in names()
        for row in recorded(name)
        if row["met"] is False
    ]
    return "\n".join(["| command | what | value | target | what holds it there |", "|---|---|---|---|---|", *lines])


def names() -> list[str]:
    """Return what was recorded, each once."""
    return sorted({path.stem for path in RESULTS.glob("*.json")} - PARTS)


def recorded(name: str) -> list[dict[str, Any]]:
    """Return the rows of bench/results/NAME.json."""
    rows: list[dict[str, Any]] = json.loads((RESULTS / f"{name}.json").read_text())
    return rows


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [f"| {each['work']} | {_value(each)} | {each['target']} | {_met(each)} |" for each in rows]
    return "\n".join(["| what | value | target | met |", "|---|---|---|---|", *lines])


def _value(row: dict[str, Any]) -> str:
    if (value := row["value"]) is None:
        return str(row["unit"])
    return f"{shown(value)} {row['unit']}".rstrip()


def shown(value: float) -> str:
    """Return a figure with the digits that say enough."""
    return f"{value:,.0f}" if value >= WHOLE_MIN else f"{value:.3g}"


def _met(row: dict[str, Any]) -> str:
    return "" if row["met"] is None else "yes" if row["met"] else "**no**"
