"""Ctrl-C while something is got: in a terminal it asks and may stop paying; anywhere else the server goes on."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
import termios
from contextlib import suppress
from functools import partial

import pytest

from connector.runtime.errors import PeerRefused
from tests import nursery
from tests.api.command import commanded
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")

PIECE, PIECES, PRICE = 65_536, 16, 16_000  # minor units a MiB: a piece costs 1,000
SLOW_SECONDS = 0.2  # a message about money takes so long
REST_SECONDS = 1.0
CTRL_C = b"\x03"
ASKED = "stop paying? [y/N] "
WITHIN_SECONDS = 30


class Terminal:
    """A command of the buyer's whose terminal is ours: what is typed, signals by its keys, what it shows."""

    def __init__(self, process, master):
        self.process, self.master, self.shown = process, master, ""

    @classmethod
    async def runs(cls, space, product, *words):
        master, slave = os.openpty()
        line = words or command(space, product)
        environment = {**os.environ, "TERM": "xterm"}
        process = await nursery.EXEC(
            *line, stdin=slave, stdout=asyncio.subprocess.DEVNULL, stderr=slave, env=environment,
            preexec_fn=partial(owned, slave),
        )  # fmt: skip
        os.close(slave)
        os.set_blocking(master, False)
        return cls(process, master)

    async def until(self, words, since=0):
        """Wait until something is shown; return where its end is."""
        async with asyncio.timeout(WITHIN_SECONDS):
            while words not in self.shown[since:]:
                self._look()
                assert self.process.returncode is None or words in self.shown[since:], self.shown
                await asyncio.sleep(0.02)
        return self.shown.index(words, since) + len(words)

    def types(self, typed):
        os.write(self.master, typed)

    async def ends(self):
        async with asyncio.timeout(WITHIN_SECONDS):
            code = await self.process.wait()
        self._look()
        os.close(self.master)
        return code

    def _look(self):
        with suppress(BlockingIOError, OSError):
            while chunk := os.read(self.master, 4096):
                self.shown += chunk.decode()


def owned(slave):
    """Make a terminal the one of this process, so that its keys are signals."""
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)


def command(space, product):
    bounds = ("--max-price", str(PRICE), "--exposure", "1000", "--purpose", PURPOSE, "--id", product)
    return (sys.executable, "-m", "connector.cli.main", "get", product, *bounds, "--data", data(space))


def data(space):
    return str(space.people["buyer"].data)


@pytest.fixture
async def slowly(space, proxy):
    """Products of the second provider, whose messages about money take their time."""

    async def slow(request):
        if "/channel" in request.path:
            await asyncio.sleep(SLOW_SECONDS)

    async def offered(product):
        await space.publish("second", product, (PIECES * PIECE,), price=PRICE)
        proxy.gate = slow

    proxy.calm()
    yield offered
    proxy.calm()


async def paid(space, product):
    view = await space.doors["buyer"].call("GET", f"acquisitions/{product}")
    return int(view["progress"]["paid"])


async def due(space, product):
    return int((await space.doors["buyer"].call("GET", f"quotes/{product}"))["amount"])


async def some_is_paid(space, product):
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            with suppress(PeerRefused):  # it has not begun
                if await paid(space, product):
                    return
            await asyncio.sleep(0.05)


async def test_ctrl_c_asks_and_a_yes_pauses(space, slowly, proxy):
    await slowly("halt-yes")
    terminal = await Terminal.runs(space, "halt-yes")
    await some_is_paid(space, "halt-yes")
    terminal.types(CTRL_C)
    await terminal.until(ASKED)
    for act in ("pause", "show", "cancel"):
        assert f"penstock transfer {act} halt-yes --data {data(space)}" in terminal.shown
    assert "--id halt-yes" in terminal.shown
    terminal.types(b"y\n")
    assert await terminal.ends() == 130, terminal.shown
    assert "paused: nothing more is signed or paid in until `penstock transfer resume halt-yes`" in terminal.shown
    await asyncio.sleep(REST_SECONDS)  # what was on its way is here
    before = await paid(space, "halt-yes")
    await asyncio.sleep(REST_SECONDS)
    assert await paid(space, "halt-yes") == before < await due(space, "halt-yes")
    ended = await commanded("transfer", "show", "halt-yes", "--data", data(space))
    assert "you paused it" in ended.out.decode(), ended
    proxy.calm()
    ended = await commanded("transfer", "resume", "halt-yes", "--data", data(space))
    assert ended.code == 0, ended
    await space.complete("halt-yes")
    assert await paid(space, "halt-yes") == await due(space, "halt-yes"), "nothing is paid twice"


async def test_no_goes_on_and_a_second_ctrl_c_pauses_at_once(space, slowly, proxy):
    await slowly("halt-no")
    terminal = await Terminal.runs(space, "halt-no")
    await some_is_paid(space, "halt-no")
    terminal.types(CTRL_C)
    place = await terminal.until(ASKED)
    terminal.types(b"\n")
    await terminal.until("MiB", place)  # the line of progress is back
    terminal.types(CTRL_C)
    await terminal.until(ASKED, place)
    terminal.types(CTRL_C)
    assert await terminal.ends() == 130, terminal.shown
    assert "paused" in terminal.shown
    proxy.calm()
    again = await nursery.EXEC(*command(space, "halt-no"))
    assert await again.wait() == 0, "the same command goes on"
    assert await paid(space, "halt-no") == await due(space, "halt-no")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_without_a_terminal_the_command_ends_and_the_server_goes_on(space, slowly, proxy, number):
    product = f"halt-{number.name.lower()}"
    await slowly(product)
    streams = {"stdin": asyncio.subprocess.DEVNULL, "stderr": asyncio.subprocess.PIPE}
    process = await nursery.EXEC(*command(space, product), **streams)
    await some_is_paid(space, product)
    process.send_signal(number)
    _, err = await process.communicate()
    assert process.returncode == 130, err
    assert f"penstock transfer cancel {product}" in err.decode()
    assert ASKED not in err.decode()
    proxy.calm()
    assert (await space.complete(product))["state"] == "complete"


async def test_sigterm_in_a_terminal_asks_nothing(space, slowly, proxy):
    await slowly("halt-term")
    terminal = await Terminal.runs(space, "halt-term")
    await some_is_paid(space, "halt-term")
    terminal.process.send_signal(signal.SIGTERM)
    assert await terminal.ends() == 130
    assert ASKED not in terminal.shown
    assert "penstock transfer pause halt-term" in terminal.shown
    proxy.calm()
    await space.complete("halt-term")


async def test_what_has_no_transfer_yet_rests_and_is_given_up(space, slowly, proxy):
    await slowly("halt-early")
    go = asyncio.Event()

    async def gate(request):
        await go.wait()

    proxy.gate = gate
    await space.get("halt-early", limit=PRICE)
    ended = await commanded("transfer", "pause", "halt-early", "--data", data(space))
    assert ended.code == 0, ended
    assert "you paused it" in ended.out.decode()
    go.set()
    proxy.calm()
    await asyncio.sleep(REST_SECONDS)
    view = await space.doors["buyer"].call("GET", "acquisitions/halt-early")
    assert (view["channel"], view["transfer"]) == (None, None), "nothing is paid in"
    ended = await commanded("transfer", "cancel", "halt-early", "--data", data(space))
    assert ended.code == 0, ended
    view = await space.until("halt-early", lambda view: view["state"] == "failed")
    assert "given up" in view["reason"]
