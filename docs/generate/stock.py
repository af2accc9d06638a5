"""The table of journeys with stock Eclipse EDCs, from the records of whole runs (`make edc ARGS=--record`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RECORD = Path(__file__).resolve().parents[1] / "edc.json"
WORDS = {True: "passed", False: "failed", None: "–"}
SIDES = {"it buys": "it buys from us", "it sells": "we buy from it"}


def records() -> dict[str, dict[str, Any]]:
    """Return release → what came of its last recorded run."""
    found: dict[str, dict[str, Any]] = json.loads(RECORD.read_text(encoding="utf-8"))
    return dict(sorted(found.items()))


def table() -> str:
    """Return a row for each journey with what came of it by release and loop, and which run said so when."""
    told = records()
    loops = sorted({(release, name.split(" loop, ")[0]) for release, one in told.items() for name in one["results"]})
    order = list(dict.fromkeys(journey for one in told.values() for journey in one["order"]))
    rows = []
    for side, words in SIDES.items():
        for journey in order:
            said = [told[release]["results"].get(f"{loop} loop, {side}: {journey}") for release, loop in loops]
            if any(one is not None for one in said):
                rows.append(f"| {words} | {journey} | " + " | ".join(map(WORDS.__getitem__, said)) + " |")
    head = "| | journey | " + " | ".join(f"{release}, {loop} loop" for release, loop in loops) + " |"
    return "\n".join([head, "|---|---|" + "---|" * len(loops), *rows, "", *map(_run, told.values())])


def _run(one: dict[str, Any]) -> str:
    many = f"{one['count']} negotiations and transfers where it buys, {one['gets']} where it sells"
    return f"Stock Eclipse EDC {one['release']}: {many}; {one['date']}."
