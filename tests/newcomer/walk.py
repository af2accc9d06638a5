"""A newcomer at a shell: a folder, the servers that run in terminals of their own, and commands that are typed."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
from blake3 import blake3

from connector.client.server import server
from connector.demo.processes import SERVE, Participant
from connector.runtime import settings
from connector.runtime.errors import PenstockError

PENSTOCK = (sys.executable, "-m", "connector.cli.entry")
WITHIN_SECONDS = 120
LOOK_SECONDS = 0.01
BALANCE_OF = "0x70a08231"  # the token's `balanceOf(address)`


def digest(path):
    """Return the digest of a file, or of a folder's files with their names."""
    hasher = blake3()
    for file in [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file()):
        hasher.update(str(file.relative_to(path)).encode())
        hasher.update_mmap(file)
    return hasher.hexdigest()


class Walk:
    """Commands are typed in `folder`; what a page calls `buyer` lives in `folder/buyer`.

    `penstock` is what is run for that word, if not the product as it is.
    """

    def __init__(self, folder, environment=None, penstock=PENSTOCK):
        self._penstock = penstock
        self.folder, self.servers, self.known = folder, {}, {}
        self._environment = {**os.environ, **(environment or {})}

    async def begin(self, *words):
        """Type a command and return its process; what it says on both streams is one."""
        command = (*self._penstock, *words[1:]) if words[0] == "penstock" else words
        return await asyncio.create_subprocess_exec(
            *map(str, command),
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def shell(self, words):
        """Return a command as a line of a shell script."""
        return shlex.join(map(str, (*self._penstock, *words[1:])))

    async def ended(self, process, code=0):
        """Return what a command said, when it has ended with this code."""
        said, _ = await asyncio.wait_for(process.communicate(), WITHIN_SECONDS)
        assert process.returncode == code, (process.returncode, said.decode())
        return said.decode()

    async def type(self, words, code=0):
        """Type a command, wait for its end and return what it said; `> FILE` writes that into a file."""
        *words, to = words if ">" in words else [*words, None]
        said = await self.ended(await self.begin(*(word for word in words if word != ">")), code)
        if to is not None:
            (self.folder / to).write_text(said)
        return said

    async def serve(self, words, command=SERVE):
        """Type `penstock serve`: it answers, and goes on."""
        name = words[words.index("--data") + 1]
        self.servers[name] = Participant(self.folder / name, command)
        await self.servers[name].start(self._environment)

    async def stop(self):
        for each in self.servers.values():
            await each.stop()

    def did(self, role):
        """Return the name that a participant has here."""
        return settings.load(self.folder / role, {}, {}).did

    async def ask(self, role, path):
        """Return what a participant's management interface answers."""
        async with server(self.folder / role) as own:
            return await own.call("GET", path)

    async def json(self, role, *words):
        """Return what a command says with `--json`."""
        return json.loads(await self.type(["penstock", *words, "--json", "--data", role]))

    async def books(self, role="buyer"):
        """Return what must not change where a command is refused: money, and all that is signed."""
        shown = await self.ask(role, "status")
        held = {name: shown["holds"][name] for name in ("agreements", "channels", "transfers")}
        return held | {"money": await self.money(role)}

    async def money(self, role):
        """Return the minor units in a participant's account, as the chain tells anybody."""
        account = (await self.ask(role, "status"))["address"][2:].lower()
        url = settings.load(self.folder / "exchange", {}, {}).url
        async with aiohttp.ClientSession(url) as session:
            async with session.get("/space") as answer:
                token = (await answer.json())["deployment"]["addresses"]["token"]
            call = {"to": token, "data": BALANCE_OF + account.rjust(64, "0")}
            body = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [call, "latest"]}
            async with session.post("/rpc", json=body) as answer:
                return int((await answer.json())["result"], 16)

    async def reaches(self, acquisition, share):
        """Return the buyer's view as soon as so much of the keys is here; the purchase must not be over by then."""
        ends = time.monotonic() + WITHIN_SECONDS
        while time.monotonic() < ends:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                view = await self.ask("buyer", f"acquisitions/{acquisition}")
            except PenstockError:
                continue  # it was not asked for yet
            assert view["state"] not in ("complete", "failed"), view
            progress = view["progress"]
            if progress.get("rows") and progress["keysHeld"] >= share * progress["rows"]:
                return view
        raise TimeoutError(acquisition)


def same(one, other):
    """Whether two files, or two folders, hold the same bytes."""
    return digest(Path(one)) == digest(Path(other))
