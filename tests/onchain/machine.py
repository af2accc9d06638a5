"""A fresh chain with all programs, any order of acts by anybody; what is told is folded and compared at the end."""

from __future__ import annotations

import asyncio
import shutil

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ledger.chain.client import Chain
from ledger.chain.errors import ChainRefused
from ledger.chain.programs import Programs
from ledger.embedded.chain import EmbeddedChain

from . import folding
from .stage import Clock, Stage


class OnChain(RuleBasedStateMachine):
    """A fresh chain with all programs; `attempt` an act, lawful or not."""

    told = ()
    source = None
    steps = done_in_all = 0

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.done, self.refused, self.seen, self.root = 0, 0, {}, b""
        self.stage = self.runner.run(self._begin())

    async def _begin(self):
        path, deployment = self.source
        self.path = path.with_name(f"{type(self).__name__}.sqlite")
        shutil.copy(path, self.path)
        self.embedded = await EmbeddedChain.open(self.path, clock := Clock())

        async def move(seconds):
            clock.move(seconds)
            await self.embedded.tick()

        chain = Chain.local(self.embedded)
        return Stage("embedded", chain, Programs(chain, deployment), move)

    def attempt(self, act, actor):
        try:
            self.runner.run(self.stage.do(act, actor))
            self.done += 1
        except ChainRefused:
            self.refused += 1

    async def growing(self):
        """Name → what the program keeps and may only let grow."""
        raise NotImplementedError

    async def ask(self, program, function, *args):
        return await self.stage.chain.call(self.stage.deployment.program(program), function, *args)

    async def nothing_is_made_or_lost(self):
        """Assert what else holds in every state."""

    @invariant()
    def nothing_shrinks(self):
        type(self).steps += 1
        root = self.runner.run(self.stage.chain.newest()).state_root
        if root == self.root:
            return  # the same state: a refusal, or a block in which nothing happened
        now = self.runner.run(self.growing())
        assert not [name for name, before in self.seen.items() if now[name] < before]
        self.runner.run(self.nothing_is_made_or_lost())
        self.seen, self.root = now, root

    @rule(hours=st.integers(1, 30))
    def wait(self, hours):
        self.runner.run(self.stage.advance(hours * 3600))

    def teardown(self):
        type(self).done_in_all += self.done
        try:
            self.runner.run(self._check())
        finally:
            self.runner.run(self.embedded.close())
            self.runner.close()
            for end in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + end).unlink(missing_ok=True)

    async def _check(self):
        state = await folding.folded(self.stage, self.told)
        await folding.assert_told(self.stage, state)
        assert sum(state.balances.values()) == state.supply, "units are neither made nor lost"
        if "channels" in self.told:
            held = state.balances[self.stage.deployment.addresses["channels"]]
            locked = sum(each["deposit"] - each["claimed"] for each in state.channels.values() if not each["closed"])
            dust = held - locked - sum(state.credits.values())
            assert 0 <= dust < 2 * len(state.channels) + 1, "what is held is owed"
