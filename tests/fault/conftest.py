"""The closing line of `make test-faults`: fault points survived and lost, so that an empty run cannot pass unseen."""

from __future__ import annotations

import os
import sys

from tests.fault.points import POINTS

_outcomes = {"passed": 0, "failed": 0}
_points = {"passed": 0, "failed": 0}


def pytest_runtest_logreport(report):
    if report.when == "call" or report.failed:
        outcome = "passed" if report.passed else "failed"
        _outcomes[outcome] += 1
        _points[outcome] += dict(report.user_properties).get("points", 0)


def pytest_unconfigure():
    if os.environ.get("PENSTOCK_TEST_FAULTS") == "all":
        sys.stdout.write(f"{_points['passed']} of {_points['passed'] + _points['failed']} fault points survived, ")
        sys.stdout.write(f"{len(POINTS)} are in the table\n")
        sys.stdout.write(f"{_outcomes['passed']} passed, {_outcomes['failed']} failed\n")
