"""`penstock serve` that kills itself at one durable step: `PENSTOCK_TEST_FAULT=[GATE>]STEP:before|after:N`.

STEP is an event kind (`keys.released`), a table of the store (`row.windows`), or a block of the embedded chain that
holds events (`chain.block`). The process dies (SIGKILL, no handler) at the N-th commit that contains the step: `before`
the COMMIT, or `after` it and before anything it permits is sent. With a GATE, another step, commits count only once one
with the gate has been made. The product knows nothing of this.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from typing import Any

VARIABLE = "PENSTOCK_TEST_FAULT"
TABLE, BLOCK = "row.", "chain.block"


class Step:
    """A durable step, and whether the transaction under way contains it."""

    def __init__(self, name: str) -> None:
        self.name = name
        table = "logs" if name == BLOCK else name.removeprefix(TABLE)
        written = rf"\s*(INSERT(\s+OR\s+\w+)?\s+INTO|UPDATE)\s+\W?{table}\b"
        self._written = re.compile("(?!)" if table == name else written)
        self._seen = False

    def recorded(self, event: str) -> None:
        self._seen = self._seen or event == self.name

    def executed(self, sql: str) -> None:
        self._seen = self._seen or bool(self._written.match(sql))

    def taken(self) -> bool:
        """Whether it was in the transaction that ends now."""
        seen, self._seen = self._seen, False
        return seen


class DyingConnection:
    """A writing connection, deadly at one COMMIT."""

    def __init__(self, connection: Any, step: str, gate: str, when: str, count: int) -> None:
        self._connection = connection
        self.steps = [Step(step), Step(gate)]
        self._open, self._when, self._left = not gate, when, count

    def execute(self, sql: str, *values: Any) -> Any:
        if sql != "COMMIT":
            for step in self.steps:
                step.executed(sql)
            return self._connection.execute(sql, *values)
        counts, gate = (step.taken() for step in self.steps)
        self._left -= counts and self._open
        deadly = counts and self._open and self._left == 0
        self._open = self._open or gate
        if deadly and self._when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = self._connection.execute(sql, *values)
        if deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    def executemany(self, sql: str, rows: Any) -> Any:
        given = list(rows)
        if given:
            self.steps[0].executed(sql)
        return self._connection.executemany(sql, given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


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
            for each in connection.steps:
                each.recorded(event)
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
