"""Sums that the database makes of amounts are those of Python, on both databases."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.store import sums
from connector.store.store import Store
from connector.store.table import Table
from tests.fault.extent import tried
from tests.postgres import durable, new_schema

AMOUNTS = Table("amounts", "id:int kind:text amount:amount", ("id",))


@pytest.fixture(scope="module")
def server(absent):
    with durable(absent) as base:
        yield base


@pytest.fixture(params=["a file of SQLite", "a server of PostgreSQL"])
async def store(request, tmp_path):
    on_a_server = request.param == "a server of PostgreSQL"
    place = new_schema(request.getfixturevalue("server")) if on_a_server else tmp_path / "p.sqlite"
    store = await Store.open(place, (AMOUNTS,))
    yield store
    await store.close()


def summed(tx, where=""):
    return sums.total(tx.execute(f"SELECT {sums.select('amount', 'amount')} FROM amounts {where}")[0], "amount")


async def test_sums_are_exact(store):
    edges = [10**digits + step for digits in (0, 11, 12, 13, 23, 24, 25, 35, 36, 37, 38) for step in (-1, 0, 1)]
    amounts = [*edges, 2**128 - 1, 0, 0]

    def fill(tx):
        for number, amount in enumerate(amounts):
            tx.insert("amounts", id=number, kind="some", amount=amount)
        tx.insert("amounts", id=len(amounts), kind="none", amount=None)

    await store.write(fill)
    assert await store.read(summed) == sum(amounts)
    assert await store.read(lambda tx: summed(tx, "WHERE kind = 'none'")) == 0
    assert await store.read(lambda tx: summed(tx, "WHERE kind = 'absent'")) == 0


async def test_what_is_too_wide_is_not_summed_wrong(store):
    await store.write(lambda tx: tx.insert("amounts", id=1, kind="wide", amount=10**50))
    with pytest.raises(AssertionError):
        await store.read(summed)


@settings(max_examples=tried(20), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amounts=st.lists(st.integers(0, 2**128 - 1), max_size=20))
async def test_any_amounts(store, amounts):
    def refill(tx):
        tx.execute("DELETE FROM amounts")
        for number, amount in enumerate(amounts):
            tx.insert("amounts", id=number, kind="some", amount=amount)
        return summed(tx)

    assert await store.write(refill) == sum(amounts)
