"""What is shown of long work: on a terminal one line that changes, anywhere else nothing."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import struct
import sys
import termios

import pytest
import pytest_asyncio

from connector.demo.story import term_end
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRODUCT, PIECE, PIECES, PRICE = "watched", 65_536, 96, 16_000  # minor units a MiB: a piece costs 1,000
COLUMNS = 100
SEALED_BYTES = (1 << 28, 1 << 29, 1 << 30)  # what a quick machine has sealed between two looks is tried larger
REST_AWAY = "\x1b[K"


def command(space, key):
    bounds = ("--max-price", str(PRICE), "--exposure", "2000", "--purpose", PURPOSE, "--id", key)
    words = ("get", PRODUCT, *bounds, "--to", "null", "--no-keep", "--data", str(space.people["buyer"].data))
    return (sys.executable, "-m", "connector.cli.main", *words)


async def on_a_terminal(words, **told):
    """Run a command whose stderr is a terminal; returns what it showed there."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in {"TERM", "NO_COLOR"}} | told
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.DEVNULL, stderr=slave, env=environment
    )
    os.close(slave)
    shown = await asyncio.to_thread(drained, master)
    assert await process.wait() == 0, shown
    return shown


def drained(master):
    """Read a terminal until nobody writes to it any more."""
    shown = b""
    while True:
        try:
            chunk = os.read(master, 4096)
        except OSError:  # so Linux says that the other side is closed
            chunk = b""
        if not chunk:
            os.close(master)
            return shown.decode()
        shown += chunk


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def product(space):
    await space.publish("provider", PRODUCT, (PIECES * PIECE,), price=PRICE)


async def test_a_terminal_sees_rate_time_left_and_what_is_paid_of_the_quote(space):
    quoted = await space.doors["buyer"].call("GET", f"quotes/{PRODUCT}")
    shown = await on_a_terminal(command(space, "watched-1"), TERM="xterm", NO_COLOR="1")
    lines = [line.split(REST_AWAY)[0] for line in shown.split("\r") if REST_AWAY in line]
    assert len(lines) > 3
    assert all(len(line) < COLUMNS for line in lines), "a longer one could not be taken back"
    assert re.search(r"\d+ % of 6\.0 MiB, \d+\.\d MiB/s, \d+ s left, paid [\d.]+ CNY of at most ", "\n".join(lines))
    told = [found for line in lines if (found := re.search(r"paid (\d+)\.(\d\d) CNY of at most \d+\.\d\d CNY", line))]
    paid = [100 * int(found[1]) + int(found[2]) for found in told]
    assert paid == sorted(paid)
    assert paid[-1] == int(quoted["amount"]), "what is paid in the end is what was quoted"
    assert not re.search(r"\x1b\[[0-9;]*m", shown), "no colours were asked for"


async def test_a_terminal_that_cannot_go_back_is_shown_no_progress(space):
    shown = await on_a_terminal(command(space, "watched-2"), TERM="dumb")
    assert REST_AWAY not in shown
    assert "MiB/s" not in shown


async def test_what_is_no_terminal_is_told_no_progress(space):
    streams = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(*command(space, "watched-3"), **streams)
    out, err = await process.communicate()
    assert process.returncode == 0, err
    assert not [sign for sign in (b"%", b"MiB", b"paid", b"\r", b"\x1b") if sign in err], err
    assert b"\x1b" not in out


async def test_who_publishes_sees_how_far_the_sealing_is(space):
    for size in SEALED_BYTES:
        key = f"slowly-{size}"
        seen, view = await watched(space, key, size)
        done = [int(one["bytesSealed"]) for one in seen]
        assert done == sorted(done)
        assert view["state"] == "submitted"
        assert view == await space.doors["provider"].call("GET", f"publications/{key}?wait=0"), "and so it stays"
        under_way = [one for one in seen if 0 < int(one["bytesSealed"]) < int(one["bytes"]) == size]
        if under_way and any(one["bytesPerSecond"] and one["secondsLeft"] for one in under_way):
            return
    pytest.fail("nobody saw how far it was")


async def watched(space, key, size):
    """Publish so many bytes; returns what was told of their progress, and the end of it."""
    source, door = space.folder / f"{key}.bin", space.doors["provider"]
    with source.open("wb") as file:
        file.truncate(size)  # it takes no place
    brief = {
        "id": key,
        "title": "Sealed slowly",
        "files": [str(source)],
        "price": "1",
        "floor": "1",
        "unit": "MiB",
        "tier": "kept",
    }
    begun = await door.call("POST", "publications", brief | {"purpose": PURPOSE, "until": term_end(space.now())})
    seen = []
    while "progress" in (view := await door.call("GET", f"publications/{begun['id']}?wait=0")):
        seen.append(view["progress"])
        await asyncio.sleep(0.005)
    return seen, view
