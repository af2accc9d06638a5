"""What a machine gives an audit is there while it runs and gone afterwards, and whoever waits is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.regulator.workplace import workplace
from ledger.audit.audit import run
from tests.ledger.audit.diary import SUPERVISOR
from tests.ledger.audit.world import Given, World


async def test_an_audit_in_a_folder_says_how_far_it_is_and_leaves_nothing():
    said = []
    with workplace(said.append, 0) as place:
        report = await run(Given(World()), SUPERVISOR, place)
        assert Path(place.place).stat().st_size
    assert report.clean
    assert said[-1].startswith(f"{report.events:,} of {report.events:,} events read: ")
    assert not Path(place.place).parent.exists()


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
