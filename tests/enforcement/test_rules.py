"""Rules as they are decided: for whom they are, in which scope, and what they ask to be told."""

from __future__ import annotations

import pytest

from connector.enforcement.counted import Counted
from connector.enforcement.rules import agreed, in_force, on_offer
from connector.enforcement.scopes import DISPLAY, ORDER, PARTY, STANDING
from contracts.canonical import sha
from policy.errors import PolicyError

PRODUCT, BUYER = "urn:example:flights", "did:web:buyer.example"
TWICE = {"leftOperand": "count", "operator": "lteq", "rightOperand": "2"}
DELETE, PAY = {"action": "delete"}, {"action": "compensate"}


def policy(*constraints, **more):
    return {"permission": [{"action": "use", "constraint": list(constraints)}], **more}


@pytest.mark.parametrize("terms", [None, {}, {"product": PRODUCT}])
def test_terms_without_a_policy_have_no_rules(terms):
    with pytest.raises(PolicyError) as missing:
        agreed(terms, BUYER)
    assert (missing.value.code, missing.value.path) == ("missing", "/policy")


def test_the_rules_of_terms_are_for_their_product_and_one_buyer():
    rules = agreed({"policy": policy(TWICE), "product": PRODUCT}, BUYER)
    assert rules is in_force(policy(TWICE), PRODUCT, BUYER)
    assert rules.document == {"@type": "Agreement", "target": PRODUCT, "assignee": BUYER, **policy(TWICE)}
    assert (rules.digest, rules.scope) == (sha(rules.document).hex(), ORDER)
    assert rules is not in_force(policy(TWICE), PRODUCT, "did:web:other.example")
    assert agreed({"policy": policy(TWICE), "product": PRODUCT}, BUYER, PARTY).scope == PARTY


def test_the_rules_of_an_offer_are_those_that_say_for_whom_it_is():
    rules = on_offer({**policy(TWICE), "@type": "Set"}, PRODUCT)
    assert rules.document == {"@type": "Offer", "target": PRODUCT, **policy(TWICE)}
    assert rules.scope == DISPLAY
    assert rules.counted({}) == {}


@pytest.mark.parametrize(
    ("document", "minds"),
    [
        (policy({"leftOperand": "event", "operator": "lt", "rightOperand": "read"}), True),
        (policy(TWICE), False),
        (policy(obligation=[DELETE]), True),
        ({"permission": [{"action": "use", "duty": [DELETE]}]}, True),
        (policy(prohibition=[{"action": "download"}]), False),
        (policy(prohibition=[{"action": "download", "remedy": [PAY]}]), True),
    ],
)
def test_a_policy_with_duties_or_remedies_asks_what_was_done(document, minds):
    assert in_force(document, PRODUCT, BUYER).minds is minds


def test_uses_are_counted_where_a_policy_asks_for_them_and_for_all_that_runs():
    assert in_force(policy(TWICE), PRODUCT, BUYER).counted({}) == {"permission/0": Counted()}
    assert in_force(policy(), PRODUCT, BUYER).counted({}) == {}
    assert in_force(policy(), PRODUCT, BUYER, STANDING).counted({}) == {"permission/0": Counted()}
    for_each = in_force(
        policy(TWICE, {"leftOperand": "unitOfCount", "operator": "eq", "rightOperand": "user"}), PRODUCT, BUYER
    )
    assert for_each.counted({}) is None
    assert for_each.counted({"user": "ann"}) == {"permission/0": Counted("user=ann")}
