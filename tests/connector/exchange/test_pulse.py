"""How often a connector tells the node of its space that it is there."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from catalog.connectors import BEAT_SECONDS, NODE_BEAT_SECONDS
from connector.exchange import heartbeats
from connector.exchange.heartbeats import NODE_PATH, Pulse
from connector.runtime.errors import PeerUnreachable

pytestmark = pytest.mark.asyncio


class Node:
    """Answers what it is told to, and keeps what it heard."""

    is_there = True

    def __init__(self, *answers):
        self.answers, self.heard = list(answers), []

    async def ask(self, method, path, body):
        self.heard.append((method, path, body["version"]))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def rests(monkeypatch, node, roles=("provider",)):
    """Return how long a connector rested between what the node answered."""

    async def read(_):
        return 0

    core = SimpleNamespace(
        identity=SimpleNamespace(roles=set(roles)),
        settings=SimpleNamespace(vault=SimpleNamespace(serve=False)),
        store=SimpleNamespace(read=read),
        outbound=None,
    )
    pulse, rested, done = Pulse(core, None, None, None, None), [], asyncio.Event()
    pulse._node = node

    async def rest(seconds):
        rested.append(seconds)
        if not node.answers or len(rested) > 9:
            done.set()
            await asyncio.Event().wait()

    monkeypatch.setattr(heartbeats.asyncio, "sleep", rest)
    pulse.start()
    await done.wait()
    await pulse.close()
    return rested


async def test_it_tells_the_node_as_often_as_that_wants(monkeypatch):
    wanted = [
        {"next": NODE_BEAT_SECONDS},
        {"next": 17},
        {"next": 10**9},
        {"next": 0},
        {"standing": "admitted"},
        [],
        {"next": "5"},
    ]
    node = Node(*wanted)
    least, most = NODE_BEAT_SECONDS, BEAT_SECONDS
    assert await rests(monkeypatch, node) == [least, 17, most, least, most, most, most]
    assert [path for _, path, _ in node.heard] == [NODE_PATH] * len(wanted)


async def test_a_node_that_is_away_is_told_again(monkeypatch):
    node = Node(PeerUnreachable("it is away"), {"next": NODE_BEAT_SECONDS})
    assert await rests(monkeypatch, node) == [NODE_BEAT_SECONDS] * 2


async def test_a_node_tells_itself_nothing_and_without_one_nobody_is_told(monkeypatch):
    for roles, is_there in (({"node"}, True), ({"provider"}, False)):
        node = Node({"next": 5})
        node.is_there = is_there
        assert (await rests(monkeypatch, node, roles))[:2] == [NODE_BEAT_SECONDS] * 2
        assert node.heard == []
