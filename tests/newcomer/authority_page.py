"""docs/authority.md, from nothing in a folder of its own: every command, and a person who buys within her authority."""

from __future__ import annotations

import asyncio
import re

import pytest

from connector.demo.processes import free_ports
from tests.api.visitor import Visitor
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
    "admin account add": r"password +\S+-\S+",
    "admin account link": r"good once, until",
    "authority grant": r"[0-9a-f]{64}  ada \(standing\)\n  up to     8\.00 CNY an agreement, 8\.00 CNY in 24 hours",
    "authority list": r"ada +standing +8\.00 CNY an agreement",
    "authority show": r"signed    [0-9a-f]{16}…  \S+  buyer, 5\.00 CNY",
    "authority ask": r"was signed for did:web:localhost%3A\d+[\s\S]+(not revoked|revoked since, 20)",
    "authority revoke": r"ada \(revoked: ada has another post\)",
}


async def test_the_page_leads_from_nothing_to_an_agreement_that_says_who_signed_it(tmp_path):
    walk, seen, names = Walk(tmp_path), [], {}
    bring(tmp_path, HERE._replace(mib=1, files=1))
    ports = dict(zip(WRITTEN_PORTS, map(str, free_ports(len(WRITTEN_PORTS))), strict=True))
    try:
        for typed in commands("authority.md"):
            words = [re.sub("|".join(ports), lambda found: ports[found[0]], word) for word in typed]
            if words[1] == "serve":
                await walk.serve(words)
                continue
            said = await walk.type([names.get(word, word) for word in words])
            line = " ".join(words[1:]) + " "
            name = max((name for name in SAID if line.startswith(name)), key=len)
            assert re.search(SAID[name], said), (words, said)
            seen.append((name, said))
            if name == "authority grant":
                names["AUTHORITY"] = re.search(r"[0-9a-f]{64}", said)[0]
            if name == "admin account link":
                names["AGREEMENT"] = await bought(walk, f"http://localhost:{ports['8302']}", said.split()[0])
    finally:
        await walk.stop()
    assert {name for name, _ in seen} == set(SAID)
    first, second = (said for name, said in seen if name == "authority ask")
    assert "not revoked since" in first
    assert "revoked since, 20" in second


async def bought(walk, base, link):
    """Buy twice in the console as ada: the first is hers to sign, the second is more than a day's sum."""
    async with Visitor(base) as visitor:
        await visitor.open(link)
        pages = [await bid(visitor) for _ in range(2)]
        first, second = [await at_its_end(visitor, page.url) for page in pages]
        assert "of 8.00 CNY within 24 hours 3.00 CNY is left" in second.text
        page = await visitor.open(next(one for one in first.links if "/agreements/" in one))
        assert "signed for us by" in page.text
        assert "ada" in page.text
    return re.search(r"/agreements/([0-9a-f]{64})", page.url)[1]


async def bid(visitor):
    page = await visitor.send(await visitor.open("catalogue/tides/quote"), "/purchase", limit="5.00")
    assert page.status == 200, page.text
    return await at_its_end(visitor, page.url)


async def at_its_end(visitor, url):
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            page = await visitor.open(url)
            if "complete" in page.text or "failed" in page.text:
                return page
            await asyncio.sleep(0.2)
