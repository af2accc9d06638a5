"""A process that was away for longer than its lease goes on if nobody took over.

Else it ends, and its exit code makes a supervisor start it again.
"""

from __future__ import annotations

import asyncio
import configparser
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector.cli.serve import GIVEN_UP
from connector.demo.processes import Participant, free_ports
from connector.operation.initialise import initialise
from connector.runtime.data_folder import DATABASE
from connector.runtime.fault_table import ROWS
from connector.store.columns import encode_loose
from connector.store.tenure import NAME, RENEW_SECONDS

UNIT = Path(__file__).parents[2] / "docker" / "systemd" / "penstock@.service"


@pytest.fixture
async def lone(tmp_path):
    data = tmp_path / "provider"
    port = free_ports(1)[0]
    initialise(data, name="Lone", roles=("provider",), region="US-NY", port=port, exchange=None, development=True)
    made = Participant(data)
    await made.start()
    yield made
    await made.stop()


def take(data, holder, until):
    """Have somebody else take the work, as after a long absence."""
    with closing(sqlite3.connect(data / DATABASE, timeout=10)) as database, database:
        changed = database.execute("UPDATE leases SET holder = ?, until = ? WHERE name = ?", (holder, until, NAME))
        assert changed.rowcount == 1


def lease(data):
    """Return who works, and until when."""
    with closing(sqlite3.connect(data / DATABASE)) as database:
        [(holder, until)] = database.execute("SELECT holder, until FROM leases WHERE name = ?", (NAME,))
    return holder, until


async def test_who_was_away_too_long_ends_by_itself_and_is_started_again(lone):
    # who waits takes the work as soon as this one has ended
    take(lone.data, "elsewhere/1/x", encode_loose(datetime.now(UTC) + timedelta(seconds=2 * RENEW_SECONDS)))
    async with asyncio.timeout(60):
        await lone.wait()
    assert lone._process.returncode == GIVEN_UP, lone.last_words()
    assert "another may work on its database" in lone.last_words()
    await lone.start()
    assert lone.running


async def test_who_slept_with_its_machine_goes_on(lone):
    """A lid that was closed, a machine that was paused: its lease is long over, and nobody took the work."""
    own, _ = lease(lone.data)
    over = encode_loose(datetime.now(UTC) - timedelta(hours=8))
    take(lone.data, own, over)
    async with asyncio.timeout(60):
        while lease(lone.data)[1] == over:
            await asyncio.sleep(0.1)
    holder, until = lease(lone.data)
    assert (holder, until > encode_loose(datetime.now(UTC))) == (own, True)
    assert lone.running


def test_its_exit_code_is_that_of_a_database_which_another_has_and_the_unit_starts_it_again():
    assert ROWS["connector.store.errors.StoreBusy"].exit_code == GIVEN_UP
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(UNIT)
    assert unit["Service"]["Restart"] == "on-failure"
    assert str(GIVEN_UP) not in unit["Service"]["RestartPreventExitStatus"].split()
