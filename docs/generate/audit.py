"""The tables of docs/audit.md that come from the audit's own: its findings, and how to check each record yourself."""

from __future__ import annotations

from ledger.audit.how_to_check import RECORDS, evidence
from ledger.audit.rules import RULES, Rule
from ledger.audit.words import CODES


def findings() -> str:
    """Return a row for each code: grade, words, what it rests on."""
    rows = [f"| `{code}` | {row[0]} | {_plain(row[1])} | {', '.join(evidence(code))} |" for code, row in CODES.items()]
    return "\n".join(["| code | grade | says | rests on |", "|---|---|---|---|", *rows])


def records() -> str:
    """Return a row for each record: how anybody checks it."""
    rows = [f"| {row[0]} | {row[2].replace('|', '&#124;')} |" for row in RECORDS.values()]
    return "\n".join(["| record | how to check it yourself |", "|---|---|", *rows])


def rules() -> str:
    """Return a row for each rule of a watch: its name in a file, its limit without one, what it says."""
    rows = [f"| `{name}` | {_limit(rule)} | {_plain(rule.en)} |" for name, rule in RULES.items()]
    return "\n".join(["| rule | limit | says |", "|---|---|---|", *rows])


def _limit(rule: Rule) -> str:
    return "off" if rule.limit is None else f"{float(rule.limit):g}"


def _plain(words: str) -> str:
    return words.replace("|", "&#124;").replace("!m}", "}").replace("{", "").replace("}", "")
