"""What an agent's key spends: the most is taken first, once for each id, and never beyond the budget."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from connector.consumer import spending, steps
from connector.runtime.actor import acting
from connector.runtime.errors import Conflict, InvalidInput, PaymentRefused
from connector.store.rows.agreement import AcquisitionRow
from connector.store.rows.agreement import AcquisitionState as State
from connector.store.rows.console import ApiKeyRow, KeySpendingRow
from connector.store.store import Store
from connector.store.table_row import replace
from connector.store.tables import TABLES

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest_asyncio.fixture
async def store(tmp_path):
    made = await Store.open(tmp_path / "buyer.db", TABLES)
    for name, budget in (("agent", 1_000), ("program", None)):
        row = ApiKeyRow(
            name=name, digest=name.encode(), roles="buyer", scopes=["act"], created=NOW,
            expires=NOW + timedelta(days=1), budget=budget,
        )  # fmt: skip
        await made.write(lambda tx, row=row: tx.insert(row))
    yield made
    await made.close()


async def begin(store, who, key, cap):
    row = steps.wanted(key, "p", {"cap": cap}, NOW)
    with acting(who):
        await store.write(lambda tx: spending.begin(tx, row))


async def answer(store, most, job="j"):
    with acting("key:agent"):
        await store.write(lambda tx: spending.answer(tx, "a", job, most, NOW))


async def left(store):
    return int((await store.read(lambda tx: spending.shown(tx, tx.get(ApiKeyRow, name="agent"))))["left"])


async def test_what_may_be_spent_is_taken_first_and_the_last_coin_once(store):
    await begin(store, "key:agent", "one", "600")
    assert await left(store) == 400
    with pytest.raises(PaymentRefused, match=r"6\.00, and 4\.00 is left"):
        await begin(store, "key:agent", "two", "600")
    assert await store.read(lambda tx: tx.get(AcquisitionRow, id="two")) is None
    await answer(store, 400)
    assert await left(store) == 0
    await answer(store, 400)
    assert await left(store) == 0
    with pytest.raises(PaymentRefused):
        await answer(store, 1, "other")
    await begin(store, "key:agent", "free", "0")


async def test_an_answer_that_may_cost_more_takes_the_rest(store):
    await answer(store, 400)
    await answer(store, 900)
    assert await left(store) == 100
    with pytest.raises(PaymentRefused):
        await answer(store, 1_001)
    assert await left(store) == 100


async def test_an_agent_says_what_all_may_cost_and_others_need_not(store):
    with pytest.raises(InvalidInput, match="what all of it may cost"):
        await begin(store, "key:agent", "open", None)
    for who in ("owner", "account:ada", "key:program", ""):
        await begin(store, who, f"by-{who}", None)
    assert await left(store) == 1_000


async def test_what_failed_before_anything_was_agreed_on_is_given_back(store):
    await begin(store, "key:agent", "one", "600")
    await begin(store, "key:agent", "two", "300")

    def end(tx):
        for name, agreement in (("one", None), ("two", "unknown")):
            row = tx.get(AcquisitionRow, id=name)
            tx.change(row, replace(row, state=State.FAILED, agreement=agreement))

    await store.write(end)
    assert await left(store) == 700


async def test_another_purchase_is_not_gone_on_with(store):
    await begin(store, "owner", "ours", "1")
    await begin(store, "key:agent", "its", "1")
    await store.read(lambda tx: spending.require_own(tx, "agent", "its"))
    await store.read(lambda tx: spending.require_own(tx, "agent", "new"))
    with pytest.raises(Conflict, match="was not begun with the key"):
        await store.read(lambda tx: spending.require_own(tx, "agent", "ours"))


async def test_one_key_begins_so_many(store, monkeypatch):
    monkeypatch.setattr(spending, "KEY_SPENDINGS_MAX", 3)
    for at in range(3):
        await answer(store, 0, f"j{at}")
    with pytest.raises(Conflict, match="asked for 3 things"):
        await answer(store, 0, "one more")
    await answer(store, 5, "j1")
    assert await store.read(lambda tx: len(tx.find(KeySpendingRow))) == 3
