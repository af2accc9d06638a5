"""A filed deal as a value, its grade, and its life as a table."""

from __future__ import annotations

from itertools import product

import pytest

from catalog.deal import FILER, GRADES, OTHER, PAPERS_MAX, TABLE, Move, Paper, State, from_json, grade, moved
from catalog.errors import CatalogError, DealError
from tests.every import every

PAPER = {"kind": "contract", "name": "contract.pdf", "digest": "ab" * 32}
TOLD = {
    "v": 1, "id": "tides-2025", "name": "Tides", "product": "", "provider": "did:web:p", "consumer": "Institute",
    "signed": "2025-11-03T00:00:00+00:00", "amount": "420000", "currency": "CNY", "text": "", "papers": [PAPER],
}  # fmt: skip


def test_a_deal_is_read_as_it_is_written():
    deal = from_json(TOLD)
    assert deal.json() == TOLD
    assert deal.amount == 420_000
    assert deal.parties == ("did:web:p", "Institute")
    free = TOLD | {"amount": None, "currency": "", "papers": []}
    assert from_json(free).json() == free


@every(
    "more",
    (
        {"v": 2},
        {"id": ""},
        {"id": "i" * 65},
        {"name": " "},
        {"provider": ""},
        {"consumer": "did:web:p"},
        {"signed": "2025-11-03"},
        {"signed": "2025-11-03T00:00:00"},
        {"signed": 5},
        {"amount": None},
        {"amount": 420_000},
        {"amount": "-1"},
        {"amount": "1.5"},
        {"currency": ""},
        {"papers": [PAPER] * (PAPERS_MAX + 1)},
        {"papers": [PAPER | {"kind": "gossip"}]},
        {"papers": [PAPER | {"digest": "ab"}]},
        {"papers": [PAPER | {"digest": "AB" * 32}]},
        {"papers": [PAPER | {"more": ""}]},
        {"papers": [{}]},
        {"papers": {}},
        {"more": ""},
    ),
)
def test_what_is_written_otherwise_is_refused(more):
    with pytest.raises(CatalogError):
        from_json(TOLD | more)


def test_a_grade_follows_from_papers_and_words():
    def papers(*kinds):
        return tuple(Paper(kind, kind, "ab" * 32) for kind in kinds)

    whole, half = papers("contract", "delivery"), papers("contract", "other")
    found = {
        (state, shown): grade(state, kinds)
        for state, (shown, kinds) in product(State, (("whole", whole), ("half", half), ("none", ())))
    }
    assert {told for (state, _), told in found.items() if state in (State.CONTESTED, State.WITHDRAWN)} == {"E"}
    assert [found[State.CONFIRMED, shown] for shown in ("whole", "half", "none")] == ["A", "B", "B"]
    assert [found[State.FILED, shown] for shown in ("whole", "half", "none")] == ["C", "D", "D"]
    assert grade(State.FILED, papers("payment", "delivery")) == "D", "without its contract nothing is shown"
    assert set(found.values()) == set(GRADES)


def test_a_move_is_of_its_role_and_its_state_alone():
    for state, move, role in product(State, Move, (FILER, OTHER)):
        step = TABLE.get((state, move))
        if step is not None and step.role == role:
            assert moved(state, move, role) == step.to
        else:
            with pytest.raises(DealError):
                moved(state, move, role)
