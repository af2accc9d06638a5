"""`penstock serve` that kills itself at one durable step: `PENSTOCK_TEST_FAULT=STEP:before|after:N`.

STEP is an event kind (`keys.released`), a table of the store (`row.windows`), or a block of the embedded chain that
holds events (`chain.block`). The process dies (SIGKILL, no handler) at the N-th commit that contains the step: `before`
the COMMIT, or `after` it and before anything it permits is sent. The product knows nothing of this.
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

    def __init__(self, connection: Any, written: str, when: str, count: int) -> None:
        self._connection = connection
        self._written = re.compile(written)
        self._when, self._left = when, count
        self.seen = False

    def execute(self, sql: str, *values: Any) -> Any:
        if sql != "COMMIT":
            self.seen = self.seen or bool(self._written.match(sql))
            return self._connection.execute(sql, *values)
        counts, self.seen = self.seen, False
        if not counts:
            return self._connection.execute(sql, *values)
        self._left -= 1
        if self._left == 0 and self._when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = self._connection.execute(sql, *values)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def statement(table: str) -> str:
    """What writes a row of `table`, as a pattern."""
    return rf"\s*(INSERT(\s+OR\s+\w+)?\s+INTO|UPDATE)\s+\W?{table}\b"


def arm(fault: str) -> None:
    step, when, count = fault.split(":")
    if step == BLOCK:
        arm_chain(when, int(count))
    elif step.startswith(TABLE):
        arm_store(statement(step.removeprefix(TABLE)), when, int(count))
    else:
        made = arm_store("(?!)", when, int(count))
        watch_events(step, made)


def arm_store(written: str, when: str, count: int) -> list[DyingConnection]:
    from connector.store.writer import Writer

    made: list[DyingConnection] = []
    original = Writer.__init__

    def start(self: Any, path: Any, connection: Any, *rest: Any, **named: Any) -> None:
        made.append(DyingConnection(connection, written, when, count))
        original(self, path, made[-1], *rest, **named)

    Writer.__init__ = start  # type: ignore[method-assign]
    return made


def watch_events(kind: str, made: list[DyingConnection]) -> None:
    from connector.store.evidence import Evidence

    original = Evidence.record

    def record(self: Any, tx: Any, event: str, **fields: Any) -> int:
        if event == kind:
            for connection in made:
                connection.seen = True
        return original(self, tx, event, **fields)

    Evidence.record = record  # type: ignore[method-assign]


def arm_chain(when: str, count: int) -> None:
    from ledger.embedded.store import Store

    original = Store.__init__

    def start(self: Any, path: Any) -> None:
        original(self, path)
        self.connection = DyingConnection(self.connection, statement("logs"), when, count)

    Store.__init__ = start  # type: ignore[method-assign]


if __name__ == "__main__":
    if fault := os.environ.get(VARIABLE):
        arm(fault)
    from connector.cli.main import app

    sys.argv = ["penstock", "serve", *sys.argv[1:]]
    app()
