"""What nobody can say is refused when it is published, and what is supplied is supplied indeed."""

from __future__ import annotations

import pytest

from connector.enforcement import supply
from connector.enforcement.supply import NEAREST, SUPPLIED, Kept
from contracts.every_use import every_use
from policy.errors import PolicyError
from policy.model import atoms
from policy.parse import parse
from policy.vocabulary.operands import OPERANDS, Source, State
from tests.every import every

BUYER = "did:web:buyer.example"
# what a counter of the program keeps; the rest of COUNTER is told by nobody
COUNTED = {State.USES, State.FIRST_USE, State.LAST_USE, State.SESSION, State.RECENT, State.NONE}


def offer(*conditions):
    constraint = [{"leftOperand": a, "operator": b, "rightOperand": c} for a, b, c in conditions]
    return parse({"@type": "Offer", "permission": [{"action": "use", "constraint": constraint}]})


def test_every_operand_is_supplied_or_has_words_for_what_comes_nearest():
    assert set(SUPPLIED) <= set(OPERANDS)
    assert not set(NEAREST) & set(SUPPLIED)
    assert set(NEAREST) <= set(OPERANDS)


@every("name", lambda: sorted(OPERANDS))
def test_what_the_clock_and_the_counters_know_needs_nobody_s_word(name):
    row = OPERANDS[name]
    if row.source is Source.CLOCK:
        assert SUPPLIED[name] is supply.Supplier.CLOCK
    if row.source is Source.COUNTER and name in SUPPLIED and name not in ("absoluteSize", "unitOfCount"):
        assert row.state in COUNTED


def test_what_terms_say_is_a_value_of_its_operand():
    for tier in ("plain", "kept", "leased"):
        for name, value in every_use(tier, BUYER).items():
            assert SUPPLIED[name] is supply.Supplier.AGREEMENT
            assert [
                str(one) for atom in atoms(offer((name, "eq", value)).permissions[0].conditions) for one in atom.right
            ]


def test_what_nobody_can_say_is_refused_by_its_place_with_what_comes_nearest():
    with pytest.raises(PolicyError) as fault:
        supply.require(offer(("purpose", "isA", "Research"), ("application", "eq", "sheet")))
    assert fault.value.path == "/permission/0/constraint/1"
    assert "`application`" in fault.value.problem
    assert fault.value.hint == "ask for `purpose`"
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
    assert [one.operand for one in supply.unsupplied(offer(("count", "lteq", "3"), ("unitOfCount", "eq", "user")))] == [
        "unitOfCount"
    ]


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
