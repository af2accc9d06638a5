"""Every cell of the listing table: state x move x role."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import ListingError
from catalog.listing import FOUND_IN, TABLE, Move, State, moved, moves
from tests.every import every

ROLES = ("provider", "consumer", "exchange", "regulator")


@every(("state", "move", "role"), list(itertools.product(State, Move, ROLES)))
def test_every_cell(state, move, role):
    step = TABLE.get((state, move))
    if step is not None and role in step.roles:
        assert moved(state, move, role=role, reason="because") == step.to
        assert move in moves(state, role)
        return
    assert move not in moves(state, role)
    with pytest.raises(ListingError):
        moved(state, move, role=role, reason="because")


def test_the_way_to_the_list_and_out_again():
    state = State.SUBMITTED
    for move, role in (("review", "exchange"), ("list", "exchange"), ("suspend", "regulator"), ("resume", "exchange")):
        state = moved(state, Move(move), role=role, reason="checked")
    assert state in FOUND_IN
    assert moved(state, Move.WITHDRAW, role="provider") == State.WITHDRAWN


def test_nothing_is_listed_without_a_review():
    before = {state for (state, _), step in TABLE.items() if step.to == State.LISTED}
    assert before == {State.REVIEWED, State.SUSPENDED, State.LISTED, State.REFUSED}
    # of what is listed the price alone; and what was listed stands when the version after it is refused
    assert {move for (state, move), step in TABLE.items() if state == step.to == State.LISTED} == {Move.PRICE}
    assert {move for (state, move), step in TABLE.items() if (state, step.to) == (State.REFUSED, State.LISTED)} == {
        Move.STAND
    }
    assert {state for (state, _), step in TABLE.items() if step.to == State.REVIEWED} == {State.SUBMITTED}


def test_what_was_taken_off_is_handed_in_anew_or_stays_so():
    [(move, step)] = [(move, step) for (state, move), step in TABLE.items() if state == State.WITHDRAWN]
    assert (move, step.to, step.roles) == (Move.RESUBMIT, State.SUBMITTED, {"provider"})


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1001])
def test_a_refusal_needs_a_reason_of_bearable_length(reason):
    with pytest.raises(ListingError) as caught:
        moved(State.SUBMITTED, Move.REFUSE, role="exchange", reason=reason)
    assert caught.value.path == "reason"


@given(st.lists(st.tuples(st.sampled_from(Move), st.sampled_from(ROLES)), max_size=12))
def test_a_provider_alone_never_gets_listed(steps):
    state = State.SUBMITTED
    for move, role in steps:
        if role != "exchange":
            try:
                state = moved(state, move, role=role, reason="r")
            except ListingError:
                continue
    assert state not in FOUND_IN
