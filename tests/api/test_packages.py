"""Every package that the project is built on does real work: without it a named step of a real process fails."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from connector.client.server import Server
from connector.demo.processes import Participant, free_ports
from connector.operation.initialise import initialise
from connector.runtime.errors import PenstockError, ServerAbsent, explain_failure
from tests.api.test_dsp_faults import is_error

pytestmark = pytest.mark.asyncio(loop_scope="session")

# with an option of Python's it is no fork (tests/nursery.py) of a process that has loaded everything
BLOCKED = (sys.executable, "-u", str(Path(__file__).with_name("blocked_serve.py")))
# without these no participant starts
STARTS = {
    "aiohttp": "aiohttp",
    "web3": "web3",
    "eth-account": "eth_account",
    "sqlite-utils": "sqlite_utils",
    "uvloop": "uvloop",
    "orjson": "orjson",
}


@asynccontextmanager
async def deprived(space, role):
    """Stop `role` and yield a process to be started in its place; afterwards it runs as before."""
    await space.people[role].stop()
    process = Participant(space.people[role].data, BLOCKED)
    try:
        yield process
    finally:
        await process.stop()
        await space.people[role].start(space.environment)


def of(module):
    return {"PENSTOCK_TEST_BLOCK": module}


@pytest.fixture
def fresh(space, tmp_path):
    """Make a participant that never ran, under a process that can be deprived."""

    def make(name):
        initialise(
            tmp_path / name,
            name="Fresh",
            roles=("buyer",),
            region="US-NY",
            port=free_ports(1)[0],
            exchange=space.url("exchange"),
            development=True,
        )
        return Participant(tmp_path / name, BLOCKED)

    return make


@pytest.mark.parametrize("package", STARTS)
async def test_serve_does_not_start_without(fresh, package):
    process, module = fresh(package), STARTS[package]
    try:
        with pytest.raises(ServerAbsent):
            await process.start(of(module))
        assert f"No module named '{module}" in (process.data / "serve.log").read_text()
    finally:
        await process.stop()


async def test_serve_starts(space, fresh):
    """With nothing taken away the same process starts, so it was the package."""
    process = fresh("whole")
    try:
        await process.start(of("nothing"))
        assert (await Server(process.data, space.outbound).call("GET", "status"))["roles"] == ["buyer"]
    finally:
        await process.stop()


async def test_a_malformed_message_is_explained(space, say, stranger):
    """jsonschema says what is wrong with a message; jsonschema-rs has only said that it is."""

    async def explained():
        body = {"@context": ["https://w3id.org/dspace/2025/1/context.jsonld"], "@type": "CatalogWish"}
        path = "/dsp/catalog/request"
        said = await say("POST", space.url("provider") + path, body, stranger.bearer(space.did("provider")))
        is_error(said, 400, path, "malformed")
        assert "'CatalogRequestMessage' was expected" in said.json["reason"][0]

    async with deprived(space, "provider") as process:
        await process.start(of("jsonschema"))
        with pytest.raises(AssertionError):
            await explained()
    await explained()


async def test_the_attestation(space):
    """py-ecc aggregates the witnesses' signatures over all final heads; their keys are known since the first start."""
    for role in space.people:
        await space.doors[role].call("POST", "log/anchor", {})
    async with deprived(space, "exchange") as process:
        await process.start(of("py_ecc"))
        with pytest.raises(PenstockError) as missing:
            await space.doors["exchange"].call("POST", "attestations", {})
        assert explain_failure(missing.value).exit_code == 1
    document = await space.doors["exchange"].call("POST", "attestations", {})
    assert document["signature"]
