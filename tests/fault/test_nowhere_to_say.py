"""A server whose own words go to a full disk (`/dev/full`) serves, and ends like any other when its disk fails."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from connector.client.server import server
from connector.demo.processes import SERVE, free_ports
from connector.operation.initialise import initialise
from connector.runtime.data_folder import DATABASE
from tests.fault.injection import permitted
from tests.fault.roles import DISK
from tests.fault.served_points import Tracer

FULL = Path("/dev/full")
READY_SECONDS = 60
SHUT = "server.json"


@pytest.fixture
def data(tmp_path):
    made = tmp_path / "provider"
    port = free_ports(1)[0]
    initialise(made, name="Lone", roles=("provider",), region="US-NY", port=port, exchange=None, development=True)
    return made


async def begun(data):
    with FULL.open("wb") as full:
        return await asyncio.create_subprocess_exec(
            *SERVE, "--data", str(data), stdin=asyncio.subprocess.DEVNULL, stdout=full, stderr=full
        )


async def test_it_serves_and_its_disk_fails(tmp_path, data, absent):
    if not permitted():
        absent("nobody may trace a process here, so F1 to F3 cannot run")
    process = await begun(data)
    async with asyncio.timeout(READY_SECONDS):
        while not (data / SHUT).exists():
            assert process.returncode is None, "it did not start"
            await asyncio.sleep(0.02)
    tracer = Tracer(process.pid, tmp_path / "log", names=("fdatasync",), inject="fdatasync:error=EIO:when=1")
    try:
        async with server(data) as door:
            asked = asyncio.create_task(door.call("POST", "accounts", {"name": "a", "roles": [], "operator": True}))
            assert await asyncio.wait_for(process.wait(), READY_SECONDS) == DISK
            await asyncio.gather(asked, return_exceptions=True)
    finally:
        tracer.leave()


async def test_it_does_not_start_and_its_exit_code_says_why(data):
    (data / DATABASE).write_bytes(b"no database" * 1000)
    process = await begun(data)
    assert await asyncio.wait_for(process.wait(), READY_SECONDS) == DISK
