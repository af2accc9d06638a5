"""What a product's page and card say of it: facts that follow from what was measured, prices as they are, no more."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
import pytest_asyncio

from catalog.about import About, Meaning, Relation, TableWords
from catalog.dataset import Dataset, dataset_json, distributions_of
from catalog.profile import Column, FileProfile
from connector.console.describing import described, permitted, terms
from connector.console.examples import slid
from connector.console.facts import facts, licence, sentence
from connector.console.fitting import PROSE_BYTES_MAX, cut, prose, within
from connector.console.plots import strip
from connector.console.showing import percent, values
from connector.runtime.errors import Absent, InvalidInput
from contracts.tariff import Tariff
from contracts.tiers import Tier
from tests.console.conftest import NOW
from tests.console.test_pages import HOSTILE, PAGE_BYTES_MAX
from tests.every import every

EDITION = "04" * 32
POLICY = {"permission": [{"action": "use"}]}
BORN = Column("birthday", "date", 0, 9, "1931-01-01", "2004-01-01", "date of birth")
SEEN = Column("seen", "time", 0, 9, "2025-01-01T00:00:00Z", "2025-12-31T23:00:00Z")
FLAGS = Column("flag", "text", 1, 2, bars=(("yes", 7500), ("no", 2500)))
SMALL = FileProfile("codes.csv", "text/csv", 10, 2, (FLAGS,))
LARGE = FileProfile("seen.csv", "text/csv", 1_000, 900, (BORN, SEEN))
PICTURE = FileProfile("map.png", "image/png", 5)
SAID = About({"en": "Tides", "zh": "潮汐"}, {"en": "High water. And low.", "zh": "高潮。低潮。"}, "MIT\nas it is")
DATASET = Dataset("t", "Tides", "plain", ("sea",), (PICTURE, SMALL, LARGE), distributions_of("kept"), 1, about=SAID)


def test_the_period_is_of_the_data_and_not_of_persons():
    told = facts(DATASET)
    assert told["period"] == {"from": "2025-01-01", "to": "2025-12-31", "column": "seen", "file": "seen.csv"}
    assert (told["files"], told["columns"], told["languages"]) == (3, 3, ["en", "zh"])
    assert facts(replace(DATASET, files=(replace(LARGE, columns=(BORN,)),)))["period"] is None


@every(
    ("said", "expected"),
    [
        ("", None),
        ("https://creativecommons.org/licenses/by-nc-sa/4.0/", "CC BY-NC-SA 4.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/deed.de", "CC0 1.0"),
        ("https://x.example/terms", "x.example/terms"),
        ("MIT\nas it is", "MIT"),
        ("javascript:alert(1)", "javascript:alert(1)"),
    ],
)
def test_a_licence_is_called_as_people_call_it(said, expected):
    told = licence(said)
    assert (told and told["name"]) == expected
    assert not told or told["link"] in ("", said)
    assert not told or not told["link"].startswith("javascript")


@every(
    ("text", "expected"),
    [
        ("# Tides\n\nHigh *water* of v1.2, see [here](https://x.example). More.", "High water of v1.2, see here."),
        ("四座机场的**观测**,每小时一次。更多", "四座机场的观测,每小时一次。"),
        ("no end\n\nnext", "no end"),
        ("- a list\n- of two", "a list of two"),
        ("a_name stays", "a_name stays"),
        ("# only", ""),
        ("x" * 500, "x" * 159 + "…"),
    ],
)
def test_a_card_has_the_first_sentence_without_marks(text, expected):
    assert sentence(text) == expected


def test_a_file_is_chosen_by_its_name_alone():
    assert described(dataset_json(DATASET))["file"] == "seen.csv", "the longest table"
    told = described(dataset_json(DATASET), "seen.csv")
    assert [row["name"] for row in told["rows"]] == ["birthday", "seen"]
    assert described(dataset_json(DATASET), "map.png")["rows"] == []
    with pytest.raises(Absent, match=r"no file `\.\./secret`"):
        described(dataset_json(DATASET), "../secret")


def test_purposes_that_are_permitted_come_first_and_none_is_made_up():
    one = {"leftOperand": "purpose", "operator": "isA", "rightOperand": "Research"}
    none = {"leftOperand": "purpose", "operator": "isNoneOf", "rightOperand": ["Marketing"]}
    assert [
        iri.rpartition("#")[2] for iri in permitted({"permission": [{"action": "use", "constraint": [one]}]}, "t")
    ] == ["Research"]
    assert permitted({"permission": [{"action": "use", "constraint": [none]}]}, "t") == []
    assert permitted({"permission": [{"action": HOSTILE}]}, "t") == []
    assert terms({"permission": [{"action": HOSTILE}]}, "t") == {}


BYTES = Tariff("byte", 500, 1 << 20, "CNY")


def test_a_slider_costs_what_the_tariff_says_of_that_share():
    whole = {"byte": 3 << 20}
    assert slid(BYTES, whole, "")["cost"]["amount"] == "1500"
    told = slid(BYTES, whole, "50")
    assert (told["at"], told["many"], told["cost"]["amount"]) == (50, str(3 << 19), "750")
    assert told["text"] == {"en": "50 % (1.5 MiB): 7.50 CNY", "zh": "50 % (1.5 MiB): 7.50 CNY"}
    graduated = replace(BYTES, tiers=(Tier(1 << 20, 5000),))
    assert slid(graduated, whole, "")["cost"]["amount"] == "1000", "beyond the first MiB half"
    assert slid(Tariff("opening", 200, 1, "CNY"), {}, "3")["cost"]["amount"] == "600"


@every(
    "tariff",
    [
        Tariff("free", 0, 1, "CNY"),
        Tariff("flat", 500, 3 << 20, "CNY"),
        Tariff("advance", 500, 1, "CNY"),
        Tariff("subscription", 500, 1 << 20, "CNY", of="byte", period="month"),
        Tariff("byte", 0, 1, "CNY"),
    ],
)
def test_where_every_choice_costs_the_same_there_is_no_slider(tariff):
    assert slid(tariff, {"byte": 3 << 20}, "") is None


def test_of_a_quota_no_more_can_be_chosen_than_it_has():
    tariff = Tariff("subscription", 500, 20, "CNY", of="opening", period="month")
    assert slid(tariff, {}, "")["most"] == 20
    with pytest.raises(InvalidInput) as refused:
        slid(tariff, {}, "21")
    assert refused.value.hint == "a whole number from 1 to 20"


@every("told", ["0", "101", "-1", "1.5", "x", "9" * 13, "1 ", "'"])
def test_a_place_that_the_slider_does_not_have_is_refused(told):
    with pytest.raises(InvalidInput, match="is no place of the slider"):
        slid(BYTES, {"byte": 5}, told)


def test_shares_are_never_said_to_be_none_or_all_when_they_are_not():
    assert [percent(part, 10_000) for part in (0, 1, 10, 250, 9_999, 10_000)] == [
        "0", "< 0.1", "0.1", "2.5", "> 99.9", "100",
    ]  # fmt: skip


def test_values_are_told_by_their_ends_or_the_commonest():
    assert values({"minimum": "-4", "maximum": "9", "bars": [["x", 1]]}) == "-4 … 9"
    assert values({"minimum": None, "maximum": None, "bars": [["yes", 7500], ["no", 2500]]}) == "yes 75 %, no 25 %"
    assert values({"bars": []}) == ""
    seen = {"kind": "time", "minimum": "2013-01-01T10:00:00+00:00", "maximum": "2014-01-01T04:00:00+00:00"}
    assert values(seen) == "2013-01-01 10:00 … 2014-01-01 04:00"


def test_nothing_is_drawn_of_nothing():
    assert strip([0, 0, 0], "none") == ""
    assert strip([], "none") == ""
    drawn = strip([0, 5, 10], "<sales>")
    assert "&lt;sales&gt;" in drawn
    assert drawn.count("M") == 1 + 2, "the line below, and a bar for each day that has something"


def test_what_is_too_long_for_a_page_is_cut_and_stays_text():
    assert cut("<" * 10, 9) == "<<…"
    assert cut("short", 100) == "short"
    wide = "|" + "a|" * 900 + "\n|" + "-|" * 900 + "\n" + "|\n" * 900
    assert len(prose(wide).encode()) <= PROSE_BYTES_MAX + 50
    assert "<script" not in prose("<script>" * 2_000)
    assert within(["a" * 50] * 10, 130) == ["a" * 50] * 2


def test_headings_of_a_description_go_down_one_by_one():
    """They stand below one of the page's own, and who reads by them misses no level."""
    told = prose("## a\n\n#### b\n\n# c\n\n### d `<h1>`")
    assert re.findall(r"<(h\d)>(\w)", told) == [("h3", "a"), ("h4", "b"), ("h3", "c"), ("h4", "d")]
    assert re.findall(r"</(h\d)>", told) == ["h3", "h4", "h3", "h4"]
    assert "&lt;h1&gt;" in told


def hostile():
    """The largest product that a provider may hand in, every text of it markup."""
    name = HOSTILE * 8
    bars = tuple((HOSTILE[:40], 800) for _ in range(12))
    columns = tuple(
        Column(f"{number}{name}"[:512], "text", 5, 9, name, name, "telephone number", bars) for number in range(400)
    )
    files = tuple(
        FileProfile(f"{number}/{name}"[:500] + ".csv", "text/csv", 10, 10, columns if number < 2 else columns[:1])
        for number in range(60)
    )
    meant = {column.name: Meaning({"en": "&" * 500, "zh": "&" * 500}, "&" * 64) for column in columns[:300]}
    about = About(
        {"en": "&" * 256, "zh": "<" * 256},
        {"en": "&" * 10_000, "zh": "- \n" * 3_333},
        "'" * 50_000,
        {"name": "&" * 256, "email": "a@b", "url": "https://" + "&" * 200},
        "&" * 2_000,
        {files[0].path: TableWords("&" * 256, meant)},
        tuple(Relation((files[0].path, columns[0].name), (files[1].path, columns[1].name)) for _ in range(256)),
    )
    words = tuple(f"{number}{'&' * 60}" for number in range(64))
    return Dataset("large", "&" * 256, "&" * 10_000, words, files, distributions_of("kept"), 1, "US", about=about)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def listed(connector):
    """Two products on the list of this exchange: a usual one, and one that is as large as may be."""
    offer = {"id": "o", "ask": "500", "policy": POLICY, "terms": {"tariff": BYTES.json(), "tier": "kept"}}
    sample = {"path": "codes.csv", "columns": ["flag"], "rows": [["yes"], ["no"]]}
    header = {"plainBytes": str(2 << 20), "rows": "2", "edition": "1", "sealedAt": "2026-01-02T03:04:05Z"}
    common = {"tier": "kept", "edition": EDITION, "header": header, "offer": offer, "state": "listed", "reason": ""}
    common |= {"provider": connector.core.identity.did, "created": NOW, "updated": NOW}

    def act(tx):
        tx.insert("listings", **common, id="tides", title="Tides", dataset=dataset_json(DATASET), sample=sample, seq=7)
        rows = [[HOSTILE * 2] * 64 for _ in range(20)]
        large = {"path": hostile().files[0].path, "columns": [HOSTILE * 4] * 64, "rows": rows}
        tx.insert("listings", **common, id="large", title="Large", dataset=dataset_json(hostile()), sample=large, seq=8)

    await connector.store.write(act)


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_the_page_of_the_largest_product_is_bounded_and_runs_nothing(enter, lang):
    visitor = await enter("large-" + lang, language=lang)
    for path in ("catalogue/large", "listings/large", "search", "products"):
        seen = await visitor.open(path)
        assert seen.status == 200, seen.text
        assert len(seen.text.encode()) < PAGE_BYTES_MAX, path
        assert "<script>alert" not in seen.text
        assert "<img src=x" not in seen.text
        assert not [name for name in seen.attributes if name.startswith("on") or name == "style"]
    data = json.loads((await visitor.open("catalogue/large.json")).text)
    assert len(data["rows"]) == 200
    assert data["said"]["licence"] == "'" * 50_000, "the twin has all of it"


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.usefixtures("listed")
async def test_the_page_is_in_the_order_in_which_it_is_read(enter):
    visitor = await enter("reading")
    text = (await visitor.open("catalogue/tides")).text
    text = text[text.index("<h1>") :]
    order = (
        "<h1>Tides</h1>", "Sold by", "1015 B", "902 rows", "3 columns", "2025-01-01 to 2025-12-31", "5.00 CNY per MiB",
        'type="range"', "100 % (2.0 MiB): 10.00 CNY", "High water. And low.", "codes.csv", "Sample", "<td>yes</td>",
        "Columns as they were measured", "<svg", "yes 75 %", "50 % empty", "Quality", "Terms in words", "use the data",
        "How that is kept", "Licence text", "MIT", "Evidence", "2026-01-02 03:04:05", EDITION,
    )  # fmt: skip
    at = 0
    for part in order:
        assert part in text[at:], f"`{part}` is not there, or before what stands above it"
        at = text.index(part, at)
    assert "数据内容" in (await (await enter("reading-zh", language="zh")).open("catalogue/tides")).text


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.usefixtures("listed")
async def test_files_are_tabs_and_a_price_is_chosen_without_a_script(enter):
    visitor = await enter("choosing")
    page = await visitor.open("catalogue/tides")
    there = next(link for link in page.links if "file=seen.csv" in link)
    other = await visitor.open(there)
    assert "birthday" in other.text
    assert "<td>yes</td>" not in other.text, "the sample is of another file"
    assert "Perhaps: date of birth" in other.text
    method, action, told = page.form("#buy")
    assert (method, told) == ("get", {"at": "100"})
    assert "25 % (512.0 KiB): 2.50 CNY" in (await visitor.open(action.partition("#")[0] + "?at=25")).text
    assert (await visitor.open("catalogue/tides?at=0")).status == 400
    assert (await visitor.open("catalogue/tides?file=none")).status == 404
