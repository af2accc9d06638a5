"""docs/node.md, from nothing in a folder of its own: every command, and what it says; what it calls CODE is told."""

from __future__ import annotations

import json
import re

import pytest

from connector.demo.processes import free_ports
from tests.newcomer.goods import HERE, bring
from tests.newcomer.pages import commands
from tests.newcomer.walk import Walk

pytestmark = pytest.mark.asyncio(loop_scope="session")

WRITTEN_PORTS = ("8200", "8201", "8202", "8203", "8204", "8205")
# the beginning of a command → what its answers have in common; serve is answered by the server
SAID = {
    "init": r"lives in ",
    "join": r"applied",
    "exchange admit": r"is a member",
    "code request": r"^[45]91440000MA0000000[123](4400|1100)[0-9A-Z]{8}[0-9A-Z*]\n",
    "publish": r"submitted",
    "exchange review": r": listed",
    "code list": r"\n6\S+ +product +tides ",
    "code registered": r"\n6\S+ +product +tides ",
    "code resolve": r"http://localhost:",
    "log anchor": r"\S",
    "node collect": r"(Harbour|Country) Exchange",
    "node logs": r"Harbour Office",
    "node trace": r"(listing|member)\.moved",
    "node connectors": r"(live|silent) ",
    "node cut": r"is suspended",
    "node above": r"is above; we are asked there",
    "node below list": r"\nasked +CN-GD +Guangdong Node ",
    "node below accept": r"is accepted",
    "node report": r"report 1, ",
    "node reports": r"\n(up|below) +1 ",
    "audit": r"0 accusations|no accusation|clean",
}


async def test_the_page_leads_from_nothing_to_codes_and_copies(tmp_path):
    walk, seen = Walk(tmp_path), set()
    bring(tmp_path, HERE._replace(mib=1))
    ports = dict(zip(WRITTEN_PORTS, map(str, free_ports(len(WRITTEN_PORTS))), strict=True))
    try:
        for typed in commands("node.md"):
            words = [re.sub("|".join(ports), lambda found: ports[found[0]], word) for word in typed]
            if words[1] == "serve":
                await walk.serve(words)
                continue
            if "CODE" in words:
                [product] = [one for one in (await codes(walk)) if one["kind"] == "product"]
                words[words.index("CODE")] = product["code"]
            if "CODE-ABOVE" in words:
                [platform] = await codes(walk, "country")
                words[words.index("CODE-ABOVE")] = platform["code"]
            name = next(name for name in SAID if words[1 : 1 + len(name.split())] == name.split())
            said = await walk.type(words)
            assert re.search(SAID[name], said), (words, said)
            seen.add(name)
    finally:
        await walk.stop()
    assert seen == set(SAID)


async def codes(walk, data="provider"):
    return json.loads(await walk.type(["penstock", "code", "list", "--json", "--data", data]))["codes"]
