"""A report of a node to the one above it: what its space has, what went on since the last one, and heads of logs.

    {"number", "previous", "node", "exchange", "from", "until", "counts", "log", "logs", "digest"}

`previous` is the digest of the report before, empty in the first, whose `from` is empty, too. `counts` are totals of
what is registered and of members, and of the period instructions and transfers. `log` is the newest head of the node's
own log, `logs` those of logs that it collected, as many as have room, and `digest` that of all of them.

Law: (1) nothing of contents, prices or rules is in it. (2) Reports are a chain: who holds two that follow each other
sees what was taken back between them, and `troubles` says it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from catalog.document import items, members, moment, text
from catalog.errors import CatalogError
from catalog.printable import is_line
from connector.runtime.limits import DID_CHARACTERS_MAX
from contracts.canonical import sha

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.canonical import JsonObject

PURPOSE: Final = "/node/report"
# what is registered in all, and of members now
TOTALS: Final = ("connectors", "platforms", "products", "resources")
NOW: Final = ("members", "live", "suspended")
PERIOD: Final = ("instructions", "transfers")
COUNTS: Final = (*TOTALS, *NOW, *PERIOD)
MEMBERS: Final = frozenset(
    {"number", "previous", "node", "exchange", "from", "until", "counts", "log", "logs", "digest"}
)
LOGS_MAX: Final = 256
NUMBER_MAX: Final = 2**53 - 1
MOMENT_CHARACTERS_MAX: Final = 40
DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class LogHead:
    """How far a log was when it was reported: entries, and the root over them in hex."""

    size: int
    root: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was read; `logs` is member → head."""

    number: int
    previous: str
    node: str
    exchange: str
    until: str
    counts: Mapping[str, int]
    log: LogHead
    logs: Mapping[str, LogHead]
    digest: str


def from_json(document: Any) -> Report:
    """Read a report strictly; raises CatalogError at the member that is wrong."""
    told = members(document, "report", required=MEMBERS, allowed=MEMBERS)
    counts = members(told["counts"], "counts", required=set(COUNTS), allowed=frozenset(COUNTS))
    number = _number(told["number"], "number")
    previous, begins = text(told["previous"], "previous", limit=64), text(told["from"], "from", limit=40)
    if number == 0 or (previous and not DIGEST.fullmatch(previous)):
        raise CatalogError("reports are counted from 1, and name the one before by its digest", path="number")
    until = moment(told["until"], "until", limit=MOMENT_CHARACTERS_MAX)
    if begins and moment(begins, "from", limit=MOMENT_CHARACTERS_MAX) > until:
        raise CatalogError("a period ends after it begins", path="from")
    node, exchange = _line(told, "node"), _line(told, "exchange")
    if not DIGEST.fullmatch(text(told["digest"], "digest", limit=64)):
        raise CatalogError("`digest` is no digest", path="digest")
    logs = {}
    for one in items(told["logs"], "logs", limit=LOGS_MAX):
        head = members(one, "logs", required={"member", "size", "root"}, allowed=frozenset({"member", "size", "root"}))
        logs[_line(head, "member")] = _head(head)
    return Report(
        number, previous, node, exchange, str(told["until"]), {name: _number(counts[name], name) for name in COUNTS},
        _head(members(told["log"], "log", required={"size", "root"})), logs, sha(document).hex(),
    )  # fmt: skip


def troubles(before: Report | None, now: Report) -> list[str]:
    """Return what is missing between two reports of a node, or was taken back."""
    if before is None:
        return []
    found = []
    if now.number <= before.number:
        found.append(f"report {now.number} came after report {before.number}")
    elif now.number > before.number + 1:
        found.append(f"reports {before.number + 1} to {now.number - 1} are missing")
    elif now.previous != before.digest:
        found.append(f"it follows another report {before.number} than the one that came")
    if now.until < before.until:
        found.append("its period ends before the one that was reported")
    found += [
        f"{before.counts[name]} {name} were reported, now {now.counts[name]}"
        for name in TOTALS
        if now.counts[name] < before.counts[name]
    ]
    heads = [("its own log", before.log, now.log)]
    heads += [(f"the log of {who}", head, now.logs[who]) for who, head in before.logs.items() if who in now.logs]
    found += [f"{whose} {why}" for whose, old, new in heads if (why := _taken_back(old, new))]
    lost = [who for who in before.logs if who not in now.logs]
    if lost and len(now.logs) <= len(before.logs) < LOGS_MAX:
        found.append(f"the log of {lost[0]} is not reported any more")
    return found


def _taken_back(old: LogHead, new: LogHead) -> str:
    if new.size < old.size:
        return f"had {old.size} entries and has {new.size}"
    return "has another root at the same size" if new.size == old.size and new.root != old.root else ""


def _head(told: Mapping[str, object]) -> LogHead:
    root = text(told["root"], "root", limit=64)
    if not DIGEST.fullmatch(root):
        raise CatalogError("`root` is no root of a log", path="root")
    return LogHead(_number(told["size"], "size"), root)


def _number(told: object, path: str) -> int:
    if type(told) is not int or not 0 <= told <= NUMBER_MAX:
        raise CatalogError(f"`{path}` is no count", path=path)
    return told


def _line(told: Mapping[str, object], name: str) -> str:
    line = text(told[name], name, limit=DID_CHARACTERS_MAX)
    if not line or not is_line(line):
        raise CatalogError(f"`{name}` is not one plain line", path=name)
    return line


def view(document: JsonObject) -> JsonObject:
    """Return what an operator sees of a report: its number, its period and its counts as text."""
    told: Any = document
    counts = {name: str(told["counts"][name]) for name in COUNTS}
    return {"number": str(told["number"]), "from": told["from"], "until": told["until"], **counts}
