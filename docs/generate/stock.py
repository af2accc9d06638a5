"""The table of journeys with a stock Eclipse EDC, from the record of a whole run (`make edc ARGS=--record`)."""

from __future__ import annotations

import json
from pathlib import Path

RECORD = Path(__file__).resolve().parents[1] / "edc.json"
SIDES = {"it buys": "it buys from us", "it sells": "we buy from it"}


def table() -> str:
    """Return a row for each journey with what came of it by loop, and which release said so when."""
    told = json.loads(RECORD.read_text(encoding="utf-8"))
    loops, rows = sorted({name.split(" loop, ")[0] for name in told["results"]}), []
    for side, words in SIDES.items():
        named = {name.partition(": ")[2] for name in told["results"] if f", {side}: " in name}
        for journey in (one for one in told["order"] if one in named):
            said = [told["results"].get(f"{loop} loop, {side}: {journey}") for loop in loops]
            rows.append(f"| {words} | {journey} | " + " | ".join("passed" if one else "failed" for one in said) + " |")
    head = "| | journey | " + " | ".join(f"{loop} loop" for loop in loops) + " |"
    many = f"{told['count']} negotiations and transfers where it buys, {told['gets']} where it sells"
    said = f"Stock Eclipse EDC {told['release']}; {many}; {told['date']}."
    return "\n".join([head, "|---|---|" + "---|" * len(loops), *rows, "", said])
