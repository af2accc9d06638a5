"""What is told of uses that run is read strictly, what is answered too, and a stop moves by its table alone."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest

from catalog import watching
from catalog.errors import CatalogError
from catalog.watching import (
    EXCHANGE,
    MEMBER,
    STOPS_MAX,
    TABLE,
    USES_TOLD_MAX,
    WATCH_SECONDS_MAX,
    Move,
    RunningUse,
    Stop,
    StopState,
    Telling,
)
from tests.every import every

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
USE, DIGEST = "0a" * 16, "0b" * 32
RUNNING = RunningUse(USE, DIGEST, "rain", "read", NOW)
STOP = Stop(USE, DIGEST, "the source was attacked", NOW)
REASON_CHARACTERS = 1_000


def test_what_is_told_and_answered_is_read_as_it_was_written():
    told = Telling((RUNNING,), ("0c" * 16,), ("0d" * 16,))
    assert watching.telling(told.json()) == told
    assert watching.answer({"watched": 5, "stops": [STOP.json()]}, REASON_CHARACTERS) == (5, (STOP,))


def telling(**other):
    return Telling().json() | other


def running(**other):
    return telling(running=[RUNNING.json() | other])


WRONG = {
    "no object": [],
    "a member more": telling(who="ada"),
    "a member less": {"running": [], "ended": []},
    "a person with a use": running(person="ada"),
    "a statement with a use": running(statement="select 1"),
    "a use of another form": running(use="to-be-read"),
    "an agreement of another form": running(agreement="0B" * 32),
    "an action that is none": running(action="sell"),
    "a time without a zone": running(since="2026-11-30T12:00:00"),
    "a product without an end": running(product="x" * 10_000),
    "a use twice": telling(running=[RUNNING.json()] * 2),
    "too many uses": telling(running=[RUNNING.json()] * (USES_TOLD_MAX + 1)),
    "too many ended": telling(ended=[USE] * (USES_TOLD_MAX + 1)),
    "too many obeyed": telling(obeyed=[USE] * (STOPS_MAX + 1)),
    "a number for a use": telling(ended=[1]),
}


@every("document", WRONG.values())
def test_what_is_told_otherwise_is_refused(document):
    with pytest.raises(CatalogError):
        watching.telling(document)


ANSWERED_WRONG = [
    [],
    {"watched": 5},
    {"watched": "5", "stops": []},
    {"watched": True, "stops": []},
    {"watched": -1, "stops": []},
    {"watched": WATCH_SECONDS_MAX + 1, "stops": []},
    {"watched": 5, "stops": [STOP.json()] * (STOPS_MAX + 1)},
    {"watched": 5, "stops": [STOP.json() | {"agreement": ""}]},
    {"watched": 5, "stops": [STOP.json() | {"reason": "x" * (REASON_CHARACTERS + 1)}]},
]


@every("document", ANSWERED_WRONG)
def test_what_is_answered_otherwise_is_refused(document):
    with pytest.raises(CatalogError):
        watching.answer(document, REASON_CHARACTERS)


def test_a_stop_moves_by_its_table_and_by_the_role_that_moves_it():
    for state, move, role in product(StopState, Move, (EXCHANGE, MEMBER)):
        step = TABLE.get((state, move))
        if step is not None and step.role == role:
            assert watching.moved(state, move, role) is step.to
            continue
        with pytest.raises(CatalogError):
            watching.moved(state, move, role)
