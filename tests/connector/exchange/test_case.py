"""A case is written in one place: its row and the event that proves it, or neither."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.exchange.case import NOWHERE, Case, Turn, check_state
from connector.exchange.operators import OPERATORS
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.store.rows.space import ActRow, ActState, CaseRow, DemandRow, OperatorRow, OperatorState
from connector.store.store import Store
from connector.store.tables import ROWS
from contracts.canonical import sha
from tests.core import core
from tests.style import house

NOW = datetime(2026, 5, 1, tzinfo=UTC)
DEMANDS = Case(DemandRow, "id", "no `{}`", "look", "demand.moved", lambda row: row.document)
DEMAND = DemandRow(
    id="d1", member="did:web:m", document={"a": 1}, state="open", until=NOW, created=NOW, updated=NOW
)  # fmt: skip
NEXT = replace(DEMAND, state="met", agreement="ab", updated=NOW + timedelta(seconds=1))


class Evidence:
    """The log as far as a case looks at it; a log that is `broken` takes nothing."""

    def __init__(self):
        self.told, self.broken = [], False

    def record(self, tx, kind, *, part, fields, now):
        if self.broken:
            raise RuntimeError("no log")
        self.told.append((kind, part, dict(fields), now))


class Clock:
    """It is always the same time."""

    def now(self):
        return NOW


@pytest.fixture
async def ground(tmp_path):
    store = await Store.open(tmp_path / "cases.db", (DemandRow.TABLE, OperatorRow.TABLE, ActRow.TABLE))
    yield core(store=store, evidence=Evidence(), clock=Clock())
    await store.close()


async def keep(ground, before, turn, case=DEMANDS, **more):
    return await ground.store.write(lambda tx: case.keep(tx, ground.evidence, before, turn, **more))


def fields(before, after, **more):
    return {"from": before, "to": after, "by": "did:web:b", "reason": "", "digest": sha({"a": 1}).hex()} | more


async def test_what_begins_comes_from_nowhere(ground):
    assert await keep(ground, None, Turn(DEMAND, "did:web:b")) == DEMAND
    assert await DEMANDS.read(ground.store, "d1") == DEMAND
    assert ground.evidence.told == [("demand.moved", "d1", fields(NOWHERE, "open"), NOW)]


async def test_a_turn_is_the_row_and_its_event(ground):
    await keep(ground, None, Turn(DEMAND, "did:web:b"))
    turn = Turn(NEXT, "did:web:b", "it is met", more={"late": "yes"})
    assert await ground.store.write(lambda tx: DEMANDS.move(tx, ground.evidence, "d1", lambda row: turn)) == NEXT
    assert await DEMANDS.read(ground.store, "d1") == NEXT
    said = fields("open", "met", reason="it is met", late="yes")
    assert ground.evidence.told[1:] == [("demand.moved", "d1", said, NEXT.updated)]


async def test_an_event_may_begin_elsewhere_and_be_of_something_else(ground):
    await keep(ground, None, Turn(DEMAND, "did:web:b", digest="cd"), since="asked")
    assert ground.evidence.told == [("demand.moved", "d1", fields("asked", "open", digest="cd"), NOW)]


async def test_an_event_is_of_the_column_that_is_named(ground):
    row = OperatorRow(
        name="Li Na", post="audit", digest="ef", state=OperatorState.ACTING, created=NOW, updated=NOW
    )  # fmt: skip
    await keep(ground, None, Turn(row, "did:web:b"), OPERATORS)
    [(kind, part, said, _)] = ground.evidence.told
    assert (kind, part, said["to"], type(said["to"])) == ("operator.moved", "ef", "acting", str)


async def test_without_its_event_no_row_is_written(ground):
    ground.evidence.broken = True
    with pytest.raises(RuntimeError, match="no log"):
        await keep(ground, None, Turn(DEMAND, "did:web:b"))
    ground.evidence.broken = False
    with pytest.raises(Absent, match=r"^no `d1`$"):
        await DEMANDS.read(ground.store, "d1")
    await keep(ground, None, Turn(DEMAND, "did:web:b"))
    ground.evidence.broken = True
    with pytest.raises(RuntimeError, match="no log"):
        await keep(ground, DEMAND, Turn(NEXT, "did:web:b"))
    assert await DEMANDS.read(ground.store, "d1") == DEMAND


async def test_a_turn_that_is_refused_leaves_everything_as_it_was(ground):
    await keep(ground, None, Turn(DEMAND, "did:web:b"))

    def refused(row):
        raise Conflict("not this one")

    with pytest.raises(Conflict, match="not this one"):
        await ground.store.write(lambda tx: DEMANDS.move(tx, ground.evidence, "d1", refused))
    with pytest.raises(Absent):
        await ground.store.write(lambda tx: DEMANDS.move(tx, ground.evidence, "d2", refused))
    assert (await DEMANDS.read(ground.store, "d1"), len(ground.evidence.told)) == (DEMAND, 1)


async def test_an_id_is_of_one_case(ground):
    await keep(ground, None, Turn(DEMAND, "did:web:b"))

    async def known(key, member):
        same = lambda row: row.member == member  # noqa: E731 - one of several
        return await ground.store.read(lambda tx: DEMANDS.known(tx, key, "demand", same))

    assert (await known("d2", "x"), await known("d1", DEMAND.member)) == (None, DEMAND)
    with pytest.raises(Conflict, match=r"^there is another demand `d1`$"):
        await known("d1", "did:web:other")


async def test_a_page_begins_where_it_is_asked_to(ground):
    for key in ("d1", "d2", "d3"):
        await keep(ground, None, Turn(replace(DEMAND, id=key), "did:web:b"))
    page = await DEMANDS.page(ground, "member = ?", (DEMAND.member,), "id desc", 1)
    assert [row.id for row in page] == ["d2", "d1"]


async def test_what_is_over_is_ended_those_first_that_waited_longest(ground):
    times = {"d1": 0, "d2": -5, "d3": 5, "d4": -9}
    for key, seconds in times.items():
        row = replace(DEMAND, id=key, until=NOW + timedelta(seconds=seconds), state="met" if key == "d4" else "open")
        await keep(ground, None, Turn(row, "did:web:b"))
    ground.evidence.told.clear()

    def ended(row, now):
        return Turn(replace(row, state="withdrawn", updated=now), "did:web:b")

    for _ in range(2):  # a second time there is nothing to end
        await DEMANDS.end(ground, ("open", "matched"), ended, 10)
    assert [part for _, part, _, _ in ground.evidence.told] == ["d2", "d1"]
    rows = await DEMANDS.page(ground, "", (), "id")
    assert {row.id: row.state for row in rows} == {"d1": "withdrawn", "d2": "withdrawn", "d3": "open", "d4": "met"}


BLIND = {"insert", "put", "update", "delete"}
CASES = {row.__name__ for row in ROWS if issubclass(row, CaseRow)}


def written(tree):
    """Yield the class of each case that a module writes without a turn."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in BLIND:
            named = [one.func if isinstance(one, ast.Call) else one for one in node.args[:1]]
            yield from (one.id for one in named if isinstance(one, ast.Name) and one.id in CASES)


def test_no_case_is_written_without_a_turn():
    found = {module: list(written(tree)) for module, tree in house.sources().items()}
    assert not {module: rows for module, rows in found.items() if rows}


def test_a_case_that_is_written_without_a_turn_is_found():
    tree = ast.parse("tx.update(DemandRow, {'id': key}, state='x'); tx.put(ComplaintRow(id=key)); tx.get(ActRow)")
    assert list(written(tree)) == ["DemandRow", "ComplaintRow"]


def test_a_state_that_is_none_is_refused_with_those_that_there_are():
    check_state("done", ActState, "of an act")
    with pytest.raises(InvalidInput, match=r"^`gone` is no state of an act$"):
        check_state("gone", ActState, "of an act")
