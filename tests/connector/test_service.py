"""The table of services: each is made of what stands above it; what starts, rests and closes follows from its row."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from connector.app.app import NAMED, SERVICES
from connector.core import service
from connector.core.service import Service


class Part:
    """A service that notes what is done with it."""

    def __init__(self, core, acts=None):
        self.core, self.acts = core, acts

    async def recover(self):
        self.core.append(("recover", self))

    async def close(self):
        self.core.append(("close", self))


class Driven(Part):
    @property
    def driver(self):
        return SimpleNamespace(close=self.rest)

    async def rest(self):
        self.core.append(("rest", self))


class Upper(Part):
    def __init__(self, core, lower):
        super().__init__(core)
        self.lower = lower


TABLE = (
    Service("lower", Driven, leased=True),
    Service("upper", Upper, closes=True),
    Service("last", Part, leased=True, closes=True),
)


def made(table=TABLE):
    house, acts = SimpleNamespace(acts=None), []
    service.build(house, table, lambda name: {"core": acts, **vars(house), "acts": acts}[name])
    return house, acts


def test_a_service_is_made_of_the_ground_and_of_those_above_it():
    house, acts = made()
    assert (house.upper.lower, house.upper.core) == (house.lower, acts)


def test_what_is_not_there_is_refused_by_its_name():
    with pytest.raises(KeyError, match="lower"):
        made(TABLE[1:])


def test_what_has_a_default_is_nothing_that_a_service_needs():
    assert Service("one", lambda core, limit=7: (core, limit)).needs == ("core",)


async def test_only_what_is_leased_goes_on_and_what_has_to_be_is_closed_last_made_first():
    house, acts = made()
    await service.recover(house, TABLE)
    assert acts == [("recover", house.lower), ("recover", house.last)]
    acts.clear()
    await service.close(house, TABLE)
    assert acts == [("rest", house.lower), ("close", house.last), ("close", house.upper)]


def test_the_participants_own_table_names_each_service_once_and_below_what_it_needs():
    names = [one.name for one in SERVICES]
    assert len(set(names)) == len(names)
    for at, one in enumerate(SERVICES):
        assert not set(one.needs) & set(names[at:]), one.name
    assert not NAMED.keys() & set(names)


async def test_the_service_that_contributing_shows_is_built_and_recovered():
    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text()
    [shown] = [one for one in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "SERVICES" in one]
    known = {"Service": Service, "Core": object, "Notices": object}
    exec(shown, known)
    table, house = known["SERVICES"][1:], SimpleNamespace()
    service.build(house, table, {"core": "the core", "notices": "the notices"}.__getitem__)
    assert (house.greeting._core, house.greeting._notices) == ("the core", "the notices")
    await service.recover(house, table)
    assert len(shown.splitlines()) <= 15
