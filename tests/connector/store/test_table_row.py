"""A row is a value of its class: the columns, their kinds and what a transaction takes follow from it."""

from dataclasses import FrozenInstanceError, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import pytest

from connector.store import table_row
from connector.store.errors import BadStatement, Duplicate
from connector.store.store import Store
from connector.store.table import Table
from connector.store.table_row import Amount, Document, TableRow, table


class Light(StrEnum):
    """The states of a lamp."""

    RED = "red"
    GREEN = "green"


@table("lamps", key=("street", "number"), index=(("state",),), held=True)
@dataclass(frozen=True, kw_only=True)
class LampRow(TableRow):
    """A lamp."""

    street: str
    number: int
    state: Light
    cost: Amount
    plan: Document | None = None
    lit: datetime | None = None


@table("bulbs", key=("id",))
@dataclass(frozen=True, kw_only=True)
class BulbRow(TableRow):
    """A bulb."""

    id: str
    watts: int


@table("signs", key=("id",), held=True)
@dataclass(frozen=True, kw_only=True)
class SignRow(TableRow):
    """A sign, whose words rest as a list."""

    id: str
    words: Annotated[tuple[str, ...], "json", list, tuple] | None = None


NOW = datetime(2026, 5, 1, tzinfo=UTC)
LAMP = LampRow(street="Quay", number=7, state=Light.RED, cost=10**30, plan={"pole": ["iron"]})


@pytest.fixture
async def store(tmp_path):
    opened = await Store.open(tmp_path / "lamps.db", (LampRow.TABLE, BulbRow.TABLE, SignRow.TABLE))
    yield opened
    await opened.close()


def test_a_table_follows_from_the_class():
    columns = "street:text number:int state:text cost:amount plan:json lit:time"
    assert Table("lamps", columns, ("street", "number"), index=(("state",),), held=True) == LampRow.TABLE


async def test_a_row_comes_back_as_it_was_written(store):
    await store.write(lambda tx: tx.insert(LAMP))
    found = await store.read(lambda tx: tx.get(LampRow, street="Quay", number=7))
    assert found == LAMP
    assert found.state is Light.RED
    assert await store.read(lambda tx: tx.find(LampRow, "state = ?", (Light.RED,))) == [LAMP]
    assert await store.read(lambda tx: tx.get("lamps", street="Quay", number=7)) == LAMP.columns()
    with pytest.raises(Duplicate):
        await store.write(lambda tx: tx.insert(LAMP))


async def test_what_differs_is_written_and_nothing_else(store):
    await store.write(lambda tx: tx.insert(LAMP))
    green = replace(LAMP, state=Light.GREEN, lit=NOW)
    assert LAMP.differs(green) == {"state": Light.GREEN, "lit": NOW}

    def act(tx):
        tx.update(LampRow, LAMP.key(), cost=5)  # somebody else's column, which the row that was read does not know
        return tx.change(LAMP, green), tx.get(LampRow, street="Quay", number=7)

    assert await store.write(act) == (green, replace(green, cost=5))
    assert await store.write(lambda tx: tx.change(LAMP, LAMP)) == LAMP
    with pytest.raises(AssertionError, match="keeps its key"):
        await store.write(lambda tx: tx.change(LAMP, replace(LAMP, number=8)))


async def test_a_row_is_put_and_deleted(store):
    bulb = BulbRow(id="a", watts=4)
    await store.write(lambda tx: tx.put(bulb))
    await store.write(lambda tx: tx.put(replace(bulb, watts=6)))
    await store.write(lambda tx: tx.put(BulbRow, id="b", watts=1))
    assert await store.read(lambda tx: tx.find(BulbRow, order="id")) == [
        replace(bulb, watts=6),
        BulbRow(id="b", watts=1),
    ]
    assert await store.write(lambda tx: tx.delete(BulbRow, id="a")) == 1


async def test_a_value_of_a_held_row_is_made_once(store):
    await store.write(lambda tx: tx.insert(LAMP))
    made = []

    def make(lamp):
        made.append(lamp)
        return lamp.cost

    act = lambda tx: tx.value(LampRow, make, street="Quay", number=7)  # noqa: E731 (the same act twice)
    assert (await store.write(act), await store.write(act)) == (10**30, 10**30)
    assert made == [LAMP]
    assert await store.read(lambda tx: tx.value(LampRow, make, street="Quay", number=8)) is None


async def test_a_column_may_rest_in_another_form_than_the_row_has_it(store):
    sign = SignRow(id="a", words=("mind", "the", "gap"))
    assert (sign.columns()["words"], SignRow(id="b").columns()["words"]) == (["mind", "the", "gap"], None)
    assert sign.differs(replace(sign, words=("mind",))) == {"words": ["mind"]}

    def act(tx):
        tx.insert(sign)
        tx.put(later := replace(sign, words=("mind",)))
        return later, tx.get(SignRow, id="a")

    written, found = await store.write(act)
    assert found is written
    assert await store.read(lambda tx: tx.find(SignRow)) == [written]
    assert await store.read(lambda tx: tx.get("signs", id="a")) == {"id": "a", "words": ["mind"]}
    await store.write(lambda tx: tx.change(written, replace(written, words=None)))
    assert await store.read(lambda tx: tx.get(SignRow, id="a")) == SignRow(id="a")


@dataclass(frozen=True, slots=True)
class Socket:
    """No row."""

    volts: int


def test_a_row_and_any_other_value_is_replaced():
    assert table_row.replace(LAMP, state=Light.GREEN) == replace(LAMP, state=Light.GREEN)
    assert table_row.replace(Socket(110), volts=230) == Socket(230)
    with pytest.raises(TypeError, match="no column volts"):
        table_row.replace(LAMP, volts=230)


def test_a_row_is_never_changed():
    with pytest.raises(FrozenInstanceError):
        LAMP.state = Light.GREEN


async def test_a_column_that_is_not_declared_is_refused(store):
    with pytest.raises(TypeError):
        BulbRow(id="a", watts=1, volts=3)
    with pytest.raises(BadStatement, match="volts"):
        await store.write(lambda tx: tx.update(BulbRow, {"id": "a"}, volts=3))
