"""What a data plane is told: for each state of a transfer and of its flow, until the two agree."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest

from connector.negotiation.protocol import states as protocol
from connector.negotiation.protocol.states import CONSUMER, PROVIDER
from connector.operation.signaling import states, steering
from connector.operation.signaling.states import COMPLETED, FINAL, MOVES, PREPARED, STARTED, SUSPENDED, TERMINATED
from connector.runtime.errors import Conflict
from connector.store.rows.protocol import TransferRow
from connector.store.rows.signaling import SteeredRow
from connector.store.table_row import replace

AT = datetime(2026, 1, 1, tzinfo=UTC)
FLOWS = ("", steering.PREPARING, PREPARED, steering.STARTING, STARTED, SUSPENDED, COMPLETED, TERMINATED)
TRANSFERS = (None, "REQUESTED", "STARTED", "SUSPENDED", "COMPLETED", "TERMINATED")
EVERY = [*product((PROVIDER, CONSUMER), FLOWS, TRANSFERS, ("", "resume"))]


def steered(role, state, wanted):
    about = {"transfer": "t", "plane": "p", "agreement": "a", "profile": "HttpData-PULL"}
    return SteeredRow(**about, role=role, state=state, wanted=wanted, created=AT, updated=AT)


def moving(role, state):
    if state is None:
        return None
    about = {"id": "t", "peer": "x", "callback": "c", "agreement": "a", "format": "f", "pending": "", "turn": ""}
    return TransferRow(**about, role=role, state=state, reason="", created=AT, updated=AT)


@pytest.mark.parametrize(("role", "flow", "transfer", "wanted"), EVERY)
def test_what_is_told_may_be_told_and_soon_nothing_is_left_to_say(role, flow, transfer, wanted):
    row, of = steered(role, flow, wanted), moving(role, transfer)
    said = []
    while message := steering.due(row, of):
        said.append(message)
        assert len(said) <= 3, said
        began = message in ("start", "prepare")
        assert began == (row.state == "")
        answer = {"start": STARTED, "prepare": PREPARED}.get(message)
        row = replace(row, state=steering._after(row, message, answer))
    if transfer in ("COMPLETED", "TERMINATED"):
        assert row.state in FINAL or row.state == "", "what is over is over for its data plane, if it knows of it"
    if transfer == "SUSPENDED" and flow == STARTED and not wanted:
        assert row.state == SUSPENDED
    if transfer == "SUSPENDED" and flow == PREPARED and not wanted:
        assert said == ["started", "suspend"]
    if transfer == "COMPLETED" and flow in (PREPARED, STARTED, SUSPENDED):
        assert row.state == COMPLETED
    if transfer == "STARTED" and flow in (PREPARED, STARTED, SUSPENDED):
        assert row.state == STARTED


@pytest.mark.parametrize(("role", "flow", "transfer", "wanted"), EVERY)
def test_what_is_over_is_told_nothing(role, flow, transfer, wanted):
    if flow in FINAL:
        assert steering.due(steered(role, flow, wanted), moving(role, transfer)) == ""


def test_what_is_over_stays_over_and_a_repeat_is_taken():
    for message, state in product(MOVES, (PREPARED, STARTED, SUSPENDED, COMPLETED, TERMINATED)):
        try:
            after = states.after(state, message)
        except Conflict:
            continue
        assert state not in FINAL or after == state
        assert states.after(after, message) == after, "what came once may come again"


def test_every_word_of_a_data_plane_leads_to_a_state_that_is_one():
    for word, (state, heard) in steering.WORDS.items():
        assert state in FLOWS, word
        assert heard <= set(FLOWS)
        assert TERMINATED not in heard


def test_the_ends_of_the_protocol_are_those_of_a_flow():
    told = {transfer for transfer, _ in steering.DUE}
    assert told >= set(protocol.FINAL) & {"COMPLETED", "TERMINATED"}
