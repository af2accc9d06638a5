"""The table of a participant's parts, and what is done with each: made, begun, told, looked at again, ended.

    class Connector(Table):
        notices: Notices
        duties: Duties
        claiming: Annotated[Claiming, Service(begins=Claiming.begin, ends=Claiming.end)]

Law: a class that is a table has one line for each part, in the order in which they stand on each other; the lines of a
table that it is derived from come first. What a part needs are the parameters of what makes it, each the name of a line
above it or of what was given; what is not there is refused at the start. Parts are made in the table's order and end in
the reverse; what has a `driver` is driven, what has `measures` is measured.
"""

from __future__ import annotations

import inspect
import logging
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar, get_args
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connector.core.driver import Driver

T = TypeVar("T")
log = logging.getLogger(__name__)
# table → its lines
_READ: WeakKeyDictionary[Any, tuple[Line, ...]] = WeakKeyDictionary()


class Table:
    """A table of parts, or one above another; its annotations are its lines."""


@dataclass(frozen=True, slots=True)
class Service:
    """What is done with one part; what is not said is not done. All but `make` are methods of its class.

    make      what makes it where its class alone does not; it may be a coroutine
    readies   is awaited before questions are answered, in every process
    begins    goes on with what its rows say, where the lease is held
    ends      ends it
    hears     name of a topic (`connector.core.topics`) → what hears it
    looks     tables → what looks again after another process has changed one of them
    working   the same, where the lease is held
    chores    words → what is done in every round
    warns     returns words about what its owner has to see to
    """

    make: Callable[..., Any] | None = None
    readies: Callable[[Any], Any] | None = None
    begins: Callable[[Any], Any] | None = None
    ends: Callable[[Any], Any] | None = None
    hears: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    looks: Mapping[tuple[str, ...], Callable[[Any], Any]] = field(default_factory=dict)
    working: Mapping[tuple[str, ...], Callable[[Any], Any]] = field(default_factory=dict)
    chores: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    warns: Callable[[Any], list[str]] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: the part's name, its class, what makes it, and what is done with it."""

    name: str
    kind: Any
    make: Callable[..., Any]
    service: Service

    @property
    def needs(self) -> tuple[str, ...]:
        """Return the names of what it is made of; what has a default is not asked for."""
        return _needs(self.make)


@cache
def _needs(make: Callable[..., Any]) -> tuple[str, ...]:
    told = inspect.signature(make).parameters
    return tuple(name for name, one in told.items() if one.default is one.empty)


def lines(table: Any) -> Sequence[Line]:
    """Return the lines of a table, which is read once."""
    if table not in _READ:
        found = []
        tables = [one for one in reversed(table.__mro__) if issubclass(one, Table) and one is not Table]
        for name, told in chain.from_iterable(one.__annotations__.items() for one in tables):
            kind, service = get_args(told) if hasattr(told, "__metadata__") else (told, Service())
            found.append(Line(name, kind, service.make or kind, service))
        _READ[table] = tuple(found)
    return _READ[table]


async def make(house: Any) -> None:
    """Make every part and give it to the house under its name; what is needed is there already, by name.

    A part hears what it hears from then on: what parts below it tell while they are made, too. If one cannot be made,
    those above it are ended.
    """
    try:
        for line in lines(type(house)):
            part = line.make(*(getattr(house, name) for name in line.needs))
            part = await part if inspect.isawaitable(part) else part
            setattr(house, line.name, part)
            for topic, hearer in line.service.hears.items():
                getattr(house.core.topics, topic).heard_by(partial(hearer, part))
    except BaseException:
        await _abandon(house)
        raise


async def _abandon(house: Any) -> None:
    """End the parts that were made, last made first; what fails at that hides nothing of why."""
    for line in reversed(lines(type(house))):
        if line.service.ends is not None and hasattr(house, line.name):
            try:
                await _done(line.service.ends(getattr(house, line.name)))
            except Exception as fault:  # noqa: BLE001  # why there will be no house is raised by whoever called
                log.info("could not end `%s`: %s", line.name, fault)


def each(house: Any, what: str) -> Iterator[Any]:
    """Yield what the lines say of `what` in the table's order, made ready to be called: functions, or mappings to them.

    A driver is yielded as it is.
    """
    for line in lines(type(house)):
        part, told = getattr(house, line.name), getattr(line.service, what)
        if callable(told):
            yield partial(told, part)
        elif told:
            yield {key: partial(function, part) for key, function in told.items()}


def drivers(house: Any) -> Iterator[Driver]:
    """Yield the drivers of the parts that have one."""
    for line in lines(type(house)):
        driver = getattr(getattr(house, line.name), "driver", None)
        if driver is not None:
            yield driver


def measured(house: Any) -> Iterator[Callable[[], Any]]:
    """Yield what is awaited when somebody scrapes: it returns name → value (`connector.operation.measures.TOLD`)."""
    for line in lines(type(house)):
        measures = getattr(getattr(house, line.name), "measures", None)
        if measures is not None:
            yield measures


async def begin(house: Any) -> None:
    """Have every part go on with what its rows say."""
    for driver in drivers(house):
        driver.resting = False
    for function in each(house, "begins"):
        await _done(function())


async def end(house: Any) -> None:
    """Rest all drivers first, so that nothing is begun any more, then end what ends, last made first."""
    driven = list(drivers(house))
    for driver in driven:
        driver.resting = True
    for driver in driven:
        await driver.close()
    for function in reversed(list(each(house, "ends"))):
        await _done(function())


async def _done(told: Any) -> None:
    if inspect.isawaitable(told):
        await told


class Parts:
    """The parts of a house, by their classes: who takes one names it, and mypy knows it."""

    def __init__(self, house: Any) -> None:
        told = lines(type(house))
        self._found = {line.kind: getattr(house, line.name) for line in told}
        self._named = {line.name: self._found[line.kind] for line in told}

    def of(self, kind: type[T]) -> T:
        """Return the part of this class; a class without a line fails here."""
        found: T = self._found[kind]
        return found

    def named(self, name: str) -> Any:
        """Return the part of this name, for a table that is read where classes are not loaded."""
        return self._named[name]
