"""Commands said to a real space, and what each of them printed; what can be rehearsed is rehearsed first."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections import defaultdict

import typer
from typer.testing import CliRunner

from connector.cli.answers import ANSWERS
from connector.cli.main import app
from connector.cli.speak import ACTING
from connector.client.acts.table import TABLE
from docs.generate.reference import walked
from ledger.chain.client import Chain
from tests.api.space import PURPOSE

DRY = "--dry-run"
COMMANDS = {" ".join(words): command for words, command in walked(typer.main.get_command(app))}
REHEARSED = {words for words, command in COMMANDS.items() if any(DRY in parameter.opts for parameter in command.params)}
# what is a table, with all its columns when it is asked for them
TABLES = {act.command for act in TABLE if act.table} | {"vault list", "vault idle", "vault holders", "vault destroyed"}
# what a rehearsal leaves alone is looked at for a part of them, drawn by the seed of the run, in the long run for all
LOOKED_AT = (
    REHEARSED
    if os.environ.get("PENSTOCK_TEST_FAULTS") == "all"
    else set(random.Random(os.environ["PENSTOCK_TEST_SEED"]).sample(sorted(REHEARSED), len(REHEARSED) // 4))
)
# beside a rehearsal a participant goes about its business: it must have left everything alone once in so many times
ATTEMPTS = 8
WITHIN_SECONDS = 30


class Told:
    """`found` is row of the table → what its command printed, `rehearsed` command → what --dry-run printed."""

    def __init__(self, space, folder):
        self.space, self.folder = space, folder
        self.found, self.rehearsed = defaultdict(list), {}
        self.chain = Chain.connect(space.url("exchange") + "/rpc")

    def data(self, role):
        return str(self.space.people[role].data)

    async def say(self, words, *more, by=None, row="", codes=(0,), key=None):
        """Run a command as who it is for, and return what it prints; `row` is its row where it is not the command."""
        command = named(words, COMMANDS)
        where = () if by is None else ("--data", self.data(by))
        arguments = [*words.split(), *map(str, more), *where]
        if key is not None:
            arguments[1:1] = ["--as", str(key)]
        if command in REHEARSED and by is not None and command not in self.rehearsed:
            self.rehearsed[command] = await self._rehearse(command, arguments, by)
        said = await self._run(arguments, codes)
        if command in TABLES and named(words, ANSWERS) == command:
            await self._shown(arguments)
        self.found[row or named(words, ANSWERS)].append(said)
        return said

    async def _run(self, arguments, codes):
        ACTING.clear()
        said = await asyncio.to_thread(CliRunner().invoke, app, [*arguments, "--json"])
        assert said.exit_code in codes, (arguments, said.stdout, said.stderr, said.exception)
        [line] = said.stdout.splitlines()
        return json.loads(line)

    async def _shown(self, arguments):
        """See that people are shown the same, short and long."""
        for more in ([], ["--long"]):
            said = await asyncio.to_thread(CliRunner().invoke, app, [*arguments, *more])
            assert (said.exit_code, said.exception) == (0, None), (arguments, more, said.stderr)
            assert said.stdout.strip(), (arguments, more)

    async def _rehearse(self, command, arguments, by):
        """Rehearse, and see that nothing has changed; returns what was printed."""
        looks = command in LOOKED_AT
        said = await (self._unchanging(arguments, by) if looks else self._run([*arguments, DRY], (0, 5)))
        if f"{command} {DRY}" in ANSWERS:
            self.found[f"{command} {DRY}"].append(said)
        return said

    async def _unchanging(self, arguments, by):
        """Rehearse, and see that nothing has changed: no table of anybody, no block, no nonce."""
        for _ in range(ATTEMPTS):
            before = await self._kept(by)
            said = await self._run([*arguments, DRY], (0, 5))
            after = await self._kept(by)
            if before == after:
                return said
            await asyncio.sleep(0.5)
        changed = [
            (role, name)
            for role in before[0]
            for name in after[0][role]
            if before[0][role][name] != after[0][role][name]
        ]
        raise AssertionError(f"{arguments} changed {changed}, or the chain: {before[1:]} {after[1:]}")

    async def _kept(self, by):
        nonce = await self.chain.nonce(self.space.keys(by).address)
        tables = await asyncio.to_thread(lambda: {role: self.space.stored(role) for role in self.space.people})
        return tables, nonce, (await self.chain.newest()).number

    # --- what lies between commands

    def write(self, name, content):
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    async def buy(self, product, key, role="buyer", limit=1000):
        """Get a product under an id; returns its view at the end."""
        mandate = {"limit": str(limit), "bid": None, "purpose": PURPOSE, "deposit": None}
        body = {"id": key, "product": product, "mandate": mandate}
        await self.space.doors[role].call("POST", "acquisitions", body)
        return await self.space.complete(key, role=role, within=WITHIN_SECONDS)

    async def moved(self, role, path, **wanted):
        """Wait until what is served under a path has these members."""
        async with asyncio.timeout(WITHIN_SECONDS):
            while True:
                found = await self.space.doors[role].call("GET", path)
                if all(found[name] == value for name, value in wanted.items()):
                    return found
                await asyncio.sleep(0.1)

    async def transferring(self, role, transfer, state):
        return await self.moved(role, f"processes/{transfer.replace(':', '%3A')}", state=state, pending="")


def named(words, known):
    """Return which of the known names the words begin with, the longest; a command of two words may have options."""
    parts = words.split()
    return next(name for length in range(len(parts), 0, -1) if (name := " ".join(parts[:length])) in known)
