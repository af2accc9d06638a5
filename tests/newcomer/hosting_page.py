"""docs/hosting.md, from nothing in a folder of its own: every command, and what it says."""

from __future__ import annotations

import re

import pytest

from connector.demo.processes import free_ports
from tests.newcomer.goods import HERE, bring
from tests.newcomer.pages import commands
from tests.newcomer.walk import Walk

pytestmark = pytest.mark.asyncio(loop_scope="session")

WRITTEN_PORTS = ("8300", "8301", "8302", "8303")
# the beginning of a command → what its answers have in common; serve is answered by the server
SAID = {
    "init": r"lives in ",
    "exchange admit": r"is a member",
    "exchange credit": r"\S",
    "publish": r"submitted",
    "exchange review": r": listed",
    "hosting delegate": r"\(offered\)[\s\S]+share 10 %[\s\S]+no less than 4\.00[\s\S]+hosting accept tides-hosted",
    "hosting accept": r"\(handed\)",
    "hosting list": r"tides-hosted +host +handed",
    "get": r"\S",
    "settle": r"\S",
    "hosting log": r"agreement\.signed[\s\S]+keys\.released",
    # the exchange has its tenth, the host its own
    "hosting audit": r"1 agreements, 5\.00 CNY claimed on chain, 4\.00 CNY of it ours[\s\S]+nothing that does not fit",
    "wallet": r"4\.00",
    "hosting revoke": r"\(revoked[\s\S]+its host has been told",
    "hosting show": r"\(revoked",
}


async def test_the_page_leads_from_nothing_to_a_sale_by_a_host_and_its_end(tmp_path):
    walk, seen = Walk(tmp_path), set()
    bring(tmp_path, HERE._replace(mib=1, files=1))
    ports = dict(zip(WRITTEN_PORTS, map(str, free_ports(len(WRITTEN_PORTS))), strict=True))
    try:
        for typed in commands("hosting.md"):
            words = [re.sub("|".join(ports), lambda found: ports[found[0]], word) for word in typed]
            if words[1] == "serve":
                await walk.serve(words)
                continue
            line = " ".join(words[1:]) + " "
            name = max((name for name in SAID if line.startswith(name)), key=len)
            said = await walk.type(words)
            assert re.search(SAID[name], said), (words, said)
            seen.add(name)
        assert (tmp_path / "got" / "tides.csv").read_bytes() == (tmp_path / "tides.csv").read_bytes()
        # and a buyer that knows the host's product all the same is refused
        again = ("--max-price", "5.00", "--purpose", "Research", "--id", "again", "--data", "buyer")
        assert "not on offer" in await walk.type(["penstock", "get", "tides-hosted", *again], 4)
    finally:
        await walk.stop()
    assert seen == set(SAID)
