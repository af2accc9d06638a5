"""Every operand with each of its operators: what it permits lies within what is permitted without it."""

from __future__ import annotations

from copy import deepcopy
from itertools import combinations

from policy.compare.compare import Relation, compare
from policy.examples import example
from policy.parse import parse
from policy.vocabulary.operands import OPERANDS
from policy.vocabulary.operators import OPERATORS, Arity
from tests.every import every


def with_operator(name, operator):
    """Take the example of an operand with another operator."""
    document = deepcopy(example(name)[0])
    constraints = document["permission"][0].get("constraint") or []
    own = next(one for one in constraints if one.get("leftOperand") == name)
    own["operator"] = operator
    if OPERATORS[operator] is Arity.ONE and isinstance(own["rightOperand"], list):
        own["rightOperand"] = own["rightOperand"][0]
    return document


def without(document, name):
    wider = deepcopy(document)
    rule = wider["permission"][0]
    rule["constraint"] = [one for one in rule["constraint"] if one.get("leftOperand") != name]
    return wider


@every("name", sorted(OPERANDS))
def test_every_operator_of_an_operand_narrows(name):
    read = {}
    for operator in sorted(OPERANDS[name].operators):
        document = with_operator(name, operator)
        read[operator] = parse(document)
        wider = parse(without(document, name))
        wanted = Relation.EQUIVALENT if name == "unitOfCount" else Relation.A_IMPLIES_B
        assert compare(read[operator], wider).relation is wanted, operator
        assert compare(read[operator], read[operator]).relation is Relation.EQUIVALENT, operator
    for one, other in combinations(read, 2):
        assert compare(read[one], read[other]).relation is not Relation.CANNOT_TELL, (one, other)
