"""Questions between nodes, with one in between that lies: it can leave out; what it makes up is named and dropped."""

from __future__ import annotations

import asyncio
import copy
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from catalog import registration
from connector.exchange.node import statement
from connector.exchange.node.question import Question
from connector.exchange.node.questions import Answers, Questions, _trimmed
from connector.exchange.node.resolving import Resolving
from connector.runtime.errors import Absent, Conflict, InvalidInput, NotPermitted, PeerMisbehaved, PeerUnreachable
from tests.core import core

AT = datetime(2026, 11, 28, tzinfo=UTC)
SUBJECT = "91440000MA00000001"


class Clock:
    def __init__(self):
        self.at, self.passed = AT, 0.0

    def now(self):
        return self.at

    def monotonic(self):
        return self.passed


def code():
    return registration.drawn("connector", SUBJECT, "4400")


def said(number, holder="did:web:holder"):
    return {
        "code": number, "kind": "connector", "holder": holder, "about": holder, "title": "Tides", "subject": SUBJECT,
        "place": "4400", "by": holder, "assigned": AT.isoformat(), "level": "0", "url": "https://holder", "name": "H",
    }  # fmt: skip


class World:
    """Nodes by name; `lies` is name → what changes the answer that it sends."""

    def __init__(self, monkeypatch):
        self.nodes, self.links, self.codes, self.lies, self.clock = {}, {}, {}, {}, Clock()
        self.keys, self.asked = {}, []

        async def node_of(_outbound, _peers, exchange, did):
            if exchange != did.replace("node", "exchange"):
                raise PeerMisbehaved("no node of that space")

        monkeypatch.setattr(statement, "node_of", node_of)

    def add(self, name, *links, codes=()):
        did = f"did:web:node.{name}"
        self.keys[did] = Ed25519PrivateKey.generate()
        self.links[did] = {f"did:web:node.{one}": "" for one in links}
        self.codes[did] = {one["code"]: one for one in codes}
        ground = core(
            did=did, keys=SimpleNamespace(log=self.keys[did]), clock=self.clock, outbound=self, roles=("node",)
        )
        space = SimpleNamespace(last=lambda: SimpleNamespace(exchange=did.replace("node", "exchange")))
        register = SimpleNamespace(show=lambda number: self.show(did, number))
        tracing = SimpleNamespace(find=self.nothing)
        made = Questions(ground, space, self, self, register, tracing)
        self.nodes[did] = made
        made._links = SimpleNamespace(neighbours=lambda: self.neighbours(did), url=self.url)
        return Resolving(ground, None, made, register, tracing)

    async def show(self, did, number):
        if number not in self.codes[did]:
            raise Absent("not assigned here")
        return self.codes[did][number]

    async def nothing(self, _about, _first=0):
        raise Absent("nothing")

    async def neighbours(self, did):
        return self.links[did]

    async def url(self, did):
        return did

    def authorization(self, _did):
        return {}

    async def document(self, did):
        return SimpleNamespace(require=lambda _purpose: self.keys[did].public_key().public_bytes_raw())

    async def request(self, _method, url, *, body, headers, limit_bytes):
        assert headers is not None
        assert limit_bytes <= 1 << 20
        did = url.removesuffix("/node/questions")
        self.asked.append(did)
        caller = body["path"][-1]
        if did in self.lies:
            told = await self.lies[did](body, caller)
        else:
            told = await self.nodes[did].answer(copy.deepcopy(body), caller, spent)
        return SimpleNamespace(json=lambda: told)


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch)


def three(world, **codes):
    """River and harbour below top; a code is harbour's."""
    world.add("harbour", "top", codes=codes.get("harbour", ()))
    world.add("top", "river", "harbour", codes=codes.get("top", ()))
    return world.add("river", "top")


def changing(world, change):
    """Have top answer truly, and then something else."""

    async def lie(body, caller):
        told = await world.nodes["did:web:node.top"].answer(copy.deepcopy(body), caller, spent)
        for one in told["statements"]:
            change(one)
        return told

    world.lies["did:web:node.top"] = lie


async def test_a_code_is_found_across_and_kept_for_a_while(world):
    number = code()
    river = three(world, harbour=[said(number)])
    found = await river.code(number)
    assert (found["node"], found["space"]) == ("did:web:node.harbour", "did:web:exchange.harbour")
    asked = len(world.asked)
    assert await river.code(number) == found
    assert len(world.asked) == asked
    world.clock.passed = 61.0
    await river.code(number)
    assert len(world.asked) > asked


FORGED = {
    "another holder": lambda one: one["statement"]["said"].update(holder="did:web:thief"),
    "another exchange": lambda one: one["statement"].update(exchange="did:web:exchange.top"),
    "another node's name": lambda one: one["statement"].update(node="did:web:node.top"),
    "a longer life": lambda one: one["statement"].update(until=(AT + timedelta(days=9)).isoformat()),
    "another code": lambda one: one["statement"].update(about=code()),
    "another kind": lambda one: one["statement"].update(kind="trace"),
    "no note": lambda one: one.update(note=""),
    "no said": lambda one: one["statement"].update(said=None),
    "two lines": lambda one: one["statement"]["said"].update(title="a\nb"),
    "one member more": lambda one: one["statement"]["said"].update(price="7"),
}


@pytest.mark.parametrize("name", FORGED)
async def test_what_a_node_in_between_changes_is_named_and_dropped(world, name):
    number = code()
    river = three(world, harbour=[said(number)])
    changing(world, FORGED[name])
    with pytest.raises(Absent) as fault:
        await river.code(number)
    assert "gave no answer" in str(fault.value)


async def test_an_old_statement_shown_again_is_known_as_old(world):
    number = code()
    river = three(world, harbour=[said(number)])
    before = await world.nodes["did:web:node.top"].answer(
        Question.new("code", number).onward("did:web:node.river").json(), "did:web:node.river", spent
    )
    world.clock.at += timedelta(seconds=700)
    world.clock.passed = 700.0

    async def replay(_body, _caller):
        return before

    world.lies["did:web:node.top"] = replay
    with pytest.raises(Absent, match="does not hold any more"):
        await river.code(number)


async def test_a_code_that_two_nodes_claim_is_nobody_s_and_both_are_named(world):
    number = code()
    river = three(world, harbour=[said(number)], top=[said(number, "did:web:other")])
    with pytest.raises(Conflict) as fault:
        await river.code(number)
    for one in ("node.harbour", "node.top", "did:web:holder", "did:web:other"):
        assert one in str(fault.value)


async def test_nodes_in_a_ring_are_asked_once_each_and_named(world):
    river = world.add("river", "harbour")
    world.add("harbour", "top", "river")
    world.add("top", "river", "harbour")
    world.links["did:web:node.river"]["did:web:node.top"] = ""
    with pytest.raises(Absent, match="stand in a ring"):
        await river.code(code())
    assert len(world.asked) <= 6


async def spent():
    """A token that is used up."""


async def silent(_body, _caller):
    await asyncio.sleep(60)


async def refusing(_body, _caller):
    raise PeerUnreachable("nobody is there")


async def huge(_body, _caller):
    raise PeerMisbehaved("it sends more than 1048576 bytes")


async def nonsense(_body, _caller):
    return {"statements": "x", "unheard": []}


async def many(_body, _caller):
    return {"statements": [{}] * 65, "unheard": []}


@pytest.mark.parametrize("lie", [silent, refusing, huge, nonsense, many])
async def test_who_does_not_answer_is_named_and_keeps_nobody_else_s_answer_away(world, lie, monkeypatch):
    monkeypatch.setattr("connector.exchange.node.question.PATIENCE_MILLISECONDS", 2_100)
    monkeypatch.setattr(Question, "new", classmethod(lambda cls, kind, about: cls("0" * 32, kind, about, (), 2_100)))
    number = code()
    river = three(world, harbour=[said(number)])
    world.add("bad")
    world.links["did:web:node.river"] = {"did:web:node.bad": "", "did:web:node.harbour": ""}
    world.links["did:web:node.harbour"]["did:web:node.river"] = ""
    world.links["did:web:node.harbour"].pop("did:web:node.top")
    world.lies["did:web:node.bad"] = lie
    assert (await river.code(number))["node"] == "did:web:node.harbour"
    with pytest.raises(Absent, match=r"node\.bad"):
        await river.code(code())


async def test_only_neighbours_are_answered_and_only_for_what_they_pass_on(world):
    three(world)
    top, river = world.nodes["did:web:node.top"], "did:web:node.river"
    asked = Question.new("code", code()).onward(river).json()
    with pytest.raises(NotPermitted):
        await top.answer(asked | {"path": ["did:web:node.stranger"]}, "did:web:node.stranger", spent)
    for change in ({"path": ["did:web:node.harbour"]}, {"path": []}, {"id": "x"}, {"patience": -1}, {"kind": "x"}):
        with pytest.raises(InvalidInput):
            await top.answer(asked | change, river, spent)
    with pytest.raises(Exception, match="items, the limit"):
        await top.answer(asked | {"path": [*["did:web:x"] * 4, river]}, river, spent)
    await top.answer(asked, river, spent)
    with pytest.raises(Conflict):
        await top.answer(asked, river, spent)


async def test_a_code_that_no_node_can_have_assigned_is_asked_of_nobody(world):
    river = three(world)
    for one in ("x", "5" * 32):
        with pytest.raises(Absent):
            await river.code(one)
    assert not world.asked


async def test_what_one_node_sends_takes_no_other_s_place():
    """Each has its turn and its share of the room; what is left out is named."""
    came = {"loud": [{"x": "y" * 200_000}] * 60, "low": [{"low": 1}]}
    answers = Answers()
    answers.share(came, 8)
    assert {"low": 1} in answers.statements
    assert len(answers.statements) == 2
    assert {one["node"] for one in answers.unheard} == {"loud"}
    many = Answers()
    many.share({"loud": [{}] * 60, "low": [{"low": 1}]}, 8)
    assert ({"low": 1} in many.statements, len(many.statements)) == (True, 8)


def test_a_statement_has_as_many_entries_as_it_has_room_for():
    told = _trimmed([{"entry": "x" * 80_000}] * 5)
    assert (len(told["entries"]), told["more"]) == (3, True)
    assert _trimmed([{"entry": "x"}])["more"] is False
