"""The table of docs/reliability.md, from the record of the last long runs (`make reliability`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RECORD = Path(__file__).resolve().parents[1] / "reliability.json"
STATES = {True: "met", False: "**missed**", None: "not tried here"}
HEAD = (
    "| | what was tried | tried | survived | lost | paid twice | least | | on |",
    "|---|---|---:|---:|---:|---:|---:|---|---|",
)


def table() -> str:
    """Return a row for each figure that a long run has tried, and what it lacks."""
    rows: list[dict[str, Any]] = json.loads(RECORD.read_text(encoding="utf-8"))["rows"]
    return "\n".join([*HEAD, *map(_line, rows), "", *filter(None, map(_lacks, rows))])


def _line(row: dict[str, Any]) -> str:
    harm = ["?" if row[name] is None else str(row[name]) for name in ("lost", "twice")]
    figures = [f"{row['tried']:,}", f"{row['survived']:,}", *harm, f"{row['least']:,}"]
    cells = [row["figure"], f"{row['what']} ({row['unit']})", *figures, STATES[row["met"]], row["date"]]
    return "| " + " | ".join(cells) + " |"


def _lacks(row: dict[str, Any]) -> str:
    said = [row["lacks"], *(f"absent: {one}" for one in row["absent"])]
    return "".join(f"- {row['figure']}: {one}.\n" for one in said if one).rstrip()
