"""Both languages say everything, with the same slots."""
# ruff: noqa: RUF001 -- Chinese sentences are written with Chinese punctuation

from __future__ import annotations

import string
from dataclasses import fields
from datetime import UTC, datetime

import pytest

from policy.compare.document import write
from policy.compare.meet import nearest
from policy.decision import REASONS, Reason
from policy.errors import PolicyError
from policy.hierarchy import HIERARCHIES
from policy.offer import offer_rules
from policy.parse import parse
from policy.vocabulary.actions import ACTIONS
from policy.vocabulary.operands import OPERANDS
from policy.vocabulary.operators import LOGICAL
from policy.words.sentences import CHINESE, ENGLISH
from policy.words.speak import LANGUAGES, explain, reason
from tests.every import every

SAMPLE = {"action": "read", "duty": "compensate", "operand": "purpose", "operator": "isA"}


def slots(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


@every("field", [field.name for field in fields(ENGLISH) if field.name != "code"])
def test_the_languages_have_the_same_keys_and_slots(field):
    english, chinese = getattr(ENGLISH, field), getattr(CHINESE, field)
    if isinstance(english, str):
        assert slots(english) == slots(chinese)
        return
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert slots("".join(text)) == slots("".join(chinese[key])), key


def test_every_term_of_the_vocabulary_has_words():
    assert set(ENGLISH.actions) == set(ACTIONS)
    assert set(ENGLISH.duties) <= set(ACTIONS)
    said = {
        (left, operator)
        for left, row in OPERANDS.items()
        for operator in (ENGLISH.places if row.type in HIERARCHIES else ENGLISH.measures)
    } | set(ENGLISH.conditions)
    assert {(left, operator) for left, row in OPERANDS.items() for operator in row.operators} <= said
    assert {left for left, _operator in ENGLISH.conditions} <= set(OPERANDS)
    assert set(ENGLISH.logical) == LOGICAL
    assert set(ENGLISH.operands) == set(OPERANDS)
    assert set(ENGLISH.reasons) == set(REASONS)


@every("lang", sorted(LANGUAGES))
@every("code", sorted(REASONS))
def test_every_reason_can_be_said(code, lang):
    said = reason(Reason(code, "/permission/0", tuple(SAMPLE.get(name, "urn:x") for name in REASONS[code])), lang)
    assert said
    assert "{" not in said


def test_a_reason_has_just_the_facts_that_its_words_name():
    code = next(code for code, names in REASONS.items() if len(names) == 1)
    assert Reason(code, "", ("a",)).named_facts() == {REASONS[code][0]: "a"}
    for facts in ((), ("a", "b")):
        with pytest.raises(ValueError, match="argument"):
            Reason(code, "", facts).named_facts()


def test_a_refusal_names_purposes_by_their_labels():
    base = "https://w3id.org/penstock/purpose#"
    facts = ("purpose", "isNoneOf", f"{base}Marketing, {base}Sales", f"{base}EmailMarketing")
    given = Reason("purpose-not-allowed", "", facts)
    assert given.text == (
        "required is that the purpose is none of marketing, sales, nor a kind of it; "
        "the purpose given is email marketing"
    )
    assert reason(given, "zh") == "要求用途不属于下列任何一项及其下位用途：市场营销、销售；所给用途为电子邮件营销"


def test_explain_in_both_languages():
    rules = offer_rules(
        purpose="TransportResearch",
        until=datetime(2027, 1, 1, tzinfo=UTC),
        region="US",
        openings=3,
        price=("5.50", "EUR"),
    )
    policy = parse({"@type": "Agreement", "assigner": "did:web:p", "assignee": "did:web:b", "target": "urn:t", **rules})
    assert explain(policy) == [
        "Agreement (without a name): did:web:p grants did:web:b the following on urn:t.",
        (
            "Permitted: did:web:b may use urn:t, provided that the purpose is transport research or a kind of it; and "
            "the time is 2027-01-01T00:00:00Z at the latest; and the place is in US; and it is done at most 3 times in "
            "all. Before that, payment must be made (5.5 EUR)."
        ),
        "Forbidden: did:web:b must not distribute urn:t.",
        "Forbidden: did:web:b must not grant others the use of urn:t.",
        "Forbidden: did:web:b must not hand over urn:t.",
        "Where a permission and a prohibition meet, the prohibition holds.",
        "Whatever is not permitted here is refused.",
    ]
    assert explain(policy, "zh")[1] == (
        "许可：did:web:b 可以使用 urn:t，条件是：用途为交通运输研究或其下位用途；且时间不晚于 2027-01-01T00:00:00Z；"
        "且地域位于 US 之内；且总次数不超过 3 次。在此之前，须完成支付（5.5 EUR）。"
    )


def test_explain_names_what_a_duty_is_on_and_who_says_a_rule():
    grants = [{"action": "use", "assigner": f"urn:{name}", "target": "urn:d"} for name in ("a", "b")]
    grants[0]["duty"] = [{"action": "delete", "target": "urn:copy", "assignee": "urn:c"}]
    offer = parse({"@type": "Offer", "permission": grants})
    english = explain(offer)
    assert english[0].startswith("Offer (without a name) of whoever is named below on urn:d")
    assert english[1:3] == [
        (
            "Permitted: anybody may use urn:d (so says urn:a)."
            " Before that, the data must be deleted by urn:c (on urn:copy)."
        ),
        "Permitted: anybody may use urn:d (so says urn:b).",
    ]
    assert "（由 urn:a 规定）" in explain(offer, "zh")[1]
    assert "（对象：urn:copy）" in explain(offer, "zh")[1]
    assert parse(write(offer)) == offer


def test_an_assigner_that_all_rules_name_is_that_of_the_policy():
    grant = {"action": "use", "assigner": "urn:a"}
    assert "of urn:a on" in explain(parse({"@type": "Offer", "permission": [grant, grant | {"target": "urn:d"}]}))[0]
    template = parse({"permission": [grant], "prohibition": [grant | {"action": "print"}]})
    met = nearest(parse({"assigner": "urn:b", "permission": [{"action": "use"}]}), template)
    assert met is not None
    assert met["assigner"] == "urn:b"
    assert parse(met).permissions
    (said,) = parse({"assigner": "urn:a", "permission": [grant]}).permissions
    assert said.assigners == ()


def test_explain_logic_and_obligations():
    base = "https://w3id.org/penstock/purpose#"
    parts = [
        {"leftOperand": "purpose", "operator": "eq", "rightOperand": base + name} for name in ("Audit", "Teaching")
    ]
    policy = parse(
        {"permission": [{"action": "read", "constraint": [{"xone": parts}]}], "obligation": [{"action": "inform"}]}
    )
    assert explain(policy)[1:3] == [
        (
            "Permitted: anybody may read the data, provided that exactly one holds: "
            "(the purpose is exactly audit; or the purpose is exactly teaching)."
        ),
        "Before anything is done under this policy, the party named, or the provider, must be informed.",
    ]


def test_a_language_without_tables_is_refused():
    with pytest.raises(PolicyError, match="no words in language `fr`"):
        explain(parse({"permission": [{"action": "use"}]}), "fr")
