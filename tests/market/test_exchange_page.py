"""docs/exchange.md, followed to the letter: from nothing to an exchange, two members, a listed product, a trade."""

from __future__ import annotations

import re
import shlex

import pytest

from connector.demo.processes import SERVE, Participant, free_ports
from tests.api.command import ROOT, run

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = (ROOT / "docs/exchange.md").read_text(encoding="utf-8")
EXCHANGE = "exchange"
MEMBERS = (EXCHANGE, "provider", "buyer")
WRITTEN_PORTS = ("8100", "8101", "8102", "8103")
# what the page has the operator write into the settings of the first
READERS = {"PENSTOCK_FEDERATION_READERS": "*"}
TIDES = "hour,height\n" + "".join(f"{hour},{hour % 12 / 4}\n" for hour in range(500))


def commands(ports):
    """The commands of the page in order, on ports that are free here."""
    page = PAGE
    for written, free in zip(WRITTEN_PORTS, ports, strict=True):
        page = page.replace(written, str(free))
    return [shlex.split(line.strip())[1:] for line in re.findall(r"^    penstock .+$", page, re.MULTILINE)]


class Alone:
    """Each participant is one process, and the exchange hosts the chain."""

    def __init__(self, folder):
        self.folder, self.servers = folder, []

    def environment(self, _name):
        """Return what is set for the commands of a participant."""
        return READERS

    async def serve(self, name):
        """Start a participant."""
        self.servers.append(Participant(self.folder / name, SERVE))
        await self.servers[-1].start(self.environment(name))

    async def stop(self):
        for server in self.servers:
            await server.stop()


async def follow(stage, ports):
    """Do what the page says; return what each command said."""
    (stage.folder / "tides.csv").write_text(TIDES)
    said = {}
    try:
        for arguments in commands(ports):
            name = arguments[arguments.index("--data") + 1]
            if arguments[0] == "serve":
                await stage.serve(name)
                continue
            said.setdefault(" ".join(arguments[: 2 if arguments[0] == "exchange" else 1]), []).append(
                await run(arguments, stage.folder, stage.environment(name))
            )
    finally:
        await stage.stop()
    return said


async def test_the_page_leads_from_nothing_to_a_trade(tmp_path):
    stage = Alone(tmp_path)
    judge(await follow(stage, free_ports(len(WRITTEN_PORTS))), tmp_path)
    assert len(stage.servers) == len(WRITTEN_PORTS)


def judge(said, folder):
    """What the commands of the page said, and the copy that was bought, are what the page promises."""
    assert re.search(
        r"^DUE .+\n\d{4}-\d\d-\d\d \d\d:\d\d +provider +US-NY +Harbour Office ", said["exchange applications"][0]
    )
    assert said["exchange member"][0].count("admitted") == 2
    assert "Harbour tides 2026" in said["exchange listings"][0]
    assert ": listed" in said["exchange review"][0]
    assert "topic=B0300" in said["find"][0]
    assert "17.9 %" in said["exchange indicators"][0]
    assert "产品成交率: 100.0 %" in said["exchange indicators"][0]
    assert "harbour  fresh  1 products" in said["exchange source"][1]
    assert "traded in another space" in said["find"][1]
    assert "office  fresh  1 products" in said["exchange source"][3]
    assert "office" in said["find"][2]
    assert said["find"][2].count("found:") == 1
    assert "the Dataspace Protocol alone; source `office`" in said["exchange member"][1]
    assert (folder / "copy/tides.csv").read_text() == TIDES
