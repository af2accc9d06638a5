"""A lease has one holder at a time, whatever the order of takes, renewals, releases and the passing of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.store import leases
from connector.store.connection import WRITING, connect
from connector.store.schema import apply
from connector.store.statements import Statements
from connector.store.tables import TABLES
from connector.store.transaction import Tx

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    made = connect(tmp_path_factory.mktemp("leases") / "p.db", WRITING)
    apply(made, TABLES)
    yield made
    made.close()


@pytest.fixture(scope="module")
def statements():
    return {table.name: Statements(table) for table in TABLES}


STEP = st.tuples(
    st.sampled_from(["take", "renew", "release", "wait"]), st.sampled_from(["a", "b", "c"]), st.integers(1, 20)
)


@given(st.lists(STEP, max_size=40))
def test_one_holder_at_a_time(connection, statements, steps):
    tx = Tx(connection, statements)
    tx.execute("DELETE FROM leases")
    now = START
    holder, until = None, START
    for verb, who, seconds in steps:
        free = holder is None or until <= now
        if verb == "wait":
            now += timedelta(seconds=seconds)
        elif verb == "take":
            assert leases.take(tx, "work", who, now, seconds) is (free or holder == who)
            if free or holder == who:
                holder, until = who, now + timedelta(seconds=seconds)
        elif verb == "renew":
            assert leases.renew(tx, "work", who, now, seconds) is (holder == who)
            if holder == who:
                until = now + timedelta(seconds=seconds)
        else:
            assert leases.release(tx, "work", who) is (holder == who)
            holder = None if holder == who else holder


def test_leases_of_other_names_do_not_matter(connection, statements):
    tx = Tx(connection, statements)
    assert leases.take(tx, "x", "a", START, 5)
    assert leases.take(tx, "y", "b", START, 5)
    assert not leases.take(tx, "x", "b", START, 5)
