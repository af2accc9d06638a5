"""A split view, seen by a witness of a live participant: refused, kept, and the log frozen on chain for good."""

from __future__ import annotations

import asyncio
import hashlib
import json

import pytest
import pytest_asyncio

from connector.identity import readers
from connector.runtime.clock import Clock
from connector.runtime.errors import PenstockError
from ledger.dispute import fork_proof
from ledger.log import checkpoint as checkpoints
from ledger.log import cosignature
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint
from ledger.log.cosignature import WitnessKeys
from ledger.log.witness import Request
from tests.api.space import Space

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXT = {"Content-Type": "text/plain; charset=utf-8"}
PATIENCE_SECONDS = 30
OTHER = hashlib.sha256(b"another history").digest()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trio(tmp_path_factory):
    """Three processes; nobody else needs their logs."""
    made = Space(tmp_path_factory.mktemp("trio"), Clock().now)
    made.prepare(("exchange", "regulator", "provider"))
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def ended(space, key):
    """Wait for a transaction of the exchange and return how it ended."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            rows = [row for row in space.rows("exchange", "chain_txs") if row["id"] == key]
            if rows and rows[0]["state"] in {"mined", "reverted"}:
                return rows[0]["state"]
            await asyncio.sleep(0.1)


async def test_a_split_view_is_refused_kept_and_reported_on_chain(trio, say):
    anchored = await trio.doors["provider"].call("POST", "log/anchor", {})
    origin, size = anchored["origin"], int(anchored["size"])
    held, url = trio.keys("provider"), trio.url("exchange") + "/witness/add-checkpoint"
    other, domain = Checkpoint(origin, size, OTHER), trio.deployment.domain("anchors")
    name = origin.partition("/")[0] + "/witness"
    keys = WitnessKeys(name, held.log, held.agreement)
    bare = checkpoints.sign(other, held.log)
    now = int(Clock().now().timestamp())

    assert (await say("POST", url, Request(size, (), bare).encode(), TEXT)).status == 409
    assert not [row for row in trio.rows("exchange", "chain_txs") if row["id"].startswith("fork:")]
    kept = [row for row in trio.rows("exchange", "facts") if row["name"] == f"fork/{origin}"]
    assert json.loads(kept[0]["value"])["offered"] == bare.encode()

    [shown] = (await trio.doors["exchange"].call("GET", "log/forks"))["forks"]
    found = fork_proof.judge(shown, notes.log_vkey(origin, held.log_public))
    assert (found.old.size, found.new.size) == (size, size)
    reader = readers.header(trio.keys("regulator").log, trio.did("regulator"), trio.did("exchange"), trio.now())
    told = json.loads((await say("GET", trio.url("exchange") + "/log/peers", headers=reader)).body)
    assert [row["fork"] for row in told if "fork" in row] == [shown]

    signed = bare.sign_with(cosignature.cosign_head(other, keys, now, domain))
    assert (await say("POST", url, Request(size, (), signed).encode(), TEXT)).status == 409
    assert await ended(trio, f"fork:{origin}") == "mined"
    with pytest.raises(PenstockError, match="forked"):
        await trio.doors["provider"].call("POST", "log/anchor", {})


async def test_a_witness_signs_for_the_chain_only_what_its_owner_signed_for_it(trio, say):
    held, host = trio.keys("regulator"), trio.url("regulator").partition("://")[2]
    url, first = trio.url("provider") + "/witness/add-checkpoint", Checkpoint(f"{host}/log", 1, OTHER)
    bare = checkpoints.sign(first, held.log)
    said = await say("POST", url, Request(0, (), bare).encode(), TEXT)
    assert (said.status, said.body.decode().count("—")) == (200, 2)
    keys = WitnessKeys(f"{host}/witness", held.log, held.agreement)
    domain, now = trio.deployment.domain("anchors"), int(Clock().now().timestamp())
    owned = bare.sign_with(cosignature.cosign_head(first, keys, now, domain))
    said = await say("POST", url, Request(1, (), owned).encode(), TEXT)
    assert (said.status, said.body.decode().count("—")) == (200, 3)
