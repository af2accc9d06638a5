"""F6: a wire that harms what passes, between real peers: sealed bytes, and the messages about their keys.

Each transfer has 64 pieces. A harmed piece is found at that piece, what came before it is never fetched again, and the
replica ends bit for bit as it was sealed. Each story of messages ends with equal books and every key paid once.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, web

from connector.channel.errors import ChannelFault
from connector.consumer.carrier import Carrier
from connector.consumer.roads import FAULTS, Road, Roads
from connector.custody.blobs import Blobs
from connector.custody.intake import Intake
from connector.custody.places import sectors
from connector.custody.seal import Brief, seal
from connector.custody.sealed_file import SealedFile
from connector.custody.secrets import Keys
from connector.custody.slabs import Memory, Pool
from connector.custody.sources import source_of
from connector.net import lane
from connector.net.outbound import Outbound
from tests.channel.rig import Database, secret_of
from tests.fault.extent import ALL, SEED, STORIES, TRANSFERS
from tests.fault.roles import ROWS, buy, pair_on, respond
from tests.fault.wire import Wire

PIECE, PIECES = 64 * 1024, 64
COUNT, TALES = (1_000, 300) if ALL else (20, 4)
HARMS_MOST, ATTEMPTS_MOST, SLABS = 3, 12, 16
PATIENCE_SECONDS, STALL_SECONDS = 20, 0.4
MESSAGE_REACH = 6_000
NOW = datetime(2026, 3, 2, tzinfo=UTC)

pytestmark = pytest.mark.faults


@asynccontextmanager
async def served(*routes):
    """Serve routes behind a wire."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    wire = await Wire(runner.addresses[0][1]).start()
    try:
        yield wire
    finally:
        await wire.stop()
        await runner.cleanup()


# ---- sealed bytes


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    """An edition of 64 pieces, and the bytes of its pieces."""
    folder = tmp_path_factory.mktemp("sealed")
    (folder / "source.bin").write_bytes(os.urandom(PIECE * (PIECES - 1)))  # the index is a piece, too
    keys, blobs = Keys(folder / "keys"), Blobs(folder / "blobs")
    told = Brief(b"\x05" * 32, 1, "did:web:provider.example", piece_bytes=PIECE)
    made = seal(source_of([folder / "source.bin"]), keys.draw_run(), blobs, told, sealed_at=NOW)
    assert len(made.table) == PIECES
    with SealedFile(made.path, made.table) as file:
        return made.table, list(file.read_pieces(0, PIECES)), made.path.read_bytes()


async def attempt(outbound, table, road, intake):
    """Carry what is missing, once; return how many pieces came in, and what ended it."""
    roads, fault = Roads([road]), None
    made = Carrier(table, Pool(Memory(), sectors(table.longest_sealed), SLABS, SLABS), roads, intake, keeps=False)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await made.start(outbound, intake.missing)
            await made.all_here()
    except FAULTS as error:
        fault = error
    finally:
        await made.close()
    return sum(roads.drawn.values()), fault


async def test_a_harmed_piece_is_found_and_only_it_comes_again(sealed, tmp_path, monkeypatch, record_property):
    monkeypatch.setattr(lane, "STALL_SECONDS_MAX", STALL_SECONDS)  # bytes that are left out are waited for
    table, pieces, whole = sealed
    asked, harmed, path = [], Counter(), tmp_path / "replica.sealed"

    async def answer(request):
        first, count = int(request.query["first"]), int(request.query["count"])
        asked.append((first, count))
        return web.Response(body=b"".join(pieces[first : first + count]))

    async with served(web.get("/e/pieces", answer)) as wire, Outbound(development=True) as outbound:
        road = Road(f"http://127.0.0.1:{wire.port}/e", "Ticket x")
        for seed in range(SEED, SEED + COUNT):
            path.unlink(missing_ok=True)
            intake, came = Intake(path, table), 0
            wire.harm(random.Random(seed), HARMS_MOST, reach=PIECES * PIECE // 2)
            for _ in range(ATTEMPTS_MOST):
                brought, _ = await attempt(outbound, table, road, intake)
                came += brought
                if intake.complete:
                    break
            intake.sync()
            intake.close()
            assert came == PIECES, f"seed {seed}: every piece counts once, {came} came"
            assert path.read_bytes() == whole, f"seed {seed}"
        harmed.update(wire.harmed)
    sys.stdout.write(f"{dict(harmed)}, {len(asked)} requests for {COUNT} transfers\n")
    assert harmed.total() >= COUNT
    record_property(TRANSFERS, COUNT)


# ---- messages


class Story:
    """A provider that answers over HTTP, and the buyer's words to it through the wire."""

    def __init__(self):
        self.provider, self.buyer = pair_on("payee", Database(), fresh=True), pair_on("payee", Database(), fresh=True)

    async def answer(self, request):
        told = respond(self.provider, request.match_info["what"], json.loads(await request.read()))
        return web.json_response(told, status=409 if set(told) == {"code"} else 200)


async def test_books_are_equal_whatever_a_wire_does_to_the_messages(record_property):
    harmed, refused, loop = Counter(), Counter(), asyncio.get_running_loop()
    current = []

    async def answer(request):
        return await current[-1].answer(request)

    one_each = {"connector": TCPConnector(force_close=True), "timeout": ClientTimeout(0.5)}
    async with served(web.post("/{what}", answer)) as wire, ClientSession(**one_each) as session:
        url = f"http://127.0.0.1:{wire.port}/"

        async def say(what, body):
            async with session.post(url + what, json=body) as told:
                return await told.json()

        def ask(what, body):
            return asyncio.run_coroutine_threadsafe(say(what, body), loop).result()

        for seed in range(SEED, SEED + TALES):
            story = Story()
            current.append(story)
            wire.harm(random.Random(seed), HARMS_MOST, reach=MESSAGE_REACH)
            for _ in range(ATTEMPTS_MOST):
                try:
                    await asyncio.to_thread(buy, story.buyer, ask)
                    break
                except (ChannelFault, ClientError, OSError, ValueError, TimeoutError) as error:
                    refused[type(error).__name__] += 1
            right(story, seed)
        harmed.update(wire.harmed)
    sys.stdout.write(f"{dict(harmed)}, ended by {dict(refused)}\n")
    assert harmed.total() >= TALES // 2
    record_property(STORIES, TALES)


def right(story, seed):
    """Equal books, everything paid once, every key the right one."""
    buyer, provider = story.buyer, story.provider
    assert buyer.paid("payer") == provider.paid("payee"), f"seed {seed}"
    assert buyer.paid("payer")[0] == [[0, ROWS]], f"seed {seed}"
    assert buyer.account("payer").cumulative == provider.account("payee").cumulative, f"seed {seed}"
    assert buyer.keyring.kept == {row: secret_of(row) for row in range(ROWS)}, f"seed {seed}"
