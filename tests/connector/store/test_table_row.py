"""A row is a value of its class: the columns, their kinds and what a transaction takes follow from it."""

from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
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


@table_row.table("moths", key=("id",))
@table_row.dataclass(frozen=True, kw_only=True)
class MothRow(TableRow):
    """A moth, as the rows of the project are declared."""

    id: str
    lamps: Annotated[dict[str, int], "json"] = field(default_factory=dict)
    state: Light = Light.RED
    seen: datetime
    home: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class LibraryMoth:
    """The same as the library makes it."""

    id: str
    lamps: dict[str, int] = field(default_factory=dict)
    state: Light = Light.RED
    seen: datetime
    home: str | None = field(default=None, repr=False)


TOLD = [
    {"id": "a", "seen": NOW},
    {"seen": NOW, "id": "b", "home": "attic"},
    {"id": "c", "seen": NOW, "lamps": {"x": 1}},
]


@pytest.mark.parametrize("told", TOLD)
def test_a_row_is_what_the_library_would_make_of_it(told):
    row, twin = MothRow(**told), LibraryMoth(**told)
    assert list(vars(row).items()) == list(vars(twin).items())
    assert repr(row) == repr(twin).replace("LibraryMoth", "MothRow")
    assert asdict(row) == asdict(twin)
    assert replace(row, state=Light.GREEN) == table_row.replace(row, state=Light.GREEN) != row
    assert row == MothRow(**dict(reversed(told.items())))
    assert row != twin
    assert [(one.name, one.repr) for one in fields(row)] == [(one.name, one.repr) for one in fields(twin)]


def test_a_default_is_made_anew_and_a_secret_is_not_shown():
    first, second = (MothRow(id="a", seen=NOW, home="attic") for _ in range(2))
    assert first.lamps is not second.lamps
    assert "attic" not in repr(first)


def test_rows_that_are_equal_hash_alike():
    lamp, same = (MothRow(id="a", seen=NOW, lamps=()) for _ in range(2))
    found = MothRow.FROM(dict(reversed(lamp.columns().items())))
    assert {lamp: 1}[same] == {lamp: 1}[found] == 1
    with pytest.raises(TypeError):
        hash(MothRow(id="a", seen=NOW))  # a dictionary is in it


@pytest.mark.parametrize("told", [{"id": "a"}, {}, {"id": "a", "seen": NOW, "wings": 4}])
def test_a_row_has_its_columns_and_no_others(told):
    for kind in (MothRow, LibraryMoth):
        with pytest.raises(TypeError):
            kind(**told)


def test_nothing_of_a_row_is_changed_or_deleted():
    row = MothRow(id="a", seen=NOW)
    for name in ("id", "wings"):
        with pytest.raises(FrozenInstanceError):
            setattr(row, name, "b")
    with pytest.raises(FrozenInstanceError):
        del row.id
    assert row == MothRow(id="a", seen=NOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMoth(MothRow):
    """A row with something beside it, which rests elsewhere."""

    where: str


def test_a_class_of_the_library_may_stand_on_a_row():
    seen = SeenMoth(id="a", seen=NOW, where="roof")
    assert (seen.where, "where" in seen.columns()) == ("roof", False)
    assert seen == SeenMoth(id="a", seen=NOW, where="roof") != SeenMoth(id="a", seen=NOW, where="door")
