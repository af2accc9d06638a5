"""What a start asks its tables is found by an index: with a long history it is no slower."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from connector.channel import acknowledgement, lapsing
from connector.consumer import acquisition
from connector.licence import continuity, erasing, licensing
from connector.settlement import receivables, returning
from connector.store.store import Store
from connector.store.tables import TABLES

ASKED = {
    "acquisitions that go on": acquisition._UNENDED,
    "licences on their way": licensing._SIGNED,
    "amounts that lapse": lapsing._AT_RISK,
    "channels that need somebody": receivables._LIVE,
    "deposits to come back": returning._PAID_IN,
    "agreements that are over": continuity._LAPSED,
    "the next end of an agreement": continuity._NEXT,
    "what runs": continuity._RUNNING,
    "acknowledgements that are owed": acknowledgement._OWED,
    "replicas of which bytes are left": erasing._LEFT,
    "replicas whose deletion was begun": "SELECT * FROM replicas WHERE state = ?",
    "transactions of late": "SELECT * FROM chain_txs WHERE state = ? AND block >= ?",
    "steps that are ours": "SELECT * FROM negotiations WHERE deadline > ? AND pending = ''",
}


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    place = tmp_path_factory.mktemp("start") / "store.sqlite"

    async def made():
        await (await Store.open(place, TABLES)).close()

    asyncio.run(made())
    connection = sqlite3.connect(place)
    yield lambda asked: [
        row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {asked}", ("",) * asked.count("?")).fetchall()
    ]
    connection.close()


@pytest.mark.parametrize("what", ASKED)
def test_it_is_found_by_an_index(plans, what):
    steps = plans(ASKED[what])
    assert not [one for one in steps if one.startswith("SCAN")], steps


def test_what_lapses_is_looked_for_among_the_channels_that_go_on(plans):
    assert plans(lapsing._AT_RISK)[0].startswith("SEARCH channels USING INDEX idx_channels_state")


def test_what_has_ended_is_not_gone_through_for_what_runs(plans):
    assert "idx_transfers_state" in plans(continuity._RUNNING)[0]
    first, second, *_ = plans(acknowledgement._OWED)
    assert first.startswith("SEARCH channels USING INDEX idx_channels_state"), first
    assert "state=? AND channel=?" in second, second
