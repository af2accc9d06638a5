"""The table of parts: each is made of what stands above it; what is told, begun and ended follows from its line."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated

import pytest

from connector.app.app import Connector
from connector.core import service
from connector.core.service import Line, Parts, Service
from connector.core.topics import Topics
from connector.runtime import settings
from connector.runtime.clock import Clock
from connector.store.topic import Topic

GIVEN = frozenset(vars(Connector(Path(), settings.build({"server.development": True}), Clock(), ())))


class Part:
    """A part that notes what is done with it."""

    def __init__(self, acts):
        self.acts = acts

    async def recover(self):
        self.acts.append(("recover", self))

    async def close(self):
        self.acts.append(("close", self))

    def end(self):
        self.acts.append(("end", self))

    def heard(self, word):
        self.acts.append((word, self))


class Driven(Part):
    @property
    def driver(self):
        return SimpleNamespace(close=self.rest)

    async def rest(self):
        self.acts.append(("rest", self))


class Upper(Part):
    def __init__(self, acts, lower):
        super().__init__(acts)
        self.lower = lower


async def slowly(acts, upper):
    return Part([*acts, upper])


def table(**told):
    return type("Told", (service.Table,), {"__annotations__": told})


LOWER = {"lower": Annotated[Driven, Service(begins=Driven.recover, hears={"greeted": Driven.heard})]}
UPPER = {"upper": Annotated[Upper, Service(ends=Upper.close)]}
LAST = {"last": Annotated[Part, Service(slowly, begins=Part.recover, ends=Part.end)]}


async def made(**told):
    house = table(**told)()
    house.acts, house.core = [], SimpleNamespace(topics=SimpleNamespace(greeted=Topic()))
    await service.make(house)
    return house


async def test_a_part_is_made_of_what_was_given_and_of_those_above_it():
    house = await made(**LOWER, **UPPER, **LAST)
    assert (house.upper.lower, house.upper.acts, house.last.acts) == (house.lower, house.acts, [house.upper])


async def test_what_is_not_there_is_refused_by_its_name():
    with pytest.raises(AttributeError, match="lower"):
        await made(**UPPER)


async def test_if_one_part_cannot_be_made_those_above_it_are_ended_and_it_is_said_why():
    ended = []

    class Brittle(Part):
        def end(self):
            ended.append("brittle")
            raise OSError("this is not why")

    def refuse():
        raise ValueError("this is why")

    told = {
        "first": Annotated[Upper, Service(lambda acts: Upper(acts, None), ends=Upper.close)],
        "brittle": Annotated[Brittle, Service(ends=Brittle.end)],
        "refused": Annotated[int, Service(refuse, ends=ended.append)],
        "never": Annotated[Part, Service(ends=Part.end)],
    }
    house = table(**told)()
    house.acts, house.core = [], None
    with pytest.raises(ValueError, match="this is why"):
        await service.make(house)
    assert (ended, house.acts) == (["brittle"], [("close", house.first)])


async def test_what_has_measures_is_measured():
    house = await made(**LOWER, measured=Annotated[SimpleNamespace, Service(lambda: SimpleNamespace(measures=len))])
    assert list(service.measured(house)) == [len]


def test_what_has_a_default_is_nothing_that_a_part_needs():
    assert Line("one", None, lambda core, limit=7: (core, limit), Service()).needs == ("core",)


async def test_parts_begin_in_order_and_end_last_made_first_when_all_drivers_rest():
    house = await made(**LOWER, **UPPER, **LAST)
    driver, house.last.acts = SimpleNamespace(close=house.lower.rest, resting=None), house.acts
    Driven.driver, kept = property(lambda _self: driver), Driven.driver
    try:
        await service.begin(house)
        assert (house.acts, driver.resting) == ([("recover", house.lower), ("recover", house.last)], False)
        house.acts.clear()
        await service.end(house)
        ended = [("rest", house.lower), ("end", house.last), ("close", house.upper)]
        assert (house.acts, driver.resting) == (ended, True)
    finally:
        Driven.driver = kept


async def test_a_line_says_what_is_done_with_its_part():
    house = await made(**LOWER, **UPPER)
    house.core.topics.greeted.tell("good day")
    assert house.acts == [("good day", house.lower)]
    assert [len(list(service.each(house, what))) for what in ("begins", "ends", "looks", "warns")] == [1, 1, 0, 0]


async def test_a_part_hears_what_is_told_while_those_below_it_are_made():
    def told(core, acts):
        core.topics.greeted.tell("early")
        return Part(acts)

    house = await made(**LOWER, teller=Annotated[Part, Service(told)])
    assert house.acts == [("early", house.lower)]


async def test_a_part_is_had_by_its_class():
    house = await made(**LOWER, **UPPER)
    parts = Parts(house)
    assert (parts.of(Driven), parts.of(Upper)) == (house.lower, house.upper)
    with pytest.raises(KeyError):
        parts.of(Part)


def test_the_participants_own_table_has_each_part_below_what_it_needs():
    known = set(GIVEN)
    for line in service.lines(Connector):
        assert line.name not in known
        assert set(line.needs) <= known, line.name
        known.add(line.name)


def test_no_two_parts_that_routes_may_take_are_of_one_class():
    kinds = [line.kind for line in service.lines(Connector)]
    assert len(set(kinds)) == len(kinds)


def test_what_a_line_does_is_a_method_of_its_parts_class():
    for line in service.lines(Connector):
        told = line.service
        maps = (told.hears, told.looks, told.working, told.chores)
        for function in (told.readies, told.begins, told.warns, *(each for one in maps for each in one.values())):
            assert function is None or getattr(line.kind, function.__name__) is function, line.name


def test_what_is_heard_is_told():
    known = set(Topics.__dataclass_fields__)
    heard = {topic for line in service.lines(Connector) for topic in line.service.hears}
    assert heard == known


def test_nothing_is_begun_that_is_never_ended():
    for line in service.lines(Connector):
        if hasattr(line.kind, "close") and inspect.isfunction(line.kind.close):
            ends = not inspect.signature(line.kind.close).parameters.keys() - {"self"}
            assert line.service.ends is not None or not ends, line.name


async def test_the_service_that_contributing_shows_is_made_and_begun():
    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text()
    [shown] = [one for one in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "class Connector" in one]
    known = {"Service": Service, "Annotated": Annotated, "Core": object, "Notices": object, "Founded": service.Table}
    exec(compile(shown, "CONTRIBUTING.md", "exec", dont_inherit=True), known)
    house = known["Connector"]()
    house.core, house.notices = "the core", "the notices"
    await service.make(house)
    assert (house.greeting._core, house.greeting._notices) == ("the core", "the notices")
    await service.begin(house)
    assert len(shown.splitlines()) <= 15
