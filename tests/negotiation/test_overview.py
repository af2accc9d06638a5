"""Pages of processes: what moved last first, each once, and by an index however many there are."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.negotiation import overview
from connector.negotiation.overview import NOBODYS, OURS, PEERS, Wanted
from tests.negotiation.test_operating import transfer_started

COPIES = 40
PROCESSES = {"negotiations": "FINALIZED", "transfers": "STARTED"}
WANTED = [
    Wanted(),
    Wanted(kind="negotiation", state="FINALIZED"),
    *(Wanted(turn=turn) for turn in (OURS, PEERS, NOBODYS)),
    Wanted(state="STARTED", turn=OURS),
]


@pytest.fixture
async def crowded(pair):
    """Return a provider's operating, with copies of one negotiation and one transfer, some of one moment."""
    provider, buyer = pair
    pids = await transfer_started(provider, buyer)
    tables = {table: await provider.until(table, {state}) for table, state in PROCESSES.items()}
    assert tables["transfers"]["id"] == pids[0]

    def act(tx):
        for process in provider.engine.operating._processes.values():
            row = tx.find(process.rows)[0]
            for number in range(COPIES):
                ids = {"id": f"{row.id}-{number:03}", "peer_pid": f"p-{number}"}
                moved = row.updated - timedelta(seconds=number // 3)
                tx.insert(replace(row, **ids, updated=moved, turn="" if number % 2 else "provider"))

    await provider.store.write(act)
    return provider.engine.operating


@pytest.mark.parametrize("wanted", WANTED, ids=repr)
async def test_pages_show_each_process_once_and_what_moved_last_first(crowded, wanted):
    whole = (await crowded.page(replace(wanted, rows=100)))["processes"]
    assert whole or wanted.turn == PEERS
    seen, after = [], ""
    while after is not None:
        page = await crowded.page(replace(wanted, rows=7, after=after))
        seen += page["processes"]
        after = page["next"]
    assert seen == whole
    keys = [(one["updated"], one["id"]) for one in whole]
    assert keys == sorted(keys, reverse=True)
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("wanted", [*WANTED, Wanted(after="1700000000000000-some", turn=NOBODYS)], ids=repr)
async def test_a_page_is_found_by_an_index(pair, wanted):
    provider, _ = pair
    sql, values = overview.statement(list(provider.engine.operating._processes.values()), wanted)
    with closing(sqlite3.connect(provider.path)) as database:
        plan = [line[3] for line in database.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
    read = [line for line in plan if " negotiations" in line or " transfers" in line]
    assert len(read) == len(PROCESSES)
    assert all("updated_id" in line for line in read), plan
