"""A policy as its provider wrote it is offered whole, or refused by its place before anything is sealed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.provider.rules import offered
from connector.runtime.errors import InvalidInput
from policy.errors import PolicyError
from policy.parse import parse
from tests.every import every

UNTIL = datetime(2030, 1, 1, tzinfo=UTC)
RESEARCH = {"leftOperand": "purpose", "operator": "isA", "rightOperand": "Research"}
PERMITTED = {"permission": [{"action": "use", "constraint": [RESEARCH]}]}
NEVER = {"leftOperand": "count", "operator": "lteq", "rightOperand": "0"}
AMOUNT = {"leftOperand": "payAmount", "operator": "eq", "rightOperand": "5000000.00", "unit": "USD"}
PAY = {"action": "compensate", "constraint": [AMOUNT]}
FRAME = {"@context": "http://www.w3.org/ns/odrl.jsonld", "@type": "Offer", "uid": "urn:x:1"}


def brief(tier="kept", **rules):
    return {"tier": tier, "rules": rules}


def test_the_rules_are_offered_as_they_were_written_without_the_name_of_their_document():
    rules = offered(brief(**FRAME, **PERMITTED), UNTIL)
    assert rules == PERMITTED
    parse({"@type": "Offer", **rules})


def test_without_them_the_usual_rules_are():
    usual = offered({"purpose": "Research", "rules": None, "tier": "kept"}, UNTIL)
    assert usual["conflict"] == "prohibit"


REFUSED = {
    "target": (InvalidInput, {**PERMITTED, "target": "urn:x:2"}, "names `target`"),
    "assigner": (InvalidInput, {**PERMITTED, "assigner": "did:web:a"}, "names `assigner`"),
    "an unknown key": (InvalidInput, {**PERMITTED, "colour": 1}, "names `colour`"),
    "an unknown action": (PolicyError, {"permission": [{"action": "juggle"}]}, "juggle"),
    "nothing": (PolicyError, {"prohibition": [{"action": "distribute"}]}, "nobody could buy it"),
    "another action": (PolicyError, {"permission": [{"action": "delete"}]}, "covers `reproduce`"),
    "what nobody can say": (
        PolicyError,
        {"permission": [{"action": "use", "constraint": [{**RESEARCH, "leftOperand": "query", "operator": "eq"}]}]},
        "no connector can say `query`",
    ),
    "a duty nobody can do": (
        PolicyError,
        {"permission": [{"action": "use", "duty": [{"action": "desensitize"}]}]},
        "nobody here can `desensitize`",
    ),
    "an obligation nobody can do": (
        PolicyError,
        {**PERMITTED, "obligation": [{"action": "watermark", "assignee": "did:web:a"}]},
        "`watermark`",
    ),
    "a prohibition of all that is permitted": (
        PolicyError,
        {**PERMITTED, "conflict": "prohibit", "prohibition": [{"action": "use"}]},
        "never allows",
    ),
    "a void policy": (PolicyError, {**PERMITTED, "prohibition": [{"action": "reproduce"}]}, "never allows"),
    "void in a part": (PolicyError, {**PERMITTED, "prohibition": [{"action": "grantUse"}]}, "the policy is void"),
    "no use at all": (PolicyError, {"permission": [{"action": "use", "constraint": [NEVER]}]}, "never allows"),
    "a price beside the price": (
        PolicyError,
        {"permission": [{"action": "use", "duty": [PAY]}]},
        "what is paid is the price",
    ),
    "a price as an obligation": (PolicyError, {**PERMITTED, "obligation": [PAY]}, "what is paid is the price"),
    "a remedy nobody can do": (
        PolicyError,
        {**PERMITTED, "prohibition": [{"action": "distribute", "remedy": [{"action": "desensitize"}]}]},
        "nobody here can `desensitize`",
    ),
    "a consequence nobody can do": (
        PolicyError,
        {"permission": [{"action": "use", "duty": [{"action": "delete", "consequence": [{"action": "watermark"}]}]}]},
        "nobody here can `watermark`",
    ),
    "another thing": (
        PolicyError,
        {"permission": [{"action": "use", "target": "urn:x:3"}]},
        "is about `urn:x:3`",
    ),
}


@every("name", REFUSED)
def test_it_is_refused(name):
    fault, rules, words = REFUSED[name]
    with pytest.raises(fault) as told:
        offered(brief(**rules), UNTIL)
    assert words in str(told.value)
    assert told.value.hint


def test_a_tier_asks_for_the_action_that_its_delivery_is():
    read = {"permission": [{"action": "read"}]}
    assert offered(brief("leased", **read), UNTIL) == read
    with pytest.raises(PolicyError, match="covers `reproduce`"):
        offered(brief("kept", **read), UNTIL)
