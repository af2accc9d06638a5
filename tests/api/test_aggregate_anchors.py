"""A space whose heads are anchored by one BLS signature of all their witnesses, on a chain founded for it."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from connector.chain.aggregating import Aggregating
from connector.client.server import Server
from connector.runtime.clock import Clock
from ledger.chain.client import Chain
from ledger.chain.programs import Programs
from ledger.embedded.chain import EmbeddedChain
from ledger.embedded.rules import PARIS, PARIS_BLS
from ledger.log.checkpoint import origin_id
from tests.api.space import Space

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATIENCE_SECONDS = 60
SETTINGS = {"PENSTOCK_CHAIN_FOUND_WITH_BLS": "true", "PENSTOCK_CHAIN_AGGREGATE_SIGNERS": "2"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trio(tmp_path_factory):
    """Three processes; the provider's log is witnessed by the two others."""
    made = Space(tmp_path_factory.mktemp("circle"), Clock().now, SETTINGS)
    made.prepare(("exchange", "regulator", "provider"))
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def proven(space):
    """Wait until both witnesses have proven their keys to the chain."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            rows = [row for role in ("exchange", "regulator") for row in space.rows(role, "chain_txs")]
            if len([row for row in rows if row["id"].startswith("prove-key:") and row["state"] == "mined"]) == 2:
                return
            await asyncio.sleep(0.2)


async def test_a_head_is_anchored_by_one_signature_once_all_keys_are_proven(trio):
    anchor = trio.doors["provider"]
    # asked for a share for the first time, a witness proves its key: perhaps it is mined before we look
    assert (await anchor.call("POST", "log/anchor", {}))["dropped"] == []
    await proven(trio)
    second = await anchor.call("POST", "log/anchor", {})
    assert (second["signed"], second["dropped"]) == ("bls", [])
    chain = Chain.connect(trio.url("exchange") + "/rpc")
    programs = Programs(chain, trio.deployment)
    try:
        origin = origin_id(second["origin"])
        head = await programs.head(origin)
        assert (head.size, head.root.hex()) == (int(second["size"]), second["root"])
        assert len(await programs.events("anchors", "KeysBrought", origin=origin)) == 1
        assert len(await programs.events("anchors", "Anchored", origin=origin)) == 2
    finally:
        await chain.close()


@pytest.mark.parametrize("role", ["exchange", "regulator"])
async def test_a_witness_with_a_new_key_is_counted_again_once_it_is_proven(trio, role):
    done = await trio.doors[role].call("POST", "log/rekey", {"why": "a drill"})
    anchor, told = trio.doors["provider"], None
    async with asyncio.timeout(PATIENCE_SECONDS):
        while told is None or told["signed"] != "bls":
            told = await anchor.call("POST", "log/anchor", {})
            assert told["dropped"] == []
    mined = [row["id"] for row in trio.rows(role, "chain_txs") if row["state"] == "mined"]
    assert f"prove-key:{done['key']}" in mined
    assert any(one.startswith("change-keys:") for one in mined) is (role != "exchange")


async def test_a_false_share_is_dropped_and_named(trio):
    """The regulator signs with another seed than that of the key it published; its other signatures stand."""
    person = trio.people["regulator"]
    await person.stop()
    seed = person.data / "keys" / "aggregate.key"
    seed.write_text(seed.read_text().strip()[::-1] + "\n")
    await person.start(trio.environment)
    trio.doors["regulator"] = Server(person.data, trio.outbound)
    told = await trio.doors["provider"].call("POST", "log/anchor", {})
    assert (told["signed"], told["dropped"]) == ("ecdsa", [trio.did("regulator")])


async def test_a_chain_without_the_curve_is_not_asked_for_aggregates(tmp_path):
    for rules, able in ((PARIS, False), (PARIS_BLS, True)):
        embedded = await EmbeddedChain.open(tmp_path / f"{rules}.sqlite", Clock().now, rules)
        programs = Programs(Chain.local(embedded), None)
        aggregating = Aggregating(2, None, lambda programs=programs: programs)
        assert await aggregating.wanted(["one", "two"]) is able
        assert not await aggregating.wanted(["one"])
        await embedded.close()
