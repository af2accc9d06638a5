"""Leased openings: counted once, numbered, running until their lease is over, and told with their times."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.channel import openings
from connector.channel.errors import ChannelFault
from connector.store.rows.use import OpeningState
from contracts.ranges import RowSet
from tests.channel.rig import LEASED, START, TRANSFER, Pair

LEASE = timedelta(seconds=900)
SECOND = timedelta(seconds=1)


class Told:
    """A recorder that keeps what it is told: real evidence shows its fields to nobody."""

    def __init__(self):
        self.events = []

    def record(self, _tx, kind, *, part, link=(), fields, now):
        self.events.append((kind, part, list(link), dict(fields), now))
        return len(self.events) - 1

    def leaf(self, _tx, _index):
        return bytes(32)


def opened(pair, rows, reader, **more):
    return pair.window(pair.want(rows, use=1, reader=reader, **more))


def found(pair, role="payer"):
    db = pair.payer_db if role == "payer" else pair.payee_db
    return db.act(lambda tx: tx.find("openings", order="number"))


@pytest.fixture
def pair():
    """A pair with one opening of two rows, and recorders that can be read."""
    made = Pair(LEASED)
    for side in (made.buyer, made.holder):
        object.__setattr__(side, "evidence", Told())
    made.reader = made.keyring.fresh()
    opened(made, [0, 1], made.reader, purpose="study")
    return made


def told(side, kind):
    return [event for event in side.evidence.events if event[0] == kind]


def end(pair, reason="read"):
    opening = found(pair)[0]["id"]
    return pair.payer_db.act(lambda tx: openings.end(tx, pair.buyer.evidence, opening, reason, pair.now))


def end_lapsed(pair):
    return pair.payer_db.act(lambda tx: openings.end_lapsed(tx, pair.buyer.evidence, pair.now))


def lease(pair, reader):
    [order] = pair.plan(pair.want([5], use=1, reader=reader)).orders
    pair.payer_db.act(lambda tx: openings.require_lease(tx, "payer", order, pair.now))


# ---- begun


def test_an_opening_is_written_with_its_lease_on_both_sides(pair):
    for role in ("payer", "payee"):
        [row] = found(pair, role)
        assert row["id"].startswith(f"{role}-")
        assert (row["agreement"], row["transfer"]) == (pair.deal.hex(), TRANSFER.hex())
        assert (row["reader_key"], row["number"], row["role"]) == (pair.reader, 1, role)
        assert (row["purpose"], row["state"], row["rows"]) == ("study", OpeningState.OPEN, [[0, 2]])
        assert (row["created"], row["lease_until"]) == (START, START + LEASE)


def test_its_start_is_told_once_with_the_rows_it_began_with(pair):
    fields = {
        "transfer": TRANSFER.hex(), "opening": "1", "readerKey": pair.reader.hex(), "purpose": "study",
        "rows": [[0, 2]], "bytes": "2000", "agreementDigest": pair.deal.hex(),
    }  # fmt: skip
    for side in (pair.buyer, pair.holder):
        [event] = told(side, "opening.started")
        assert event == ("opening.started", pair.deal.hex(), [TRANSFER.hex(), "1"], fields, START)
    opened(pair, [0, 1, 5], pair.reader)
    assert len(told(pair.buyer, "opening.started")) == len(told(pair.holder, "opening.started")) == 1
    for role in ("payer", "payee"):
        assert [row["rows"] for row in found(pair, role)] == [[[0, 2], [5, 1]]]


def test_openings_of_an_agreement_are_numbered_one_after_the_other(pair):
    for _ in range(2):
        opened(pair, [0], pair.keyring.fresh())
    assert [row["number"] for row in found(pair)] == [1, 2, 3]
    assert [event[2][1] for event in told(pair.holder, "opening.started")] == ["1", "2", "3"]
    other = pair.agree(replace(LEASED, salt=b"\x0a" * 32))
    pair.window(replace(pair.want([0], use=1, reader=pair.keyring.fresh()), agreement=other))
    assert [row["number"] for row in found(pair) if row["agreement"] == other.hex()] == [1]


def test_what_was_released_of_it_is_known_by_its_name(pair):
    [row] = found(pair)
    act = pair.payer_db.act
    assert act(lambda tx: openings.is_counted(tx, row["id"])) is True
    assert act(lambda tx: openings.is_counted(tx, "payee" + row["id"][5:])) is False
    assert act(lambda tx: openings.rows(tx, row["id"])) == RowSet.of([(0, 2)])
    assert act(lambda tx: openings.rows(tx, "payee" + row["id"][5:])) is None


# ---- running


def test_a_lease_runs_to_its_last_second_and_one_not_begun_is_no_fault(pair):
    pair.later(899)
    lease(pair, pair.reader)
    lease(pair, pair.keyring.fresh())
    pair.later(1)
    with pytest.raises(ChannelFault) as over:
        lease(pair, pair.reader)
    assert (over.value.code, over.value.text) == ("lease-ended", "the lease of this opening has ended")
    lease(pair, pair.keyring.fresh())


def test_an_opening_that_was_ended_is_over_at_once(pair):
    lease(pair, pair.reader)
    assert end(pair)
    with pytest.raises(ChannelFault) as over:
        lease(pair, pair.reader)
    assert over.value.code == "lease-ended"


# ---- ended


def test_it_ends_once_and_tells_for_how_long_it_ran(pair):
    pair.later(125)
    assert end(pair, "closed by its reader") is True
    assert end(pair) is False
    [row] = found(pair)
    assert (row["state"], row["ended"], row["reason"]) == (
        OpeningState.ENDED,
        START + 125 * SECOND,
        "closed by its reader",
    )
    [(_, part, link, fields, now)] = told(pair.buyer, "opening.ended")
    assert (part, link, now) == (pair.deal.hex(), [TRANSFER.hex(), "1"], pair.now)
    assert fields == {
        "transfer": TRANSFER.hex(), "opening": "1", "readerKey": pair.reader.hex(), "purpose": "study",
        "duration": "125",
    }  # fmt: skip


def test_a_clock_that_was_set_back_makes_no_time_less_than_none(pair):
    pair.later(-60)
    assert end(pair)
    assert told(pair.buyer, "opening.ended")[0][3]["duration"] == "0"


def test_an_opening_that_is_not_there_cannot_end(pair):
    assert pair.payer_db.act(lambda tx: openings.end(tx, pair.buyer.evidence, "payer-none", "read", pair.now)) is False


def test_leases_that_are_over_end_all_at_once_and_the_others_run_on(pair):
    opened(pair, [0], pair.keyring.fresh())
    pair.later(1)
    opened(pair, [0], pair.keyring.fresh())
    pair.later(898)
    assert end_lapsed(pair) == 0
    pair.later(1)
    assert end_lapsed(pair) == 2
    assert [(row["state"], row["reason"]) for row in found(pair)] == [("ended", "lease over")] * 2 + [("open", None)]
    assert end_lapsed(pair) == 0
    pair.later(1)
    assert end_lapsed(pair) == 1


@pytest.mark.parametrize(("late", "lasted"), [(-100, 800), (0, 900), (5000, 900)])
def test_a_metered_use_ends_with_its_opening_and_never_after_its_lease(pair, late, lasted):
    """`late`: seconds after the lease at which somebody looks."""
    opening = found(pair)[0]["id"]

    def take(tx):
        tx.put(
            "uses", holder=opening, agreement="a", rule="r", operand="count", unit="", numerator=1, denominator=1,
            at=START, until=None, state="committed",
        )  # fmt: skip

    pair.payer_db.act(take)
    pair.later(900 + late)
    end(pair)
    [use] = pair.payer_db.act(lambda tx: tx.find("uses"))
    assert use["until"] == START + timedelta(seconds=lasted)
