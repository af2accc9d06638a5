"""What each offer of a negotiation changed, in words, as console and command line show it."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

from connector.negotiation import rounds
from connector.negotiation.ndi.offers import offer_of
from connector.store.rows.protocol import OfferMadeRow
from contracts.ndi import strategy
from policy.vocabulary.names import PROFILE

NAMED = {
    "target": "urn:penstock:product:1",
    "assigner": "did:web:provider.example",
    "assignee": "did:web:buyer.example",
}
ABOUT = {"name": "Tides", "product": NAMED["target"], "provider": NAMED["assigner"], "consumer": NAMED["assignee"]}
ABOUT |= {"until": "2027-12-31T23:59:59+00:00"}
TALK = SimpleNamespace(id="n", product=NAMED["target"], digest=None, terms=None, offer=None)
AT = datetime(2026, 11, 28, tzinfo=UTC)


def made(number, who, price, *limits):
    policy = {"@type": "Agreement", "profile": PROFILE, **NAMED, "permission": [{"action": "read"}]}
    policy["permission"][0] |= {"constraint": list(limits)} if limits else {}
    offer = offer_of(strategy.written(policy), "urn:offer", NAMED["target"], ABOUT, "CNY")
    return OfferMadeRow(negotiation="n", number=number, who=who, price=price, offer=offer, at=AT)


def test_the_rounds_of_a_contract_say_which_rule_each_changed():
    times = {"leftOperand": "count", "operator": "lteq", "rightOperand": "3"}
    rows = [made(1, "consumer", 500), made(2, "provider", 600, times), made(3, "consumer", 600, times)]
    told = rounds.of(SimpleNamespace(find=lambda *_args, **_more: rows), TALK, "CNY")
    assert [one["price"] for one in told] == ["500", "600", "600"]
    assert [bool(one["differences"]) for one in told] == [False, True, False]
    assert any("3" in change["en"] and change["en"].startswith("policy now says") for change in told[1]["differences"])
    assert all(change["zh"].startswith("策略") for change in told[1]["differences"])
