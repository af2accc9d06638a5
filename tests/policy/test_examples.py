"""Every operand has an example, and the example is true."""

from __future__ import annotations

import pytest

from policy.compile import compile_policy
from policy.decide import decide
from policy.errors import PolicyError
from policy.examples import EXAMPLES, example
from policy.parse import parse
from policy.request import Request
from policy.vocabulary.operands import OPERANDS
from policy.world import World
from tests.every import every


def ask(policy, request, world):
    return decide(compile_policy(parse(policy)), Request.from_json(request), World.from_json(world))


def test_every_operand_has_an_example():
    assert set(EXAMPLES) == set(OPERANDS)


@every("name", sorted(EXAMPLES))
def test_the_example_lets_one_question_through_and_stops_the_other(name):
    assert ask(*example(name)).outcome.value == "allow"
    refused = ask(*example(name, holds=False))
    assert (refused.outcome.value, refused.reasons[0].code) == ("deny", OPERANDS[name].refusal)


def test_an_alias_has_the_example_of_what_it_means():
    assert example("region") == example("spatial")


def test_what_nobody_knows_has_no_example():
    with pytest.raises(PolicyError, match="unknown left operand `colour`"):
        example("colour")
