"""The process for long work: it is another one, gives way, is begun again when it was killed, and ends with us."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from connector.runtime.errors import PeerMisbehaved
from connector.runtime.worker import NICENESS, Worker

ROOT = Path(__file__).parents[2]
SECONDS = 20
NICEST = 19  # as nice as a process can be


@pytest.fixture
def worker():
    made = Worker()
    yield made
    made.close()


def who():
    return os.getpid(), os.nice(0)


def refuse(text):
    raise PeerMisbehaved(text, "a hint")


def die_once(mark):
    """Be killed in the middle of it, the first time."""
    if not mark.exists():
        mark.write_text("begun")
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


async def test_it_is_another_process_that_gives_way_and_stays(worker):
    first, second = await worker.do(who), await worker.do(who)
    assert first == second
    assert first[0] != os.getpid()
    assert first[1] == min(os.nice(0) + NICENESS, NICEST)


async def test_what_the_work_raises_is_raised(worker):
    with pytest.raises(PeerMisbehaved, match="what the peer did") as told:
        await worker.do(refuse, "what the peer did")
    assert told.value.hint == "a hint"


async def test_work_in_which_it_was_killed_is_done_again(worker, tmp_path):
    before = await worker.do(os.getpid)
    after, beside = await asyncio.gather(worker.do(die_once, tmp_path / "mark"), worker.do(os.getpid))
    assert before != after == beside


def test_it_ends_with_who_began_it_however_that_ends():
    code = (
        "import asyncio, os, signal\nfrom connector.runtime.worker import Worker\n"
        "async def main():\n"
        "    print(await Worker().do(os.getpid), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "if __name__ == '__main__':\n"
        "    asyncio.run(main())\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT, timeout=SECONDS, check=False)
    assert ran.returncode == -signal.SIGKILL
    last = time.monotonic() + SECONDS
    while Path(f"/proc/{int(ran.stdout)}").exists():
        assert time.monotonic() < last, "it lives on"
        time.sleep(0.02)
