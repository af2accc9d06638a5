"""How an acquisition goes on where that is to be decided: a channel is open, a channel is over, something failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connector.consumer import steps
from connector.consumer.steps import AFTER, LATE, LATE_MAX
from connector.custody import packs
from connector.negotiation.ending import FORGOTTEN
from connector.runtime.errors import NotPermitted, as_reason
from connector.store.rows.agreement import AcquisitionState as State
from connector.store.rows.protocol import ProcessState, TransferRow

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


def _because(fault):
    return replace(ROW, state=State.FAILED, reason=as_reason(fault))


@pytest.mark.parametrize(
    ("row", "here"),
    [
        (replace(ROW, state=State.COMPLETE), True),
        (steps.channel_over(replace(ROW, state=State.COMPLETE)), True),
        (steps.channel_over(replace(ROW, state=State.RECEIVING)), False),
        (replace(ROW, state=State.RECEIVING), False),
        (_because(NotPermitted("ended")), False),
        (_because(packs.broken("a.zip", "cut off")), True),
    ],
)
def test_all_is_here_while_only_its_next_channel_is_paid_into(row, here):
    assert steps.is_here(row) is here


LATE_WORDS = (
    "our `request` could not be delivered in time: nobody is there; asked, the provider did not answer",
    "nothing came from the provider in the time there was",
    "asked, the provider says it is `TERMINATED`",
    f"{FORGOTTEN}; our `termination` was refused: 404 Not Found",
)


def _ended(reason, state=ProcessState.TERMINATED):
    return TransferRow(
        id="t", role="consumer", peer="p", callback="c", agreement="a", format="f", state=state,
        pending=ProcessState.NONE, turn="", reason=reason, created=NOW, updated=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("reason", LATE_WORDS)
def test_a_transfer_that_a_side_was_late_for_is_asked_for_again(reason):
    row = replace(ROW, state=State.RECEIVING, transfer="t")
    again = steps.anew(row, _ended(reason))
    assert again == replace(row, state=State.FUNDED, transfer=None, progress={"salt": "00", LATE: 1})
    worn = replace(row, progress={LATE: LATE_MAX})
    with pytest.raises(NotPermitted, match="the transfer was ended"):
        steps.anew(worn, _ended(reason))


@pytest.mark.parametrize(
    "reason",
    [
        "the provider has had enough",
        "our `request` was refused: 400 Bad Request; asked, the provider says it is `TERMINATED`",
        "the agreement has ended",
        "our `termination` could not be delivered in time: nobody is there",
        "enough; our `termination` could not be delivered in time: nobody is there",
        "",
    ],
)
def test_a_transfer_that_somebody_ended_stays_ended(reason):
    with pytest.raises(NotPermitted, match="the transfer was ended"):
        steps.anew(replace(ROW, state=State.RECEIVING, transfer="t"), _ended(reason))
