"""docs/gas.json, of which a table of docs/programs.md is made, is what the programs cost now."""

from __future__ import annotations

import asyncio
import json

from ledger.log import head_share

from .gas import CIRCLES, RECORDED, aggregated, measured
from .nodes import CHAINS

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
    counts = CIRCLES if "anvil" in CHAINS else CIRCLES[:1]
    assert_recorded(await aggregated(anvil_stage, node.endow, counts))


def test_an_aggregate_is_taken_from_where_it_costs_less():
    recorded = json.loads(RECORDED.read_text("utf-8"))
    dearer = [
        recorded[f"anchor a head, one aggregate of {count}"] - recorded[f"anchor a head, {count} signatures"]
        for count in CIRCLES
    ]
    # both costs are straight lines in the number of signers
    crossing = next(
        first + (second - first) * above / (above - below)
        for first, second, above, below in zip(CIRCLES, CIRCLES[1:], dearer, dearer[1:], strict=False)
        if above > 0 >= below
    )
    turn = head_share.AGGREGATE_FROM_SIGNERS
    assert recorded["signers from which one aggregate costs less"] == turn == int(crossing) + 1
