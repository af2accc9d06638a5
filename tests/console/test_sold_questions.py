"""A question is published as an application from the console: kept there or sent, looked at as by command, sealed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
import pytest_asyncio

from connector.compute.choices import Choices, Choosable, Condition
from connector.compute.kinds import Kind
from connector.compute.saved import QUESTION_BYTES_MAX, saved
from connector.store.rows.product import ProductRow
from tests.console.test_publishing import FORM
from tests.console.test_uploads import sent, token

pytestmark = pytest.mark.asyncio(loop_scope="session")

COLUMNS = {"district": Kind.TEXT, "revenue": Kind.NUMBER, "year": Kind.NUMBER}
TABLE = b"station,degrees\nJFK,21\nLGA,22\n"


def question(column="year"):
    among = Choosable("firms", {**COLUMNS, column: Kind.NUMBER}, frozenset({"revenue"}))
    made = Choices(count=True, averages=("revenue",), by=("district",), where=(Condition(column, ">=", left="since"),))
    return orjson.dumps(saved(made, among).json()).decode()


@pytest_asyncio.fixture(loop_scope="session")
async def seller(connector, enter):
    """Somebody who may publish, where nothing was sent yet."""
    for path in connector.uploads.there():
        Path(path).unlink()
    return await enter("sells-questions", ("provider", "buyer"), again=True)


async def kept(visitor, content, name="trend"):
    """Send what the button of the page of choices sends."""
    page = await visitor.open("publish")
    async with visitor.session.post(
        f"{visitor.prefix}/publish/question", data={"form": token(page), "question": content, "name": name}
    ) as answer:
        return answer.status, str(answer.url), await answer.text()


async def looked(visitor, where, **fields):
    """Fill the form in that an address has begun, and look."""
    asked = [(name, value) for name, value in parse_qsl(urlsplit(where).query) if name not in fields]
    return await visitor.open("publish", params=[*asked, *fields.items()])


SAID = {name: FORM[name] for name in ("price", "purpose", "until")} | {"title": "Revenue by district"}


async def test_what_was_put_together_is_kept_looked_at_and_published(connector, seller):
    status, where, text = await kept(seller, question())
    assert status == 200
    assert "trend.question.json" in text
    seen = await looked(seller, where, **SAID)
    assert "Publish it" in seen.text
    said = json.loads((await seller.open(seen.url.replace("/publish?", "/publish.json?"))).text)
    sold = said["preview"]["about"]["application"]
    assert (sold["asks"], sorted(sold["needs"])) == ([["since", "number"]], ["district", "revenue", "year"])
    for words in ("since", "district", FORM["price"]):
        assert words in seen.text, words

    form = next(one for one in seen.forms if one[0] == "post" and one[1].endswith("/publish"))
    async with seller.session.post(f"{seller.prefix}/publish", data=form[2]) as answer:
        assert answer.status == 200, await answer.text()
        place = str(answer.url)
    async with asyncio.timeout(60):
        while (said := json.loads((await seller.open(place + ".json")).text))["state"] not in ("submitted", "failed"):
            await asyncio.sleep(0.2)
    assert said["state"] == "submitted", said
    [row] = await connector.store.read(lambda tx: tx.find(ProductRow, "title = ?", (SAID["title"],)))
    assert (row.brief["application"], row.tier) == ({"is": "question"}, "leased")
    assert row.dataset["application"]["program"] == sold["program"]


async def test_a_file_that_was_sent_is_chosen_and_may_be_a_question(seller):
    sent_ = await sent(seller, [("sent.question.json", question().encode())])
    assert sent_.status == 200
    told = {**SAID, "application": "question", "tier": "leased", "unit": "opening"}
    assert "Publish it" in (await looked(seller, sent_.url, **told)).text
    for odd, why in [
        ({"tier": "plain", "unit": "MiB"}, "nobody counts how often"),
        ({"application": "magic"}, "is nothing that is published here"),
        ({"mask": "year=hash"}, "is about data"),
    ]:
        seen = await looked(seller, sent_.url, **{**told, **odd})
        assert (why in seen.text, "Publish it" in seen.text) == (True, False), (odd, seen.text)


async def test_what_is_no_question_is_neither_kept_nor_looked_at(connector, seller):
    for content in ("{}", TABLE.decode(), question().replace("count", "select"), "[" * 4000):
        status, _, text = await kept(seller, content)
        assert (status, "this is no question" in text) == (400, True)
    for name in ("", " ", "a/.b", "x" * 300):
        assert (await kept(seller, question(), name))[0] == 400, name
    assert connector.uploads.there() == {}
    sent_ = await sent(seller, [("table.csv", TABLE), ("large.json", b" " * (QUESTION_BYTES_MAX + 1))])
    for name, value in parse_qsl(urlsplit(sent_.url).query):
        told = {**SAID, "application": "question", "tier": "leased", "unit": "opening"}
        seen = await seller.open("publish", params={**told, name: value})
        assert ("this is no question" in seen.text, "Publish it" in seen.text) == (True, False)
    both = await looked(seller, sent_.url, **told)
    assert "these are 2 files" in both.text


async def test_another_question_of_that_name_is_refused_and_the_same_is_it(connector, seller):
    assert (await kept(seller, question()))[0] == 200
    assert (await kept(seller, question()))[0] == 200
    status, _, text = await kept(seller, question("month"))
    assert (status, "with other bytes" in text) == (409, True)
    assert len(connector.uploads.there()) == 1


async def test_names_are_text_and_reach_no_other_place(connector, seller):
    for name in ("../../keys/../trend", '"><script>alert(1)'):
        status, _, text = await kept(seller, question(), name)
        assert (status, "<script>alert" in text) == (200, False), name
    assert {str(Path(path).parent) for path in connector.uploads.there()} == {str(connector.uploads.folder)}


async def test_who_may_not_publish_keeps_nothing(connector, seller, enter):
    for name, roles, operator in (("only-buys", ("buyer",), True), ("only-looks", ("provider",), False)):
        other = await enter(name, roles, operator=operator)
        form = {"form": token(await other.open("overview")), "question": question(), "name": "trend"}
        async with other.session.post(f"{other.prefix}/publish/question", data=form) as answer:
            assert answer.status == 403
    page = {"question": question(), "name": "trend", "form": "another"}
    async with seller.session.post(f"{seller.prefix}/publish/question", data=page) as answer:
        assert answer.status == 403
    assert connector.uploads.there() == {}


async def test_a_product_file_is_looked_at_alike(seller):
    """What nobody would run is refused by the page, as it is by command, and not only when it is sealed."""
    await sent(seller, [("table.csv", TABLE)])
    page = await seller.open("publish/file")
    text = """
files = ["table.csv"]
title = "No question"
tier = "leased"
price = {amount = "1.00", unit = "opening"}
policy = {purpose = "Research", until = "2099-12-31T23:59:59Z"}
application = {is = "question"}
"""
    seen = await seller.send(page, "/publish/file", kind="toml", text=text)
    assert ("this is no question" in seen.text, "Publish it" in seen.text) == (True, False)
