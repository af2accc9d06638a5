"""The next step of a process: by a rule or the table, at once or after a delay, and what we decline."""

from datetime import timedelta

import pytest

from connector.negotiation.doors import DeclinedError
from connector.negotiation.protocol.errors import MalformedError, UnacceptableError
from connector.negotiation.protocol.states import (
    CONSUMER,
    NEGOTIATION,
    OFFERED,
    PROVIDER,
    REQUESTED,
    STARTED,
    TERMINATED,
    TRANSFER,
)
from connector.negotiation.reactions import DEFAULT, Rule
from tests.every import every
from tests.negotiation.cells import OURS, PRODUCT
from tests.negotiation.side import Side, message
from tests.negotiation.world import START


def advanced(side, process=NEGOTIATION):
    side.do(lambda tx: side.of(process).advance(tx, OURS, side.now))
    return side.row("negotiations" if process == NEGOTIATION else "transfers")


@pytest.mark.parametrize(
    ("state", "columns"), [(TERMINATED, {}), (REQUESTED, {"pending": OFFERED}), (REQUESTED, {"id": "urn:uuid:other"})]
)
def test_there_is_no_step_at_the_end_while_a_message_is_under_way_or_without_a_process(state, columns):
    side = Side({}, tuple(Rule(NEGOTIATION, PROVIDER, each, "terminate") for each in (REQUESTED, TERMINATED)))
    side.place(NEGOTIATION, state, PROVIDER, **columns)
    before = side.everything()
    advanced(side)
    assert side.everything() == before


def test_a_rule_with_a_delay_acts_when_it_is_over():
    wait = timedelta(minutes=3)
    side = Side(rules=(Rule(NEGOTIATION, PROVIDER, REQUESTED, "terminate", delay=wait),))
    side.place(NEGOTIATION, REQUESTED, PROVIDER)
    row = advanced(side)
    assert (row["due"], row["pending"], side.alarm.noticed) == (START + wait, "", [START + wait])
    side.now = START + wait - timedelta(microseconds=1)
    assert advanced(side)["due"] == START + wait
    assert side.alarm.noticed == [START + wait]
    side.now = START + wait
    row = advanced(side)
    assert (row["due"], row["pending"]) == (None, TERMINATED)


def test_a_rule_without_a_delay_acts_at_once():
    side = Side(rules=(Rule(NEGOTIATION, PROVIDER, REQUESTED, "terminate"),))
    side.place(NEGOTIATION, REQUESTED, PROVIDER)
    assert (advanced(side)["pending"], side.alarm.noticed) == (TERMINATED, [])


@every(
    ("rule", "entered", "acts"),
    [
        ({"time": 2}, {"REQUESTED": 2}, True),
        ({"time": 2}, {"REQUESTED": 1}, False),
        ({"time": 1}, None, True),
        ({"time": 2}, None, False),
        ({"about": PRODUCT}, None, True),
        ({"about": "urn:other"}, None, False),
    ],
)
def test_a_rule_is_about_a_product_and_an_entry_into_the_state(rule, entered, acts):
    side = Side({}, (Rule(NEGOTIATION, PROVIDER, REQUESTED, "terminate", **rule),))
    side.place(NEGOTIATION, REQUESTED, PROVIDER, entered=entered)
    assert advanced(side)["pending"] == (TERMINATED if acts else "")


def test_a_rule_for_everything_fits_a_process_that_is_about_nothing():
    side = Side({}, (Rule(NEGOTIATION, PROVIDER, REQUESTED, "terminate"),))
    side.place(NEGOTIATION, REQUESTED, PROVIDER, product=None)
    assert advanced(side)["pending"] == TERMINATED


@pytest.mark.parametrize("kind", [DeclinedError, MalformedError, UnacceptableError])
def test_what_we_decline_is_ended_with_the_reason(kind):
    def refuse(*_):
        raise kind("not today")

    side = Side(stands=refuse)
    side.agreement()
    side.place(TRANSFER, REQUESTED, PROVIDER)
    row = advanced(side, TRANSFER)
    assert (row["pending"], row["reason"]) == (TERMINATED, "not today")


def proceeded(side):
    return side.do(lambda tx: side.transfers.proceed(tx, OURS, side.now))


def test_the_usual_step_is_taken_whatever_holds_it():
    hold = Rule(TRANSFER, PROVIDER, REQUESTED, "hold", delay=timedelta(hours=1))
    side = Side(rules=(hold,))
    side.agreement()
    side.place(TRANSFER, REQUESTED, PROVIDER, due=START + timedelta(hours=1))
    assert proceeded(side) is True
    row = side.row("transfers")
    assert (row["pending"], row["due"], side.sent["kind"]) == (STARTED, None, "start")
    assert proceeded(side) is False, "only one message is under way"


def test_there_is_no_usual_step_where_the_table_names_none():
    side = Side(DEFAULT | {(NEGOTIATION, PROVIDER, OFFERED): "hold"})
    side.place(TRANSFER, STARTED, PROVIDER, due=START)
    assert proceeded(side) is False
    assert side.row("transfers")["due"] == START
    side.place(NEGOTIATION, OFFERED, PROVIDER)
    assert side.do(lambda tx: side.negotiations.proceed(tx, OURS, START)) is False


def test_after_a_restart_the_steps_that_are_ours_are_taken():
    side = Side({}, (Rule(NEGOTIATION, "*", "*", "*"), *(
        Rule(NEGOTIATION, role, REQUESTED, "terminate") for role in (PROVIDER, CONSUMER)
    )))  # fmt: skip
    side.place(NEGOTIATION, REQUESTED, PROVIDER)
    side.place(NEGOTIATION, REQUESTED, CONSUMER, id="urn:uuid:theirs-to-move")
    side.do(lambda tx: side.negotiations.resume(tx, START))
    assert [row["pending"] for row in side.rows("negotiations")] == [TERMINATED, ""]


def test_the_step_follows_a_message_at_once():
    side = Side({}, (Rule(NEGOTIATION, PROVIDER, REQUESTED, "terminate"),))
    side.place(NEGOTIATION, OFFERED, PROVIDER)
    assert side.receive(NEGOTIATION, message("request")).body["state"] == REQUESTED
    assert side.row()["pending"] == TERMINATED
