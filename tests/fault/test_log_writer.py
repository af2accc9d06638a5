"""Death, EIO and ENOSPC at every durable system call of a log writer that appends batches.

Whatever strikes, what is on the disk is whole at once: no torn tile, no lost acknowledged entry, no signed head over
bad data. The next writer goes on from there without help. A disk that failed ends the process with exit code 74.
"""

from __future__ import annotations

import random
import shutil
import sys

import pytest

from tests.fault import extent
from tests.fault.extent import ALL
from tests.fault.injection import DURABLE, FAULTS, INJECTED, calls, permitted, points
from tests.fault.log_writer import WHOLE, Writer, fresh
from tests.fault.roles import DISK

DRAWN = 3
KILLED = -9

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def stage(tmp_path_factory, absent):
    """A folder with a log in it, and the points of a whole life."""
    if not permitted():
        absent("nobody may trace a process here, so the log writer cannot be struck")
    folder = tmp_path_factory.mktemp("log")
    begun, log = fresh(folder / "fresh"), folder / "calls"
    shutil.copytree(begun, folder / "counted")
    assert Writer(folder / "counted").live(trace=",".join(DURABLE), log=log) is None
    return begun, points(calls(log))


async def survive(begun, folder, fault, call, number):
    """Strike once, look, go on to the end and look again; return whether the fault struck."""
    data, log = folder / "data", folder / "log"
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(begun, data)
    writer = Writer(data)
    code = writer.live(inject=f"{call}:{FAULTS[fault]}:when={number}", log=log)
    await writer.check()
    if code is not None:
        assert code == (KILLED if fault == "kill" else DISK)
        assert writer.live() is None, "it does not recover by itself"
    assert await writer.check() >= WHOLE
    return code == KILLED if fault == "kill" else INJECTED in log.read_text(errors="replace")


async def test_every_point_of_a_log_writer_is_survived(stage, tmp_path, record_property):
    begun, found = stage
    struck = 0
    for fault, call, number in found if ALL else random.Random(extent.SEED).sample(found, DRAWN):
        sys.stdout.write(f"PENSTOCK_TEST_SEED={extent.SEED}: {fault} {call} {number}\n")
        struck += await survive(begun, tmp_path, fault, call, number)
    sys.stdout.write(f"{struck} of {len(found)} points struck\n")
    assert struck
    record_property(extent.LOGGED, struck)
