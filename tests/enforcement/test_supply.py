"""What nobody can say is refused when it is published, and what is supplied is supplied indeed."""

from __future__ import annotations

import pytest

from connector.enforcement import supply
from connector.enforcement.supply import NEAREST, SUPPLIED, Kept, Proof, Supplier
from contracts.every_use import every_use
from policy.errors import PolicyError
from policy.model import atoms
from policy.parse import parse
from policy.vocabulary.operands import OPERANDS, Source, State
from tests.every import every

BUYER = "did:web:buyer.example"
# who knows what is remembered: the counters, what is measured at the use, or the books
REMEMBERED = {
    **dict.fromkeys((State.USES, State.FIRST_USE, State.LAST_USE, State.SESSION, State.RECENT), Supplier.COUNTERS),
    State.SUM: Supplier.MEASURE,
    State.PAID: Supplier.BOOKS,
    State.TRIGGER: Supplier.BOOKS,
}


def offer(*conditions):
    constraint = [
        {"leftOperand": a, "operator": b, "rightOperand": c} | ({"unit": unit[0]} if unit else {})
        for a, b, c, *unit in conditions
    ]
    return parse({"@type": "Offer", "permission": [{"action": "use", "constraint": constraint}]})


def test_every_operand_is_supplied_or_has_words_for_what_comes_nearest():
    assert not set(NEAREST) & set(SUPPLIED)
    assert {*NEAREST, *SUPPLIED} == set(OPERANDS)
    assert len(SUPPLIED) == 62
    assert all(supply.proof(name) for name in SUPPLIED)
    assert not any(supply.proof(name) for name in NEAREST)


@every("name", lambda: sorted(OPERANDS))
def test_what_the_clock_and_the_counters_know_needs_nobody_s_word(name):
    row = OPERANDS[name]
    if row.source is Source.CLOCK:
        assert SUPPLIED[name] is Supplier.CLOCK
    if row.source is Source.COUNTER and name in SUPPLIED and row.state is not State.NONE:
        assert SUPPLIED[name] is REMEMBERED[row.state]
    if supply.proof(name) is Proof.WORD:
        assert (row.source, row.state) == (Source.CONTEXT, State.NONE)


def test_what_terms_say_is_a_value_of_its_operand():
    for tier in ("plain", "kept", "leased"):
        for name, value in every_use(tier, BUYER, {"language": "zh"}).items():
            assert SUPPLIED[name] is (Supplier.PRODUCT if name == "language" else Supplier.AGREEMENT)
            assert [
                str(one) for atom in atoms(offer((name, "eq", value)).permissions[0].conditions) for one in atom.right
            ]


def test_what_nobody_can_say_is_refused_by_its_place_with_what_comes_nearest():
    with pytest.raises(PolicyError) as fault:
        supply.require(offer(("purpose", "isA", "Research"), ("query", "eq", "SUM")))
    assert fault.value.path == "/permission/0/constraint/1"
    assert "`query`" in fault.value.problem
    assert "`read`" in fault.value.hint
    supply.require(offer(("purpose", "isA", "Research"), ("executionEnv", "eq", "usageControl")))


def test_it_is_found_inside_what_is_joined_and_in_prohibitions():
    joined = {"or": [{"leftOperand": "query", "operator": "eq", "rightOperand": "q"}]}
    policy = parse(
        {
            "@type": "Offer",
            "permission": [{"action": "use"}],
            "prohibition": [{"action": "use", "constraint": [joined]}],
        }
    )
    assert [one.operand for one in supply.unsupplied(policy)] == ["query"]


def test_uses_are_counted_for_whom_the_program_knows():
    assert list(supply.unsupplied(offer(("count", "lteq", "3"), ("unitOfCount", "eq", "connector")))) == []
    for whom in ("user", "device"):
        assert list(supply.unsupplied(offer(("count", "lteq", "3"), ("unitOfCount", "eq", whom)))) == []


ELSEWHERE = {
    "paid outside channels": (("payAmount", "lteq", "5", "CNY"), "plain", "the tier kept or leased"),
    "in another currency": (("payAmount", "lteq", "5", "EUR"), "kept", "the currency of the space"),
    "by whichever format": (("deliveryChannel", "eq", "x"), "plain", "the tier kept or leased"),
    "in a unit": (("resolution", "lteq", "720", "line"), "kept", "without a unit"),
}


@every("name", ELSEWHERE)
def test_what_is_supplied_elsewhere_or_otherwise_is_refused_here(name):
    asked, tier, words = ELSEWHERE[name]
    with pytest.raises(PolicyError) as fault:
        supply.require(offer(asked), tier, "CNY")
    assert words in fault.value.hint
    supply.require(offer((*asked[:3], "CNY") if asked[0] == "payAmount" else asked[:3]), "kept", "CNY")


def test_a_word_is_a_promise_and_a_count_is_as_good_as_its_tier():
    word, count = (
        next(iter(atoms(offer(one).permissions[0].conditions)))
        for one in (("purpose", "isA", "Research"), ("count", "lteq", "3"))
    )
    assert {tier: supply.kept(count, tier) for tier in ("plain", "kept", "leased")} == {
        "plain": Kept.PROMISED,
        "kept": Kept.WATCHED,
        "leased": Kept.TECHNIQUE,
    }
    assert supply.kept(word, "leased") is Kept.PROMISED
    for whom, kept in (("user", Kept.PROMISED), ("device", Kept.PROMISED), ("connector", Kept.TECHNIQUE)):
        unit = next(iter(atoms(offer(("unitOfCount", "eq", whom), ("count", "lteq", "3")).permissions[0].conditions)))
        assert supply.kept(unit, "leased") is kept
