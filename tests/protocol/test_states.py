"""Every cell of the tables, against the facts written down a second time, as the specification draws them."""

import pytest

from connector.negotiation.protocol import states
from connector.negotiation.protocol.errors import IllegalTransitionError
from connector.negotiation.protocol.messages import BEGINNINGS, PATHS, TYPE_OF
from tests.every import every

C, P = states.CONSUMER, states.PROVIDER

# state: {(message, sender): next}, apart from termination, which either side may send until the end
DRAWN = {
    states.NEGOTIATION: {
        "": {("request", C): "REQUESTED", ("offer", P): "OFFERED"},
        "REQUESTED": {("offer", P): "OFFERED", ("agreement", P): "AGREED"},
        "OFFERED": {("request", C): "REQUESTED", ("accept", C): "ACCEPTED"},
        "ACCEPTED": {("agreement", P): "AGREED"},
        "AGREED": {("verification", C): "VERIFIED"},
        "VERIFIED": {("finalize", P): "FINALIZED"},
        "FINALIZED": {},
        "TERMINATED": {},
    },
    states.TRANSFER: {
        "": {("request", C): "REQUESTED"},
        "REQUESTED": {("start", P): "STARTED"},
        "STARTED": {
            (message, role): state
            for role in (C, P)
            for message, state in (("completion", "COMPLETED"), ("suspension", "SUSPENDED"))
        },
        "SUSPENDED": {("start", P): "STARTED", ("start", C): "STARTED"},
        "COMPLETED": {},
        "TERMINATED": {},
    },
}
CELLS = [
    (process, state, message, role)
    for process in DRAWN
    for state in states.STATES[process]
    for message in states.MESSAGES[process]
    for role in states.ROLES
]


def expected(process, state, message, role):
    if message == "termination":
        return None if state in {"", *states.FINAL} else "TERMINATED"
    return DRAWN[process][state].get((message, role))


@every(("process", "state", "message", "role"), CELLS)
def test_cell(process, state, message, role):
    following = expected(process, state, message, role)
    assert states.following(process, state, message, role) == following
    if following is None:
        with pytest.raises(IllegalTransitionError, match=message):
            states.step(process, state, message, role)
    else:
        assert states.step(process, state, message, role) == following


def test_the_tables_name_only_what_is_declared():
    for (process, state, message, role), following in states.NEXT.items():
        assert state in states.STATES[process]
        assert following in states.STATES[process]
        assert message in states.MESSAGES[process]
        assert role in states.ROLES
    assert len(CELLS) == 8 * 7 * 2 + 6 * 5 * 2


def test_every_state_that_is_not_final_has_a_turn_and_every_final_state_has_no_way_out():
    for process, known in states.STATES.items():
        for state in known:
            ways = [key for key in states.NEXT if key[:2] == (process, state)]
            assert bool(ways) is (state not in states.FINAL)
            assert bool(states.turn(process, state)) is (state not in states.FINAL)


def test_whoever_has_the_turn_can_do_something_but_end_it():
    for (process, state), role in states.TURN.items():
        assert any(
            key[0] == process and key[1] == state and key[3] == role and key[2] != "termination" for key in states.NEXT
        )


def test_every_message_has_a_type_and_every_legal_sending_has_a_path():
    assert set(TYPE_OF) == {(process, message) for process in DRAWN for message in states.MESSAGES[process]}
    for process, state, message, _ in states.NEXT:
        assert (process, message) in (PATHS if state else BEGINNINGS)


def test_the_other_role():
    assert states.other(C) == P
    assert states.other(P) == C
