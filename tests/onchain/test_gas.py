"""docs/gas.json, of which a table of docs/programs.md is made, is what the programs cost now."""

from __future__ import annotations

import asyncio
import json

from ledger import head_aggregate

from .gas import RECORDED, aggregated, measured

# zero bytes in random digests and signatures
TOLERANCE = 0.01
ANEW = "write them anew with `python -m tests.onchain.gas`"
AGGREGATED = ("prove", "bring", "anchor a head, one aggregate", "signers from")


def assert_recorded(now):
    recorded = json.loads(RECORDED.read_text("utf-8"))
    assert now.keys() <= recorded.keys(), ANEW
    dearer = {name: (recorded[name], gas) for name, gas in now.items() if abs(gas / recorded[name] - 1) > TOLERANCE}
    assert not dearer, ANEW


async def test_acts_cost_what_is_recorded():
    now = await measured()
    assert_recorded(now)
    others = json.loads(RECORDED.read_text("utf-8")).keys() - now.keys()
    assert all(name.startswith(AGGREGATED) or name.endswith("signatures") for name in others), ANEW


async def test_aggregates_cost_what_is_recorded(anvil_stage, node_of):
    node, _ = await asyncio.to_thread(node_of, "anvil")
    turn = {"signers from which one aggregate costs less": head_aggregate.AGGREGATE_FROM_SIGNERS}
    assert_recorded(await aggregated(anvil_stage, node.endow, (3,)) | turn)
