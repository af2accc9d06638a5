"""docs/audit-shares.md, from nothing in a folder of its own: every command, and what it says."""

from __future__ import annotations

import asyncio
import re

import aiohttp
import pytest

from connector.demo.processes import free_ports
from tests.newcomer.goods import HERE, bring
from tests.newcomer.pages import commands
from tests.newcomer.walk import Walk

pytestmark = pytest.mark.asyncio(loop_scope="session")

WRITTEN_PORTS = ("8300", "8301", "8302", "8303", "8304")
REGULATORS = ("harbour", "coast")
NEWEST = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": ["latest", False]}
# the beginning of a command → what its answers have in common; serve is answered by the server
SAID = {
    "init": r"lives in ",
    "exchange admit": r"is a member",
    "publish": r"submitted",
    "exchange review": r": listed",
    "get": r"\S",
    "audit --exchange": r"audit: clean",
    "audit --read": r"share [12] of 2: \d+ matters judged",
    "audit join part-1.json part-2.json": r"audit: clean[\s\S]+share 1: [\s\S]+joined[\s\S]+share 2: [\s\S]+joined",
    "audit join part-1.json --read": r"audit: clean[\s\S]+absent: [\s\S]+no part of share 2 of 2",
}


async def test_the_page_leads_from_nothing_to_an_audit_of_two(tmp_path):
    walk, seen, seed = Walk(tmp_path), set(), ""
    bring(tmp_path, HERE._replace(mib=1, files=1))
    ports = dict(zip(WRITTEN_PORTS, map(str, free_ports(len(WRITTEN_PORTS))), strict=True))
    try:
        for typed in commands("audit-shares.md"):
            words = [re.sub("|".join(ports), lambda found: ports[found[0]], word) for word in typed]
            if words[1] == "serve":
                await walk.serve(words)
                continue
            line = " ".join(words[1:]) + " "
            name = max((name for name in SAID if line.startswith(name)), key=len)
            if name == "audit --exchange":
                await asyncio.gather(*(walk.type(["penstock", "log", "anchor", "--data", one]) for one in walk.servers))
            if "SEED" in words:
                seed = seed or await newest(ports["8300"])
                words[words.index("SEED")] = seed
            said = await (judged(walk, words) if name == "audit --read" else walk.type(words))
            assert re.search(SAID[name], said), (words, said)
            seen.add(name)
    finally:
        await walk.stop()
    assert seen == set(SAID)


async def judged(walk, words):
    """Have a share judged by whose it is: by the seed it may be the other's."""
    owner = words[-1]
    other = next(one for one in REGULATORS if one != owner)
    process = await walk.begin(*words)
    said, _ = await process.communicate()
    if process.returncode == 0:
        return said.decode()
    assert "is not yours to judge" in said.decode(), said.decode()
    assert walk.did(other) in said.decode()
    return await walk.type([*words[:-1], other])


async def newest(port):
    """Return the hash of the newest block."""
    async with aiohttp.ClientSession() as client, client.post(f"http://localhost:{port}/rpc", json=NEWEST) as answer:
        return (await answer.json())["result"]["hash"]
