"""What a machine gives an audit is there while it runs and gone afterwards, and whoever waits is told."""

from __future__ import annotations

import os
import signal
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
