"""The table of journeys that published clients play with us, from the record of a whole run (`make clients`)."""

from __future__ import annotations

import json
from pathlib import Path

RECORD = Path(__file__).resolve().parents[1] / "clients.json"


def table() -> str:
    """Return a row for each journey with what came of it, by client."""
    told = json.loads(RECORD.read_text(encoding="utf-8"))
    rows = []
    for name, passed in told["results"].items():
        client, _, journey = name.partition(": ")
        rows.append(f"| {told['releases'][client]} | {journey} | {'passed' if passed else 'failed'} |")
    return "\n".join(["| client | journey | |", "|---|---|---|", *rows, "", f"Played on {told['date']}."])
