"""Who has the disk, a back-up, another account on the machine, or the clock: nothing opens, and what is wrong is said.

One space of real processes, started under a umask that takes nothing away; a purchase is cut off by killing the buyer,
so that the newest preimage is the provider's alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import stat
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from connector.demo.processes import Participant, free_ports
from connector.net.outbound import Outbound
from connector.operation.initialise import initialise
from connector.runtime.clock import Clock
from connector.runtime.errors import ServerAbsent
from tests.api.command import PROGRAM
from tests.api.space import PURPOSE, Space

pytestmark = pytest.mark.asyncio(loop_scope="session")

SKEWED = (sys.executable, str(Path(__file__).parents[1] / "fault" / "skewed.py"), "serve")
PIECE, PIECES = 65_536, 96
PRICE = 16_000  # minor units a MiB: a piece costs 1,000
EXPOSURE = 2_000  # so a window has two pieces at most
YEAR_SECONDS = 365 * 86_400
PAGE_BYTES = 4096
SECRET_BYTES = 32


@contextmanager
def umask(mask):
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def space(tmp_path_factory):
    made = Space(tmp_path_factory.mktemp("disk"), Clock().now)
    made.prepare(("exchange", "provider", "buyer"))
    try:
        with umask(0):
            await made.start()
        yield made
    finally:
        await made.stop()


async def penstock(*words):
    """Run the command; returns its exit code and what it says with `--json`, or what it wrote on stderr."""
    process = await asyncio.create_subprocess_exec(
        *PROGRAM, *map(str, words), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, complaint = await process.communicate()
    return process.returncode, json.loads(said) if said.startswith(b"{") else complaint.decode()


def modes(data):
    """Return the modes of the data folder and of everything at its top and among its keys, as far as others may."""
    paths = [data, *data.iterdir(), *(data / "keys").rglob("*")]
    return {path.name: stat.S_IMODE(path.lstat().st_mode) & 0o077 for path in paths if path.exists()}


def preimages_in(folder, locks):
    """Return how many of the locks are opened by any 32 bytes that lie together in any file of a folder."""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file() and "keys" not in path.relative_to(folder).parts:
            content = path.read_bytes()
            for at in range(len(content) - SECRET_BYTES + 1):
                digest = hashlib.sha256(content[at : at + SECRET_BYTES]).digest()
                if digest in locks:
                    found.add(digest)
    return len(found)


async def test_the_folder_is_its_owners_alone_whatever_the_umask(space):
    for person in space.people.values():
        assert set(modes(person.data).values()) == {0}, modes(person.data)
    data = space.people["exchange"].data
    for path in (data, data / "penstock.db"):
        path.chmod(0o755)
    code, said = await penstock("doctor", "--data", data, "--json")
    [found] = [check for check in said["checks"] if check["name"] == "privacy"]
    assert (code, found["state"]) == (2, "fail")
    assert found["hint"] == f"chmod -R go= {data}"
    await space.people["exchange"].kill()
    with umask(0):
        await space.people["exchange"].start()
    assert set(modes(data).values()) == {0}, modes(data)


async def test_a_back_up_opens_nothing_and_claims_with_its_keys_alone(space, tmp_path):
    provider, buyer = space.people["provider"], space.people["buyer"]
    await space.publish("provider", "goods", (PIECE * PIECES,), price=PRICE)
    mandate = {"limit": str(PRICE), "bid": None, "purpose": PURPOSE, "deposit": None, "exposure": str(EXPOSURE)}
    body = {"id": "goods", "product": "goods", "mandate": mandate}
    await space.doors["buyer"].call("POST", "acquisitions", body)
    async with asyncio.timeout(60):
        while len(released(space)) < 4:
            await asyncio.sleep(0.01)
    await buyer.kill()
    with umask(0):
        code, made = await penstock("admin", "backup", tmp_path / "safe", "--data", provider.data, "--json")
    assert code == 0, made
    await provider.kill()

    locks = {row["lock"] for row in space.rows("provider", "windows") if row["lock"]}
    assert len(locks) >= 4
    stolen = shutil.copytree(provider.data, tmp_path / "stolen", ignore=shutil.ignore_patterns("sealed", "search"))
    assert preimages_in(tmp_path / "safe", locks) == preimages_in(stolen, locks) == 0
    owed = int(released(space)[-1]["cumulative"])

    shutil.move(provider.data / "keys", tmp_path / "keys")
    shutil.rmtree(provider.data)
    wanted = ("admin", "restore", tmp_path / "safe", "--data", provider.data, "--json", "--without", space.did("buyer"))
    without = shutil.copytree(tmp_path / "keys", tmp_path / "without", ignore=shutil.ignore_patterns("vault"))
    assert (await penstock(*wanted, "--keys", without))[0] == 0
    with pytest.raises(ServerAbsent, match="put `keys/vault` back"):  # and it does not go on without what it may claim
        await provider.start()
    shutil.rmtree(provider.data)

    with umask(0):
        code, told = await penstock(*wanted, "--keys", tmp_path / "keys")
        assert code == 0, told
        assert set(modes(provider.data).values()) == {0}, modes(provider.data)
        await provider.start()
    await space.doors["provider"].call("POST", "settlements", {"agreement": None})
    [channel] = space.rows("provider", "channels")
    assert int(channel["claimed"]) >= owed > 0


def released(space):
    """Return the provider's windows whose keys left, in order."""
    rows = [row for row in space.rows("provider", "windows") if row["state"] in ("paid", "acknowledged")]
    return sorted(rows, key=lambda row: row["seq"])


async def test_a_place_that_is_not_there_is_a_usage_error_before_anything_happens(space, tmp_path):
    data = space.people["exchange"].data
    for words in (
        ("bill", "show", "x", "--to", tmp_path / "nowhere" / "bill.html"),
        ("log", "proof", "0", "-o", tmp_path / "nowhere" / "proof"),
        ("audit", "--exchange", space.url("exchange"), "--html", tmp_path / "nowhere" / "page.html"),
    ):
        code, said = await penstock(*words, "--data", data)
        assert code == 2, said
        assert "disk" not in said
        assert "is not there" in said
    code, said = await penstock("admin", "backup", "/proc/nowhere", "--data", data, "--json")
    assert (code, said["whose"]) == (2, "caller"), said
    buyer = space.people["buyer"]
    if not buyer.running:
        await buyer.start()
    words = ("open", "goods", "--purpose", PURPOSE, "--to", "/proc/nowhere/out", "--data", buyer.data, "--json")
    code, said = await penstock(*words)
    assert (code, said["whose"]) == (2, "caller"), said
    assert "may not write to `/proc/nowhere/out`" in said["text"]
    assert space.rows("buyer", "reads") == []


@pytest_asyncio.fixture(loop_scope="session")
async def lone(tmp_path):
    """An exchange alone, started once and stopped."""
    [port] = free_ports(1)
    data = tmp_path / "lone"
    initialise(data, name="Alone", roles=("exchange",), region="US-NY", port=port, exchange="", development=True)
    person = Participant(data)
    await person.start()
    await person.stop()
    yield person, f"http://localhost:{port}"
    await person.stop()


async def test_a_clock_a_year_back_is_not_ready_and_says_why(lone):
    person, url = lone
    right, person.command = person.command, SKEWED
    await person.start({"PENSTOCK_TEST_SKEW": str(-YEAR_SECONDS)})
    async with Outbound(development=True) as outbound:
        with pytest.raises(Exception, match="503"):
            await outbound.get(f"{url}/health/ready")
        assert "it was set back" in (person.data / "serve.log").read_text()
        await person.stop()
        person.command = right
        await person.start()
        assert (await outbound.get(f"{url}/health/ready")).json() == {"status": "ready", "reasons": [], "warnings": []}


async def test_damaged_pages_are_told_as_such(lone):
    person, _ = lone
    path = person.data / "penstock.db"
    with path.open("r+b") as database:
        database.seek(PAGE_BYTES)
        database.write(os.urandom(path.stat().st_size - PAGE_BYTES))
    with pytest.raises(ServerAbsent) as told:
        await person.start()
    assert "penstock admin restore" in str(told.value)
    assert "make room" not in str(told.value)
    code, said = await penstock("doctor", "--data", person.data, "--json")
    [found] = [check for check in said["checks"] if check["name"] == "database"]
    assert (code, found["state"]) == (74, "fail")
    assert "penstock log fsck" in found["hint"]
