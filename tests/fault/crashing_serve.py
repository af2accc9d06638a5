"""`penstock serve` that kills itself at one durable step: `PENSTOCK_TEST_FAULT=[GATE>]STEP:before|after:N`.

STEP is an event kind (`keys.released`), a table of the store (`row.windows`), or a block of the embedded chain that
holds events (`chain.block`). The process dies (SIGKILL, no handler) at the N-th commit that contains the step: `before`
the COMMIT, or `after` it and before anything it permits is sent. With a GATE, an event kind, commits count only once
one with that event has been made. The product knows nothing of this.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from typing import Any

VARIABLE = "PENSTOCK_TEST_FAULT"
TABLE, BLOCK = "row.", "chain.block"


class DyingConnection:
    """A writing connection, deadly at one COMMIT; `written` matches the statements that are the step."""

    def __init__(self, connection: Any, step: str, gate: str, when: str, count: int) -> None:
        self._connection = connection
        self._step, self._written = step, re.compile(statement(step))
        self._gate, self._when, self._left = gate, when, count
        self._events: set[str] = set()
        self._seen = False

    def noted(self, event: str) -> None:
        """An event goes into the transaction."""
        self._events.add(event)
        self._seen = self._seen or event == self._step

    def execute(self, sql: str, *values: Any) -> Any:
        if sql != "COMMIT":
            self._seen = self._seen or bool(self._written.match(sql))
            return self._connection.execute(sql, *values)
        counts, self._seen = self._seen and not self._gate, False
        self._left -= counts
        deadly = counts and self._left == 0
        if deadly and self._when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = self._connection.execute(sql, *values)
        if deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        if self._gate in self._events:
            self._gate = ""
        self._events.clear()
        return done

    def executemany(self, sql: str, rows: Any) -> Any:
        given = list(rows)
        self._seen = self._seen or bool(given and self._written.match(sql))
        return self._connection.executemany(sql, given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def statement(step: str) -> str:
    """What writes the rows of a step, as a pattern; nothing matches an event."""
    table = "logs" if step == BLOCK else step.removeprefix(TABLE)
    return "(?!)" if table == step else rf"\s*(INSERT(\s+OR\s+\w+)?\s+INTO|UPDATE)\s+\W?{table}\b"


def arm(fault: str) -> None:
    named, when, count = fault.split(":")
    gate, _, step = named.rpartition(">")
    if step == BLOCK:
        arm_chain(step, when, int(count))
    else:
        arm_store(step, gate, when, int(count))


def arm_store(step: str, gate: str, when: str, count: int) -> None:
    from connector.store.evidence import Evidence
    from connector.store.writer import Writer

    made: list[DyingConnection] = []
    original_start, original_record = Writer.__init__, Evidence.record

    def start(self: Any, path: Any, connection: Any, *rest: Any, **named: Any) -> None:
        made.append(DyingConnection(connection, step, gate, when, count))
        original_start(self, path, made[-1], *rest, **named)

    def record(self: Any, tx: Any, event: str, **fields: Any) -> int:
        for connection in made:
            connection.noted(event)
        return original_record(self, tx, event, **fields)

    Writer.__init__ = start  # type: ignore[method-assign]
    Evidence.record = record  # type: ignore[method-assign]


def arm_chain(step: str, when: str, count: int) -> None:
    from ledger.embedded.store import Store

    original = Store.__init__

    def start(self: Any, path: Any) -> None:
        original(self, path)
        self.connection = DyingConnection(self.connection, step, "", when, count)

    Store.__init__ = start  # type: ignore[method-assign]


if __name__ == "__main__":
    if fault := os.environ.get(VARIABLE):
        arm(fault)
    from connector.cli.main import app

    sys.argv = ["penstock", "serve", *sys.argv[1:]]
    app()
