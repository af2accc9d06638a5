"""Prices by rules, and a person who is asked first."""

import pytest

from connector.negotiation import variants
from connector.runtime.errors import Conflict
from tests.negotiation.test_meeting import NARROWER, OURS, RESEARCH, WIDER, asked_with, ruled
from tests.negotiation.world import LIMITS, MANDATE, PRODUCT, agree, ended

CHEAP = ruled(f"purpose isA {RESEARCH}", "count lteq 3")
LARGE = ruled(f"purpose isA {RESEARCH}", "count lteq 30")
PRICED = [
    {"policy": CHEAP, "ask": "50", "floor": "50"},
    {"policy": LARGE, "ask": "88", "floor": "88"},
]


@pytest.fixture
async def priced_pair(pair):
    """The pair, with a product that costs less for few openings and more for many."""
    limits = {**LIMITS, "policy": LARGE, "variants": PRICED, "ask": "80", "floor": "80"}
    said = {"policy": {"@type": "Set", **OURS}, "limits": limits}
    await pair[0].store.write(lambda tx: tx.update("products", {"id": PRODUCT}, **said))
    return pair


@pytest.mark.parametrize(("rules", "price"), [(NARROWER, 50), (CHEAP, 50), (OURS, 80), (WIDER, 88), (LARGE, 88)])
async def test_what_is_signed_costs_what_its_rules_do(priced_pair, rules, price):
    mandate = MANDATE | {"bid": 80, "limit": 90, "policy": rules}
    row = await agree(*priced_pair, offer=asked_with(rules), mandate=mandate)
    assert row["state"] == "FINALIZED", row["reason"]
    kept = [(await party.rows("agreements"))[0]["terms"] for party in priced_pair]
    assert kept[0] == kept[1]
    assert kept[0]["tariff"]["minor"] == str(price)
    assert kept[0]["policy"] == rules


async def test_a_dearer_variant_is_not_had_for_less(priced_pair):
    mandate = MANDATE | {"bid": 80, "limit": 87, "policy": LARGE}
    row = await agree(*priced_pair, offer=asked_with(LARGE), mandate=mandate)
    assert row["state"] == "TERMINATED"
    assert "price" in row["reason"]


def test_the_cheapest_variant_that_covers_the_rules_counts():
    begun = variants.begun({**LIMITS, "ask": "80", "floor": "70", "variants": PRICED}, OURS, {})
    assert [one["ask"] for one in begun["variants"]] == ["80", "50", "88"]
    assert variants.begun(LIMITS, OURS, {}) == LIMITS


HERE = {"member": "did:web:a.example", "role": "service", "region": "CN-44"}


@pytest.mark.parametrize(
    ("whom", "there"),
    [
        ({"role": ["service"]}, True),
        ({"role": ["buyer"]}, False),
        ({"role": ["buyer", "service"]}, True),
        ({"region": ["CN"]}, True),
        ({"region": ["CN-GD"]}, True),
        ({"region": ["DE", "CN-31"]}, False),
        ({"member": ["did:web:a.example"]}, True),
        ({"member": ["did:web:b.example"]}, False),
        ({"role": ["service"], "region": ["DE"]}, False),
        ({"role": ["service"], "region": ["CN"]}, True),
    ],
)
def test_a_variant_for_some_is_there_for_these_alone(whom, there):
    limits = {**LIMITS, "ask": "80", "floor": "70", "variants": [{**PRICED[0], "for": whom}]}
    told = variants.begun(limits, OURS, HERE)["variants"]
    assert told == [{"policy": OURS, "ask": "80", "floor": "70"}, *([PRICED[0]] if there else [])]
    assert len(variants.begun(limits, OURS, {})["variants"]) == 1, "of a stranger nothing is known"


@pytest.fixture
async def asking_pair(pair):
    said = {"policy": {"@type": "Set", **OURS}, "limits": {**LIMITS, "policy": LARGE, "asks": OURS}}
    await pair[0].store.write(lambda tx: tx.update("products", {"id": PRODUCT}, **said))
    return pair


async def waiting(pair, rules, mandate):
    provider, buyer = pair
    await buyer.engine.start_negotiation(provider.did, provider.base, asked_with(rules), mandate)
    row = await provider.until("negotiations", ("REQUESTED",))
    await buyer.until("negotiations", ("REQUESTED",))
    assert (await provider.engine.operating.show(row["id"]))["asks"]
    return row["id"]


async def test_what_is_offered_needs_nobody(asking_pair):
    row = await agree(*asking_pair, offer=asked_with(OURS))
    assert row["state"] == "FINALIZED"


async def test_other_rules_wait_for_a_person_who_assents(asking_pair):
    pid = await waiting(asking_pair, WIDER, MANDATE | {"policy": WIDER})
    view = await asking_pair[0].engine.operating.assent(pid)
    assert not view["asks"]
    await ended(*asking_pair)
    assert (await asking_pair[0].rows("agreements"))[0]["terms"]["policy"] == WIDER
    with pytest.raises(Conflict):
        await asking_pair[0].engine.operating.assent(pid)


async def test_a_person_may_go_less_far(asking_pair):
    pid = await waiting(asking_pair, WIDER, MANDATE | {"policy": NARROWER})
    view = await asking_pair[0].engine.operating.assent(pid, "openings=5")
    await ended(*asking_pair)
    [kept] = await asking_pair[0].rows("agreements")
    assert '"5"' in str(kept["terms"]["policy"]).replace("'", '"')
    shown = await asking_pair[0].engine.operating.show(view["id"])
    assert [one["who"] for one in shown["rounds"][:2]] == ["consumer", "provider"]
    assert any("5" in one["en"] for one in shown["rounds"][1]["differences"])


async def test_a_person_may_refuse(asking_pair):
    pid = await waiting(asking_pair, WIDER, MANDATE | {"policy": NARROWER})
    await asking_pair[0].engine.operating.terminate(pid, "not for that")
    rows = await ended(*asking_pair)
    assert rows[1]["state"] == "TERMINATED"
