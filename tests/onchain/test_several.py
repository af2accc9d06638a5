"""Two nodes of one chain: one stands in for the other, and neither is believed against the other (F20)."""

from __future__ import annotations

import sqlite3
from contextlib import AsyncExitStack, closing

import pytest

from ledger.chain import acts
from ledger.chain.client import Chain
from ledger.chain.errors import ChainUnreachable
from ledger.chain.programs import Programs
from ledger.chain.several import SETTLED_BLOCKS
from ledger.embedded.chain import EmbeddedChain

from .road import road_to
from .stage import Clock


@pytest.fixture
async def two(embedded_stage, tmp_path):
    """The stage by two roads: (stage whose chain is both, the first road, the second, its own chain)."""
    async with AsyncExitStack() as stack:
        embedded = embedded_stage.chain._transport._embedded
        roads = [await stack.enter_async_context(road_to(embedded)) for _ in range(2)]
        chain = Chain.connect(",".join(road.url for road in roads))
        programs = Programs(chain, embedded_stage.deployment)
        yield embedded_stage, programs, *roads
        await chain.close()


async def parted(stage, path):
    """Another copy of the chain, as it is now, that goes its own way."""
    embedded = stage.chain._transport._embedded

    def keep():
        with closing(sqlite3.connect(path)) as copy:
            embedded._engine.store.connection.backup(copy)

    await embedded._on_worker(keep)
    return await EmbeddedChain.open(path, Clock())


def minting(stage, amount=1):
    return acts.mint(stage.deployment, stage.account("buyer"), amount)


async def test_where_one_does_not_answer_the_other_does(two):
    stage, programs, first, second = two
    for road in (first, second):
        road.moods = ["502"] * 40
        await programs.chain.confirm_id(stage.deployment.chain_id)
        await programs.perform(minting(stage), stage.key("issuer"))
        road.moods = []
    assert await programs.balance(stage.account("buyer")) == 2
    first.moods, second.moods = ["502"], ["502"]
    with pytest.raises(ChainUnreachable, match="; "):
        await programs.chain.newest()


async def test_nodes_that_differ_deep_down_are_not_believed_and_about_the_newest_are(two, tmp_path):
    stage, programs, _, second = two
    other = second._embedded = await parted(stage, tmp_path / "other.sqlite")
    theirs = Programs(Chain.local(other), stage.deployment)
    for _ in range(SETTLED_BLOCKS - 1):
        await stage.do(minting(stage, 5), "issuer")
        await theirs.perform(minting(stage, 7), stage.key("issuer"))
    await programs.chain.confirm_id(stage.deployment.chain_id)
    for _ in range(3):
        await stage.do(minting(stage, 5), "issuer")
        await theirs.perform(minting(stage, 7), stage.key("issuer"))
    with pytest.raises(ChainUnreachable, match="differ about block"):
        await programs.chain.confirm_id(stage.deployment.chain_id)
    await other.close()


async def test_a_node_behind_is_no_other_history(two, tmp_path):
    stage, programs, _, second = two
    other = second._embedded = await parted(stage, tmp_path / "behind.sqlite")
    for _ in range(2 * SETTLED_BLOCKS):
        await stage.do(minting(stage), "issuer")
    await programs.chain.confirm_id(stage.deployment.chain_id)
    await other.close()
