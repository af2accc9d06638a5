"""Who bargains in bad faith: worse rules, a dearer price, endless counter-offers, rules that nobody can decide."""

import pytest

from connector.negotiation.doors import DeclinedError
from connector.negotiation.meeting import meet
from connector.negotiation.protocol import offers
from connector.negotiation.protocol.states import CONSUMER, OFFERED, PROVIDER, REQUESTED, TERMINATED
from tests.negotiation.side import Side
from tests.negotiation.test_meeting import NARROWER, OURS, TRANSPORT, WIDER, agree, asked_with, ruled, ruled_pair  # noqa: F401
from tests.negotiation.test_table import MANDATE, SELLS, TABLE, acted, placed, product_terms
from tests.negotiation.world import LIMITS, PRODUCT

ROUNDS = 8


@pytest.fixture
def side():
    return Side(reactions={}, random=lambda count: b"\x07" * count)


def under(rules, price):
    return offers.offer(PRODUCT, rules, offers.at_price(product_terms(), price), target=PRODUCT)


def buying(side, rules, price, **columns):
    """A buyer that asked for OURS at 80, needs NARROWER at 90 at most, and was offered other rules at a price."""
    mandate = MANDATE | {"bid": 80, "limit": 90, "policy": NARROWER}
    said = {"offer": under(rules, price), "their_price": price, "own_price": 80, "rounds": 2, "mandate": mandate}
    placed(side, OFFERED, CONSUMER, **said | {"terms": {**TABLE, "policy": OURS}} | columns)
    return acted(side, "bargain")


WORSE = {
    "fewer openings": ruled(f"purpose isA {TRANSPORT}", "count lteq 2"),
    "another purpose": ruled("purpose isA https://w3id.org/penstock/purpose#Marketing"),
    "a duty more": {
        **NARROWER,
        "permission": [{**NARROWER["permission"][0], "duty": [{"action": "inform"}]}],
    },
}


@pytest.mark.parametrize("name", WORSE)
def test_worse_rules_are_answered_with_the_need_once_and_then_ended(side, name):
    row = buying(side, WORSE[name], 80)
    assert side.sent["kind"] == "request"
    assert offers.read(side.sent["body"]["offer"]).policy == row["terms"]["policy"] == NARROWER


@pytest.mark.parametrize("name", WORSE)
def test_the_second_time_it_is_over(side, name):
    row = buying(side, WORSE[name], 80, terms={**TABLE, "policy": NARROWER})
    assert (side.sent["kind"], row["pending"]) == ("termination", TERMINATED)
    assert "does not allow what we need" in row["reason"]


def test_good_rules_at_a_dearer_price_are_not_taken(side):
    row = buying(side, OURS, 91)
    assert side.sent["kind"] == "request"
    assert row["own_price"] <= 90


def test_in_the_last_round_it_is_over(side):
    row = buying(side, WORSE["fewer openings"], 80, rounds=ROUNDS)
    assert row["pending"] == TERMINATED


@pytest.mark.parametrize("rounds", range(ROUNDS + 1))
def test_rules_beyond_the_limits_are_countered_until_the_rounds_are_over_and_never_agreed(side, rounds):
    said = {"offer": under(WIDER, 200), "their_price": 200, "own_price": 110, "rounds": rounds}
    placed(side, REQUESTED, PROVIDER, **said, mandate=SELLS | {"policy": OURS}, terms={**TABLE, "policy": OURS})
    row = acted(side, "bargain")
    assert side.sent["kind"] == ("offer" if rounds < ROUNDS else "termination")
    assert row.get("agreement") is None


def test_rules_that_nobody_here_can_decide_are_not_signed():
    with pytest.raises(DeclinedError, match="could not be kept: no connector can say `query`"):
        meet(
            OURS,
            ruled("purpose isA https://w3id.org/penstock/purpose#Research", "count lteq 3", "query eq sheet"),
        )


async def test_a_buyer_that_asks_for_too_much_for_ever_is_let_go(ruled_pair):  # noqa: F811
    """It holds to its own rules whatever it is offered: its rounds are more than the provider's."""
    mandate = MANDATE | {"policy": WIDER, "rounds": 64}
    row = await agree(*ruled_pair, offer=asked_with(WIDER), mandate=mandate)
    assert row["state"] == "TERMINATED"
    assert row["rounds"] <= LIMITS["rounds"] + 1
