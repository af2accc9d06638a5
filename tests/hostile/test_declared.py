"""Every field of every declared act, told what nobody means: refused in words, and never our mistake."""

from __future__ import annotations

import json

import pytest
import pytest_asyncio

from connector.client.acts import request
from connector.client.acts.act import BELOW, Field
from connector.client.acts.table import TABLE
from connector.runtime.errors import InvalidInput
from tests.api.lone import lone
from tests.api.visitor import Visitor
from tests.every import every

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROLES = ("provider", "buyer", "exchange", "regulator")
CHANGING = [act for act in TABLE if act.changes]
STRANGE = (None, 1.5, -1, True, [], [[]], {}, {"a": {"b": []}}, "", "\x00", "\ud7ff\u202e", "x" * 70_000, "../..", "٣")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def everything(tmp_path_factory):
    """A participant with every role that has acts, and somebody with its owner's token."""
    async with lone(tmp_path_factory.mktemp("strange") / "data", ROLES) as connector, Visitor(connector.url) as visitor:
        visitor.session.headers.update(connector.owner)

        async def ask(path, body):
            async with visitor.session.post(connector.url + BELOW + path, json=body) as answer:
                return answer.status, json.loads(await answer.text())

        yield ask


def understood(status, said):
    assert status != 500, said
    assert said.get("code") != "unexpected", said


@every("act", CHANGING, ids=lambda act: act.call)
async def test_a_member_of_the_body_that_nobody_means(everything, act):
    path, _ = request.request(act, act.example)
    whole = request.example(act)
    for field in act.within("body"):
        for value in STRANGE:
            understood(*await everything(path, whole | {field.wire: value}))
        if field.needed:
            status, _ = await everything(path, {name: value for name, value in whole.items() if name != field.wire})
            assert status >= 400, field.name
    status, _ = await everything(path, whole | {"strange": "x"})
    assert status >= 400


@every("act", [act for act in CHANGING if act.within("path")], ids=lambda act: act.call)
async def test_a_path_that_nobody_means(everything, act):
    for field in act.within("path"):
        for value in ("\x00", "\u202e", "x" * 4_000, "../..", "a/b", "٣", "'; drop table acts; --"):
            path, body = request.request(act, act.example | {field.name: value})
            understood(*await everything(path, body))


async def test_what_is_nested_deeply_is_refused_before_it_is_read():
    field = Field("rules", ("Rules", "规则"), "the rules", kind="document")
    for text in ("[" * 200_000, '{"a":' * 200_000):
        with pytest.raises(InvalidInput, match="more than"):
            request.parsed(field, text)
