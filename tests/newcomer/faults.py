"""What goes wrong under a newcomer: a purchase is stopped in the middle, a server is killed, a port taken, a disk full.

After each the command that was typed is typed again, and the bytes and the bill are those of an undisturbed purchase.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess

import pytest

from connector.demo.processes import SERVE, Participant, free_ports
from tests.api.command import ROOT
from tests.newcomer.goods import HERE, LARGE, MIB
from tests.newcomer.walk import same

pytestmark = pytest.mark.asyncio(loop_scope="session")

INTERRUPTED, UNREACHABLE, USAGE, DISK = 130, 7, 2, 74
IN_THE_MIDDLE = 1 / 8
CREDIT = 10_000_000
SAYS_SECONDS = 40
# what the small disk lacks for the large file
LACKS = HERE.mib * MIB // 4


def getting(name, to=None):
    """Return the command that buys the large file and opens it to a folder of that name, or to another."""
    asked = ["--max-price", "500", "--purpose", "Research", "--id", name, "--to", to or name]
    return ["penstock", "get", "survey", *asked, "--data", "buyer"]


@pytest.fixture(scope="module")
def price():
    """What the large file cost in the end, by the purchases."""
    return {}


async def ends_right(walk, name, price):
    """The same command again: the bytes are right, each purchase is paid once, and no command changes that."""
    await walk.type(getting(name))
    assert same(walk.folder / name / LARGE, walk.folder / LARGE)
    view = await walk.ask("buyer", f"acquisitions/{name}")
    price[name] = view["progress"]["paid"]
    assert len(set(price.values())) == 1, price
    before = await walk.books()
    await walk.type(getting(name))
    assert await walk.books() == before
    (walk.folder / name / LARGE).unlink()


async def test_the_buyer_is_credited_for_what_comes(walk, here):
    await walk.type(["penstock", "exchange", "credit", here.did("buyer"), str(CREDIT), "--data", "exchange"])


async def test_ctrl_c_in_the_middle_and_the_same_command_again(walk, price):
    process = await walk.begin(*getting("stopped"))
    await walk.reaches("stopped", IN_THE_MIDDLE)
    process.send_signal(signal.SIGINT)
    said = await walk.ended(process, INTERRUPTED)
    assert "Traceback" not in said
    for word in ("goes on", "--id stopped", "penstock transfer pause stopped"):
        assert word in said
    await ends_right(walk, "stopped", price)


async def test_the_buyers_server_is_killed_in_the_middle_and_started_again(walk, price):
    process = await walk.begin(*getting("killed"))
    await walk.reaches("killed", IN_THE_MIDDLE)
    await walk.servers["buyer"].kill()
    said = await walk.ended(process, UNREACHABLE)
    assert "penstock serve" in said
    assert "penstock serve" in await walk.type(getting("killed"), UNREACHABLE)
    await walk.serve(["penstock", "serve", "--data", "buyer"])
    await ends_right(walk, "killed", price)


async def test_the_providers_server_is_killed_in_the_middle_and_started_again(walk, price):
    process = await walk.begin(*getting("waited"))
    await walk.reaches("waited", IN_THE_MIDDLE)
    await walk.servers["provider"].kill()
    await walk.serve(["penstock", "serve", "--data", "provider"])
    await walk.ended(process)
    await ends_right(walk, "waited", price)


async def says(path, word):
    """Wait until a file has a word in it."""
    async with asyncio.timeout(SAYS_SECONDS):
        while not path.exists() or word not in path.read_text():
            await asyncio.sleep(0.1)


async def test_a_second_server_on_the_same_folder_stands_by_and_says_so(walk):
    second = walk.folder / "second.out"
    process = await walk.begin(
        "sh", "-c", f"exec {walk.shell(['penstock', 'serve', '--data', 'buyer'])} > second.out 2>&1"
    )
    await says(second, "stands by")
    assert walk.servers["buyer"].running
    assert "survey" in await walk.type(["penstock", "find", "survey", "--data", "buyer"])
    process.send_signal(signal.SIGINT)
    await process.communicate()
    assert "Traceback" not in second.read_text()
    assert "survey" in await walk.type(["penstock", "find", "survey", "--data", "buyer"])


async def test_a_port_that_is_taken_is_named(walk, here):
    taken = str(here.ports["exchange"])
    asked = ["--name", "Other", "--development", "--exchange", here.url]
    await walk.type(["penstock", "init", "--role", "buyer", "--port", taken, *asked, "--data", "other"])
    said = await walk.type(["penstock", "serve", "--data", "other"], USAGE)
    for word in (taken, "in use", "server.port"):
        assert word in said
    assert not (walk.folder / "other" / "server.json").exists()
    free = str(free_ports(1)[0])
    other = Participant(walk.folder / "other", ("env", f"PENSTOCK_SERVER_PORT={free}", *SERVE))
    await other.start()
    await other.stop()


@pytest.fixture
def apart(absent):
    """The beginning of a command that mounts a small disk of its own."""
    command = ("unshare", "--map-root-user", "--mount")
    try:
        tried = [*command, "mount", "-t", "tmpfs", "none", "/mnt"]
        said = subprocess.run(tried, capture_output=True, text=True, check=False)
    except FileNotFoundError as fault:
        absent(f"no disk of its own can be mounted here: {fault}", optional=True)
    if said.returncode:
        absent(f"no disk of its own can be mounted here: {said.stderr.strip()}", optional=True)
    return command


async def test_the_disk_that_is_opened_to_is_full(walk, apart, price):
    """The buyer's server lives where `full` is a disk with room for the file, but for what fills it."""
    full = walk.folder / "full"
    full.mkdir()
    mount = f'mount -t tmpfs -o size={HERE.mib * MIB + LACKS} none "$0" && exec "$@"'
    await walk.servers["buyer"].stop()
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    serve = (*apart, "sh", "-c", mount, str(full), "env", f"PYTHONPATH={path}", *SERVE)
    await walk.serve(["penstock", "serve", "--data", "buyer"], serve)
    inside = walk.folder.joinpath("/proc", str(walk.servers["buyer"].pid), "root", full.relative_to("/"))
    filler = inside / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 2 * LACKS)
    get = getting("full", "full/opened")
    said = await walk.type(get, DISK)
    for word in ("no space left on device", "more are needed", "make room, then give the same command"):
        assert word in said
    filler.unlink()
    await walk.type(get)
    assert same(inside / "opened" / LARGE, walk.folder / LARGE)
    price["full"] = (await walk.ask("buyer", "acquisitions/full"))["progress"]["paid"]
    assert len(set(price.values())) == 1, price


async def test_after_all_that_the_books_are_still_true(walk, here):
    await walk.type(["penstock", "settle", "--data", "provider"])
    audit = ["penstock", "audit", "--exchange", here.url, "--development", "--data", "regulator"]
    assert "audit: clean" in await walk.type(audit)
