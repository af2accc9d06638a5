"""Uses that run, as a member tells its exchange of them, and what the exchange answers: which of them are stopped.

    member → exchange    running: use, agreement, product, action, since · ended: uses · obeyed: stops
    exchange → member    watched: seconds · stops: stop, agreement, reason, at

Law: (1) nothing of the data, of a statement or of a person is told. (2) The answer names every stop in force for the
member; one that it names no more is lifted. (3) A member asks, so nobody calls it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from catalog.document import items, members, moment, text
from catalog.errors import CatalogError
from catalog.lifecycle import Step, find

if TYPE_CHECKING:
    from collections.abc import Mapping

# uses in one telling; a connector has a handful of readers and seats in its compute room
USES_TOLD_MAX: Final = 200
# uses of one member that an exchange keeps, those that it lost sight of among them
USES_KEPT_MAX: Final = 1_000
# stops in force for one member
STOPS_MAX: Final = 100
# as seldom as an exchange that watches may want to hear
WATCH_SECONDS_MAX: Final = 60
# who has not told, or not obeyed, for so many times of what the exchange wants is late
TELLINGS_MISSED_MAX: Final = 3
# a use that nobody told of any more is forgotten
FORGOTTEN_SECONDS: Final = 24 * 3600
PRODUCT_CHARACTERS_MAX: Final = 256
MOMENT_CHARACTERS_MAX: Final = 64
# what is done → English, 中文
ACTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "read": ("reading", "读取"),
    "stream": ("following a stream", "跟随数据流"),
    "compute": ("computing for its buyer", "受托计算"),
}
_DIGEST = re.compile(r"[0-9a-f]{64}")
_USE = re.compile(r"[0-9a-f]{32}")
EXCHANGE, MEMBER = "exchange", "member"


class StopState(StrEnum):
    """Where a stop is: decided here, told to the member, obeyed by it, lifted."""

    STOPPED = "stopped"
    TOLD = "told"
    OBEYED = "obeyed"
    ALLOWED = "allowed"


class Move(StrEnum):
    """What is done to a stop."""

    TELL = "tell"
    OBEY = "obey"
    ALLOW = "allow"


TABLE: Final[Mapping[tuple[StopState, Move], Step[StopState]]] = {
    (StopState.STOPPED, Move.TELL): Step(StopState.TOLD, EXCHANGE),
    (StopState.TOLD, Move.OBEY): Step(StopState.OBEYED, MEMBER),
    (StopState.STOPPED, Move.ALLOW): Step(StopState.ALLOWED, EXCHANGE),
    (StopState.TOLD, Move.ALLOW): Step(StopState.ALLOWED, EXCHANGE),
    (StopState.OBEYED, Move.ALLOW): Step(StopState.ALLOWED, EXCHANGE),
}
IN_FORCE: Final = (StopState.STOPPED, StopState.TOLD, StopState.OBEYED)


@dataclass(frozen=True, slots=True)
class RunningUse:
    """A use that runs: its name, drawn by who runs it, and under which agreement (digest, hex) it does what."""

    use: str
    agreement: str
    product: str
    action: str
    since: datetime

    def json(self) -> dict[str, str]:
        """Return the JSON form."""
        return {
            "use": self.use,
            "agreement": self.agreement,
            "product": self.product,
            "action": self.action,
            "since": self.since.astimezone(UTC).isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Telling:
    """What a member tells of its uses."""

    running: tuple[RunningUse, ...] = ()
    ended: tuple[str, ...] = ()
    obeyed: tuple[str, ...] = ()

    def json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "running": [one.json() for one in self.running],
            "ended": list(self.ended),
            "obeyed": list(self.obeyed),
        }


@dataclass(frozen=True, slots=True)
class Stop:
    """What an exchange has stopped."""

    stop: str
    agreement: str
    reason: str
    at: datetime

    def json(self) -> dict[str, str]:
        """Return the JSON form."""
        at = self.at.astimezone(UTC).isoformat()
        return {"stop": self.stop, "agreement": self.agreement, "reason": self.reason, "at": at}


def moved(state: StopState, move: Move, role: str) -> StopState:
    """Return the state that a move of a role leads to; raises CatalogError for one that has no row."""
    return find(TABLE, state, move, role, of="a stop").to


def telling(document: object) -> Telling:
    """Read what a member tells, strictly."""
    keys = frozenset({"running", "ended", "obeyed"})
    told = members(document, "uses", required=keys, allowed=keys)
    running = tuple(_running(one) for one in items(told["running"], "running", limit=USES_TOLD_MAX))
    if len({one.use for one in running}) != len(running):
        raise CatalogError("a use is told twice", path="running")
    ended = tuple(_named(one, "ended", _USE) for one in items(told["ended"], "ended", limit=USES_TOLD_MAX))
    obeyed = tuple(_named(one, "obeyed", _USE) for one in items(told["obeyed"], "obeyed", limit=STOPS_MAX))
    return Telling(running, ended, obeyed)


def answer(document: object, reason_characters: int) -> tuple[int, tuple[Stop, ...]]:
    """Read what an exchange answers: in how many seconds it wants to hear again (0: it watches nothing), its stops."""
    keys = frozenset({"watched", "stops"})
    told = members(document, "answer", required=keys)
    seconds = told["watched"]
    if type(seconds) is not int or not 0 <= seconds <= WATCH_SECONDS_MAX:
        raise CatalogError(f"`watched` is no number from 0 to {WATCH_SECONDS_MAX}", path="watched")
    stops = tuple(_stop(one, reason_characters) for one in items(told["stops"], "stops", limit=STOPS_MAX))
    return seconds, stops


def _running(document: object) -> RunningUse:
    keys = frozenset({"use", "agreement", "product", "action", "since"})
    told = members(document, "running", required=keys, allowed=keys)
    action = text(told["action"], "action")
    if action not in ACTIONS:
        raise CatalogError(f"unknown action `{action[:40]}`", path="action", hint=f"known are {', '.join(ACTIONS)}")
    return RunningUse(
        _named(told["use"], "use", _USE),
        _named(told["agreement"], "agreement", _DIGEST),
        text(told["product"], "product", limit=PRODUCT_CHARACTERS_MAX),
        action,
        moment(told["since"], "since", limit=MOMENT_CHARACTERS_MAX),
    )


def _stop(document: object, reason_characters: int) -> Stop:
    keys = frozenset({"stop", "agreement", "reason", "at"})
    told = members(document, "stops", required=keys)
    return Stop(
        _named(told["stop"], "stop", _USE),
        _named(told["agreement"], "agreement", _DIGEST),
        text(told["reason"], "reason", limit=reason_characters),
        moment(told["at"], "at", limit=MOMENT_CHARACTERS_MAX),
    )


def _named(value: object, path: str, form: re.Pattern[str]) -> str:
    if not form.fullmatch(found := text(value, path, limit=64)):
        raise CatalogError(f"`{path}` is no name of that kind: `{found[:40]}`", path=path)
    return found
