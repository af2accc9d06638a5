"""`penstock serve` that kills itself at one durable step: `PENSTOCK_TEST_FAULT=KIND:before|after:N`.

KIND is a row of the event table. The process dies (SIGKILL, no handler) at the N-th commit that contains such an
event: `before` the COMMIT, or `after` it and before anything it permits is sent. The product knows nothing of this.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from connector.store import evidence, writer


class DyingConnection:
    """The writing connection, deadly at one COMMIT."""

    def __init__(self, connection: Any, kind: str, when: str, count: int) -> None:
        self._connection = connection
        self._kind, self._when, self._left = kind, when, count
        self.seen = False

    def execute(self, sql: str, *values: Any) -> Any:
        if sql != "COMMIT" or not self.seen:
            return self._connection.execute(sql, *values)
        self.seen = False
        self._left -= 1
        if self._left == 0 and self._when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = self._connection.execute(sql, *values)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def arm(fault: str) -> None:
    kind, when, count = fault.split(":")
    made: list[DyingConnection] = []
    original_start, original_record = writer.Writer.__init__, evidence.Evidence.record

    def start(self: Any, connection: Any, *rest: Any, **named: Any) -> None:
        made.append(DyingConnection(connection, kind, when, int(count)))
        original_start(self, made[-1], *rest, **named)

    def record(self: Any, tx: Any, event: str, **fields: Any) -> int:
        if event == kind:
            for connection in made:
                connection.seen = True
        return original_record(self, tx, event, **fields)

    writer.Writer.__init__ = start  # type: ignore[method-assign]
    evidence.Evidence.record = record  # type: ignore[method-assign]


if __name__ == "__main__":
    if fault := os.environ.get("PENSTOCK_TEST_FAULT"):
        arm(fault)
    from connector.cli.main import app

    sys.argv = ["penstock", "serve", *sys.argv[1:]]
    app()
