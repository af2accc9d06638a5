"""An application that is a question: put together without SQL, sold with values left open, asked of another's data."""

from __future__ import annotations

import json

import pytest

from connector.cli.answers import ANSWERS
from tests.api.answers.shapes import unlike
from tests.api.command import penstock
from tests.api.refusals import refused, status
from tests.api.space import PURPOSE
from tests.api.test_bought_programs import opened
from tests.api.test_computing import agreed, jobs, publish
from tests.api.test_console_story import entered

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHOSEN = ["--count", "--average", "revenue", "--by", "district", "--where", "year >= :since", "--where", "sector = :of"]
IS = {"is": "question"}


async def made(space, product, folder, *more):
    """Put the question together by command, into a file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "trend.question.json"
    told = await penstock(space, "provider", "program", "question", product, *(more or CHOSEN), "--out", path)
    return path, told


async def sell(space, product, path, **more):
    given = {"application": IS, "openings": 3, "price": 100, **more}
    return await space.publish_files("provider", product, [path], **given)


async def bought(space, product):
    mandate = {"limit": "1000", "bid": None, "purpose": PURPOSE, "deposit": "2000"}
    await space.doors["buyer"].call("POST", "acquisitions", {"id": product, "product": product, "mandate": mandate})
    return (await space.complete(product))["agreement"]


async def ask(space, what, application, **more):
    body = {"what": what, "application": application, "job": None, **more}
    return await space.doors["buyer"].call("POST", "queries", body)


async def test_a_question_is_built_sold_bought_and_asked_and_each_answer_is_a_use(space, tmp_path):
    await publish(space, "asked-data", tmp_path)
    path, told = await made(space, "asked-data", tmp_path)
    assert told["asks"] == [["since", "number"], ["of", "text"]]
    assert unlike(ANSWERS["program question"], told) == ""
    assert "select" not in path.read_text(), "it is choices and no SQL"
    await sell(space, "asked-trend", path)
    shown = await space.doors["buyer"].call("GET", "offers/asked-trend")
    sold = shown["dataset"]["application"]
    assert (sold["needs"], sold["asks"]) == (["district", "revenue", "year", "sector"], told["asks"])
    assert shown["offer"]["terms"]["application"] == sold
    order = await bought(space, "asked-trend")
    data = await agreed(space, "asked-data")
    values = {"since": "2023", "of": "steel"}
    given = ("--application", "asked-trend", "--set", "since=2023", "--set", "of=steel", "--dry-run")
    looked = await penstock(space, "buyer", "query", "asked-data", *given)
    assert [one["step"] for one in looked["steps"]] == ["pay", "pay"], "the opening, and the answer"
    got = await ask(space, "asked-data", "asked-trend", set=values, job="one")
    assert got["made"].endswith('where "year" >= 2023 and "sector" = \'steel\' group by 1 order by 1')
    assert [row[0] for row in got["rows"]] == ["A", "C"]
    assert unlike(ANSWERS["query"], got) == ""
    assert got["application"] == {"agreement": order, "opening": 1, "charged": "100"}
    assert (await ask(space, data, order, set=values, job="one"))["application"]["opening"] == 1, "asked once"
    assert len(jobs(space, data)) == len(opened(space, "provider", order)) == 1
    # what can be refused is, before it is opened
    for wrong in ({}, {"since": "2023"}, {"since": "2023", "of": "x", "more": "1"}):
        assert await status(ask(space, "asked-data", "asked-trend", set=wrong)) == 400, wrong
    assert await status(ask(space, "asked-data", "asked-data", set=values)) == 400
    assert await status(ask(space, "asked-data", "asked-trend", set=values, statement="select 1")) == 400
    run = {"what": "asked-data", "statement": "select revenue from firms", "application": "asked-trend"}
    assert await status(space.doors["buyer"].call("POST", "programs", run)) == 400, "it is no program"
    assert len(opened(space, "provider", order)) == 1
    async with await entered(space, "buyer", "uses-it") as buyer:
        deal = await buyer.open(f"agreements/{order}")
        [there] = [link for link in deal.links if "application=" in link]
        looked = await buyer.open(there + "&preview=1&what=asked-data&values=since%3D2024%0Aof%3Dfood")
        assert looked.text.count("pay ") >= 2, looked.text
        said = await buyer.send(looked, "/acts/query-ask")
        assert (said.status, "<td>B</td>" in said.text) == (200, True), said.text
        product = await buyer.open("catalogue/asked-trend")
        assert "<code>since</code> (number)" in product.text
    assert len(opened(space, "provider", order)) == 2


async def test_a_question_that_does_not_fit_or_is_none_is_not_sold_or_asked(space, tmp_path):
    await publish(space, "unasked-data", tmp_path)
    await agreed(space, "unasked-data")
    path, _ = await made(space, "unasked-data", tmp_path, "--count", "--by", "sector", "--where", "year = :at")
    for at, (content, said) in enumerate(
        ((b"{}", IS), (b"select count(*) from firms", IS), (path.read_bytes(), {**IS, "needs": "year"}))
    ):
        odd = tmp_path / str(at) / "odd.question.json"
        odd.parent.mkdir()
        odd.write_bytes(content)
        code, text = await refused(sell(space, f"unasked-{at}", odd, application=said))
        assert code == 400, text
    await sell(space, "unasked-trend", path)
    order = await bought(space, "unasked-trend")
    less = ["district", "revenue"]
    await publish(space, "unasked-less", tmp_path / "less", columns=less)
    await agreed(space, "unasked-less")
    code, text = await refused(ask(space, "unasked-less", "unasked-trend", set={"at": "2023"}))
    assert (code, "needs columns" in text) == (400, True), text
    assert opened(space, "provider", order) == []
    document = json.loads(path.read_bytes())
    assert document["question"]["where"] == [["year", "=", "", "at"]]
