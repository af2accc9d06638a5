"""Every cell of the table of sources, and what a source may be called."""

from __future__ import annotations

import itertools

import pytest

from catalog.errors import SourceError
from catalog.source import HARVESTED, TABLE, Move, State, check_name, moved
from tests.every import every


@every(("state", "move"), list(itertools.product(State, Move)))
def test_every_cell(state, move):
    if (state, move) in TABLE:
        assert moved(state, move) == TABLE[state, move]
        return
    with pytest.raises(SourceError) as caught:
        moved(state, move)
    assert caught.value.hint


def test_what_is_dropped_or_paused_is_not_read():
    assert not [state for state, move in TABLE if move is Move.READ and state not in HARVESTED]
    assert not [move for state, move in TABLE if state is State.DROPPING]


@pytest.mark.parametrize("name", ["a", "river", "2-b", "x" * 32])
def test_names(name):
    assert check_name(name) == name


@every("name", ["", "own", "-a", "a-", "A", "a_b", "\u0430", "x" * 33, "a\n"])
def test_what_is_no_name(name):
    with pytest.raises(SourceError):
        check_name(name)
