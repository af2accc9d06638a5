"""The closing line of the suites with a target of their own: `N passed, M failed`."""

from __future__ import annotations

import sys
from collections import Counter

_told = Counter()


def pytest_runtest_logreport(report):
    if report.failed:
        _told["failed"] += 1
    elif report.when == "call" and report.passed:
        _told["passed"] += 1


def pytest_unconfigure():
    sys.stdout.write(f"{_told['passed']} passed, {_told['failed']} failed\n")
