"""The closing lines of `make test-ledger`: how many tests each chain passed, what was left out and why, the sum.

A chain that was named and passed nothing, without a reason, is a failure: an empty run cannot pass.
"""

from __future__ import annotations

import re
import sys
from collections import Counter

import pytest

from tests.onchain.nodes import CHAINS

KIND = re.compile(rf"\[(?:.*-)?({'|'.join(CHAINS)})(?:-.*)?\]$")
ANY = "no chain"
_passed, _failed, _skipped = Counter(), Counter(), Counter()


def pytest_runtest_logreport(report):
    found = KIND.search(report.nodeid)
    kind = found[1] if found else ANY
    if report.failed:
        _failed[kind] += 1
    elif report.skipped:
        _skipped[kind, str(report.longrepr[2]).removeprefix("Skipped: ")] += 1
    elif report.when == "call":
        _passed[kind] += 1


def unheard():
    """The chains that were named, passed nothing and gave no reason."""
    explained = {kind for kind, _ in _skipped}
    return [kind for kind in CHAINS if not _passed[kind] and kind not in explained]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if unheard() and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config):
    if hasattr(config, "workerinput"):
        return
    for kind in (*CHAINS, ANY):
        sys.stdout.write(f"{kind}: {_passed[kind]} passed, {_failed[kind]} failed\n")
    for (kind, reason), count in sorted(_skipped.items()):
        sys.stdout.write(f"{kind}: {count} left out: {reason}\n")
    sys.stdout.write(f"{_passed.total()} passed, {_failed.total() + len(unheard())} failed\n")
