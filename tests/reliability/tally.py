"""What each test ended with, and what it says that it has tried, as lines of JSON in the file that `PLACE` names.

`tests/conftest.py` registers it, in the process that was asked alone: a run inside a test is no part of the tally.
"""

from __future__ import annotations

import os
from pathlib import Path

import orjson

PLACE = "PENSTOCK_TEST_TALLY"


class Tally:
    """A plugin of pytest that adds to a file."""

    def __init__(self, place):
        self._place = Path(place).absolute()
        self._place.parent.mkdir(parents=True, exist_ok=True)

    @classmethod
    def asked(cls):
        """Return one if the environment names a file, which nobody who comes later is told."""
        place = os.environ.pop(PLACE, "")
        return cls(place) if place else None

    def pytest_runtest_logreport(self, report):
        if report.when != "call" and not report.failed and not report.skipped:
            return
        reason = str(report.longrepr[2]).removeprefix("Skipped: ") if report.skipped else ""
        told = [report.nodeid, report.when, report.outcome, [list(one) for one in report.user_properties], reason]
        with self._place.open("ab") as file:
            file.write(orjson.dumps(told, default=str) + b"\n")


def read(path):
    """Return {node id: (outcome, {property: count}, reason)} of a file; one that failed anywhere has failed."""
    found = {}
    for line in path.read_bytes().splitlines() if path.exists() else ():
        node, _, outcome, properties, reason = orjson.loads(line)
        counts = {name: count for name, count in properties if isinstance(count, int)}
        before = found.get(node)
        if before is None or before[0] != "failed":
            found[node] = (outcome, counts, reason)
    return found
