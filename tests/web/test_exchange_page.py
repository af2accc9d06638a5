"""docs/exchange.md, followed to the letter: from nothing to an exchange, two members, a listed product, a trade."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from connector.demo.processes import SERVE, Participant, free_ports

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/exchange.md").read_text(encoding="utf-8")
PROGRAM = [sys.executable, "-m", "connector.cli.main"]
WRITTEN_PORTS = ("8100", "8101", "8102")
TIDES = "hour,height\n" + "".join(f"{hour},{hour % 12 / 4}\n" for hour in range(500))


def commands(ports):
    """The commands of the page in order, on ports that are free here."""
    page = PAGE
    for written, free in zip(WRITTEN_PORTS, ports, strict=True):
        page = page.replace(written, str(free))
    return [shlex.split(line.strip())[1:] for line in re.findall(r"^    penstock .+$", page, re.MULTILINE)]


async def run(arguments, folder):
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = await asyncio.create_subprocess_exec(
        *PROGRAM,
        *arguments,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, (arguments, said.decode())
    return said.decode()


async def test_the_page_leads_from_nothing_to_a_trade(tmp_path):
    (tmp_path / "tides.csv").write_text(TIDES)
    said, servers = {}, []
    try:
        for arguments in commands(free_ports(len(WRITTEN_PORTS))):
            if arguments[0] == "serve":
                servers.append(Participant(tmp_path / arguments[-1], SERVE))
                await servers[-1].start()
                continue
            said.setdefault(" ".join(arguments[: 2 if arguments[0] == "exchange" else 1]), []).append(
                await run(arguments, tmp_path)
            )
    finally:
        for server in servers:
            await server.stop()
    assert len(servers) == 3
    assert "Harbour Office (provider, US-NY)  due" in said["exchange applications"][0]
    assert said["exchange member"][0].count("admitted") == 2
    assert "Harbour tides 2026" in said["exchange listings"][0]
    assert ": listed" in said["exchange review"][0]
    assert "topic=B0300" in said["find"][0]
    assert "17.9 %" in said["exchange indicators"][0]
    assert "产品成交率: 100.0 %" in said["exchange indicators"][0]
    assert (tmp_path / "copy/tides.csv").read_text() == TIDES
