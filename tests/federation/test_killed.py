"""An exchange killed again and again while it harvests: it goes on where it was, and takes nothing away meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import aiohttp

from connector.demo.processes import SERVE, Participant, free_ports
from connector.operation.initialise import initialise
from connector.runtime.data_folder import DATABASE
from tests.federation.exchanges import exchange, product, put

PRODUCTS = 700
KILLS = 3
SECONDS = 120


def kept(data):
    """Return how many products a source counts, and its state, from the file of a dead server; all counts agree."""
    with closing(sqlite3.connect(data / DATABASE)) as database:
        sightings = database.execute("SELECT count(*) FROM harvested").fetchone()[0]
        found = database.execute("SELECT count(*) FROM federated WHERE state = 'found'").fetchone()[0]
        products, state = database.execute("SELECT products, state FROM sources").fetchone()
    assert sightings == found == products
    return products, state


async def test_killed_while_it_reads_it_goes_on_and_loses_nothing(tmp_path):
    data, port = tmp_path / "near", free_ports(1)[0]
    initialise(data, name="Near", roles=("exchange",), region="US-NY", port=port, exchange=None, development=True)
    near = Participant(data, SERVE)
    url = f"http://localhost:{port}/management/"
    token = (data / "management.token").read_text().strip()
    async with exchange(tmp_path / "far") as far, aiohttp.ClientSession() as session:
        await put(far, *(product(f"p{number:03}") for number in range(PRODUCTS)))

        async def ask(method, path, body=None):
            headers = {"Authorization": "Bearer " + token}
            async with session.request(method, url + path, json=body, headers=headers) as answer:
                assert answer.status < 300
                return await answer.json()

        async def reached(count):
            while (row := (await ask("GET", "sources/far")))["products"] < count and row["state"] != "fresh":
                await asyncio.sleep(0.005)
            return row

        try:
            async with asyncio.timeout(SECONDS):
                await near.start()
                await ask("POST", "sources", {"name": "far", "kind": "exchange", "address": far.url})
                before = 0
                for turn in range(1, KILLS + 1):
                    await reached(turn * PRODUCTS // (KILLS + 2))
                    await near.kill()
                    products, _ = kept(data)
                    assert products >= before
                    before = products
                    await near.start()
                row = await reached(PRODUCTS + 1)
                assert (row["state"], row["products"], row["left"]) == ("fresh", PRODUCTS, 0)
                # no question waits for what a reading brought
                while (await ask("GET", "find?where=source%3Dfar"))["found"] != PRODUCTS:
                    await asyncio.sleep(0.05)
        finally:
            await near.stop()
        assert kept(data) == (PRODUCTS, "fresh")
