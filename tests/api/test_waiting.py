"""Whose turn an acquisition is, until when, and when it has waited too long: from rows alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from connector.consumer import waiting
from connector.consumer.acquisition import Acquisitions
from connector.consumer.steps import FINAL
from connector.negotiation.process import PATIENCE
from connector.runtime.errors import Failure
from tests.core import core

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
END = NOW + timedelta(days=30)
SOON = NOW + timedelta(minutes=3)


class Rows:
    """A transaction over rows given as table → rows."""

    def __init__(self, **tables):
        self._tables = tables

    def get(self, table, **key):
        rows = self._rows(table)
        return next((given for row, given in rows if all(row[name] == value for name, value in key.items())), None)

    def find(self, table, _where="", params=(), **_options):
        return [given for row, given in self._rows(table) if row["subject"] in params]

    def _rows(self, table):
        """Each row with what is given of it: itself by the table's name, a value by the class of its rows."""
        named = isinstance(table, str)
        rows = self._tables.get(table if named else table.TABLE.name, ())
        return [(row, row if named else SimpleNamespace(**row)) for row in rows]


def acquisition(state, **more):
    told = {"state": state, "updated": NOW, "agreement": None, "negotiation": "n", "transfer": "t", **more}
    return SimpleNamespace(**{"paused": None} | told)


def failure(whose):
    return Failure("code", "it did not answer", "", 503, 7, whose)


def process(**more):
    return {"id": "n", "turn": "provider", "role": "consumer", "pending": "", "deadline": SOON, **more}


def test_every_state_of_the_journey_has_its_row():
    steps = Acquisitions(core(clock=None), *[None] * 9)._steps
    assert set(waiting.TURNS) == set(steps)
    assert not set(waiting.TURNS) & set(FINAL)


@pytest.mark.parametrize("state", FINAL)
def test_nobodys_turn_at_the_end(state):
    assert waiting.turn(Rows(), acquisition(state), failure("peer"), "") is None
    assert not waiting.over(Rows(), acquisition(state), END)


def test_who_was_asked_last():
    told = waiting.turn(Rows(), acquisition("wanted"), failure("peer"), waiting.EXCHANGE)
    assert (told.whose, told.why, told.until) == ("exchange", "it did not answer", NOW + PATIENCE)
    assert waiting.turn(Rows(), acquisition("wanted"), None, "").whose == "provider"
    agreed = Rows(agreements=[{"digest": "d", "not_after": END}])
    chain = waiting.turn(agreed, acquisition("receiving", agreement="d"), failure("chain"), "")
    assert (chain.whose, chain.until) == ("chain", END)


@pytest.mark.parametrize(
    ("talk", "outbox", "whose", "why"),
    [
        (process(), [], "provider", ""),
        (process(turn="consumer"), [], "buyer", ""),
        (process(turn="consumer", pending="REQUESTED"), [{"subject": "n", "error": "away"}], "provider", "away"),
    ],
)
def test_a_protocols_process_says_it_itself(talk, outbox, whose, why):
    told = waiting.turn(Rows(negotiations=[talk], outbox=outbox), acquisition("negotiating"), None, "")
    assert (told.whose, told.why, told.until) == (whose, why, SOON)


@pytest.mark.parametrize(
    ("state", "why"), [("STARTED", "it did not answer"), ("SUSPENDED", "the transfer is suspended: night")]
)
def test_a_pause_of_the_transfer_is_told(state, why):
    transfer = {"id": "t", "state": state, "reason": "night"}
    rows = Rows(agreements=[{"digest": "d", "not_after": END}], transfers=[transfer])
    told = waiting.turn(rows, acquisition("receiving", agreement="d"), failure("peer"), "")
    assert (told.whose, told.why, told.until) == ("provider", why, END)


def test_when_it_is_over():
    late = NOW + PATIENCE + waiting.SLACK
    assert waiting.over(Rows(), acquisition("wanted"), late)
    assert not waiting.over(Rows(), acquisition("wanted"), late - timedelta(seconds=1))
    agreed = Rows(agreements=[{"digest": "d", "not_after": END}])
    assert not waiting.over(agreed, acquisition("receiving", agreement="d"), late)
    assert waiting.over(agreed, acquisition("receiving", agreement="d"), END + waiting.SLACK)
