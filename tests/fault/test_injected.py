"""F1 and F2: death, EIO and ENOSPC at every durable system call of either side; all of them recovered, nothing twice.

For each point the side's folder is put back to what it was, the story runs until the fault strikes, the side starts
again without faults, and the story ends. A disk that failed ends the process: exit code 74, and no further answer.
"""

from __future__ import annotations

import functools
import random
import shutil
import sys
from collections import Counter

import pytest

from tests.fault import extent
from tests.fault.extent import ALL, drawn
from tests.fault.injection import DURABLE, FAULTS, INJECTED, calls, permitted, points
from tests.fault.roles import DISK
from tests.fault.sides import SIDES, fresh, played

DRAWN = 3
OFTEN, OFTEN_DRAWN = "pwrite64", 330  # there are some 1,400 points of it
KILLED = -9

pytestmark = pytest.mark.faults


@functools.cache
def counted(name, folder):
    """The points of a role: what a whole story without faults calls."""
    side = SIDES[name]()
    side.prepare()
    shutil.copytree(folder / "fresh", folder / "counted")
    log = folder / "calls"
    assert played(side, folder / "counted", trace=",".join(DURABLE), log=log) is None
    return points(calls(log))


@pytest.fixture(scope="module")
def stages(tmp_path_factory, absent):
    """Role → folder with a fresh store in it, as every attempt begins."""
    if not permitted():
        absent("nobody may trace a process here, so F1 to F3 cannot run")
    made = {}
    for name in SIDES:
        made[name] = tmp_path_factory.mktemp(name)
        fresh(name, made[name] / "fresh")
    return made


def survive(name, folder, fault, call, number):
    """Strike once, recover, and end right; return whether the fault struck."""
    side, data, log = SIDES[name](), folder / "data", folder / "log"
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(folder / "fresh", data)
    side.prepare()
    code = played(side, data, inject=f"{call}:{FAULTS[fault]}:when={number}", log=log)
    struck = code == KILLED if fault == "kill" else INJECTED in log.read_text(errors="replace")
    if code is None:
        return struck
    assert code == (KILLED if fault == "kill" else DISK)
    assert played(side, data) is None, "it does not recover by itself"
    return struck


def chosen(of_role):
    """Every point of a rare system call, and of the most frequent one as many as there is time for."""
    if not ALL:
        return drawn(of_role, DRAWN)
    often = [point for point in of_role if point[1] == OFTEN]
    return [*(point for point in of_role if point[1] != OFTEN), *random.Random(extent.SEED).sample(often, OFTEN_DRAWN)]


@pytest.mark.parametrize("name", SIDES)
def test_every_point_is_survived(stages, name, record_property):
    tried = Counter()
    of_role = counted(name, stages[name])
    for fault, call, number in chosen(of_role):
        sys.stdout.write(f"PENSTOCK_TEST_SEED={extent.SEED}: {name} {fault} {call} {number}\n")
        tried[fault, call] += survive(name, stages[name], fault, call, number)
    sys.stdout.write(f"{name}: {dict(tried)}\n")
    assert not ALL or tried.total() >= extent.LEAST_OF_ROLE
    assert tried.total()
    record_property(extent.CALLS, tried.total())
