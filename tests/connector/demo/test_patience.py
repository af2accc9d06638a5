"""A process is waited for as long as it gets on; one that does nothing is given up, in words."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from connector.demo import patience
from connector.demo.patience import Patience, worked
from connector.runtime.errors import ServerAbsent, explain_failure

BUSY = "while True: pass"
STILL = "import time; time.sleep(600)"
BY_A_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}])"


@pytest.fixture
def quick(monkeypatch):
    """The same patience, in a fraction of the time."""
    monkeypatch.setattr(patience, "STILL_SECONDS_MAX", 0.6)
    monkeypatch.setattr(patience, "WORKED_SECONDS_MIN", 0.12)
    monkeypatch.setattr(patience, "MEASURE_SECONDS", 0.05)


@pytest.fixture
def started():
    processes = []

    def start(code):
        processes.append(subprocess.Popen([sys.executable, "-c", code], start_new_session=True))  # ours
        return processes[-1].pid

    yield start
    for process in processes:
        for child in patience.children(process.pid):
            subprocess.run(["kill", "-9", str(child)], check=False)  # started above
        process.kill()
        process.wait()


async def test_who_does_nothing_is_given_up_in_words(quick, started):
    still = started(STILL)
    with pytest.raises(ServerAbsent, match="the start of it did not end") as told:
        await Patience(lambda: [still]).until(lambda: False, "the start of it", lambda: "what it said last")
    failure = explain_failure(told.value)
    assert failure.exit_code == 7
    assert "what it said last" in failure.text
    assert failure.hint


@pytest.mark.parametrize("code", [BUSY, BY_A_CHILD])
async def test_who_gets_on_is_waited_for(quick, started, code):
    busy, still = started(code), started(STILL)
    loop = asyncio.get_running_loop()
    until = loop.time() + 3 * patience.STILL_SECONDS_MAX
    await Patience(lambda: [still, busy]).until(lambda: loop.time() > until, "it", lambda: "")
    assert worked(busy) > patience.WORKED_SECONDS_MIN


async def test_nobody_is_waited_for_for_ever(quick, started, monkeypatch):
    monkeypatch.setattr(patience, "WAIT_SECONDS_MAX", 0.8)
    busy = started(BUSY)
    with pytest.raises(ServerAbsent):
        await Patience(lambda: [busy]).until(lambda: False, "it", lambda: "")


async def test_a_process_that_ended_counts_no_more(quick, started):
    busy, gone = started(BUSY), 2**22 + 1
    assert worked(gone) == 0
    assert Patience(lambda: [busy, gone]).is_over() is False
