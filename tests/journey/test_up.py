"""`penstock up` as its user: a table of one's own goes all the way; stopped and started again, all of it is there."""

from __future__ import annotations

import asyncio
import json
import random
import re
import shlex
import shutil
import signal
import socket
import sys
from pathlib import Path

import pytest
import pytest_asyncio

from connector.cli.answers import ANSWERS
from connector.demo import local_space
from connector.runtime.errors import InvalidInput
from connector.runtime.living import lives
from tests import nursery
from tests.api.answers.shapes import unlike
from tests.api.command import run

pytestmark = pytest.mark.asyncio(loop_scope="session")

# four servers begin, found a space and admit each other: ten seconds on an idle machine of two cores
UP_SECONDS = 150
UP = (sys.executable, "-m", "connector.cli.entry", "up")
ROOT = Path(__file__).resolve().parents[2]
SPACE = "penstock-space"
OWN = "day,visitors\n" + "".join(f"{day},{day * 31 % 400}\n" for day in range(200))
INTERRUPTED = 130
# a terminal of eighty columns, whose keys are what is written to its stdin
TERMINAL = "import os, pty, sys; os.environ |= {'COLUMNS': '80'}; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"


def row():
    """Return the first of four ports in a row that are free here, and that no other run of the tests draws.

    By chance that no seed repeats: two workers that begin at once would each take some of the four, and wait.
    """
    chance = random.SystemRandom()
    while not all(map(local_space._is_free, range(first := chance.randrange(20_000, 30_000, 10), first + 4))):
        pass
    return str(first)


class Up:
    """A terminal in which `penstock up` runs."""

    def __init__(self, folder, *words):
        self.folder, self.words, self.said = folder, words, []

    async def __aenter__(self):
        pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
        env = {**nursery.os.environ, "PYTHONPATH": str(ROOT)}
        self.process = await nursery.EXEC(*UP, *self.words, cwd=self.folder, env=env, **pipes)
        return self

    async def until(self, words):
        """Read lines until one has these words."""
        try:
            async with asyncio.timeout(UP_SECONDS):
                while line := (await self.process.stdout.readline()).decode():
                    self.said.append(line.rstrip("\n"))
                    if words in line:
                        return line
        except TimeoutError:
            self.process.terminate()  # killed, it would leave its four behind
        raise AssertionError((self.said, (await self.process.stderr.read()).decode()))

    async def ended(self, code):
        """Wait for its end; returns what it said last."""
        async with asyncio.timeout(UP_SECONDS):
            _, told = await self.process.communicate()
        assert self.process.returncode == code, told.decode()
        return told.decode()

    async def stop(self, times=1):
        """Press Ctrl-C, perhaps several times at once; returns what it said last."""
        for _ in range(times):
            self.process.send_signal(signal.SIGINT)
        return await self.ended(INTERRUPTED)

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            self.process.terminate()
            await self.process.communicate()


async def begun(folder):
    """Return a first `up` that is ready; where ports or time were taken by others, another space in its place."""
    for _ in range(2):
        up = await Up(folder, "--port", row()).__aenter__()
        try:
            await up.until("Ctrl-C")
        except AssertionError as fault:
            logs = {path.parent.name: path.read_text()[-2_000:] for path in folder.glob(f"{SPACE}/*/serve.log")}
            sys.stdout.write(f"up did not begin: {fault}, {logs}\n")
            await up.__aexit__()
            shutil.rmtree(folder / SPACE, ignore_errors=True)
        else:
            return up
    raise AssertionError("up does not begin")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def folder(tmp_path_factory):
    """A space was made, used as its own words say, and stopped."""
    made = tmp_path_factory.mktemp("up")
    (made / "own.csv").write_text(OWN)
    up = await begun(made)
    typed = [line.strip() for line in up.said if line.startswith("  ")]
    said = [await typed_in(made, line.replace("FILE", "own.csv")) for line in typed]
    links = re.findall(r"console: (\S+/console/enter\?token=\S+)", "\n".join(up.said))
    told = await up.stop()
    return made, typed, said, links, told


async def typed_in(folder, line, code=0):
    """Give a printed command, whatever it calls the program."""
    return await run(shlex.split(line)[1:], folder, code=code)


async def test_the_printed_commands_lead_all_the_way(folder):
    made, typed, said, links, told = folder
    verbs = [shlex.split(line)[1] for line in typed]
    assert verbs == ["publish", "exchange", "find", "get", "open", "settle", "audit"]
    told_by = dict(zip(verbs, said, strict=True))
    assert "submitted" in told_by["publish"]
    assert "listed" in told_by["exchange"]
    assert "mine  My data  2.50 CNY per MiB  (kept)" in told_by["find"]
    assert (made / "opened/own.csv").read_text() == OWN
    assert "settled" in told_by["settle"] or "withdr" in told_by["settle"]
    assert "clean" in told_by["audit"]
    assert len(set(links)) == len(local_space.ROLES)
    assert f"stopped; go on with: {typed[0].split()[0]} up --data {SPACE}" in told


async def test_the_same_again_goes_on_with_what_is_there(folder):
    made = folder[0]
    async with Up(made, "--json") as up:
        found = json.loads(await up.until("{"))
        assert unlike(ANSWERS["up"], found) == ""
        assert found["begun"] is False
        assert {role: one["data"] for role, one in found["participants"].items()} == {
            role: str(made / SPACE / role) for role in local_space.ROLES
        }
        data = f"--data {SPACE}/buyer"
        assert "opening 2" in await typed_in(made, f"penstock open first --purpose Research --to again {data}")
        assert (made / "again/own.csv").read_text() == OWN
        async with Up(made) as second:
            assert "runs already" in await second.ended(2)
        async with Up(made, "--reset", "--yes") as third:
            assert "runs already" in await third.ended(2)
        await up.stop()


async def test_who_presses_ctrl_c_twice_leaves_nobody_behind(folder):
    async with Up(folder[0], "--json") as up:
        found = json.loads(await up.until("{"))["participants"]
        pids = [json.loads(Path(one["data"], "server.json").read_text())["pid"] for one in found.values()]
        await up.stop(times=3)
    async with asyncio.timeout(UP_SECONDS):
        while any(map(lives, pids)):
            await asyncio.sleep(0.1)


async def test_on_a_terminal_no_command_is_broken_and_ctrl_c_ends_all_four(folder):
    made, typed, *_ = folder
    env = {**nursery.os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    process = await nursery.EXEC(sys.executable, "-c", TERMINAL, *UP, cwd=made, env=env, **pipes)
    try:
        async with asyncio.timeout(UP_SECONDS):
            shown = (await process.stdout.readuntil(b"Ctrl-C\r\n")).decode()
            process.stdin.write(b"\x03")
            rest = (await process.stdout.read()).decode()
            assert await process.wait() == INTERRUPTED
    finally:
        process.stdin.close()
    assert "stopped; go on with: " in rest
    lines = {line.strip() for line in shown.splitlines()}
    assert set(typed[1:]) <= lines, "the first says until when, which may be another day by now"
    assert not list((made / SPACE).glob("*/server.json"))


async def test_a_port_that_is_taken_is_told_at_once(folder):
    made = folder[0]
    port = re.search(r"^port = (\d+)", (made / SPACE / "buyer/penstock.toml").read_text(), re.MULTILINE)[1]
    with socket.create_server(("127.0.0.1", int(port))):
        async with Up(made) as up:
            told = await up.ended(2)
    assert f"port {port} of the buyer is taken" in told
    async with Up(made, "--port", "7700") as up:
        assert f"has the ports from {int(port) - 3} on" in await up.ended(2)
    assert not list((made / SPACE).glob("*/server.json")), "nobody was started"


async def test_one_that_ends_is_told_and_ends_the_others(folder):
    made = folder[0]
    async with Up(made, "--json") as up:
        found = json.loads(await up.until("{"))
        pid = json.loads(Path(found["participants"]["provider"]["data"], "server.json").read_text())["pid"]
        nursery.os.kill(pid, signal.SIGTERM)
        async with asyncio.timeout(UP_SECONDS):
            _, told = await up.process.communicate()
        assert up.process.returncode == 7
        assert "the provider ended" in told.decode()
    assert not list((made / SPACE).glob("*/server.json"))


async def test_a_reset_asks_and_removes_the_four_alone(folder):
    made = folder[0]
    (made / SPACE / "notes.txt").write_text("mine")
    async with Up(made, "--reset") as up:
        assert "--yes" in await up.ended(2), "nobody could be asked"
    assert (made / SPACE / "buyer").is_dir()
    assert local_space.reset(made / SPACE) == list(local_space.ROLES)
    assert [path.name for path in (made / SPACE).iterdir()] == ["notes.txt"]
    with pytest.raises(InvalidInput, match="holds something else"):
        local_space.make(made / SPACE)


async def test_what_would_hold_for_all_four_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("PENSTOCK_SERVER_PORT", "7001")
    with pytest.raises(InvalidInput, match="`PENSTOCK_SERVER_PORT` is set"):
        local_space.make(tmp_path / SPACE)
    assert not (tmp_path / SPACE).exists()


async def test_commands_can_be_pasted_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for line in local_space.commands(tmp_path / "my space", "http://localhost:7700"):
        words = shlex.split(line)
        place = words[words.index("--data") + 1]
        assert re.fullmatch(r"my space/(exchange|regulator|provider|buyer)", place)


async def test_who_was_made_in_part_is_completed(tmp_path):
    assert local_space.make(tmp_path / SPACE, int(row()))
    ports = [re.search(r"^port = (\d+)", path.read_text(), re.MULTILINE)[1] for path in settings(tmp_path)]
    local_space.shutil.rmtree(tmp_path / SPACE / "provider")
    (tmp_path / SPACE / f"{local_space.ASIDE}provider").mkdir()
    assert not local_space.make(tmp_path / SPACE)
    assert [re.search(r"^port = (\d+)", path.read_text(), re.MULTILINE)[1] for path in settings(tmp_path)] == ports
    assert not list((tmp_path / SPACE).glob(f"{local_space.ASIDE}*"))


def settings(folder):
    return sorted((folder / SPACE).glob("*/penstock.toml"))
