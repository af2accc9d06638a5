"""Which act a request of the owner's surface is, who may do it, and what becomes of it: on a stand-in for the acts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import orjson
import pytest
from aiohttp.test_utils import make_mocked_request

from catalog.posts import ACTS as KNOWN
from connector.api import declared, operators, spaces
from connector.api.authorize import MANAGEMENT
from connector.api.call import Call
from connector.api.faults import as_json
from connector.exchange import acts as operated
from connector.exchange import operators as people
from connector.runtime.errors import InvalidInput, NotPermitted
from connector.store.rows.space import ActRow
from tests.core import Parts, core

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROWS = {row.handler: row for row in MANAGEMENT}
OPERATOR = SimpleNamespace(name="Li Na")
SAID = {"operator": "Li Na", "post": "security", "other": "", "reason": "", "result": None}


@pytest.fixture(autouse=True)
def whole_ids(monkeypatch):
    """Every id here is whole, so that nothing is looked for in a store."""

    async def complete(_call):
        return None

    monkeypatch.setattr(operators.naming, "complete", complete)


class Acts:
    """Answers as the operators' acts: `state` is what an act comes to, `asked` and `ended` what it was told."""

    def __init__(self, state="assented", key="k1"):
        self.state, self.key = state, key
        self.asked, self.ended = [], []

    def row(self, act, handler, path, body):
        about = {"id": self.key, "act": act, "handler": handler, "state": self.state}
        times = {"created": NOW, "updated": NOW, "until": NOW + timedelta(days=3)}
        return ActRow(**SAID, **about, path=path, body=body, **times)

    async def begin(self, asked, operator):
        self.asked.append((asked.act, asked.handler, dict(asked.path), asked.body, operator))
        return self.row(asked.act, asked.handler, dict(asked.path), asked.body) if self.key else None

    async def end(self, key, result, why=""):
        self.ended.append((key, result, why))

    async def page(self, state):
        return [state]

    async def assent(self, key, operator):
        self.asked.append((key, operator))
        return self.row("create-space", "spaces.create", {}, {"name": "kept"})

    async def dissent(self, key, operator, reason):
        return {"id": key, "operator": operator.name, "reason": reason}


class Operators:
    """The operators of an exchange, as they are told to change."""

    async def add(self, name, post, who):
        return {"name": name, "post": post, "by": who}

    async def dismiss(self, name, reason, who):
        return {"dismissed": name, "reason": reason, "by": who}

    async def page(self):
        return {"operators": []}


def call(handler, body=None, path=None, *, roles=("exchange",), acts=None, operator=OPERATOR, query=""):
    row = ROWS[handler]
    request = make_mocked_request(row.method, row.path + query, match_info=path or {})
    request._read_bytes = b"" if body is None else orjson.dumps(body)
    parts = Parts({operated.Acts: acts or Acts(), people.Operators: Operators()})
    return Call(parts, core(roles=set(roles), did="did:web:us"), request, row, operator=operator)


async def done(asked):
    """What stands in for the handler of an act."""
    return as_json({"done": True, "body": await asked.document() if asked.request.method == "POST" else None})


def told(answer):
    return answer.status, orjson.loads(answer.body)


async def governed(*args, **more):
    asked = call(*args, **more)
    return (*told(await operators.govern(asked, done)), asked.of(operated.Acts))


# Whom the surface serves.


async def test_without_the_role_of_an_exchange_there_are_no_posts():
    status, _, acts = await governed("spaces.create", {}, roles=("provider",))
    assert (status, acts.asked, acts.ended) == (200, [], [])


async def test_acts_on_acts_look_after_themselves():
    for handler in operators.SELF_CHECKED:
        status, _, acts = await governed(handler, {}, {"id": "k1"})
        assert (status, acts.asked) == (200, [])


@pytest.mark.parametrize("handler", ["declared.log_anchor", "declared.resource_add", "telemetry.measures"])
async def test_what_is_no_act_and_not_for_all_to_read_is_the_owner_s_own(handler):
    with pytest.raises(NotPermitted, match=r"^this is the owner's own business, and no operator's$"):
        await governed(handler, {})
    status, _, acts = await governed(handler, {}, operator=None)
    assert (status, acts.asked) == (200, [])


@pytest.mark.parametrize("operator", [None, OPERATOR])
async def test_all_operators_read_the_same(operator):
    for handler in operators.READ:
        status, _, acts = await governed(handler, path={"id": "x"}, operator=operator)
        assert (status, acts.asked) == (200, [])


def test_what_operators_read_changes_nothing():
    assert {ROWS[handler].method for handler in operators.READ} == {"GET"}
    assert {ROWS[handler].method for handler in operators.ACT_OF} == {"POST"}


# Which act a request is.


@pytest.mark.parametrize(
    ("handler", "path", "body", "act"),
    [
        ("spaces.create", {}, {"a": 1}, "create-space"),
        ("members.turn", {"act": "revoke"}, {"did": "d"}, "expel-member"),
        ("exchange.move", {"id": "7"}, {"move": "resume"}, "resume-listing"),
        ("federation.turn", {"id": "s", "act": "harvest"}, {}, "harvest-source"),
        ("leaving.answer", {"act": "refuse"}, {}, "refuse-leaving"),
    ],
)
async def test_a_request_is_the_act_that_the_path_or_the_body_says(handler, path, body, act):
    status, answer, acts = await governed(handler, body, path)
    assert (status, answer) == (200, {"done": True, "body": body})
    assert acts.asked == [(act, handler, path, body, OPERATOR)]
    assert acts.ended == [("k1", {"done": True, "body": body}, "")]


@pytest.mark.parametrize(
    ("path", "body"), [({"id": "7"}, {"move": "x"}), ({"id": "7"}, {"move": ["resume"]}), ({}, {})]
)
async def test_a_request_that_is_no_act_is_the_handler_s_to_refuse(path, body):
    status, _, acts = await governed("exchange.move", body, path)
    assert (status, acts.asked, acts.ended) == (200, [], [])


def test_every_act_of_the_table_has_its_request():
    assert operators.ACT_OF["spaces.create"] in KNOWN


# What becomes of it.


async def test_what_waits_is_answered_with_whom_it_waits_for():
    acts = Acts("waiting")
    status, answer, _ = await governed("spaces.create", {}, acts=acts)
    assert (status, acts.ended) == (202, [])
    assert list(answer) == ["id", "act", "awaits", "until", "en", "zh"]
    assert (answer["id"], answer["act"], answer["until"]) == ("k1", "create-space", "2026-03-04T12:00:00+00:00")


async def test_the_owner_who_is_alone_leaves_no_row():
    status, _, acts = await governed("spaces.create", {}, acts=Acts(key=""), operator=None)
    assert (status, acts.ended) == (200, [])


async def test_an_act_that_fails_is_noted_with_the_reason_and_fails():
    async def fails(asked):
        raise NotPermitted("not this one")

    asked = call("spaces.create", {})
    with pytest.raises(NotPermitted, match="not this one"):
        await operators.govern(asked, fails)
    assert asked.of(operated.Acts).ended == [("k1", None, "not this one")]


async def test_an_operator_s_key_is_told_once_and_kept_by_nobody():
    async def added(asked):
        return as_json({"name": "b", "key": "secret"}, 201)

    asked = call("operators.add", {"name": "b", "post": "x"})
    assert told(await operators.govern(asked, added)) == (201, {"name": "b", "key": "secret"})
    assert asked.of(operated.Acts).ended == [("k1", {"name": "b"}, "")]
    asked = call("operators.dismiss", {"name": "b", "reason": "x"})
    await operators.govern(asked, added)
    assert asked.of(operated.Acts).ended == [("k1", {"name": "b", "key": "secret"}, "")]


@pytest.mark.parametrize(
    ("body", "given"), [({"to": "a"}, {"id": "act-k1", "to": "a"}), ({"id": "mine"}, {"id": "mine"}), ([1], [1])]
)
async def test_a_credit_has_the_name_of_its_act_so_that_it_is_given_once(body, given):
    _, answer, _ = await governed("management.credit", body)
    assert answer["body"] == given


async def test_no_other_act_is_given_a_name():
    assert (await governed("management.review", {"to": "a"}, {"id": "x"}))[1]["body"] == {"to": "a"}


# What operators ask for.


async def test_an_operator_is_added_listed_and_dismissed():
    added = await operators.add(call("operators.add", {"name": "b", "post": "x"}))
    assert told(added) == (201, {"name": "b", "post": "x", "by": "Li Na"})
    assert told(await declared.operator_list(call("declared.operator_list"))) == (200, {"operators": []})
    gone = await operators.dismiss(call("operators.dismiss", {"name": "b", "reason": "left"}, operator=None))
    assert told(gone) == (200, {"dismissed": "b", "reason": "left", "by": "did:web:us"})


@pytest.mark.parametrize(("query", "state"), [("", "waiting"), ("?state=done", "done")])
async def test_acts_are_listed_by_their_state(query, state):
    asked = call("declared.act_list", query=query)
    assert told(await declared.act_list(asked)) == (200, {"acts": [state]})


async def test_who_assents_has_the_act_done_as_it_was_asked_for(monkeypatch):
    monkeypatch.setattr(spaces, "create", done)
    asked = call("operators.assent", {}, {"id": "k1"})
    status, answer = told(await operators.assent(asked))
    assert status == 200
    assert (answer["id"], answer["act"], answer["state"]) == ("k1", "create-space", "done")
    assert answer["result"] == {"done": True, "body": {"name": "kept"}}
    assert asked.of(operated.Acts).asked == [("k1", OPERATOR)]


async def test_who_assents_says_nothing_more():
    with pytest.raises(InvalidInput, match=r"^the body must have exactly no member$"):
        await operators.assent(call("operators.assent", {"a": 1}, {"id": "k1"}))


async def test_who_dissents_says_why():
    answer = await operators.dissent(call("operators.dissent", {"reason": "no"}, {"id": "k1"}))
    assert told(answer) == (200, {"id": "k1", "operator": "Li Na", "reason": "no"})


@pytest.mark.parametrize(("name", "body"), [("assent", {}), ("dissent", {"reason": "no"})])
async def test_the_owner_has_no_assent(name, body):
    asked = call(f"operators.{name}", body, {"id": "k1"}, operator=None)
    with pytest.raises(NotPermitted, match=r"^an operator assents, with a key of their own$"):
        await getattr(operators, name)(asked)


def test_a_row_names_a_function():
    assert operators.handler_of(ROWS["spaces.create"]) is spaces.create
