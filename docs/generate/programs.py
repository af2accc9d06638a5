"""The tables of docs/programs.md: sizes from the artifacts, gas from what `python -m tests.onchain.gas` recorded."""

from __future__ import annotations

import json
from pathlib import Path

from contracts.onchain import artifacts
from docs.generate.tables import table

RECORDED = Path(__file__).resolve().parents[1] / "gas.json"


def sizes() -> str:
    """Return every program: bytes of its creation code, its functions that change something, its events."""
    rows = []
    for name in artifacts.PROGRAMS:
        artifact = artifacts.load(name)
        acts = [each["name"] for each in artifact.abi if each["type"] == "function" and _changes(each)]
        events = [each["name"] for each in artifact.abi if each["type"] == "event"]
        rows.append((f"`{name}`", f"{len(artifact.bytecode):,}", _listed(acts), _listed(events)))
    return table(("program", "bytes", "acts", "events"), rows)


def gas() -> str:
    """Return what each act costs."""
    recorded = json.loads(RECORDED.read_text("utf-8"))
    return table(("act", "gas"), [(name, f"{value:,.0f}") for name, value in recorded.items()])


def _changes(entry: object) -> bool:
    return isinstance(entry, dict) and entry["stateMutability"] == "nonpayable"


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names))
