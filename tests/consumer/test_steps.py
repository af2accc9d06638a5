"""How an acquisition goes on where that is to be decided: a channel is open, a channel is over, something failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connector.consumer import steps
from connector.consumer.steps import AFTER
from connector.store.rows.agreement import AcquisitionState as State

NOW = datetime(2026, 5, 1, tzinfo=UTC)
ROW = replace(steps.wanted("a", "tides", {"limit": "7"}, NOW), state=State.FUNDING, progress={"salt": "00"})


def test_it_begins_with_nothing_but_its_mandate():
    row = steps.wanted("a", "tides", {"limit": "7"}, NOW)
    assert (row.state, row.progress, row.mandate, row.updated) == (State.WANTED, {}, {"limit": "7"}, NOW)
    assert {row.provider, row.negotiation, row.agreement, row.channel, row.transfer, row.reason} == {None}


@pytest.mark.parametrize(("transfer", "state"), [(None, State.FUNDED), ("t", State.RECEIVING)])
def test_an_open_channel_leads_to_the_transfer_or_back_to_it(transfer, state):
    row = replace(ROW, transfer=transfer)
    assert steps.funded(row) == replace(row, state=state)


@pytest.mark.parametrize("state", [State.RECEIVING, State.COMPLETE])
def test_what_was_complete_is_so_again_with_the_next_channel(state):
    row = replace(ROW, transfer="t", state=state)
    over = steps.channel_over(row)
    assert over == replace(row, state=State.LICENSED, progress={"salt": "00", AFTER: state})
    assert row.progress == {"salt": "00"}
    assert steps.funded(over).state == state
    assert steps.funded(over).progress.get(AFTER) == (None if state == State.COMPLETE else state)


@pytest.mark.parametrize(
    ("after", "state"), [(None, State.FAILED), (State.RECEIVING, State.FAILED), (State.COMPLETE, State.COMPLETE)]
)
def test_what_was_complete_stays_so_whatever_its_next_channel_met(after, state):
    row = replace(ROW, progress={AFTER: after})
    assert steps.failed(row, "why") == replace(row, state=state, reason="why")
