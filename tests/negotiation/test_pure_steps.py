"""A step is a value: it follows from the row, the message and the facts alone, and nothing is written before it."""

import itertools

import pytest

from connector.negotiation.protocol import states
from connector.negotiation.protocol.errors import IllegalTransitionError
from connector.negotiation.protocol.states import CONSUMER, FINAL, NEGOTIATION, NONE, STATES, TRANSFER
from connector.negotiation.steps import Facts, Move
from connector.store.rows.protocol import NegotiationRow, TransferRow
from tests.negotiation.cells import OURS
from tests.negotiation.side import PEER, message
from tests.negotiation.world import START

ROWS = {NEGOTIATION: NegotiationRow, TRANSFER: TransferRow}
CELLS = [
    (process, state, name, role)
    for process, name in [(process, name) for process in STATES for name in states.MESSAGES[process]]
    for state, role in itertools.product(STATES[process], states.ROLES)
    if state != NONE and states.following(process, state, name, states.other(role))
]


@pytest.mark.parametrize(("process", "state", "name", "role"), CELLS)
def test_a_legal_message_makes_one_step_and_writes_nothing(idle, process, state, name, role):
    idle.place(process, state, role)
    row, before = idle.do(lambda tx: tx.get(ROWS[process], id=OURS)), idle.everything()
    asked = (row, message(name, role, process), PEER, b"digest", None, Facts(START))
    (step,) = idle.of(process).arrives(*asked)
    assert step.row.state == states.following(process, state, name, states.other(role))
    assert (step.move, step.word, step.drops) == (Move(state, PEER.did, b"digest"), None, None)
    assert (step.row.deadline is None) is (step.row.state in FINAL)
    assert idle.of(process).arrives(*asked) == [step], "the same again says the same"
    assert (idle.do(lambda tx: tx.get(ROWS[process], id=OURS)), idle.everything()) == (row, before)


def test_a_message_that_presupposes_ours_makes_two_steps(idle):
    idle.under_way(NEGOTIATION, states.OFFERED, CONSUMER, states.ACCEPTED, "accept")
    row = idle.do(lambda tx: tx.get(NegotiationRow, id=OURS))
    sent = idle.do(lambda tx: idle.outbox.under_way(tx, OURS))
    body = message("agreement", CONSUMER)
    taken, moved = idle.negotiations.arrives(row, body, PEER, b"digest", sent, Facts(START))
    assert (taken.row.state, taken.row.pending, taken.drops) == (states.ACCEPTED, NONE, sent)
    assert (moved.row.state, moved.row.agreement, moved.drops) == (states.AGREED, body["agreement"], None)
    assert [step.move.before for step in (taken, moved)] == [states.OFFERED, states.ACCEPTED]


def test_what_the_table_refuses_makes_no_step(idle):
    idle.place(NEGOTIATION, states.AGREED, CONSUMER)
    row = idle.do(lambda tx: tx.get(NegotiationRow, id=OURS))
    with pytest.raises(IllegalTransitionError):
        idle.negotiations.arrives(row, message("offer", CONSUMER), PEER, b"", None, Facts(START))
