"""The closing lines of `make test-faults`: how many cases of each figure were executed, and how many tests failed.

A run of the whole folder that has seen fewer cases than `FIGURES` asks for fails, so an empty run cannot pass.
"""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from connector.store.sqlite import SqliteFile
from tests import new_store
from tests.fault.extent import ALL, FIGURES, SEED

FOLDER = "tests/fault"
_outcomes = Counter()
_passed, _tried = Counter(), Counter()


@pytest.fixture(scope="module", autouse=True)
def made_as_ever():
    """Whatever of a new file is written may be lost here."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SqliteFile, "prepare", new_store.AS_EVER)
        yield


def pytest_runtest_logreport(report):
    if report.when == "call" or report.failed:
        _outcomes["passed" if report.passed else "failed"] += 1
        counts = {name: count for name, count in report.user_properties if name in FIGURES}
        _tried.update(counts)
        if report.passed:
            _passed.update(counts)


def short(config):
    """The figures of which a run of the whole folder has seen too few."""
    whole = ALL and [argument.rstrip("/") for argument in config.args] == [FOLDER] and not config.option.keyword
    return [name for name, least in FIGURES.items() if _passed[name] < least] if whole else []


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if short(session.config) and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config):
    if not ALL or hasattr(config, "workerinput"):
        return
    for name, least in FIGURES.items():
        sys.stdout.write(f"{_passed[name]} of {_tried[name]} {name} survived, at least {least} must be\n")
    few = short(config)
    sys.stdout.write(f"PENSTOCK_TEST_SEED={SEED} repeats what was drawn\n")
    sys.stdout.write(f"{_outcomes['passed']} passed, {_outcomes['failed'] + len(few)} failed\n")
