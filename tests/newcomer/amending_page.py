"""docs/amending.md, from nothing in a folder of its own: every command, and what it says."""

from __future__ import annotations

import asyncio
import re

import pytest

from connector.demo.processes import free_ports
from tests.newcomer.goods import HERE, bring
from tests.newcomer.pages import commands
from tests.newcomer.walk import WITHIN_SECONDS, Walk

pytestmark = pytest.mark.asyncio(loop_scope="session")

WRITTEN_PORTS = ("8300", "8301", "8302")
# the beginning of a command → what its answers have in common; serve is answered by the server
SAID = {
    "init": r"lives in ",
    "exchange admit": r"is a member",
    "exchange credit": r"\S",
    "publish": r"submitted",
    "exchange review": r": listed",
    "get": r"\S",
    "amend": r"which stands until both have signed[\s\S]+penstock admin show urn:uuid:",
    "admin show": r"state +REQUESTED[\s\S]+2028-06-30|REQUESTED[\s\S]+round 1",
    "admin assent": r"\S",
    "show": r"superseded_by +[0-9a-f]{64}",
    "open": r"\S",
}


async def test_the_page_leads_from_nothing_to_an_agreement_in_place_of_another(tmp_path):
    walk, seen = Walk(tmp_path), set()
    bring(tmp_path, HERE._replace(mib=1, files=1))
    ports = dict(zip(WRITTEN_PORTS, map(str, free_ports(len(WRITTEN_PORTS))), strict=True))
    agreement = ""
    try:
        for typed in commands("amending.md"):
            words = [re.sub("|".join(ports), lambda found: ports[found[0]], word) for word in typed]
            if words[1] == "serve":
                await walk.serve(words)
                continue
            line = " ".join(words[1:]) + " "
            name = max((name for name in SAID if line.startswith(name)), key=len)
            if "AGREEMENT" in words:
                agreement = agreement or (await walk.json("buyer", "show", "tides"))["agreement"]
                words[words.index("AGREEMENT")] = agreement
            if "NEGOTIATION" in words:
                words[words.index("NEGOTIATION")] = await waiting(walk, words[-1])
            if name == "show":
                await superseded(walk, agreement)
            said = await walk.type(words)
            assert re.search(SAID[name], said), (words, said)
            seen.add(name)
        assert (tmp_path / "opened" / "tides.csv").read_bytes() == (tmp_path / "tides.csv").read_bytes()
    finally:
        await walk.stop()
    assert seen == set(SAID)


async def waiting(walk, role):
    """Return the negotiation that waits for a person of `role`."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            listed = (await walk.json(role, "admin", "list", "--kind", "negotiation", "--turn", "ours"))["processes"]
            if listed:
                return listed[0]["id"]
            await asyncio.sleep(0.1)


async def superseded(walk, agreement):
    async with asyncio.timeout(WITHIN_SECONDS):
        while (await walk.json("buyer", "show", agreement))["state"] != "ended":
            await asyncio.sleep(0.1)
