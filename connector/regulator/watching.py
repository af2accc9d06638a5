"""Watching a space: audited again and again, and only what is new is said.

Law: a finding or a rule's hit is said when it was not there the round before, so one that goes and comes back is said
twice; that a log's newest head is some minutes old is no news. A round in which nothing could be read says so once,
forgets nothing, and does not end the watch; what the user has to mend does.
"""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any

from connector.runtime.documents import read_text
from connector.runtime.errors import InvalidInput, explain_failure
from ledger.audit import rules
from ledger.audit.severity import ERROR, STALE, laid_out

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime
    from fractions import Fraction
    from pathlib import Path

    from connector.runtime.clock import Clock
    from contracts.canonical import JsonObject

STOPS = (signal.SIGINT, signal.SIGTERM)
# exit codes of what may be otherwise at the next look: a space that cannot be relied on, a peer or a chain away
PASSING = frozenset({6, 7, 9})


class Watch:
    """What is known of the last round; `errors` says whether any round had one, `rounds` how many there were."""

    def __init__(self, limits: Mapping[str, Fraction]) -> None:
        self._limits = limits
        self._known: set[tuple[Any, ...]] = set()
        self._away = ""
        self.errors = False
        self.rounds = 0

    def news(self, found: Mapping[str, Any], now: datetime) -> list[JsonObject]:
        """Return what an audit (`penstock audit --json`) shows that the last one did not; findings first."""
        hits = [hit.json() for hit in rules.check(found["figures"], self._limits, now)]
        shown = [row for _, row in laid_out(found["findings"]) if row["severity"] != STALE]
        rows = {_finding(row): row for row in shown} | {(one["rule"], one["subject"]): one for one in hits}
        new = [row for key, row in rows.items() if key not in self._known]
        self._known, self._away = set(rows), ""
        self.errors = self.errors or any(row["severity"] == ERROR for row in shown)
        self.rounds += 1
        return [{"at": now.isoformat(), **row} for row in new]

    def away(self, fault: Exception, now: datetime) -> list[JsonObject]:
        """Return that nothing could be read, unless the last round said so already; raises what will not pass."""
        failure = explain_failure(fault)
        if failure.exit_code not in PASSING:
            raise fault
        text = failure.text
        known, self._away = self._away, text
        return [] if known == text else [{"at": now.isoformat(), "unread": text, "en": text}]


def _finding(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what makes a finding the same in two rounds: its entry, or its words where it is about none."""
    place = row.get("index")
    return row["code"], row["subject"], place, row.get("seq"), "" if place is not None else row["en"]


def read_rules(path: Path | None) -> dict[str, Fraction]:
    """Return rule → limit of a TOML file of lines `rule = limit`; the table's own without one."""
    import tomllib  # noqa: PLC0415  # loaded when there is a file of rules

    try:
        return rules.read_limits({} if path is None else tomllib.loads(read_text(path)))
    except ValueError as error:
        example = "write lines such as `silent_hours = 24`"
        raise InvalidInput(f"`{path}` is no file of rules: {error}", example) from error


async def watch(
    look: Callable[[], Awaitable[Mapping[str, Any]]],
    watching: Watch,
    say: Callable[[JsonObject], None],
    clock: Clock,
    every_seconds: float,
) -> None:
    """Look every so many seconds and say what is new, until a signal ends it; a look that is under way is given up."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in STOPS:
        loop.add_signal_handler(number, stop.set)
    stopped = asyncio.create_task(stop.wait())
    while not stop.is_set():
        looking = asyncio.ensure_future(look())
        await asyncio.wait({looking, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not looking.done():
            looking.cancel()
            await asyncio.wait({looking})
            break
        for row in _seen(looking, watching, clock.now()):
            say(row)
        await asyncio.wait({stopped}, timeout=every_seconds)
    stopped.cancel()


def _seen(looking: asyncio.Future[Mapping[str, Any]], watching: Watch, now: datetime) -> list[JsonObject]:
    try:
        return watching.news(looking.result(), now)
    except Exception as fault:  # noqa: BLE001  # whatever it is, it is said or raised again
        return watching.away(fault, now)
