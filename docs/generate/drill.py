"""The tables of the forgery drill in docs/audit.md, from the record of a whole run (`make drill ARGS=--record`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RECORD = Path(__file__).resolve().parents[1] / "drill.json"


def _told() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return told


def caught() -> str:
    """Return a row for each cheat that was tried, and how many were caught."""
    told = _told()
    rows = [row for row in told["rows"] if "caught" in row]
    lines = [
        f"| {row['promise']} | {row['by']} | {row['name']} | {_named(row)} | {', '.join(row['evidence'])} |"
        for row in rows
    ]
    said = f"{len(rows)} tried, {sum(row['caught'] for row in rows)} caught, on {told['date']}."
    return "\n".join(["| breaks | who | how | named by | from |", "|---|---|---|---|---|", *lines, "", said])


def _named(row: dict[str, Any]) -> str:
    if not row["caught"]:
        return "**not caught**"
    more = f" and {row['others']} more" if row["others"] else ""
    return f"`{row['finding']}` about {row['of']}{more}"


def honest() -> str:
    """Return a row for each accident of honest people, and what the audit said of it."""
    rows = [row for row in _told()["rows"] if "honest" in row]
    lines = [f"| {row['name']} | {row['honest']} | {_said(row)} |" for row in rows]
    head = ["| what happened | nobody is accused | what the audit says |", "|---|---|---|"]
    return "\n".join([*head, *lines])


def _said(row: dict[str, Any]) -> str:
    if not row["clean"]:
        return "**accuses somebody**"
    return f"`{row['finding']}` about {row['of']}" if row["finding"] else "nothing"


def unseen() -> str:
    """Return a row for each cheat that no auditor can see."""
    rows = [row for row in _told()["rows"] if "unseen" in row]
    lines = [f"| {row['promise']} | {row['by']} | {row['name']} | {row['unseen']} | {_tried(row)} |" for row in rows]
    return "\n".join(["| about | who | what | why it cannot be seen | tried |", "|---|---|---|---|---|", *lines])


def _tried(row: dict[str, Any]) -> str:
    return "records changed: the audit is clean" if row["done"] else "changes no record"
