"""What a connector tells an exchange that watches, when it says nothing, and when it says that it has obeyed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from connector.exchange.telling import CUT_SECONDS, IDLE_SECONDS, UseTelling
from connector.licence.running_uses import READ, RunningUses
from connector.runtime.errors import PeerUnreachable
from tests.api.running import running

pytestmark = pytest.mark.asyncio(loop_scope="module")

DIGEST = "0b" * 32
STOP = {"stop": "0a" * 16, "agreement": DIGEST, "reason": "the source was attacked", "at": "2026-11-30T12:00:00+00:00"}


class Exchange:
    """Answers what it is told to, and keeps what it heard."""

    space = SimpleNamespace(last=lambda: SimpleNamespace(exchange="did:web:exchange.example"))

    def __init__(self, *answers):
        self.answers, self.heard = list(answers), []

    async def ask(self, _method, _path, body):
        self.heard.append(body)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def answer(watched, *stops):
    return {"watched": watched, "stops": list(stops)}


async def test_nothing_is_told_before_the_exchange_says_that_it_watches(tmp_path):
    async with running(tmp_path) as provider:
        uses = RunningUses(provider.connector.core)
        exchange = Exchange(answer(0), answer(5), answer(5), answer(0), answer(0))
        telling = UseTelling(provider.connector.core, exchange, uses)
        with uses.of(DIGEST, READ):
            assert [await telling.tell() for _ in range(3)] == [IDLE_SECONDS, 5, 5]
        assert await telling.tell() == IDLE_SECONDS
        await telling.tell()
        told = [[one["agreement"] for one in heard["running"]] for heard in exchange.heard]
        assert told == [[], [], [DIGEST], [], []]
        [use] = exchange.heard[2]["running"]
        assert [heard["ended"] for heard in exchange.heard] == [[], [], [], [use["use"]], []]


async def test_it_obeys_when_nothing_runs_any_more_and_what_is_named_no_more_is_lifted(tmp_path):
    async with running(tmp_path) as provider:
        uses = RunningUses(provider.connector.core)
        exchange = Exchange(answer(5, STOP), answer(5, STOP), PeerUnreachable("away"), answer(5, STOP), answer(5))
        telling = UseTelling(provider.connector.core, exchange, uses)
        with uses.of(DIGEST, READ):
            assert [await telling.tell() for _ in range(2)] == [CUT_SECONDS] * 2
        with pytest.raises(PeerUnreachable):
            await telling.tell()
        assert await telling.tell() == 5
        assert [heard["obeyed"] for heard in exchange.heard] == [[], [], [STOP["stop"]], [STOP["stop"]]]
        assert exchange.heard[2]["ended"] == exchange.heard[3]["ended"] != []  # what was not heard is told again
        assert (await provider.row("halts", agreement=DIGEST))["reason"] == STOP["reason"]
        assert await telling.tell() == CUT_SECONDS
        assert await provider.row("halts", agreement=DIGEST) is None
