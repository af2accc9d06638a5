"""What every process does with a message, a step, an answer: each act alone, on tables in memory."""

from datetime import timedelta

import pytest

from connector.negotiation import process as process_module
from connector.negotiation.asking import Heard
from connector.negotiation.doors import Peer
from connector.negotiation.envelope import message_digest
from connector.negotiation.outbox import EXPIRED, REFUSED
from connector.negotiation.protocol import messages
from connector.negotiation.protocol.errors import (
    IllegalTransitionError,
    MalformedError,
    MismatchError,
    UnacceptableError,
    UnknownError,
)
from connector.negotiation.protocol.states import (
    CONSUMER,
    FINALIZED,
    NEGOTIATION,
    NONE,
    OFFERED,
    PROVIDER,
    REQUESTED,
    STARTED,
    TERMINATED,
    TRANSFER,
)
from connector.negotiation.reactions import Rule
from tests.negotiation.cells import OURS, PRODUCT, THEIRS, first
from tests.negotiation.side import PEER, STRANGER, Side, message
from tests.negotiation.world import START, edition, listed_offer, product, product_terms

PATIENCE = timedelta(minutes=10)
CALLBACK = "http://nowhere/dsp"


def selling(side):
    def act(tx):
        tx.insert("products", **product())
        tx.insert("editions", **edition())

    side.do(act)
    return side


def test_ten_minutes_are_a_side_s_time_for_one_step():
    assert process_module.PATIENCE == PATIENCE


# A message that begins a process.


def test_a_first_message_creates_a_process_and_its_event(idle):
    side = selling(idle)
    body = first(NEGOTIATION, "request", THEIRS, CALLBACK)
    reply = side.receive(NEGOTIATION, body, None)
    (row,) = side.rows("negotiations")
    assert reply.status == 201
    assert reply.body == messages.ack(NEGOTIATION, row["id"], THEIRS, REQUESTED)
    known = {"role": PROVIDER, "peer": PEER.did, "peer_pid": THEIRS, "callback": CALLBACK, "state": REQUESTED}
    known |= {"pending": "", "turn": PROVIDER, "reason": "", "created": START, "updated": START, "due": None}
    known |= {"deadline": START + PATIENCE, "entered": {REQUESTED: 1}, "product": PRODUCT}
    assert {name: row[name] for name in known} == known
    digest = message_digest(body).hex()
    told = {"from": "", "to": REQUESTED, "by": PEER.did, "reason": "", "digest": digest}
    assert side.recorded == [("negotiation.moved", row["id"], (), told, START)]
    assert side.told == [("moved", NEGOTIATION, row["id"], REQUESTED)]
    assert side.alarm.noticed == [START + PATIENCE]
    answered = {"subject": row["id"], "digest": message_digest(body), "status": 201, "state": REQUESTED, "at": START}
    assert side.rows("received") == [answered]


def test_a_transfer_leaves_no_event_of_its_moves(idle):
    idle.place(TRANSFER, STARTED, PROVIDER)
    idle.receive(TRANSFER, message("completion", process=TRANSFER))
    assert idle.row("transfers")["state"] == "COMPLETED"
    assert idle.recorded == []


def test_a_repeated_first_message_gets_the_first_answer(idle):
    side = selling(idle)
    body = first(NEGOTIATION, "request", THEIRS, CALLBACK) | {"@id": "urn:m1"}
    reply = side.receive(NEGOTIATION, body, None)
    before = side.everything()
    assert side.receive(NEGOTIATION, body, None) == reply
    assert side.everything() == before
    with pytest.raises(MismatchError, match=f"^`{THEIRS}` is already the id of another negotiation$"):
        side.receive(NEGOTIATION, body | {"@id": "urn:m2"}, None)
    assert side.everything() == before
    assert side.receive(NEGOTIATION, body, None, STRANGER).status == 201


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (message("accept"), IllegalTransitionError, "`accept` does not begin a negotiation"),
        (
            messages.contract_request(consumer_pid=THEIRS, provider_pid=OURS, offer=listed_offer()),
            MalformedError,
            "a first message names a `callbackAddress`",
        ),
        (
            first(NEGOTIATION, "request", THEIRS, "ftp://nowhere"),
            UnacceptableError,
            "`callbackAddress` cannot be called: it is not http",
        ),
    ],
)
def test_what_cannot_begin_a_process_begins_none(idle, body, kind, words):
    selling(idle)
    before = idle.everything()
    with pytest.raises(kind) as caught:
        idle.receive(NEGOTIATION, body, None)
    assert str(caught.value) == words
    assert idle.everything() == before


def test_an_offer_begins_a_negotiation_in_which_we_buy(idle):
    assert idle.receive(NEGOTIATION, first(NEGOTIATION, "offer", THEIRS, CALLBACK), None).status == 201
    (row,) = idle.rows("negotiations")
    assert (row["role"], row["state"], row["turn"]) == (CONSUMER, OFFERED, CONSUMER)


# A later message.


def test_a_later_message_moves_its_process_and_is_answered_200(idle):
    idle.place(NEGOTIATION, OFFERED, PROVIDER, entered={"OFFERED": 1, "REQUESTED": 1}, due=START, reason="once")
    reply = idle.receive(NEGOTIATION, message("request"))
    assert (reply.status, reply.body) == (200, messages.ack(NEGOTIATION, OURS, THEIRS, REQUESTED))
    row = idle.row()
    assert (row["state"], row["reason"], row["due"]) == (REQUESTED, "", None)
    assert row["entered"] == {OFFERED: 1, REQUESTED: 2}
    assert idle.rows("received")[0]["status"] == 200


def test_the_last_message_leaves_nobody_s_turn_and_no_deadline(idle):
    idle.place(NEGOTIATION, "VERIFIED", CONSUMER)
    idle.receive(NEGOTIATION, message("finalize", CONSUMER))
    row = idle.row()
    assert (row["state"], row["turn"], row["deadline"], row["pending"]) == (FINALIZED, "", None, "")
    assert idle.alarm.noticed == []


@pytest.mark.parametrize(("pid", "peer"), [("urn:uuid:nobody", PEER), (OURS, STRANGER)])
def test_a_process_is_known_to_its_peer_alone(idle, pid, peer):
    idle.place(NEGOTIATION, OFFERED, PROVIDER)
    for ask in (
        lambda: idle.receive(NEGOTIATION, message("request"), pid, peer),
        lambda: idle.do(lambda tx: idle.negotiations.view(tx, pid, peer.did)),
    ):
        with pytest.raises(UnknownError, match=f"^no negotiation has the id `{pid}`$"):
            ask()


@pytest.mark.parametrize(("state", "pending", "shown"), [(OFFERED, "", OFFERED), (NONE, REQUESTED, REQUESTED)])
def test_a_peer_sees_the_state_or_what_has_just_begun(idle, state, pending, shown):
    idle.place(NEGOTIATION, state, CONSUMER, pending=pending)
    reply = idle.do(lambda tx: idle.negotiations.view(tx, OURS, PEER.did))
    assert (reply.status, reply.body) == (200, messages.ack(NEGOTIATION, THEIRS, OURS, shown))


def test_the_state_is_shown_while_a_message_is_under_way(idle):
    idle.place(NEGOTIATION, OFFERED, CONSUMER, pending="ACCEPTED")
    assert idle.do(lambda tx: idle.negotiations.view(tx, OURS, PEER.did)).body["state"] == OFFERED


@pytest.mark.parametrize("change", [{"providerPid": "urn:uuid:other"}, {"consumerPid": "urn:uuid:other"}])
def test_a_message_that_names_other_ids_is_refused(idle, change):
    idle.place(NEGOTIATION, OFFERED, PROVIDER)
    with pytest.raises(MismatchError, match=r"^the message names other ids than those of this negotiation$"):
        idle.receive(NEGOTIATION, message("request", **change))


def test_the_peer_s_id_is_learned_from_its_first_message_and_belongs_to_one_process(idle):
    idle.place(NEGOTIATION, REQUESTED, CONSUMER, peer_pid=None)
    idle.place(NEGOTIATION, REQUESTED, CONSUMER, id="urn:uuid:another", peer_pid="urn:uuid:taken")
    with pytest.raises(MismatchError, match=r"^`urn:uuid:taken` is already the id of another negotiation$"):
        idle.receive(NEGOTIATION, message("offer", CONSUMER, providerPid="urn:uuid:taken"))
    assert idle.row()["peer_pid"] is None
    idle.receive(NEGOTIATION, message("offer", CONSUMER))
    assert idle.row()["peer_pid"] == THEIRS
    idle.receive(NEGOTIATION, message("termination", CONSUMER))
    assert idle.row()["state"] == TERMINATED


@pytest.mark.parametrize("name", ["accept", "request"])
def test_a_message_out_of_its_turn_is_refused_in_the_words_of_the_table(idle, name):
    idle.place(NEGOTIATION, REQUESTED, PROVIDER)
    with pytest.raises(IllegalTransitionError, match=f"^a consumer may not send `{name}` while"):
        idle.receive(NEGOTIATION, message(name))


def test_a_message_to_a_process_whose_first_message_is_under_way_is_judged_by_where_that_leads(idle):
    idle.place(NEGOTIATION, NONE, CONSUMER, pending=REQUESTED, peer_pid=None)
    with pytest.raises(IllegalTransitionError, match="may not send `finalize` while the negotiation is `REQUESTED`"):
        idle.receive(NEGOTIATION, message("finalize", CONSUMER))


def test_our_request_counts_as_sent_only_when_it_is_under_way(idle):
    """An offer begins a negotiation where there is none yet; it is no answer to a request that was never sent."""
    idle.place(NEGOTIATION, NONE, CONSUMER)
    idle.receive(NEGOTIATION, message("offer", CONSUMER))
    assert idle.row()["entered"] == {OFFERED: 1}


# The same message twice.


def test_a_message_with_an_id_of_its_own_counts_once(idle):
    idle.place(NEGOTIATION, OFFERED, PROVIDER)
    body = message("request", **{"@id": "urn:m1"})
    reply = idle.receive(NEGOTIATION, body)
    idle.do(lambda tx: tx.update("negotiations", {"id": OURS}, state=OFFERED))
    before = idle.everything()
    assert idle.receive(NEGOTIATION, body) == reply
    assert idle.everything() == before


FOREIGN = Peer(PEER.did, None)


def test_a_peer_of_another_make_may_repeat_itself_under_another_id(idle):
    """Eclipse EDC does where its own state was overwritten; whoever bargains out of turn is refused all the same."""
    plain = product(tier="plain", terms=product_terms(tier="plain"))
    selling(idle).do(lambda tx: tx.put("products", **plain))
    body = first(NEGOTIATION, "request", THEIRS, CALLBACK) | {"@id": "urn:m1"}
    reply = idle.receive(NEGOTIATION, body, None, FOREIGN)
    before = idle.everything()
    assert idle.receive(NEGOTIATION, body | {"@id": "urn:m2"}, None, FOREIGN) == reply
    assert idle.everything() == before
    with pytest.raises(MismatchError):
        idle.receive(NEGOTIATION, body | {"@id": "urn:m2", "callbackAddress": CALLBACK + "/2"}, None, FOREIGN)


@pytest.mark.parametrize(("state", "pending", "times"), [(OFFERED, "", 2), (REQUESTED, OFFERED, 2), (REQUESTED, "", 1)])
def test_a_peer_without_message_ids_may_say_the_same_again_where_it_is_legal(idle, state, pending, times):
    """It holds to its price: from it, what is legal now is taken as new, and everything else as a repeat."""
    idle.place(NEGOTIATION, OFFERED, PROVIDER)
    idle.receive(NEGOTIATION, message("request"))
    idle.do(lambda tx: tx.update("negotiations", {"id": OURS}, state=state, pending=pending))
    if pending:
        idle.enqueue(NEGOTIATION, "offer")
    reply = idle.receive(NEGOTIATION, message("request"))
    assert (reply.status, reply.body["state"]) == (200, REQUESTED)
    assert len([event for event in idle.recorded if event[3]["by"] == PEER.did]) == times


# Our own messages.


def test_what_we_send_waits_beside_the_state_it_leads_to(idle):
    idle.place(TRANSFER, STARTED, CONSUMER)
    idle.now = START + timedelta(minutes=1)
    idle.do(lambda tx: idle.transfers.complete(tx, OURS, idle.now))
    row, sent, until = idle.row("transfers"), idle.sent, idle.now + PATIENCE
    assert (row["state"], row["pending"], row["turn"]) == (STARTED, "COMPLETED", CONSUMER)
    assert (row["deadline"], row["updated"]) == (until, idle.now)
    known = {"peer": PEER.did, "url": f"{CALLBACK}/transfers/{THEIRS}/completion", "process": TRANSFER}
    known |= {"subject": OURS, "kind": "completion", "deadline": until, "due": idle.now, "attempts": 0}
    assert {name: sent[name] for name in known} == known
    assert sent["body"]["@id"].startswith("urn:uuid:")
    assert sent["body"] | messages.transfer_completion(THEIRS, OURS) == sent["body"]


def test_what_our_own_schema_refuses_is_not_sent(idle):
    idle.place(TRANSFER, STARTED, CONSUMER, peer_pid="")
    with pytest.raises(MalformedError):
        idle.do(lambda tx: idle.transfers.complete(tx, OURS, START))
    assert idle.rows("outbox") == []


def test_an_act_on_an_id_that_nobody_has_is_refused(idle):
    with pytest.raises(UnknownError, match=r"^no transfer has the id `urn:x`$"):
        idle.do(lambda tx: idle.transfers.complete(tx, "urn:x", START))


def test_an_answer_to_our_message_moves_us_to_where_it_leads():
    side = Side().under_way(NEGOTIATION, OFFERED, CONSUMER, "ACCEPTED", "accept", reason="said")
    sent = side.sent
    assert side.settled(NEGOTIATION, {}) is True
    row = side.row()
    assert (row["state"], row["pending"], row["turn"], row["reason"]) == ("ACCEPTED", "", PROVIDER, "said")
    told = {"from": OFFERED, "to": "ACCEPTED", "by": "did:web:us", "reason": "said"}
    told["digest"] = message_digest(sent["body"]).hex()
    assert side.recorded == [("negotiation.moved", OURS, (), told, START)]


def test_the_answer_to_our_first_message_tells_the_peer_s_id(idle):
    idle.under_way(NEGOTIATION, NONE, CONSUMER, REQUESTED, "request", peer_pid=None)
    sent = idle.sent
    assert idle.settled(NEGOTIATION, {"no": "process"}) is False
    assert (idle.row()["peer_pid"], idle.row()["pending"]) == (None, REQUESTED)
    idle.place(NEGOTIATION, REQUESTED, CONSUMER, id="urn:uuid:another", peer_pid="urn:uuid:taken")
    idle.do(lambda tx: tx.insert("outbox", **sent))
    assert idle.settled(NEGOTIATION, messages.ack(NEGOTIATION, "urn:uuid:taken", OURS, REQUESTED)) is False
    idle.do(lambda tx: tx.insert("outbox", **sent))
    assert idle.settled(NEGOTIATION, messages.ack(NEGOTIATION, THEIRS, OURS, REQUESTED)) is True
    assert (idle.row()["peer_pid"], idle.row()["state"]) == (THEIRS, REQUESTED)


def test_our_next_step_follows_the_answer():
    rule = Rule(NEGOTIATION, PROVIDER, OFFERED, "terminate")
    side = Side(rules=(rule,)).under_way(NEGOTIATION, REQUESTED, PROVIDER, OFFERED, "offer")
    assert side.settled(NEGOTIATION, messages.ack(NEGOTIATION, OURS, THEIRS, OFFERED)) is True
    assert side.row()["pending"] == TERMINATED
    assert side.sent["body"]["reason"] == ["this goes no further, by a rule of our operator"]


def test_an_answer_that_the_peer_has_ended_it_ends_it_here():
    rule = Rule(NEGOTIATION, PROVIDER, OFFERED, "terminate")
    side = Side(rules=(rule,)).under_way(NEGOTIATION, REQUESTED, PROVIDER, OFFERED, "offer")
    assert side.settled(NEGOTIATION, messages.ack(NEGOTIATION, OURS, THEIRS, TERMINATED)) is True
    row = side.row()
    assert (row["state"], row["pending"]) == (TERMINATED, "")
    assert row["reason"] == "the consumer took our `offer` and answered that it is `TERMINATED`"
    assert [event[3]["to"] for event in side.recorded] == [OFFERED, TERMINATED]


def test_an_answer_to_our_last_word_ends_it_once(idle):
    idle.under_way(NEGOTIATION, REQUESTED, PROVIDER, TERMINATED, "termination", reason="no more")
    assert idle.settled(NEGOTIATION, messages.ack(NEGOTIATION, OURS, THEIRS, TERMINATED)) is True
    assert [(event[3]["to"], event[3]["reason"]) for event in idle.recorded] == [(TERMINATED, "no more")]


@pytest.mark.parametrize(("kind", "words"), [(REFUSED, "was refused"), (EXPIRED, "could not be delivered in time")])
def test_a_message_that_brings_nothing_ends_the_process_with_the_reason(idle, kind, words):
    idle.under_way(NEGOTIATION, REQUESTED, PROVIDER, OFFERED, "offer")
    assert idle.settled(NEGOTIATION, None, kind, "400 Bad Request", heard=Heard("", "")) is True
    assert idle.row()["reason"] == f"our `offer` {words}: 400 Bad Request"
    assert TERMINATED in (idle.row()["state"], idle.row()["pending"])
