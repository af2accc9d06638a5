"""The table of journeys that published clients play with us, from the record of a whole run (`make clients`)."""

from __future__ import annotations

import json
import re
from pathlib import Path

from docs.generate import stock

# what is played by a suite of our own, which holds every message of ours against the published schemas
OWN_SUITES = (("Data Plane Signaling: as data plane and as control plane", "1.0-RC3", "own suite, by its schemas"),)
# whose counts its own command prints
KITS = (("Decentralized Claims Protocol: verifier, holder, issuer", "1.0.1", "`make tck-dcp`, `make edc-dcp`"),)
# what other connectors may want of us, and do not get
ABSENT = ("DSP 2024-1",)
RECORD = Path(__file__).resolve().parents[1] / "clients.json"


def table() -> str:
    """Return a row for each journey with what came of it, by client."""
    told = json.loads(RECORD.read_text(encoding="utf-8"))
    rows = []
    for name, passed in told["results"].items():
        client, _, journey = name.partition(": ")
        rows.append(f"| {told['releases'][client]} | {journey} | {'passed' if passed else 'failed'} |")
    return "\n".join(["| client | journey | |", "|---|---|---|", *rows, "", f"Played on {told['date']}."])


def counterparts() -> str:
    """Return a row for each counterpart: its release, and how many of its journeys passed."""
    rows = []
    for release, one in stock.records().items():
        for side, words in stock.SIDES.items():
            results = [passed for name, passed in one["results"].items() if f", {side}: " in name]
            rows.append(_row(f"stock Eclipse EDC: {words}", release, results))
    told = json.loads(RECORD.read_text(encoding="utf-8"))
    for client, release in told["releases"].items():
        results = [passed for name, passed in told["results"].items() if name.startswith(client + ": ")]
        name, version = re.split("==|(?<=.)@", release)
        rows.append(_row(f"client `{name}` drives us", version, results))
    rows += [f"| {name} | {release} | {suite} |" for name, release, suite in (*OWN_SUITES, *KITS)]
    rows += [f"| {name} | | not spoken yet |" for name in ABSENT]
    return "\n".join(["| counterpart | release | journeys |", "|---|---|---|", *rows])


def _row(name: str, release: str, results: list[bool]) -> str:
    return f"| {name} | {release} | {sum(results)} of {len(results)} |"
