"""The acts of a transfer alone: who may begin one, what starts, pauses and ends it, until when it may go on."""

from datetime import timedelta

import pytest

from catalog.codes import FORMAT_PLAIN, FORMAT_PUSH
from connector.negotiation import transfer
from connector.negotiation.asking import Heard
from connector.negotiation.doors import DeclinedError
from connector.negotiation.protocol import data_address, messages
from connector.negotiation.protocol.errors import MismatchError, UnacceptableError, UnknownError
from connector.negotiation.protocol.states import (
    CONSUMER,
    PROVIDER,
    REQUESTED,
    STARTED,
    SUSPENDED,
    TERMINATED,
    TRANSFER,
)
from connector.store.rows.protocol import TransferRow
from contracts.namespace import FORMAT_SEALED
from tests.negotiation.cells import DIGEST, OURS, THEIRS, first
from tests.negotiation.side import BASE, PEER, STRANGER, Side, message
from tests.negotiation.world import START

CALLBACK = "http://nowhere/dsp"
URN = "urn:penstock:agreement:" + DIGEST
PATIENCE = timedelta(minutes=10)
SOON, LATER = START + timedelta(minutes=1), START + timedelta(days=9)
TARGET = data_address.write("http://buyer/in", {})


def body(name, role=PROVIDER, **changes):
    return message(name, role, TRANSFER, **changes)


def request(**changes):
    return first(TRANSFER, "request", THEIRS, CALLBACK, agreement=URN, transfer_format=FORMAT_SEALED) | changes


def placed(side, state=STARTED, role=PROVIDER, **columns):
    return side.place(TRANSFER, state, role, **columns)


def kept(side):
    """The row that is here, with the facts of its steps."""
    row = side.do(lambda tx: tx.get(TransferRow, id=OURS))
    return row, side.do(lambda tx: side.transfers.facts(tx, row, START))


def act(side, name, *args):
    side.do(lambda tx: getattr(side.transfers, name)(tx, OURS, *args, side.now))
    return side.row("transfers")


# Ours to begin.


def test_a_pull_is_asked_for_under_an_agreement(idle):
    idle.agreement(role=CONSUMER)
    idle.place("negotiation", "FINALIZED", CONSUMER, callback="http://seller/dsp")
    pid = idle.do(lambda tx: idle.transfers.request(tx, DIGEST, FORMAT_SEALED, START))
    (row,) = idle.rows("transfers")
    assert pid == row["id"]
    known = {"role": CONSUMER, "peer": PEER.did, "peer_pid": None, "agreement": DIGEST, "format": FORMAT_SEALED}
    known |= {"state": "", "pending": REQUESTED, "turn": CONSUMER, "callback": "http://seller/dsp"}
    assert {name: row[name] for name in known} == known
    assert idle.sent["url"] == "http://seller/dsp/transfers/request"
    said = messages.transfer_request(pid, URN, FORMAT_SEALED, BASE)
    assert idle.sent["body"] == said | {"@id": idle.sent["body"]["@id"]}


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (None, f"`{DIGEST}` is no agreement under which we may pull"),
        ({"role": PROVIDER}, f"`{DIGEST}` is no agreement under which we may pull"),
        ({"role": CONSUMER, "state": "ended"}, "the agreement is `ended`"),
    ],
)
def test_nothing_is_asked_for_without_an_agreement_that_stands(idle, columns, words):
    idle.place("negotiation", "FINALIZED", CONSUMER)
    if columns:
        idle.agreement(**columns)
    with pytest.raises(DeclinedError) as caught:
        idle.do(lambda tx: idle.transfers.request(tx, DIGEST, FORMAT_SEALED, START))
    assert str(caught.value) == words
    assert idle.rows("transfers") == idle.rows("outbox") == []


# A peer's to begin.


def test_a_peer_begins_a_transfer_under_its_agreement(idle):
    idle.agreement()
    assert idle.receive(TRANSFER, request(), None).status == 201
    (row,) = idle.rows("transfers")
    assert (row["agreement"], row["format"], row["address"]) == (DIGEST, FORMAT_SEALED, None)
    assert (row["role"], row["state"], row["turn"]) == (PROVIDER, REQUESTED, PROVIDER)


NOT_WITH_YOU = f"`{URN}` is no agreement with you"
PLAIN = {"terms": {"tier": "plain"}}
NO_PUSH = "a push needs a `dataAddress` with an `endpoint`, or a `baseUrl`, in its request"
REFUSED = {
    "none": (None, {}, NOT_WITH_YOU),
    "another's": ({"peer": STRANGER.did}, {}, NOT_WITH_YOU),
    "ours to pull": ({"role": CONSUMER}, {}, NOT_WITH_YOU),
    "ended": ({"state": "ended"}, {}, "the agreement is `ended`"),
    "over": ({"not_after": START}, {}, "the agreement has ended"),
    "format": (
        {},
        {"format": FORMAT_PLAIN},
        f"`{FORMAT_PLAIN}` is not served; ask for {FORMAT_SEALED}",
    ),
    "formats": (PLAIN, {"format": "f"}, f"`f` is not served; ask for {FORMAT_PLAIN} or {FORMAT_PUSH}"),
    "pull with an address": ({}, {"dataAddress": TARGET}, "a pull has no `dataAddress` in its request"),
    "push without": (PLAIN, {"format": FORMAT_PUSH}, NO_PUSH),
    "push to nowhere": (
        PLAIN,
        {"format": FORMAT_PUSH, "dataAddress": {"@type": "DataAddress", "endpointType": "x"}},
        NO_PUSH,
    ),
    "push to what we refuse": (
        PLAIN,
        {"format": FORMAT_PUSH, "dataAddress": TARGET | {"endpoint": "ftp://x"}},
        "nothing is pushed to this address: it is not http",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_peer_begins_nothing_that_was_not_agreed(idle, name):
    columns, changes, words = REFUSED[name]
    if columns is not None:
        idle.agreement(**columns)
    with pytest.raises(UnacceptableError) as caught:
        idle.receive(TRANSFER, request(**changes), None)
    assert str(caught.value) == words
    assert idle.rows("transfers") == []


def test_a_push_names_where_it_goes(idle):
    idle.agreement(**PLAIN)
    idle.receive(TRANSFER, request(format=FORMAT_PUSH, dataAddress=TARGET), None)
    assert idle.rows("transfers")[0]["address"] == TARGET


# What peers say.


@pytest.mark.parametrize(("name", "state"), [("suspension", SUSPENDED), ("termination", TERMINATED)])
def test_the_reason_of_a_peer_is_kept(idle, name, state):
    placed(idle)
    idle.receive(TRANSFER, body(name))
    row = idle.row("transfers")
    assert (row["state"], row["reason"]) == (state, "no more")
    assert ("halted", OURS) in idle.told


def test_a_completion_has_no_reason_and_changes_nothing_else(idle):
    placed(idle, paused="operator")
    idle.receive(TRANSFER, body("completion"))
    assert (idle.row("transfers")["reason"], idle.row("transfers")["paused"]) == ("", "operator")


def test_a_consumer_keeps_the_newest_address_of_a_start(idle):
    placed(idle, REQUESTED, CONSUMER, paused="operator")
    with pytest.raises(MismatchError, match=r"^the start of a pull carries a `dataAddress`$"):
        idle.receive(TRANSFER, messages.transfer_start(THEIRS, OURS))
    idle.receive(TRANSFER, body("start", CONSUMER))
    row = idle.row("transfers")
    assert (row["address"], row["paused"]) == (data_address.write("http://d", {}), None)
    assert ("halted", OURS) not in idle.told


@pytest.mark.parametrize("told", [None, data_address.write("http://new", {})])
def test_a_start_without_an_address_goes_on_with_the_one_before(idle, told):
    placed(idle, SUSPENDED, CONSUMER, address=TARGET)
    idle.receive(TRANSFER, messages.transfer_start(THEIRS, OURS, told))
    assert idle.row("transfers")["address"] == (told or TARGET)


def test_a_provider_takes_no_address_from_a_consumer_that_goes_on(idle):
    placed(idle, SUSPENDED, PROVIDER, paused="policy")
    idle.receive(TRANSFER, body("start"))
    row = idle.row("transfers")
    assert (row["state"], row["address"], row["paused"]) == (STARTED, None, None)


# What we do.


def test_a_provider_starts_with_an_address_of_ours():
    side = Side()
    side.agreement()
    placed(side, REQUESTED, paused="operator")
    act(side, "advance")
    address = data_address.write("http://data", {"a": DIGEST})
    assert side.sent["body"]["dataAddress"] == side.row("transfers")["address"] == address
    assert side.row("transfers")["paused"] is None


def test_a_push_starts_without_an_address_of_ours():
    side = Side()
    side.agreement()
    placed(side, REQUESTED, format=FORMAT_PUSH, address=TARGET)
    act(side, "advance")
    assert "dataAddress" not in side.sent["body"]
    assert side.row("transfers")["address"] == TARGET


def test_nothing_starts_under_an_agreement_that_does_not_stand():
    side = Side()
    side.agreement(state="ended")
    placed(side, REQUESTED)
    act(side, "advance")
    assert (side.sent["kind"], side.row("transfers")["reason"]) == ("termination", "the agreement is `ended`")


def test_a_consumer_goes_on_with_the_address_it_has(idle):
    """It asks nobody whether the agreement stands: that is the provider's to say."""
    placed(idle, SUSPENDED, CONSUMER, address=TARGET, paused="operator")
    row = act(idle, "restart")
    assert (row["pending"], row["address"], row["paused"]) == (STARTED, TARGET, None)
    assert "dataAddress" not in idle.sent["body"]


def test_a_pause_tells_why_and_who(idle):
    placed(idle)
    row = act(idle, "suspend", "maintenance")
    assert (row["pending"], row["reason"], row["paused"]) == (SUSPENDED, "maintenance", "operator")
    assert idle.sent["body"]["reason"] == ["maintenance"]
    assert idle.told == [("halted", OURS)]


def test_a_pause_of_the_policy_is_the_policy_s(idle):
    placed(idle)
    idle.do(lambda tx: idle.transfers.suspend(tx, OURS, "no", START, by=transfer.POLICY))
    assert idle.row("transfers")["paused"] == "policy"


def test_a_pause_by_a_rule_has_no_reason_and_is_the_operator_s(idle):
    placed(idle)
    row, _ = kept(idle)
    idle.do(lambda tx: idle.transfers._act(tx, row, "suspend", START))
    assert "reason" not in idle.sent["body"]
    assert idle.row("transfers")["paused"] == "operator"


@pytest.mark.parametrize(
    ("name", "args", "kind"), [("complete", (), "completion"), ("terminate", ("x",), "termination")]
)
def test_nothing_flows_from_our_last_word_on(idle, name, args, kind):
    placed(idle)
    act(idle, name, *args)
    assert (idle.sent["kind"], idle.told) == (kind, [("halted", OURS)])


@pytest.mark.parametrize(("name", "args"), [("complete", ()), ("suspend", ("x",)), ("restart", ())])
def test_one_message_is_under_way_at_a_time(idle, name, args):
    placed(idle, pending=SUSPENDED)
    words = f"^the transfer waits for the peer to take `{SUSPENDED}`; try again after that$"
    with pytest.raises(MismatchError, match=words):
        act(idle, name, *args)
    idle.do(lambda tx: tx.delete("transfers", id=OURS))
    with pytest.raises(UnknownError):
        act(idle, name, *args)


def test_a_provider_does_not_start_again_what_no_longer_stands(idle):
    idle.agreement(not_after=START)
    placed(idle, SUSPENDED)
    with pytest.raises(DeclinedError, match=r"^the agreement has ended$"):
        act(idle, "restart")


# Which run and which rest.


@pytest.mark.parametrize(
    ("state", "pending", "runs"),
    [
        (STARTED, "", True),
        (REQUESTED, STARTED, True),
        (SUSPENDED, STARTED, True),
        (STARTED, SUSPENDED, False),
        (STARTED, TERMINATED, False),
        (REQUESTED, "", False),
    ],
)
def test_data_flows_under_what_has_started_and_is_not_halted(idle, state, pending, runs):
    placed(idle, state, pending=pending)
    row, _ = kept(idle)
    assert idle.do(lambda tx: transfer.running(tx, DIGEST)) == ([row] if runs else [])
    assert idle.do(lambda tx: transfer.running(tx, "cd" * 32)) == []
    assert idle.transfers.stays(row) is (state in {STARTED, SUSPENDED})


def test_what_rests_is_found_by_who_paused_it(idle):
    placed(idle, SUSPENDED, paused="policy")
    row, _ = kept(idle)
    placed(idle, SUSPENDED, id="urn:uuid:2", peer_pid="2", paused="policy", pending=STARTED)
    placed(idle, STARTED, id="urn:uuid:3", peer_pid="3", paused="policy")
    assert idle.do(lambda tx: transfer.paused(tx, DIGEST, "policy")) == [row]
    assert idle.do(lambda tx: transfer.paused(tx, DIGEST, "operator")) == []


# Until when.


@pytest.mark.parametrize(
    ("agreement", "state", "until"),
    [
        ({"not_after": LATER}, STARTED, LATER),
        ({"not_after": LATER}, SUSPENDED, START + PATIENCE),
        ({}, STARTED, START + PATIENCE),
        (None, STARTED, START + PATIENCE),
        ({"not_after": LATER}, "COMPLETED", None),
    ],
)
def test_a_running_transfer_may_last_as_long_as_its_agreement(idle, agreement, state, until):
    if agreement is not None:
        idle.agreement(**agreement)
    placed(idle, REQUESTED)
    row, facts = kept(idle)
    assert idle.transfers.deadline(row, state, facts) == until


@pytest.mark.parametrize(
    ("agreement", "words"),
    [
        ({"not_after": START}, "the agreement has ended"),
        ({"not_after": SOON}, "nothing came from the consumer in the time there was"),
        ({}, "nothing came from the consumer in the time there was"),
        (None, "nothing came from the consumer in the time there was"),
    ],
)
def test_a_transfer_that_waited_too_long_ends_with_the_reason(idle, agreement, words):
    if agreement is not None:
        idle.agreement(**agreement)
    placed(idle)
    assert idle.transfers.overdue(*kept(idle)) == words


@pytest.mark.parametrize(
    ("state", "heard", "agreement", "until"),
    [
        (SUSPENDED, SUSPENDED, {"not_after": LATER}, START + PATIENCE),
        (SUSPENDED, SUSPENDED, {"not_after": SOON}, SOON),
        (SUSPENDED, SUSPENDED, {"not_after": START}, None),
        (SUSPENDED, SUSPENDED, {}, START + PATIENCE),
        (SUSPENDED, SUSPENDED, None, START + PATIENCE),
        (STARTED, SUSPENDED, {}, None),
        (SUSPENDED, STARTED, {}, None),
        (STARTED, STARTED, {}, None),
    ],
)
def test_a_pause_goes_on_while_the_peer_keeps_it_and_the_agreement_lasts(idle, state, heard, agreement, until):
    if agreement is not None:
        idle.agreement(**agreement)
    placed(idle, state)
    row, facts = kept(idle)
    assert idle.transfers.prolonged(row, Heard(heard, ""), facts) == until
