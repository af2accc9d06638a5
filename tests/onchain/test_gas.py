"""docs/gas.json, of which a table of docs/programs.md is made, is what the programs cost now."""

from __future__ import annotations

import json

from .gas import RECORDED, measured

# zero bytes in random digests and signatures
TOLERANCE = 0.01


async def test_acts_cost_what_is_recorded():
    recorded, now = json.loads(RECORDED.read_text("utf-8")), await measured()
    assert recorded.keys() == now.keys()
    dearer = {name: (recorded[name], gas) for name, gas in now.items() if abs(gas / recorded[name] - 1) > TOLERANCE}
    assert not dearer, "write them anew with `python -m tests.onchain.gas`"
