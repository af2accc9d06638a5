"""Rules that are bargained over, by the commands of both sides on running processes."""

from __future__ import annotations

import asyncio
import json
import shlex
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio

from connector.regulator.sources import sources
from connector.runtime.errors import PeerRefused, explain_failure
from ledger.audit import audit
from ledger.audit.severity import ERROR
from policy.compare.compare import implied
from policy.parse import parse
from tests.api.command import commanded, penstock
from tests.api.space import PURPOSE
from tests.every import every

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = "day,millimetres\n" + "".join(f"{day},{day * 3 % 17}\n" for day in range(2_000))
PRICE = 1_000


def read(rules):
    return parse({"@type": "Offer", **rules})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def on_offer(space, tmp_path_factory):
    """Publish a product that may be bargained over, and one that may not."""
    path = tmp_path_factory.mktemp("tables") / "rain.csv"
    path.write_text(ROWS)
    told = "purpose=Research|Marketing, region=any, onward=yes"
    await space.publish_files("provider", "bargain-wide", [path], price=PRICE, negotiable=told)
    await space.publish_files("provider", "bargain-fixed", [path], price=PRICE)


async def got(space, product, *more, code=0):
    words = ("get", product, "--max-price", str(PRICE), "--purpose", PURPOSE, *more)
    return await penstock(space, "buyer", *words, code=code)


def agreed(space, digest):
    [terms] = [row["terms"] for row in space.rows("buyer", "agreements") if row["digest"] == digest]
    [other] = [row["terms"] for row in space.rows("provider", "agreements") if row["digest"] == digest]
    assert terms == other
    return json.loads(terms)["policy"]


def limits(space, product):
    [row] = [one for one in space.rows("provider", "products") if one["id"] == product]
    return json.loads(row["limits"])


async def test_what_lies_within_is_agreed_as_it_was_preferred(space, on_offer):
    del on_offer
    view = await got(space, "bargain-wide", "--prefer", "region=any, openings=20, onward=yes")
    rules = agreed(space, view["agreement"])
    assert "prohibition" not in rules
    assert "spatial" not in json.dumps(rules)
    assert implied(read(rules), read(limits(space, "bargain-wide")["policy"])).holds
    assert view["negotiation"]["rounds"] == 1


async def test_what_goes_too_far_is_answered_with_the_nearest_and_taken_where_it_is_enough(space, on_offer):
    del on_offer
    need = "purpose=Research|Marketing"
    view = await got(space, "bargain-wide", "--need", need, "--prefer", "purpose=any")
    rules = agreed(space, view["agreement"])
    assert view["negotiation"]["rounds"] == 2
    assert implied(read(rules), read(limits(space, "bargain-wide")["policy"])).holds
    assert "Marketing" in json.dumps(rules)


async def test_what_is_needed_and_not_to_be_had_ends_it_in_words(space, on_offer):
    del on_offer
    for product in ("bargain-wide", "bargain-fixed"):
        told = await got(space, product, "--need", "purpose=any", code=3)
        assert "does not allow what we need" in told["text"], told


async def test_a_class_of_buyers_pays_less_without_asking_for_other_rules(space, tmp_path):
    (tmp_path / "rain.csv").write_text(ROWS)
    files, did = [tmp_path / "rain.csv"], space.did("buyer")
    for product, whom, price in (
        ("class-role", "role=buyer", "300"),
        ("class-other", "role=service", "1000"),
        ("class-member", f"member={did},region=US", "300"),
        ("class-place", "region=DE", "1000"),
        ("class-few", "role=buyer with openings=3", "1000"),
    ):
        variants = [f"for {whom}: 3.00"]
        await space.publish_files("provider", product, files, price=PRICE, variants=variants)
        view = await got(space, product)
        assert view["negotiation"]["price"] == price, product
        assert "for" not in agreed(space, view["agreement"])


async def test_a_class_bargains_beyond_what_all_may(space, tmp_path):
    (tmp_path / "rain.csv").write_text(ROWS)
    wish, files = ("--need", "region=any"), [tmp_path / "rain.csv"]
    for product, whom in (("class-wide", "role=buyer"), ("class-shut", "role=service")):
        variants = [f"for {whom} with region=any, onward=yes: 8.00"]
        await space.publish_files("provider", product, files, price=PRICE, variants=variants, negotiable="onward=yes")
    view = await got(space, "class-wide", *wish)
    assert "spatial" not in json.dumps(agreed(space, view["agreement"]))
    assert view["negotiation"]["price"] == "800"
    view = await got(space, "class-wide", "--id", "class-wide-again", "--need", "onward=yes")
    assert "spatial" in json.dumps(agreed(space, view["agreement"])), "what is asked for, and no more"
    told = await got(space, "class-shut", *wish, code=3)
    assert "does not allow what we need" in told["text"], told
    with pytest.raises(PeerRefused) as fault:  # neither within what all may bargain for, nor all of it and more
        variants = ["for role=buyer with region=any: 8.00"]
        await space.publish_files(
            "provider", "class-odd", files, price=PRICE, variants=variants, negotiable="onward=yes"
        )
    assert "let it allow all that is negotiable" in explain_failure(fault.value).hint


PAGE = Path(__file__).resolve().parents[2] / "docs" / "policy.md"
BARGAINING = PAGE.read_text(encoding="utf-8").partition("## Bargaining over rules")[2].partition("\n## ")[0]


def commands():
    """Return the commands of the page, in its order, without the name of the program."""
    return [shlex.split(line.strip())[1:] for line in BARGAINING.splitlines() if line.startswith("    penstock ")]


async def test_the_commands_of_the_page_do_what_it_says(space, tmp_path):
    (tmp_path / "rain.csv").write_text(ROWS)
    publish, narrow, wide, asked, listed, assent, show = commands()
    for words, product in ((publish, "rain"), (asked, "rain-asked")):
        await penstock(space, "provider", *(str(tmp_path / one) if one == "rain.csv" else one for one in words))
        await space.doors["exchange"].call("POST", f"listings/{product}/review", {})

    view = await penstock(space, "buyer", *narrow)
    assert "AirTrafficResearch" in json.dumps(agreed(space, view["agreement"]))
    assert view["negotiation"]["price"] == "600"

    view = await penstock(space, "buyer", *wide)
    rules, most = agreed(space, view["agreement"]), limits(space, "rain")["policy"]
    assert "2028-01-30" in json.dumps(rules)
    assert "Marketing" in json.dumps(rules)
    assert implied(read(rules), read(most)).holds
    assert view["negotiation"]["price"] == "1000"

    with pytest.raises(PeerRefused) as fault:
        await space.doors["provider"].call("POST", "products/rain/price", {"amount": "1.00", "floor": None})
    assert "more than 4 times" in explain_failure(fault.value).text

    mandate = {"limit": str(PRICE), "purpose": PURPOSE, "prefer": "region=any"}
    body = {"id": "rain-asked", "product": "rain-asked", "mandate": mandate}
    await space.doors["buyer"].call("POST", "acquisitions", body)
    async with asyncio.timeout(30):
        while not (waiting := (await penstock(space, "provider", *listed))["processes"]):
            await asyncio.sleep(0.2)
    [pid] = [one["id"] for one in waiting]
    assert (await penstock(space, "provider", *show[:-1], pid))["asks"]
    assert not (await penstock(space, "provider", *assent[:-1], pid))["asks"]
    view = await space.until("rain-asked", lambda view: view["state"] == "complete")
    assert "spatial" not in json.dumps(agreed(space, view["agreement"]))


async def test_both_sides_see_the_rounds_in_words(space, on_offer):
    del on_offer
    for role in ("buyer", "provider"):
        rows = space.rows(role, "negotiations")
        [pid] = [one["id"] for one in rows if one["product"] == "bargain-wide" and one["rounds"] == 2][:1]
        rounds = (await penstock(space, role, "admin", "show", pid))["rounds"]
        assert [one["who"] for one in rounds] == ["consumer", "provider"]
        changes = rounds[1]["differences"]
        assert any("arketing" in one["en"] for one in changes), changes
        assert all(one["zh"] for one in changes)
        page = await space.doors[role].call("GET", f"processes/{quote(pid, safe='')}")
        assert page["rounds"] == rounds


REFUSED = {
    "less than offered": ({"negotiable": "openings=3"}, "does not allow what is offered"),
    "no rules": ({"negotiable": "colour=red"}, "changes nothing that is known"),
    "what nobody can say": (
        {"negotiable": '{"permission": [{"action": "use", "constraint": [{"leftOperand": "computeFunction", '
         '"operator": "eq", "rightOperand": "SUM"}]}]}'},
        "no connector can say `computeFunction`",
    ),
    "a variant beyond it": ({"variants": ["purpose=any: 20.00"]}, "does not allow the variant `purpose=any`"),
    "a variant without a price": ({"variants": ["purpose=Teaching"]}, "is no variant"),
    "a price without a point": ({"variants": ["openings=3: 300"]}, "is not an amount of"),
    "nobody's class": ({"variants": ["for colour=blue: 3.00"]}, "no class of buyers"),
    "a role that is none": ({"variants": ["for role=pirate: 3.00"]}, "no class of buyers"),
    "a class that pays more": ({"variants": ["for role=buyer: 20.00"]}, "pays more than the asked price"),
    "a dear variant": ({"variants": ["openings=3: 300.00"]}, "more than 4 times"),
    "too many": ({"variants": ["openings=3: 3.00"] * 9}, "at most 8"),
    "no text": ({"negotiable": {"permission": []}}, "`negotiable` of the product must be"),
}  # fmt: skip


@every("name", REFUSED)
async def test_what_cannot_be_kept_or_compared_is_refused_before_anything_is_sealed(space, tmp_path, name):
    brief, words = REFUSED[name]
    path = tmp_path / "rain.csv"
    path.write_text("day\n1\n")
    sealed = len(space.rows("provider", "editions"))
    with pytest.raises(PeerRefused) as fault:
        await space.publish_files("provider", "bargain-badly", [path], price=PRICE, **brief)
    told = explain_failure(fault.value)
    assert (told.exit_code, words in told.text) == (2, True), told
    assert len(space.rows("provider", "editions")) == sealed


WISHES = {
    "less preferred than needed": (
        ("--need", "openings=20", "--prefer", "openings=3"),
        "what you prefer does not allow",
    ),
    "no rules": (("--need", "colour=red"), "changes nothing that is known"),
    "another purpose than its own": (("--prefer", "purpose=Marketing"), "never allows this"),
}


@every("name", WISHES)
async def test_what_makes_no_bargain_is_refused_before_anybody_is_asked(space, on_offer, name):
    del on_offer
    more, words = WISHES[name]
    talks = len(space.rows("provider", "negotiations"))
    for try_out in ((), ("--dry-run",)):
        asked = ("get", "bargain-wide", "--max-price", str(PRICE), "--purpose", PURPOSE, *more, *try_out)
        ended = await commanded(*asked, "--data", space.people["buyer"].data, "--json")
        assert ended.code in (2, 5), ended
        assert words in json.loads(ended.out)["text"], ended
    assert len(space.rows("provider", "negotiations")) == talks


async def test_rules_of_a_mandate_are_texts(space, on_offer):
    del on_offer
    mandate = {"limit": str(PRICE), "purpose": PURPOSE, "prefer": "region=any"}
    told = await space.doors["buyer"].call("POST", "foresights", {"product": "bargain-wide", "mandate": mandate})
    assert told["asked"] == str(PRICE)
    strange = {"limit": str(PRICE), "purpose": PURPOSE, "prefer": {"permission": []}}
    with pytest.raises(PeerRefused) as fault:
        await space.doors["buyer"].call("POST", "foresights", {"product": "bargain-wide", "mandate": strange})
    assert "`prefer` must be a text" in explain_failure(fault.value).text


async def test_an_auditor_finds_nothing_wrong_with_what_was_bargained(space, on_offer):
    del on_offer
    view = await got(space, "bargain-wide", "--prefer", "region=any, onward=yes")
    for role in ("buyer", "provider", "exchange", "regulator"):  # what is published is what was cosigned
        await space.doors[role].call("POST", "log/anchor", {})
    async with sources(space.url("exchange"), development=True) as opened:
        held = space.keys("regulator")
        report = await audit.run(opened, held.delivery, others=(held.hybrid,))
    ours = {
        row["digest"] for row in space.rows("buyer", "agreements") if row["product"].startswith(("bargain", "rain"))
    }
    assert view["agreement"] in ours
    wrong = [one.text() for one in report.findings if one.severity == ERROR and ours & one.parts]
    assert not wrong
