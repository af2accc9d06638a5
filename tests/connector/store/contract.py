"""What every backend of the store promises: one class of tests, run against each of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.store.columns import KINDS
from connector.store.errors import BadStatement, Duplicate, StoreClosed
from connector.store.table import Table

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
KIND_TABLE = Table(
    "kinds", "id:int text:text int:int blob:blob json:json amount:amount time:time secret:secret", ("id",)
)
THINGS = Table(
    "things",
    "name:text part:int state:text size:int price:amount body:json at:time order:text",
    ("name", "part"),
    unique=(("order",),),
    index=(("state", "size"),),
)
CONTRACT_TABLES = (KIND_TABLE, THINGS)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
TIMES = st.datetimes(
    datetime(1800, 1, 1),  # noqa: DTZ001 (the strategy adds the zone)
    datetime(2400, 1, 1),  # noqa: DTZ001 (the strategy adds the zone)
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(-timedelta(minutes=210))]),
)
VALUES = {
    "text": TEXT,
    "int": st.integers(-(2**63), 2**63 - 1),
    "blob": st.binary(max_size=200),
    "json": JSON,
    "amount": st.integers(-(10**78) + 1, 10**78 - 1),
    "time": TIMES,
    "secret": st.binary(max_size=200),
}
WRONG = {
    "text": [b"bytes", 1, NOW],
    "int": ["1", 1.0, True, 2**63, NOW],
    "blob": ["text", 1, [1]],
    "json": [NOW, {1, 2}, {1: "key"}, object(), 2**64],
    "amount": ["1", 1.5, True, 10**78],
    "time": [datetime(2026, 1, 1), "2026-01-01", 5],  # noqa: DTZ001 (a naive time must be refused)
    "secret": ["text", 1, [1]],
}


class StoreContract:
    """Subclasses give two fixtures, each with an open, empty store that has `CONTRACT_TABLES`.

    `store` lives on the test's loop; `held` is (runner, store) for tests that bring their own loop (hypothesis).
    """

    async def fill(self, store, count=6):
        def act(tx):
            for number in range(count):
                tx.insert(
                    "things",
                    name="n",
                    part=number,
                    state="even" if number % 2 == 0 else "odd",
                    size=10 - number,
                    price=10**30 + number,
                    at=NOW + timedelta(seconds=number),
                )

        await store.write(act)

    def test_every_kind_is_covered(self):
        assert set(VALUES) == set(WRONG) == set(KINDS) == set(KIND_TABLE.kinds()) - {"id"}

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])
    @given(st.fixed_dictionaries({kind: st.none() | values for kind, values in VALUES.items()}))
    def test_values_come_back_equal(self, held, row):
        runner, store = held
        runner.run(store.write(lambda tx: tx.put("kinds", id=1, **row)))
        expected = {"id": 1, **row}
        assert runner.run(store.read(lambda tx: tx.get("kinds", id=1))) == expected
        assert runner.run(store.write(lambda tx: tx.find("kinds"))) == [expected]

    @pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in WRONG.items() for value in values])
    async def test_a_value_of_another_kind_is_refused(self, store, kind, value):
        with pytest.raises(BadStatement):
            await store.write(lambda tx: tx.insert("kinds", id=1, **{kind: value}))
        assert await store.read(lambda tx: tx.find("kinds")) == []

    async def test_a_secret_rests_wrapped_and_is_compared_with_nothing(self, store):
        secret = b"what a copy of the tables must not tell"
        for number in (1, 2):
            await store.write(lambda tx, number=number: tx.insert("kinds", id=number, secret=secret))
        rested = [bytes(row["secret"]) for row in await store.read(lambda tx: tx.execute("SELECT secret FROM kinds"))]
        assert not any(secret[:8] in each for each in rested)
        assert rested[0] != rested[1], "whoever sees two cannot say that they are one"
        with pytest.raises(BadStatement, match="rests wrapped"):
            await store.read(lambda tx: tx.find("kinds", "secret = ?", (secret,)))
        assert len(await store.read(lambda tx: tx.find("kinds", "secret is not null"))) == 2

    async def test_times_come_back_in_utc(self, store):
        shanghai = NOW.astimezone(timezone(timedelta(hours=8)))
        await store.write(lambda tx: tx.insert("kinds", id=1, time=shanghai))
        row = await store.read(lambda tx: tx.get("kinds", id=1))
        assert row["time"].tzinfo is UTC

    async def test_insert_refuses_a_taken_key_and_a_taken_unique_value(self, store):
        await store.write(lambda tx: tx.insert("things", name="a", part=1, order="x"))
        with pytest.raises(Duplicate):
            await store.write(lambda tx: tx.insert("things", name="a", part=1, order="y"))
        with pytest.raises(Duplicate):
            await store.write(lambda tx: tx.insert("things", name="b", part=1, order="x"))
        assert len(await store.read(lambda tx: tx.find("things"))) == 1

    async def test_an_act_goes_on_after_a_duplicate_it_caught(self, store):
        def act(tx):
            tx.insert("things", name="a", part=1)
            with pytest.raises(Duplicate):
                tx.insert("things", name="a", part=1)
            tx.insert("things", name="a", part=2)

        await store.write(act)
        assert [row["part"] for row in await store.read(lambda tx: tx.find("things"))] == [1, 2]

    async def test_put_changes_only_what_it_names(self, store):
        await store.write(lambda tx: tx.put("things", name="a", part=1, state="s", price=5))
        await store.write(lambda tx: tx.put("things", name="a", part=1, price=6))
        row = await store.read(lambda tx: tx.get("things", name="a", part=1))
        assert (row["state"], row["price"]) == ("s", 6)
        await store.write(lambda tx: tx.put("things", name="a", part=1))
        assert await store.read(lambda tx: tx.get("things", part=1, name="a")) == row

    async def test_get_takes_a_whole_key_or_a_whole_unique_set(self, store):
        await store.write(lambda tx: tx.insert("things", name="a", part=1, order="x"))
        assert (await store.read(lambda tx: tx.get("things", order="x")))["name"] == "a"
        assert await store.read(lambda tx: tx.get("things", order="y")) is None
        for key in ({}, {"name": "a"}, {"state": "s"}, {"name": "a", "part": 1, "order": "x"}):
            with pytest.raises(BadStatement):
                await store.read(lambda tx, key=key: tx.get("things", **key))

    async def test_update_and_delete_count_rows(self, store):
        await self.fill(store)
        assert await store.write(lambda tx: tx.update("things", {"state": "odd"}, state="o", size=None)) == 3
        assert await store.write(lambda tx: tx.update("things", {"size": None, "part": 1}, state="p")) == 1
        assert await store.write(lambda tx: tx.update("things", {"name": "none"}, state="p")) == 0
        assert await store.write(lambda tx: tx.delete("things", state="even")) == 3
        assert await store.write(lambda tx: tx.delete("things", name="n", part=1)) == 1
        assert len(await store.read(lambda tx: tx.find("things"))) == 2

    @pytest.mark.parametrize(
        ("where", "params", "parts"),
        [
            ("", (), [0, 1, 2, 3, 4, 5]),
            ("state = ?", ("odd",), [1, 3, 5]),
            ("state = 'odd' and size > ?", (6,), [1, 3]),
            ("price = ?", (10**30 + 4,), [4]),
            ("price in (?, ?)", (10**30 + 4, 10**30 + 1), [1, 4]),
            ("at >= ? and not (part = 5)", (NOW + timedelta(seconds=3),), [3, 4]),
            ("at between ? and ?", (NOW, NOW + timedelta(seconds=1)), [0, 1]),
            ("order is null AND state like ?", ("e%",), [0, 2, 4]),
            ("order is not null", (), []),
            ("state <> ? or part = 0", ("even",), [0, 1, 3, 5]),
        ],
    )
    async def test_find_filters(self, store, where, params, parts):
        await self.fill(store)
        rows = await store.read(lambda tx: tx.find("things", where, params, order="part"))
        assert [row["part"] for row in rows] == parts

    async def test_find_orders_and_limits(self, store):
        await self.fill(store)
        rows = await store.read(lambda tx: tx.find("things", order="state desc, size", limit=4))
        assert [row["part"] for row in rows] == [5, 3, 1, 4]

    @pytest.mark.parametrize(
        ("where", "params"),
        [
            ("colour = ?", ("x",)),
            ("1=1; drop table things", ()),
            ("state = 'a' -- ", ()),
            ("state = 'it''s'", ()),
            ('"state" = ?', ("x",)),
            ("state = (select name from things)", ()),
            ("length(state) = 1", ()),
            ("price > ?", (1,)),
            ("price between ? and ?", (1, 2)),
            ("body like ?", ("x",)),
            ("? = state", ("x",)),
            ("state = ?", ()),
            ("state = ?", ("a", "b")),
            ("", ("a",)),
            ("at > ?", (5,)),
            ("size = ?", ("5",)),
        ],
    )
    async def test_find_refuses_what_it_does_not_know(self, store, where, params):
        with pytest.raises(BadStatement):
            await store.read(lambda tx: tx.find("things", where, params))

    @pytest.mark.parametrize("order", ["colour", "state up", "state desc nulls last", "price", "body", "1", "state,"])
    async def test_an_unknown_order_is_refused(self, store, order):
        with pytest.raises(BadStatement):
            await store.read(lambda tx: tx.find("things", order=order))

    @pytest.mark.parametrize(
        "act",
        [
            lambda tx: tx.get("nothing", id=1),
            lambda tx: tx.insert("things", name="a"),
            lambda tx: tx.insert("things", name="a", part=None),
            lambda tx: tx.insert("things", name="a", part=1, **{'state") --': "x"}),
            lambda tx: tx.put("things", state="x"),
            lambda tx: tx.update("things", {}, state="x"),
            lambda tx: tx.update("things", {"name": "a"}),
            lambda tx: tx.delete("things"),
            lambda tx: tx.execute("DROP TABLE things"),
            lambda tx: tx.execute("COMMIT"),
            lambda tx: tx.execute("PRAGMA synchronous=OFF"),
            lambda tx: tx.execute("SELECT ?", [1]),
        ],
    )
    async def test_our_own_mistakes_are_refused(self, store, act):
        with pytest.raises(BadStatement):
            await store.write(act)
        assert await store.read(lambda tx: tx.find("things")) == []

    async def test_a_column_is_asked_by_times_as_rows_are(self, store):
        await self.fill(store)
        sql = "SELECT part FROM things WHERE at > ? AND at <= ? ORDER BY part"
        ends = NOW + timedelta(seconds=1), NOW + timedelta(seconds=3)
        assert await store.read(lambda tx: tx.column(sql, *ends)) == [2, 3]

    async def test_execute_gives_rows_by_name(self, store):
        await self.fill(store)
        sql = "SELECT state, count(*) AS n, max(at) AS newest FROM things WHERE at > ? GROUP BY state ORDER BY state"
        rows = await store.read(lambda tx: tx.execute(sql, NOW))
        assert [(row["state"], row["n"]) for row in rows] == [("even", 2), ("odd", 3)]
        assert await store.write(lambda tx: tx.execute("DELETE FROM things WHERE part = ?", 1)) == []

    async def test_a_reader_cannot_write(self, store):
        for act in (
            lambda tx: tx.insert("things", name="a", part=1),
            lambda tx: tx.execute("DELETE FROM things"),
        ):
            with pytest.raises(BadStatement, match="only reads"):
                await store.read(act)

    async def test_a_reader_sees_one_moment(self, store):
        await self.fill(store, 2)
        loop = asyncio.get_running_loop()

        def act(tx):
            before = tx.find("things")
            asyncio.run_coroutine_threadsafe(store.write(lambda w: w.delete("things", name="n")), loop).result(5)
            return before, tx.find("things")

        before, after = await store.read(act)
        assert before == after
        assert await store.read(lambda tx: tx.find("things")) == []

    async def test_an_exception_undoes_its_own_act_only(self, store):
        def bad(tx):
            tx.insert("things", name="bad", part=1)
            raise KeyError("mine")

        def good(number):
            return lambda tx: tx.insert("things", name="good", part=number)

        results = await asyncio.gather(
            store.write(good(1)), store.write(bad), store.write(good(2)), return_exceptions=True
        )
        assert results[0] is results[2] is None
        assert isinstance(results[1], KeyError)
        assert {row["name"] for row in await store.read(lambda tx: tx.find("things"))} == {"good"}

    @pytest.mark.parametrize("raised", [StopIteration(), SystemExit(3), RecursionError()])
    async def test_strange_exceptions_reach_the_caller_and_nobody_else(self, store, raised):
        def bad(_tx):
            raise raised

        with pytest.raises(RuntimeError if isinstance(raised, StopIteration) else type(raised)):
            await store.write(bad)
        await store.write(lambda tx: tx.insert("things", name="a", part=1))

    async def test_a_transaction_ends_with_its_act(self, store):
        kept = []
        await store.write(kept.append)
        await store.read(kept.append)
        for tx in kept:
            with pytest.raises(BadStatement, match="over"):
                tx.find("things")

    async def test_callbacks_come_after_the_commit(self, store):
        heard = []
        store.on_commit(lambda: heard.append("commit"))

        def good(tx):
            tx.insert("things", name="a", part=1)
            tx.after(lambda: heard.append("after"))

        def bad(tx):
            tx.after(lambda: heard.append("never"))
            raise ValueError

        await store.write(good)
        await asyncio.sleep(0)
        assert heard == ["after", "commit"]
        with pytest.raises(ValueError):
            await store.write(bad)
        assert "never" not in heard

    async def test_a_failing_callback_does_not_silence_the_next(self, store):
        heard = []
        problems = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: problems.append(context))

        def act(tx):
            tx.after(lambda: 1 / 0)
            tx.after(lambda: heard.append("second"))

        await store.write(act)
        await asyncio.sleep(0)
        assert heard == ["second"]
        assert isinstance(problems[0]["exception"], ZeroDivisionError)

    async def test_a_cancelled_caller_leaves_the_store_working(self, store):
        task = asyncio.ensure_future(store.write(lambda tx: tx.insert("things", name="a", part=1)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await store.write(lambda tx: tx.insert("things", name="b", part=1))
        assert len(await store.read(lambda tx: tx.find("things"))) == 2

    async def test_a_foreign_thread_may_write(self, store):
        def work():
            return store.submit(lambda tx: tx.update("things", {"name": "n"}, state="x")).result(5)

        await self.fill(store, 3)
        assert await asyncio.to_thread(work) == 3

    async def test_closing_finishes_what_is_queued_and_refuses_the_rest(self, store):
        tasks = [
            asyncio.ensure_future(store.write(lambda tx, n=n: tx.insert("things", name="a", part=n))) for n in range(20)
        ]
        await asyncio.sleep(0)
        await store.close()
        await store.close()
        assert await asyncio.gather(*tasks) == [None] * 20
        with pytest.raises(StoreClosed):
            await store.write(lambda _tx: None)
        with pytest.raises(StoreClosed):
            await store.read(lambda _tx: None)
