"""A held table answers as any other: the same acts on both, and nobody sees the difference."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.store.errors import BadStatement, Duplicate, StoreFailed
from connector.store.held import Held, Known
from connector.store.store import Store
from connector.store.table import Table
from tests.connector.store.test_store_file import break_disk
from tests.fault.extent import tried

COLUMNS = "id:text state:text size:int body:json"
SHAPE = {"columns": COLUMNS, "key": ("id",), "unique": (("state", "size"),)}
PAIRED = {"columns": COLUMNS, "key": ("id", "state")}
TABLES = (
    Table("held", **SHAPE, held=True),
    Table("plain", **SHAPE),
    Table("paired", **PAIRED, held=True),
    Table("unpaired", **PAIRED),
)
IDS = st.sampled_from(["a", "b", "c"])
STATES, SIZES = st.sampled_from(["x", "y"]), st.integers(0, 3)
VALUES = st.fixed_dictionaries({"state": STATES, "size": SIZES}, optional={"body": st.lists(SIZES, max_size=2)})


class Undo(Exception):  # noqa: N818 - said in sentences
    """Ends an act that changed its mind."""


STEPS = st.one_of(
    st.tuples(st.just("insert"), IDS, VALUES),
    st.tuples(st.just("put"), IDS, VALUES),
    st.tuples(st.just("update"), IDS, VALUES),
    st.tuples(st.just("update where"), STATES, st.fixed_dictionaries({"size": SIZES})),
    st.tuples(st.just("delete"), IDS, st.just({})),
    st.tuples(st.just("get"), IDS, st.just({})),
    st.tuples(st.just("value"), IDS, st.just({})),
    st.tuples(st.just("try"), IDS, VALUES),
    st.tuples(st.just("get unique"), STATES, st.fixed_dictionaries({"size": SIZES})),
    st.tuples(st.just("find"), STATES, st.just({})),
    st.tuples(st.just("select"), STATES, st.just({})),
    st.tuples(st.just("by hand"), STATES, st.fixed_dictionaries({"size": SIZES})),
)
ACTS = st.lists(st.tuples(st.lists(STEPS, max_size=6), st.booleans()), max_size=6)


def step(tx, table, what, key, values):
    match what:
        case "insert":
            tx.insert(table, id=key, **values)
        case "put":
            tx.put(table, id=key, **values)
        case "update":
            return tx.update(table, {"id": key}, **values)
        case "update where":
            return tx.update(table, {"state": key}, **values)
        case "delete":
            return tx.delete(table, id=key)
        case "get":
            return tx.get(table, id=key)
        case "value":
            return tx.value(table, json_of, id=key)
        case "try":
            with suppress(Undo):
                tx.attempt(lambda tx: undone(tx, table, key, values))
        case "get unique":
            return tx.get(table, state=key, **values)
        case "find":
            return tx.find(table, "state = ?", (key,), order="id")
        case "select":
            return tx.execute(f"SELECT id, size FROM {table} WHERE state = ? ORDER BY id", key)
        case "by hand":
            return tx.execute(f"UPDATE {table} SET size = ? WHERE state = ? RETURNING id", values["size"], key)
    return None


def undone(tx, table, key, values):
    tx.put(table, id=key, **values)
    raise Undo


def json_of(row):
    return json.dumps(row)


def paired_step(tx, table, what, key, values):
    """Do what a table with a key of two columns can be asked for."""
    state, rest = values.get("state", "x"), {name: value for name, value in values.items() if name != "state"}
    match what:
        case "put":
            tx.put(table, id=key, state=state, **rest)
        case "update":
            return tx.update(table, {"state": state, "id": key}, **rest)
        case "get" | "value":
            return tx.get(table, state="x", id=key), tx.value(table, json_of, id=key, state="x")
        case "try":
            with suppress(Undo):
                tx.attempt(lambda tx: undone(tx, table, key, {"state": state, **rest}))
        case "insert" | "get unique":
            pass
        case _:
            return step(tx, table, what, key, rest)
    return None


async def run(store, table, acts, step=step):
    """Run the acts; return what each step answered, as far as its act came, and whether the act was taken."""
    told = []

    def act(tx, steps, good, heard):
        for each in steps:
            heard.append(step(tx, table, *each))
        if not good:
            raise Undo

    for steps, good in acts:
        heard = []
        try:
            await store.write(lambda tx, s=steps, g=good, h=heard: act(tx, s, g, h), short=True)
            told.append((heard, True))
        except (Duplicate, Undo):
            told.append((heard, False))
    return told, await store.read(lambda tx: tx.find(table, order="id"))


@pytest.fixture
def stores(tmp_path):
    with asyncio.Runner() as runner:
        store = runner.run(Store.open(tmp_path / "held.db", TABLES))
        yield runner, store
        runner.run(store.close())


@pytest.mark.parametrize(
    ("held", "plain", "step"),
    [("held", "plain", step), ("paired", "unpaired", paired_step)],
    ids=["a key of one column", "a key of two columns"],
)
@settings(max_examples=tried(200), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(acts=ACTS)
def test_the_same_acts_on_a_held_and_a_plain_table(stores, held, plain, step, acts):
    runner, store = stores

    async def both():
        for table in (held, plain):
            await store.write(lambda tx, t=table: tx.execute(f"DELETE FROM {t}"))
        return [await run(store, table, acts, step) for table in (held, plain)]

    as_held, as_plain = runner.run(both())
    assert as_held == as_plain


@pytest.fixture
async def store(tmp_path):
    store = await Store.open(tmp_path / "p.db", TABLES)
    yield store
    with suppress(StoreFailed):
        await store.close()


async def put_by_another_process(store, size):
    with closing(sqlite3.connect(store.path, isolation_level=None)) as stranger:
        stranger.execute("UPDATE held SET size = ?", (size,))


async def test_what_somebody_else_wrote_is_seen(store):
    await store.write(lambda tx: tx.insert("held", id="a", state="x", size=1), short=True)
    for size in (2, 3):
        await put_by_another_process(store, size)
        assert (await store.write(lambda tx: tx.get("held", id="a"), short=True))["size"] == size


async def test_a_batch_that_failed_is_not_remembered(store):
    await store.write(lambda tx: tx.insert("held", id="a", state="x", size=1), short=True)
    await store.write(lambda tx: tx.get("held", id="a"), short=True)
    break_disk(store, "COMMIT", sqlite3.SQLITE_BUSY)
    with suppress(Exception):
        await store.write(lambda tx: tx.update("held", {"id": "a"}, size=9), short=True)
    store._writer.batch.connection = store._writer.batch.connection._connection
    assert (await store.write(lambda tx: tx.get("held", id="a"), short=True))["size"] == 1


async def test_a_row_is_written_once_however_often_it_changes(store):
    written = []

    def act(tx):
        tx.insert("held", id="a", state="x", size=0)
        for body in range(5):
            tx.update("held", {"id": "a"}, body=body)
            assert tx.get("held", id="a")["body"] == body

    store._writer.batch.connection = Watched(store._writer.batch.connection, written)
    await store.write(act, short=True)
    await store.write(lambda tx: tx.update("held", {"id": "a"}, body=tx.get("held", id="a")["body"] + 1), short=True)
    assert [sql.split()[0] for sql in written if '"held"' in sql] == ["INSERT", "UPDATE", "UPDATE"], (
        "the new row, what became of it, the second act"
    )


async def test_a_value_is_made_once_for_each_state_of_its_row(store):
    made = []

    def size(row):
        made.append(row["size"])
        return row["size"]

    def act(tx, size_now):
        tx.update("held", {"id": "a"}, size=size_now)
        return tx.value("held", size, id="a"), tx.value("held", size, id="a")

    async def now():
        return await store.write(lambda tx: tx.value("held", size, id="a"), short=True)

    await store.write(lambda tx: tx.insert("held", id="a", state="x", size=1), short=True)
    assert (await now(), await now(), made) == (1, 1, [1])
    assert (await store.write(lambda tx: act(tx, 2), short=True), await now(), made) == ((2, 2), 2, [1, 2])
    with suppress(Undo):
        await store.write(lambda tx: [act(tx, 3), undone(tx, "held", "b", {})], short=True)
    assert (await now(), made) == (2, [1, 2, 3]), "what an act made that failed is made of nothing"


async def test_a_value_that_was_written_is_not_read_again(store):
    def write(tx):
        tx.put("held", id="a", state="x", size=1, body=None)
        tx.note("held", json_of, "noted", id="a")

    await store.write(write, short=True)
    assert await store.write(lambda tx: tx.value("held", json_of, id="a"), short=True) == "noted"
    await store.write(lambda tx: tx.update("held", {"id": "a"}, size=2), short=True)
    assert json.loads(await store.write(lambda tx: tx.value("held", json_of, id="a"), short=True))["size"] == 2


async def test_a_value_of_another_kind_fails_its_act(store):
    with pytest.raises(BadStatement):
        await store.write(lambda tx: tx.insert("held", id="a", state="x", size="large"), short=True)
    with pytest.raises(BadStatement):
        await store.write(lambda tx: tx.insert("held", id="a", colour="red"), short=True)
    assert await store.read(lambda tx: tx.find("held")) == []


async def test_a_reader_cannot_hold_what_it_would_write(store):
    with pytest.raises(BadStatement):
        await store.read(lambda tx: tx.insert("held", id="a", state="x", size=1))


class Watched:
    """A connection that notes what is said to it."""

    def __init__(self, connection, said):
        self._connection, self._said = connection, said

    def execute(self, sql, *values):
        self._said.append(sql)
        return self._connection.execute(sql, *values)

    def __getattr__(self, name):
        return getattr(self._connection, name)


def test_of_a_table_no_more_rows_stay_known_than_it_says():
    known = Known({"held": 2})
    for name in "abc":
        held = Held(known, lambda *_: None)
        held.keep(("held", (name,)), {"id": name})
        known.learn(held)
    assert [known.get(("held", (name,))) is not None for name in "abc"] == [False, True, True]
