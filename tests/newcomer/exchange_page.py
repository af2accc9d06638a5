"""docs/exchange.md, from nothing in a folder of its own, with the newcomer's table: every command, and what it says.

A command of the page that has no row here fails, and so does a row that no command of the page needs.
"""

from __future__ import annotations

import re

import pytest

from connector.demo.processes import free_ports
from tests.market.test_exchange_page import READERS, WRITTEN_PORTS
from tests.newcomer.goods import HERE, TABLE, bring
from tests.newcomer.pages import commands
from tests.newcomer.walk import Walk, same

pytestmark = pytest.mark.asyncio(loop_scope="session")

# the beginning of a command → what its answers have in common; serve is answered by the server
SAID = {
    "init": r"lives in ",
    "join": r"applied",
    "exchange applications": r"provider +US-NY +Harbour Office",
    "exchange admit": r"is a member",
    "exchange member list": r"admitted",
    "exchange operator add": r"system\.key",
    "exchange operator list": r"Li Wei",
    "exchange space create": r"harbour",
    "space list": r"harbour",
    "space show": r"Harbour data",
    "admin heartbeat": r"\S",
    "exchange connectors": r"did:web:",
    "exchange uses": r"no member told",
    "publish": r"submitted",
    "exchange listings": r"Harbour tides 2026",
    "exchange read": r"pieces opened",
    "exchange review": r": listed",
    "find": r"Harbour tides 2026",
    "version list": r"VERSION[\s\S]*\n +1 ",
    "exchange credit": r"did:web:",
    "get": r"opened to copy",
    "exchange indicators": r"deal rate",
    "exchange source add": r"\S",
    "exchange source harvest": r"\S",
    "exchange source list": r"harbour +fresh +1 [\s\S]*office +fresh +1 ",
}


def row(words):
    """Return the row of a command of the page."""
    (name,) = [name for name in SAID if words[1 : 1 + len(name.split())] == name.split()]
    return name


async def test_the_page_leads_from_nothing_to_a_trade_and_a_second_exchange(tmp_path):
    walk, seen = Walk(tmp_path, READERS), set()
    bring(tmp_path, HERE._replace(mib=1))
    ports = dict(zip(WRITTEN_PORTS, map(str, free_ports(len(WRITTEN_PORTS))), strict=True))
    try:
        for typed in commands("exchange.md"):
            words = [re.sub("|".join(ports), lambda found: ports[found[0]], word) for word in typed]
            if words[1] == "serve":
                await walk.serve(words)
                continue
            said = await walk.type(words)
            name = row(words)
            assert re.search(SAID[name], said), (words, said)
            seen.add(name)
    finally:
        await walk.stop()
    assert seen == set(SAID)
    assert same(tmp_path / "copy" / TABLE, tmp_path / TABLE)
