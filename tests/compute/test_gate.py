"""The gate over counted groups: few, dominant, alone, near; and what no set of releases lets anybody subtract."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.compute.gate import Counted, Group, held_back, told
from contracts import gate as gates
from contracts.errors import ContractError
from contracts.gate import Gate
from tests.every import every

GATE = Gate(("a", "b"), "who", least=5, share=80, digits=3)


def group(*values, subjects=50, top=1.0, whole=50.0, having=None, lacking=0):
    counted = Counted(subjects, whole, top, whole, subjects if having is None else having, lacking)
    return Group(values, subjects, subjects, str(values), (counted,))


def test_groups_of_few_are_held_back_and_never_alone():
    groups = [group("x"), group("y", subjects=4), group("z", subjects=9), group("w", subjects=40)]
    assert held_back(groups, GATE) == {1, 2}, "z is the smallest that is left: the total says nothing of y now"
    assert held_back([group("x"), group("y", subjects=4), group("z", subjects=1)], GATE) == {1, 2}
    assert held_back([group("x"), group("y", subjects=2), group("z", subjects=1)], GATE) == {0, 1, 2}


def test_a_group_of_which_a_cell_is_anybodys_own_is_held_back():
    assert held_back([group("x", having=4), group("y"), group("z")], GATE) == {0, 1}
    assert held_back([group("x", lacking=1), group("y"), group("z")], GATE) == {0, 1}
    assert held_back([group("x", lacking=5), group("y"), group("z")], GATE) == set()


def test_one_subject_is_no_more_of_a_sum_than_its_share():
    groups = [group("x", top=81.0, whole=100.0), group("y", top=80.0, whole=100.0), group("z")]
    assert held_back(groups, GATE) == {0, 1}
    assert held_back(groups[1:], GATE) == set()
    assert held_back([group("x", top=float("nan")), group("y"), group("z")], GATE) == {0, 1}


def test_every_line_of_a_table_of_two_lacks_none_or_two():
    groups = [group(a, b, subjects=3 if (a, b) == ("r1", "c1") else 30 + at)
              for at, (a, b) in enumerate((f"r{r}", f"c{c}") for r in range(3) for c in range(3))]  # fmt: skip
    held = held_back(groups, GATE)
    for at in (0, 1):
        for value in {one.values[at] for one in groups}:
            line = [number for number, one in enumerate(groups) if one.values[at] == value]
            lacking = [number for number in line if number in held]
            assert len(lacking) != 1
            assert not lacking or sum(groups[number].subjects for number in lacking) >= GATE.least
    assert len(held) == 4, "a square is the least that covers one"


@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from("pqr"), st.integers(1, 30)),
        max_size=12,
        unique_by=lambda one: one[:2],
    )
)
def test_whatever_is_told_no_line_gives_away_what_it_lacks(drawn):
    groups = [group(a, b, subjects=many) for a, b, many in drawn]
    held = held_back(groups, GATE)
    assert all(groups[number].subjects >= GATE.least for number in range(len(groups)) if number not in held)
    lines = {}
    for number, one in enumerate(groups):
        for at in (0, 1):
            lines.setdefault((at, one.values[1 - at]), []).append(number)
    for line in lines.values():
        lacking = [number for number in line if number in held]
        whole = len(lacking) == len(line)
        assert whole or not lacking or (len(lacking) > 1 and sum(groups[n].subjects for n in lacking) >= GATE.least)


def test_numbers_are_told_to_so_many_digits():
    assert [told(value, GATE) for value in (1234, 12, -98765, 3.14159, 0, 1e-7, None)] == [
        1230, 12, -98800, 3.14, 0, 1e-7, None,
    ]  # fmt: skip
    assert [told(value, GATE) for value in (float("nan"), float("inf"))] == [None, None]


def test_a_gate_has_one_spelling():
    assert gates.read(GATE.json()) == GATE
    plain = replace(GATE, subject="")
    assert gates.read(plain.json()) == plain
    assert "subject" not in plain.json()


ODD = [
    *({"least": text} for text in ("2", 5, "1000001", None)),
    *({"share": text} for text in ("9", "101")),
    *({"digits": text} for text in ("0", "16")),
    *({"columns": named} for named in ([], ["a", "a"], "a", ["a\n"])),
    {"subject": "a"},
    {"subject": ""},
    {"noise": "1"},
]


@every("odd", ODD)
def test_what_is_no_gate_is_refused(odd):
    with pytest.raises(ContractError):
        gates.read({**GATE.json(), **odd})
