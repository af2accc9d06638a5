"""Two participants of ours that share no space and no chain: what one offers the other gets, as from any connector."""

from __future__ import annotations

import asyncio
import json

import pytest

from connector.client.client import Client
from connector.demo.processes import SERVE, Participant, free_ports
from connector.operation.initialise import initialise

CONTENT = b"gauge,height\n1,2\n"
UNTIL = "2099-01-01T00:00:00Z"


async def command(data, *words):
    """Run a command of ours; return its exit code and what it tells."""
    told = [*SERVE[:-1], *words, "--data", str(data), "--json"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*told, stdout=pipe, stderr=pipe)
    out, error = await process.communicate()
    return process.returncode, out.decode() + error.decode()


@pytest.fixture
async def pair(tmp_path):
    """Start a provider and a buyer, each alone."""
    people = {}
    try:
        for role in ("provider", "buyer"):
            port, data = free_ports(1)[0], tmp_path / role
            told = {"region": "DE-BY", "port": port, "exchange": None, "development": True}
            initialise(data, name=role, roles=(role,), **told)
            people[role] = Participant(data), f"http://localhost:{port}"
            await people[role][0].start()
        yield {role: (one.data, url) for role, (one, url) in people.items()}
    finally:
        for one, _ in people.values():
            await one.stop()


async def test_what_one_offers_the_other_gets(pair, tmp_path):
    (provider, url), (buyer, _) = pair["provider"], pair["buyer"]
    (tmp_path / "gauges.csv").write_bytes(CONTENT)
    brief = {"id": "gauges", "files": [str(tmp_path / "gauges.csv")], "title": "Gauges", "price": "0", "floor": "0"}
    async with Client(provider) as penstock:
        await penstock.product_publish(**brief, unit="MiB", tier="plain", purpose="Research", until=UNTIL)
    code, said = await command(buyer, "find", "--at", url)
    assert code == 0, said
    [catalogue] = json.loads(said)["catalogues"]
    assert [one["@id"] for one in catalogue["datasets"]] == ["gauges"]
    to = tmp_path / "got"
    code, said = await command(
        buyer, "get", "gauges", "--at", url, "--max-price", "0", "--purpose", "Research", "--to", str(to)
    )
    assert code == 0, said
    assert [path.read_bytes() for path in to.iterdir()] == [CONTENT]
