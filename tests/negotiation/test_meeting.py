"""A request with rules of its own: what lies within ours is agreed, the nearest is offered, and the rest is refused."""

import pytest

from connector.negotiation.doors import DeclinedError
from connector.negotiation.meeting import RULES_MAX, meet, suffice
from connector.negotiation.protocol import offers
from connector.runtime.limits import REASON_CHARACTERS_MAX
from policy.compare.compare import implied
from policy.parse import parse
from tests.every import every
from tests.negotiation.world import LIMITS, MANDATE, PRODUCT, agree, listed_offer, product

RESEARCH = "https://w3id.org/penstock/purpose#Research"
TRANSPORT = "https://w3id.org/penstock/purpose#TransportResearch"


def ruled(*constraints, action="use", **members):
    """Rules that permit one action under constraints, each `left operator right`."""
    split = [text.split(" ") for text in constraints]
    written = [{"leftOperand": left, "operator": how, "rightOperand": right} for left, how, right in split]
    permission = [{"action": action, "constraint": written}]
    return {"permission": permission, "prohibition": [{"action": "distribute"}], "conflict": "prohibit", **members}


OURS = ruled(f"purpose isA {RESEARCH}", "count lteq 10")
NARROWER = ruled(f"purpose isA {TRANSPORT}", "count lteq 3")
WIDER = ruled(f"purpose isA {TRANSPORT}", "count lteq 30")
ELSEWHERE = ruled("purpose isA https://w3id.org/penstock/purpose#Marketing")


@pytest.fixture
async def ruled_pair(pair):
    """The pair, with a product whose rules say who wins."""
    await pair[0].store.write(lambda tx: tx.update("products", {"id": PRODUCT}, policy={"@type": "Set", **OURS}))
    return pair


def asked_with(rules):
    return listed_offer(product(policy=rules))


async def test_rules_within_ours_are_agreed_as_they_were_asked(ruled_pair):
    row = await agree(*ruled_pair, offer=asked_with(NARROWER))
    assert row["state"] == "FINALIZED"
    kept = [(await party.rows("agreements"))[0] for party in ruled_pair]
    assert kept[0]["terms"]["policy"] == kept[1]["terms"]["policy"] == NARROWER
    assert kept[0]["odrl"]["permission"] == kept[1]["odrl"]["permission"] == NARROWER["permission"]


async def test_wider_rules_are_answered_with_the_nearest_that_lie_within_ours(ruled_pair, network):
    provider, buyer = ruled_pair
    row = await agree(provider, buyer, offer=asked_with(WIDER))
    counter = next(body for _, _, body in network.sent if body["@type"] == "ContractOfferMessage")
    met = parse({"@type": "Offer", **offers.rules(counter["offer"])})
    for other in (OURS, WIDER):
        assert implied(met, parse({"@type": "Offer", **other})).holds
    # without a word about rules in its mandate, a buyer takes only those that it asked for
    assert row["state"] == "TERMINATED"
    assert "changes `policy`" in row["reason"]


@pytest.mark.parametrize(("least", "state"), [(NARROWER, "FINALIZED"), (WIDER, "TERMINATED")])
async def test_a_buyer_takes_a_counter_offer_that_allows_all_it_needs(ruled_pair, least, state):
    row = await agree(*ruled_pair, offer=asked_with(WIDER), mandate=MANDATE | {"policy": least})
    assert row["state"] == state
    if state == "FINALIZED":
        kept = [(await party.rows("agreements"))[0]["terms"]["policy"] for party in ruled_pair]
        assert kept[0] == kept[1]
        assert implied(parse({"@type": "Offer", **kept[0]}), parse({"@type": "Offer", **OURS})).holds
    else:
        assert "does not allow what we need" in row["reason"]


async def test_the_limits_of_a_product_may_be_wider_than_its_offer(ruled_pair):
    wider = {"limits": LIMITS | {"policy": WIDER}}
    await ruled_pair[0].store.write(lambda tx: tx.update("products", {"id": PRODUCT}, **wider))
    row = await agree(*ruled_pair, offer=asked_with(WIDER))
    assert row["state"] == "FINALIZED"
    assert (await ruled_pair[0].rows("agreements"))[0]["terms"]["policy"] == WIDER


async def test_rules_with_nothing_in_common_are_refused_in_words(ruled_pair):
    row = await agree(*ruled_pair, offer=asked_with(ELSEWHERE))
    assert row["state"] == "TERMINATED"
    assert "nothing it asks for lies within ours: The permission to use is different" in row["reason"]
    assert "marketing" in row["reason"]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (ruled(conflict="invalid"), "nothing says which wins"),
        (ruled("dateTime lt 2027-01-01T00:00:00Z", "dateTime gt 2027-01-01T00:00:00Z"), "exclude one another"),
        ({**OURS, "permission": [{"action": "teleport"}]}, "unknown action `teleport`"),
        ([], "the offer's rules cannot be read"),
        ({**OURS, "permission": OURS["permission"] * (RULES_MAX + 1)}, f"more than {RULES_MAX} rules"),
    ],
)
def test_rules_that_nobody_should_sign_are_refused(rules, words):
    with pytest.raises(DeclinedError, match=words):
        meet(OURS, rules)


def test_what_lies_within_stays_as_it_was_written():
    assert meet(OURS, NARROWER) == (NARROWER, True)
    assert meet(OURS, OURS) == (OURS, True)
    assert not meet(OURS, WIDER).within


def test_the_nearest_rules_are_told_as_an_offer_s():
    met = meet(OURS, WIDER)
    assert met.rules == offers.rules(met.rules)
    for other in (OURS, WIDER):
        assert implied(parse({"@type": "Offer", **met.rules}), parse({"@type": "Offer", **other})).holds


def test_a_buyer_takes_rules_that_allow_all_it_needs_as_they_are():
    assert suffice(NARROWER, OURS) == (OURS, True)
    assert suffice(OURS, OURS) == (OURS, True)


def test_a_buyer_is_told_what_is_missing():
    with pytest.raises(DeclinedError) as caught:
        suffice(WIDER, OURS)
    words = str(caught.value)
    assert words.startswith("the offer changes `policy`, and it does not allow what we need: ")
    assert len(words) <= REASON_CHARACTERS_MAX
    with pytest.raises(DeclinedError, match="more than 12 rules; only shorter ones are bargained about"):
        suffice(NARROWER, {**OURS, "permission": OURS["permission"] * 12})


def test_of_several_differences_two_are_told():
    one, two = ruled("count lteq 1"), ruled("count lteq 1", action="display")
    many = {**two, "permission": [*two["permission"], *ruled(action="print")["permission"]], "prohibition": []}
    with pytest.raises(DeclinedError) as caught:
        suffice(one, many)
    changed = "The permission to display is now about doing this: display (before: use)."
    assert str(caught.value).endswith(f"need: {changed} New: Permitted: anybody may print the data.")


def test_just_so_many_rules_are_bargained_about():
    rules = {**OURS, "permission": OURS["permission"] * (RULES_MAX - 1)}
    assert RULES_MAX == 12
    assert meet(OURS, rules).within
    with pytest.raises(
        DeclinedError, match=r"^the offer has more than 12 rules; only shorter ones are bargained about$"
    ):
        meet(OURS, {**OURS, "permission": OURS["permission"] * RULES_MAX})


@every("find", [meet, suffice])
@every("rules", [[], None, {"permission": "x"}])
def test_rules_of_ours_that_cannot_be_read_are_ours(find, rules):
    with pytest.raises(DeclinedError, match=r"^our rules cannot be read: "):
        find(rules, OURS)
