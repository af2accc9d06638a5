"""Messages of both sides that cross: what acknowledges ours, and which of two gives way."""

import pytest

from connector.negotiation.protocol.errors import IllegalTransitionError
from connector.negotiation.protocol.states import (
    CONSUMER,
    NEGOTIATION,
    NONE,
    OFFERED,
    PROVIDER,
    REQUESTED,
    STARTED,
    SUSPENDED,
    TERMINATED,
    TRANSFER,
)
from tests.negotiation.cells import THEIRS
from tests.negotiation.side import PEER, message


def test_a_message_that_presupposes_ours_acknowledges_it(idle):
    idle.under_way(NEGOTIATION, OFFERED, CONSUMER, "ACCEPTED", "accept")
    reply = idle.receive(NEGOTIATION, message("agreement", CONSUMER))
    assert reply.body["state"] == idle.row()["state"] == "AGREED"
    assert idle.rows("outbox") == []
    moves = [(event[3]["from"], event[3]["to"], event[3]["by"]) for event in idle.recorded]
    assert moves == [(OFFERED, "ACCEPTED", "did:web:us"), ("ACCEPTED", "AGREED", PEER.did)]


def test_whoever_answers_a_first_message_has_received_it(idle):
    idle.under_way(NEGOTIATION, NONE, CONSUMER, REQUESTED, "request", peer_pid=None)
    idle.receive(NEGOTIATION, message("offer", CONSUMER))
    assert [event[3]["to"] for event in idle.recorded] == [REQUESTED, OFFERED]
    assert (idle.row()["peer_pid"], idle.rows("outbox")) == (THEIRS, [])


def test_a_crossing_message_leaves_ours_under_way_where_it_is_still_legal(idle):
    idle.under_way(TRANSFER, STARTED, PROVIDER, TERMINATED, "termination")
    idle.receive(TRANSFER, message("suspension", process=TRANSFER))
    row = idle.row("transfers")
    assert (row["state"], row["pending"], row["turn"]) == (SUSPENDED, TERMINATED, PROVIDER)
    assert idle.sent["kind"] == "termination"


@pytest.mark.parametrize(
    ("pending", "ours", "theirs", "end"),
    [
        ("COMPLETED", "completion", "suspension", None),
        (SUSPENDED, "suspension", "suspension", SUSPENDED),
        (SUSPENDED, "suspension", "completion", "COMPLETED"),
        ("COMPLETED", "completion", "termination", TERMINATED),
        (TERMINATED, "termination", "termination", TERMINATED),
    ],
)
def test_the_weaker_of_two_crossing_messages_gives_way(idle, pending, ours, theirs, end):
    idle.under_way(TRANSFER, STARTED, PROVIDER, pending, ours)
    body = message(theirs, process=TRANSFER)
    if end is None:
        with pytest.raises(IllegalTransitionError, match=f"^the message crossed our own, which leads to `{pending}`$"):
            idle.receive(TRANSFER, body)
        assert (idle.row("transfers")["state"], idle.sent["kind"]) == (STARTED, ours)
        return
    idle.receive(TRANSFER, body)
    row = idle.row("transfers")
    assert (row["state"], row["pending"], idle.rows("outbox")) == (end, "", [])


def test_our_last_word_stays_under_way_beside_a_step_of_the_peer(idle):
    idle.under_way(NEGOTIATION, OFFERED, PROVIDER, TERMINATED, "termination")
    idle.receive(NEGOTIATION, message("accept"))
    assert (idle.row()["state"], idle.row()["pending"]) == ("ACCEPTED", TERMINATED)


@pytest.mark.parametrize(
    ("process", "pending", "ours"), [(TRANSFER, STARTED, "start"), (NEGOTIATION, OFFERED, "offer")]
)
def test_the_peer_s_word_to_end_is_stronger_than_any_step(idle, process, pending, ours):
    idle.under_way(process, REQUESTED, PROVIDER, pending, ours)
    idle.receive(process, message("termination", process=process))
    assert idle.rows("outbox") == []


def test_a_pause_of_what_we_have_just_started_acknowledges_the_start(idle):
    idle.under_way(TRANSFER, REQUESTED, PROVIDER, STARTED, "start")
    idle.receive(TRANSFER, message("suspension", process=TRANSFER))
    assert (idle.row("transfers")["state"], idle.row("transfers")["pending"]) == (SUSPENDED, "")


def test_what_the_peer_has_finished_is_not_taken_while_our_last_word_is_under_way(idle):
    idle.under_way(NEGOTIATION, "VERIFIED", CONSUMER, TERMINATED, "termination")
    with pytest.raises(IllegalTransitionError, match="the message crossed our own, which leads to `TERMINATED`"):
        idle.receive(NEGOTIATION, message("finalize", CONSUMER))
    assert idle.row()["state"] == "VERIFIED"
