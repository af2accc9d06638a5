"""Three-valued logic, exhaustively: a combination is known exactly when every way to settle its unknowns agrees."""

from __future__ import annotations

from itertools import product

from policy.verdict import COMBINE
from tests.every import every

MEANINGS = {"and": all, "or": any, "xone": lambda settled: sum(settled) == 1}


@every("operator", sorted(COMBINE))
@every("size", [1, 2, 3, 4])
def test_combine(operator, size):
    for verdicts in product((True, False, None), repeat=size):
        ways = product(*((True, False) if verdict is None else (verdict,) for verdict in verdicts))
        results = {MEANINGS[operator](settled) for settled in ways}
        expected = results.pop() if len(results) == 1 else None
        assert COMBINE[operator](verdicts) is expected, verdicts


def test_each_operator_has_a_meaning():
    assert set(COMBINE) == set(MEANINGS)
