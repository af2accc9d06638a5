"""docs/ndi.md, from nothing in a folder of its own: every command, and what it says; what it calls CONTRACT is told."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from connector.demo.processes import free_ports
from tests.newcomer.amending_page import waiting
from tests.newcomer.goods import HERE, bring
from tests.newcomer.pages import commands
from tests.newcomer.walk import Walk

pytestmark = pytest.mark.asyncio(loop_scope="session")

WITHIN_SECONDS = 60
WRITTEN_PORTS = ("8200", "8201", "8202", "8203", "8204")
# the beginning of a command → what its answers have in common; serve is answered by the server
SAID = {
    "init": r"lives in ",
    "join": r"applied",
    "exchange admit": r"is a member",
    "publish": r"submitted",
    "exchange review": r": listed",
    "ndi show CONTRACT --versions": r"version 1  \S+  5.00 CNY  did:",
    "ndi party set": r"host: did:\S+, 500 basis points",
    "ndi party list": r"\n\S+ +host +500",
    "ndi party remove": r"no service party goes with this product",
    "ndi find": r"\ntides +Harbour tides 2026",
    "get": r"\S",
    "open": r"\S",
    "exchange credit": r"\S",
    "ndi list": r"\n84ZZ\S+ +Harbour tides 2026 +signed +consumer",
    "ndi show": r"instruction: [0-9a-f]{32}",
    "filing show": r"grade: signed",
    "key draw": r"sm2 [0-9a-f]{128}\nthe exchange knows it",
    "key list": r"\nsm2 +SM2 ",
    "ndi delivered": r"\n[0-9a-f]{32} +pull +tides",
    "ndi white add": r"91440000MA00000009  \(subject\)",
    "ndi white list": r"\ndid:web:localhost\S+ +participant",
    "ndi white remove": r"did:web:localhost\S+  \(participant\)",
    "ndi white drop": r"this product has no list",
    "amend": r"which stands until both have signed",
    "admin show": r"price: 5.00 CNY → 4.00 CNY",
    "admin assent": r"\S",
    "ndi end": r"\(ended, 06\)",
    "log anchor": r"\S",
    "audit": r"0 accusations|no accusation|clean",
    "conform ndi": r"[1-9][0-9]+ passed, 0 failed",
}


async def newest(walk):
    told = json.loads(await walk.type(["penstock", "ndi", "list", "--json", "--data", "buyer"]))
    return told["contracts"][0]


async def in_place_of_another(walk):
    async with asyncio.timeout(WITHIN_SECONDS):
        while not ((row := await newest(walk))["amends"] and row["instruction"]):
            await asyncio.sleep(0.5)


async def test_the_page_leads_from_nothing_to_a_contract_that_is_ended(tmp_path):
    walk, seen = Walk(tmp_path), set()
    bring(tmp_path, HERE._replace(mib=1))
    ports = dict(zip(WRITTEN_PORTS, map(str, free_ports(len(WRITTEN_PORTS))), strict=True))
    try:
        for typed in commands("ndi.md"):
            words = [re.sub("|".join(ports), lambda found: ports[found[0]], word) for word in typed]
            if words[1] == "serve":
                await walk.serve(words)
                continue
            name = next(name for name in SAID if words[1 : 1 + len(name.split())] == name.split())
            if "AGREEMENT" in words:
                words[words.index("AGREEMENT")] = (await newest(walk))["agreement"]
            if "NEGOTIATION" in words:
                words[words.index("NEGOTIATION")] = await waiting(walk, words[-1])
            if "CONTRACT" in words:
                words[words.index("CONTRACT")] = (await newest(walk))["contractId"]
            said = await walk.type(words)
            assert re.search(SAID[name], said), (words, said)
            seen.add(name)
            if name == "admin assent":
                await in_place_of_another(walk)
        for folder in ("got", "opened"):
            assert [path.name for path in (tmp_path / folder).iterdir() if path.is_file()] == ["tides.csv"]
    finally:
        await walk.stop()
    assert seen == set(SAID)
