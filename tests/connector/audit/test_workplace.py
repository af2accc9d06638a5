"""What a machine gives an audit is there while it runs and gone afterwards, and whoever waits is told."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from connector.regulator.workplace import workplace
from contracts.tariff import Tariff
from ledger.audit.audit import run
from ledger.audit.workplace import ALONE_ENTRIES_MAX
from tests.every import every
from tests.ledger.audit.diary import SUPERVISOR
from tests.ledger.audit.world import Given, World

BYTE = Tariff("byte", 7, 1000, "CNY")


async def test_an_audit_in_a_folder_says_how_far_it_is_and_leaves_nothing():
    said = []
    with workplace(said.append, 0) as place:
        report = await run(Given(World()), SUPERVISOR, place)
        assert Path(place.place).stat().st_size
    assert report.clean
    assert said[-1].startswith(f"{report.events:,} of {report.events:,} events read: ")
    assert not Path(place.place).parent.exists()


@every("killed", [False, True])
async def test_a_large_space_is_audited_by_processes_and_by_itself_when_they_are_killed(killed):
    world = World()
    world.sign(3, BYTE, "kept", 0, {"permission": [{"action": "use"}]}, columns={"price": 1, "day": 2})
    world.sign(4, BYTE, "kept", 0, {"permission": [{"action": "use"}]}, facts={"language": ("en", "zh")})
    with workplace(print) as place:
        place.expect(ALONE_ENTRIES_MAX)
        helper = await place.run(os.getpid)
        assert helper == os.getpid(), "so few entries are nobody else's work"
        place.expect(1)
        helper = await place.run(os.getpid)
        assert helper != os.getpid()
        if killed:
            os.kill(helper, signal.SIGKILL)
        report = await run(Given(world), SUPERVISOR, place)
        assert (place.hands is None) == killed
    assert report.json() == (await world.audit()).json()


async def test_a_process_that_was_begun_as_another_was_killed_holds_nobody_up():
    """The pool ends those that it knows of; this one comes too late for it, and would wait for work without an end."""

    def leave():
        with workplace(print) as place:
            pool = place.hands
            first = pool.submit(os.getpid).result()
            late = pool._mp_context.Process(target=time.sleep, args=(120,))
            late.start()
            ended, begun = type(pool._executor_manager_thread).terminate_broken, threading.Event()

            def broken(manager, cause):
                begun.set()
                ended_for = manager.join_executor_internals
                manager.join_executor_internals = lambda: [manager.processes.update({late.pid: late}), ended_for()]
                ended(manager, cause)

            pool._executor_manager_thread.terminate_broken = partial(broken, pool._executor_manager_thread)
            os.kill(first, signal.SIGKILL)
            # a pool that is closed before it sees the death waits for nobody but its own
            assert begun.wait(30)
            place.hands = None
        return late.exitcode

    async with asyncio.timeout(60):
        assert await asyncio.to_thread(leave) == -signal.SIGKILL


async def test_nothing_is_left_of_an_audit_that_fails():
    with pytest.raises(OSError, match="no room"), workplace(print) as place:
        Path(place.place).write_bytes(b"rows")
        raise OSError("no room")
    assert not Path(place.place).parent.exists()


async def test_an_audit_that_is_soon_done_says_nothing():
    said = []
    with workplace(said.append) as place:
        await run(Given(World()), SUPERVISOR, place)
    assert said == []
