"""The small space, large enough that something of it can be kept, and audits of it that go on."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from connector.regulator.proven_folder import ProvenFolder
from ledger.audit import carried
from ledger.audit.audit import run
from ledger.audit.carried import Going
from ledger.audit.sources import BlockHead
from ledger.log.tiles import TILE_WIDTH_HASHES
from tests.ledger.audit.diary import SUPERVISOR
from tests.ledger.audit.world import NOW, Given

SECRET, OTHER = b"\x05" * 32, b"\x06" * 32
WAY_ON_BLOCKS = 10 * carried.FINAL_BLOCKS


class Chained(Given):
    """The small space's sources, with a chain of many blocks, and a count of the pages that were asked for."""

    def __init__(self, world, salt=0):
        super().__init__(world)
        self.asked, self.salt = Counter(), salt

    async def fetch(self, url):
        self.asked[url] += 1
        return await super().fetch(url)

    async def block(self, number):
        known = await super().block(number)
        # a block that an audit has seen keeps its time
        return BlockHead(bytes([number % 256, self.salt]) * 16 if known is None else known.hash, NOW)


def grown(world, names=("provider", "buyer")):
    """Let logs outgrow a bundle, and the chain what may be reorganised; return the world."""
    for name in names:
        for _ in range(TILE_WIDTH_HASHES):
            world.record(name, "time.mark", world[name].origin, [], peers=[])
    newest = max(event.block for event in world.chain)
    world.chain.append(replace(world.chain[-1], block=newest + WAY_ON_BLOCKS, name="Nothing", fields={}))
    return world


async def go_on(world, folder, *, program="1", anew=False, salt=0):
    """Audit with what lies in a folder; return the report, and what was asked."""
    sources = Chained(world, salt)
    report = await run(sources, SUPERVISOR, None, Going(ProvenFolder(folder, SECRET), program, anew=anew))
    return report, sources


async def from_the_beginning(world):
    return said(await run(Chained(world), SUPERVISOR))


def said(report):
    """Return what a report says but from where it went on, and what only one who was there before can say."""
    told = report.json()
    del told["went_on"]
    # the figures name the ten most frequent of the findings
    told["figures"] = {name: value for name, value in told["figures"].items() if name != "findings"}
    told["findings"] = [row for row in told["findings"] if row["code"] != "log-rewritten"]
    told["clean"] = not any(row["severity"] == "error" for row in told["findings"])
    return told
