"""Grade decides the protection: what an exchange asks for that says nothing of its own, by the commands people type."""

from __future__ import annotations

import json

import pytest

from connector.provider import space_rules
from tests.api.command import commanded, penstock
from tests.api.refusals import refused
from tests.api.space import PURPOSE, term_end
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOT_PERMITTED = 3


@pytest.fixture
def table(tmp_path):
    file = tmp_path / "wards.csv"
    file.write_text("ward,beds\n" + "".join(f"w{ward},{ward * 7 % 40}\n" for ward in range(400)))
    return file


async def publish(space, file, product, *more):
    """Type the command; returns how it ended, and what it answered."""
    about = ("--title", f"Beds {product}", "--price", "700", "--purpose", PURPOSE, "--until", term_end(space.now()))
    words = ("publish", str(file), *about, "--id", product, "--json", *more)
    ended = await commanded(*words, "--data", space.people["provider"].data)
    return ended.code, json.loads(ended.out)


async def test_a_grade_demands_a_tier_before_anything_is_sealed(space, table):
    sealed = len(told(space, "provider", "edition.sealed"))
    for grade, tier, least, typed in (
        ("3", "plain", "`kept` or `leased` or `computed`", "`--tier kept`"),
        ("4", "kept", "`leased` or `computed`", "`--tier leased --unit opening`"),
        ("5", "kept", "`computed`", "`--tier computed --unit query"),
    ):
        for dry in (("--dry-run",), ()):
            code, fault = await publish(space, table, f"beds-{grade}", "--grade", grade, "--tier", tier, *dry)
            assert code == NOT_PERMITTED, fault
            assert f"grade {grade} or higher are delivered here by {least}" in fault["text"]
            assert typed in fault["text"]
            assert "penstock space show main" in fault["hint"]
    assert len(told(space, "provider", "edition.sealed")) == sealed
    assert [await publish(space, table, "beds-2", "--grade", "2", "--tier", "kept", "--dry-run")][0][0] == 0


async def test_what_fits_is_listed_and_says_what_its_grade_demands(space, table):
    assert (await publish(space, table, "beds-leased", "--grade", "4"))[0] == NOT_PERMITTED
    code, _ = await publish(space, table, "beds-leased", "--grade", "4", "--tier", "leased", "--unit", "opening")
    assert code == 0
    await penstock(space, "exchange", "exchange", "review", "beds-leased")
    shown = await penstock(space, "buyer", "product", "show", "beds-leased")
    assert (shown["tier"], shown["least"]) == ("leased", "leased")
    facts = shown["words"]["facts"]
    assert facts["en"][-1] == "level 4: very sensitive · sealed and keys leased at least"
    assert facts["zh"][-1] == "4级 · 至少密封且密钥租用"
    card = await penstock(space, "buyer", "product", "show", "beds-leased", "--card")
    both = json.dumps(card, ensure_ascii=False)
    assert "Security grade: level 4: very sensitive · sealed and keys leased at least" in both


async def test_a_later_edition_of_a_higher_grade_is_refused_and_the_one_before_stands(space, table):
    assert (await publish(space, table, "beds-grown", "--grade", "2"))[0] == 0
    await penstock(space, "exchange", "exchange", "review", "beds-grown")
    before = await penstock(space, "buyer", "product", "show", "beds-grown")
    assert before["least"] == "plain"
    table.write_text(table.read_text() + "w400,3\n")
    code, fault = await publish(space, table, "beds-grown", "--grade", "4")
    assert (code, "it is of grade 4" in fault["text"]) == (NOT_PERMITTED, True)
    after = await penstock(space, "buyer", "product", "show", "beds-grown")
    assert (after["edition"], after["state"]) == (before["edition"], "listed")


async def test_the_exchange_refuses_when_it_is_handed_in_what_a_provider_did_not_ask_about(space, monkeypatch):
    async def nothing(*_):
        return lambda _: None

    monkeypatch.setattr(space_rules, "asked", nothing)
    files = space.files("beds-brazen", (65_536,))
    status, text = await refused(space.publish_files("provider", "beds-brazen", files, grade=4))
    assert (status, "delivered here by `leased` or `computed`" in text) == (403, True)
    waiting = (await penstock(space, "exchange", "exchange", "listings"))["listings"]
    assert "beds-brazen" not in [row["id"] for row in waiting]


async def test_an_operator_sets_the_table_and_sees_first_what_no_longer_fits(space, table, tmp_path):
    none, strict, silent = (tmp_path / f"{name}.json" for name in ("none", "strict", "silent"))
    silent.write_text("{}")  # the program's own table again
    none.write_text(json.dumps({"least": []}))
    strict.write_text(json.dumps({"least": [{"grade": 2, "tier": "leased"}]}))
    made = await penstock(space, "exchange", "exchange", "space", "create", "wards", "--name", "W", "--rules", none)
    assert made["words"] == [{"en": "no restriction", "zh": "无限制"}]
    assert (await publish(space, table, "beds-free", "--grade", "5", "--space", "wards"))[0] == 0
    await penstock(space, "exchange", "exchange", "review", "beds-free")
    for rules in (silent, strict):
        change = ("exchange", "space", "change", "wards", "--rules", rules, "--reason", "as agreed")
        assert "beds-free" in json.dumps((await penstock(space, "exchange", *change, "--dry-run"))["steps"])
    assert (await penstock(space, "provider", "product", "show", "beds-free"))["state"] == "listed"
    changed = await penstock(space, "exchange", *change)
    assert changed["rules"]["least"] == [{"grade": 2, "tier": "leased", "classes": {}}]
    suspended = (await penstock(space, "exchange", "exchange", "listings", "--state", "suspended"))["listings"]
    why = next(row["reason"] for row in suspended if row["id"] == "beds-free")
    assert "it is of grade 5 and delivered by the tier `kept`" in why
    resume = ("exchange", "resume", "beds-free")
    refusal = await penstock(space, "exchange", *resume, code=NOT_PERMITTED)
    assert "it is of grade 5 and delivered by the tier `kept`" in str(refusal)
    change = ("exchange", "space", "change", "wards", "--rules", none, "--reason", "as before")
    await penstock(space, "exchange", *change)
    assert (await penstock(space, "exchange", *resume))["state"] == "listed"
