"""The README's table of the official kit, from the record of a whole run (`make tck ARGS=--record`)."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

RECORD = Path(__file__).resolve().parents[1] / "compatibility.json"
PASSED = "passed"
# how the kit's ids begin → what they are about
GROUPS = {
    "MET": "metadata: the version document",
    "CAT": "catalogue",
    "CN": "negotiation as provider",
    "CN_C": "negotiation as consumer",
    "TP": "transfer as provider",
    "TP_C": "transfer as consumer",
}


def table() -> str:
    """Return a row for each group of tests, one for all, and which kit said so when."""
    told = json.loads(RECORD.read_text(encoding="utf-8"))
    run, passed = Counter[str](), Counter[str]()
    for test, result in told["results"].items():
        run[test.split(":")[0]] += 1
        passed[test.split(":")[0]] += result == PASSED
    rows = [f"| {words} | {group} | {passed[group]} of {run[group]} |" for group, words in GROUPS.items()]
    all_of = f"| **all** | | **{passed.total()} of {run.total()}** |"
    said = f"{told['kit']}, on {told['date']}."
    return "\n".join(["| what | its tests | passed |", "|---|---|---|", *rows, all_of, "", said])
