"""The page on which a question is put together: what others wrote is escaped, who only looks has no button."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import pytest_asyncio

from connector.compute.choices import Choosable
from connector.compute.kinds import Kind
from connector.compute.saved import read
from connector.consumer.choosing import Asked
from contracts import gate as gates
from tests.console.test_pages import HOSTILE, PAGE_BYTES_MAX

pytestmark = pytest.mark.asyncio(loop_scope="session")

CUT = {"column": "opened", "cut": "month"}
PAGE = "catalogue/hostile/question"
COLUMNS = {HOSTILE: Kind.TEXT, "opened": Kind.DAY, "revenue": Kind.NUMBER, "large": Kind.TRUTH}
TERMS = {
    "title": HOSTILE, "tariff": {"unit": "query", "minor": "1000", "per": "1", "currency": "CNY"},
    "gate": {"columns": list(COLUMNS), "subject": "firm", "least": "10", "share": "80", "digits": "5"},
}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session")
async def offered(connector, monkeypatch):
    """A product that is on offer, whose names are hostile, and which nobody has to be asked about."""
    made = SimpleNamespace(columns=COLUMNS)

    async def find(product):
        among = Choosable(HOSTILE, made.columns, frozenset({"revenue"}), "firm")
        tables = {HOSTILE: among, "other": Choosable("other", {"a": Kind.NUMBER}, frozenset({"a"}))}
        gate = gates.read(TERMS["gate"])
        return Asked(product, HOSTILE, "did:web:grid.example", None, TERMS, gate, tables)

    monkeypatch.setattr(connector.choosing, "offered", find)
    return made


async def test_what_others_wrote_is_escaped_and_stays_chosen(offered, enter):
    buyer = await enter("chooses", ("buyer",), again=True)
    look = {
        "look": "1",
        "count": "1",
        "by": "opened",
        "cut": "month",
        "column": HOSTILE,
        "sign": "contains",
        "value": HOSTILE,
    }
    for lang in ("en", "zh"):
        seen = await buyer.open(PAGE, params=look | {"lang": lang})
        assert seen.status == 200
        assert ("<script>alert" in seen.text, "{{7*7}}" in seen.text) == (False, True)
        assert "onerror" not in seen.attributes
        assert seen.form("/question")[2]["table"] == HOSTILE
    twin = json.loads((await buyer.open(PAGE + ".json", params=look)).text)
    assert twin["made"].startswith("select date_trunc('month', \"opened\")")
    assert (twin["typed"]["by"][0], twin["typed"]["where"][0]["sign"]) == (CUT, "contains")
    other = json.loads((await buyer.open(PAGE + ".json", params={"table": "other", "look": "1", "sum": "a"})).text)
    assert other["made"] == 'select sum("a") from "other"'


async def test_a_question_is_kept_as_an_application_with_a_value_left_open(offered, enter):
    buyer = await enter("chooses-and-sells", ("buyer", "provider"))
    look = {
        "look": "1",
        "count": "1",
        "by": HOSTILE,
        "column": "revenue",
        "sign": ">=",
        "value": ":least",
        "leaves": "1",
    }
    seen = await buyer.open(PAGE, params=look)
    assert (seen.status, "is=question" in seen.text, "<script>alert" in seen.text) == (200, True, False)
    twin = json.loads((await buyer.open(PAGE + ".json", params=look)).text)
    assert (twin["made"], read(twin["file"].encode()).asks) == ("", (("least", "number"),))
    kept = seen.form("/publish/question")[2]
    assert (kept["question"], kept["name"]) == (twin["file"], "hostile")
    for who, more in (("only-buys-it", {"roles": ("buyer",)}), ("only-looks-at-it", {"operator": False})):
        other = await (await enter(who, **more)).open(PAGE, params=look)
        assert not [one for one in other.forms if one[1].endswith("/publish/question")]
    look.pop("leaves")
    assert "is not a number" in (await buyer.open(PAGE, params=look)).text, "it is a value where nothing is left open"


async def test_choices_beyond_the_page_and_nonsense_are_no_fault_of_it(offered, enter):
    buyer = await enter("chooses", ("buyer",), again=True)
    many = [("look", "1"), ("count", "1"), *[("by", "opened")] * 50, *[("column", "revenue")] * 50, ("sign", "or")]
    seen = await buyer.open(PAGE, params=many)
    assert (seen.status, "is not compared by" in seen.text) == (200, True)
    seen = await buyer.open(PAGE, params={"look": "1", "table": "nobody's"})
    assert (seen.status, "nothing is chosen" in seen.text) == (200, True)
    offered.columns = {f"{'name' * 30}{at}": Kind.MOMENT for at in range(900)}
    assert len((await buyer.open(PAGE)).text) < 2 * PAGE_BYTES_MAX


async def test_who_only_looks_has_no_button_and_who_sells_no_page(offered, enter):
    looks = await enter("looks-on", ("buyer",), operator=False)
    seen = await looks.open(PAGE, params={"look": "1", "count": "1"})
    assert (seen.status, "count(*)" in seen.text) == (200, True)
    assert not [one for one in seen.forms if one[0] == "post" and "query" in one[1]]
    assert (await (await enter("sells-alone", ("provider",))).open(PAGE)).status == 403
