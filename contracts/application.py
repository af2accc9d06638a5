"""A program that is sold as a product: which one it is, the columns that it needs, what it takes, and what it tells.

    {program, needs: [column…], tells: [[name, least, most]…], takes?: [[name, least, most]…]}
    {program, needs: [column…], asks: [[name, kind]…]}

The second one is a question that was put together, with values left open (decision 0326): its bytes are the program.

Law: (1) it is a part of the signed terms: what is run for a buyer is the program of this digest and no other, so an
assent to the digest is one to what every buyer has. (2) Between what each number lies that it tells is its developer's
word, and what is beyond is taken for the bound. (3) It has one spelling: numbers as in an assent, and `takes` is left
out where it takes none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts.assent import PARAMETERS_MAX, TELLS_MAX, Told, number, read_number
from contracts.engine import DIGEST
from contracts.errors import ContractError

CODE: Final = "application"
NEEDS_MAX: Final = 256
NAME_CHARACTERS_MAX: Final = 60
COLUMN_CHARACTERS_MAX: Final = 512
BOUND_MAX: Final = 1e15
# the tiers in which each use of it is opened, and so decided and counted
TIERS: Final = ("kept", "leased")
_TAKES, _ASKS = "takes", "asks"
_NEEDED: Final = frozenset({"program", "needs", "tells"})
_QUESTION: Final = frozenset({"program", "needs", _ASKS})
# what a value is that a question leaves open
KINDS: Final = ("number", "text", "day", "moment", "truth")
ASKS_MAX: Final = 16


@dataclass(frozen=True, slots=True)
class Application:
    """`program` is `sha-256:` and the digest of its bytes; rows are given to it as the columns `needs`, in this order.

    `tells` and `takes` are a name, a least and a greatest number each: what it tells, and its parameters, in order. Of
    a question `asks` are name and kind of each value that it leaves open; None: it is no question.
    """

    program: str
    needs: tuple[str, ...]
    tells: tuple[Told, ...]
    takes: tuple[Told, ...] = ()
    asks: tuple[tuple[str, str], ...] | None = None

    def __post_init__(self) -> None:
        if not DIGEST.fullmatch(self.program):
            raise _wrong("`program` is `sha-256:` and the digest of its bytes")
        _names("needs", self.needs, NEEDS_MAX, COLUMN_CHARACTERS_MAX)
        if self.asks is not None:
            self._check_asks(self.asks)
        elif not self.needs or not self.tells:
            raise _wrong("it needs one column at the least, and tells one number")
        for name, said, most in (("tells", self.tells, TELLS_MAX), (_TAKES, self.takes, PARAMETERS_MAX)):
            _names(name, tuple(one for one, _, _ in said), most, NAME_CHARACTERS_MAX)
            if not all(-BOUND_MAX <= least < greatest <= BOUND_MAX for _, least, greatest in said):
                raise _wrong(f"each of `{name}` lies between a least and a greater number")

    def _check_asks(self, asks: tuple[tuple[str, str], ...]) -> None:
        if self.tells or self.takes:
            raise _wrong("a question says of itself what it asks, and nothing of numbers")
        _names(_ASKS, tuple(name for name, _ in asks), ASKS_MAX, NAME_CHARACTERS_MAX)
        if not all(kind in KINDS for _, kind in asks):
            raise _wrong(f"each of `{_ASKS}` is a name and one of {', '.join(KINDS)}")

    def json(self) -> dict[str, Any]:
        """Return the JSON value that is signed with the terms, and shown."""
        told: dict[str, Any] = {"program": self.program, "needs": list(self.needs)}
        if self.asks is not None:
            return told | {_ASKS: [list(one) for one in self.asks]}
        told |= {"tells": _shown(self.tells)}
        return told | ({_TAKES: _shown(self.takes)} if self.takes else {})

    def refusal(self, parameters: tuple[float, ...]) -> str:
        """Return why it does not take these parameters, empty where it does."""
        if len(parameters) != len(self.takes):
            names = ", ".join(name for name, _, _ in self.takes)
            return f"it takes {len(self.takes)} parameters" + (f": {names}" if names else "")
        for value, (name, least, most) in zip(parameters, self.takes, strict=True):
            if not least <= value <= most:
                return f"`{name}` is between {number(least)} and {number(most)}"
        return ""


def read(value: Any, name: str = "application") -> Application:
    """Read what terms, or a description, say of it, strictly; raises ContractError."""
    question = isinstance(value, Mapping) and set(value) == _QUESTION
    if not question and (not isinstance(value, Mapping) or set(value) - {_TAKES} != _NEEDED or value.get(_TAKES) == []):
        raise _wrong(f"`{name}` has exactly the members {', '.join(sorted(_NEEDED))}, and {_TAKES} where it takes some")
    if not isinstance(value["program"], str) or not isinstance(value["needs"], list):
        raise _wrong(f"of `{name}` the program is a digest, and what it needs is a list of columns")
    if not all(isinstance(one, str) for one in value["needs"]):
        raise _wrong(f"of `{name}` each column that it needs is a text")
    if question:
        return Application(value["program"], tuple(value["needs"]), (), (), _read_asks(value[_ASKS]))
    return Application(
        value["program"], tuple(value["needs"]), _read(value["tells"], "tells"), _read(value.get(_TAKES, []), _TAKES)
    )


def _names(name: str, names: tuple[str, ...], most: int, characters: int) -> None:
    if len(names) > most or len(set(names)) != len(names):
        raise _wrong(f"`{name}` has at most {most} names, none of them twice")
    if not all(0 < len(one) <= characters and one.isprintable() for one in names):
        raise _wrong(f"a name of `{name}` has 1 to {characters} printable characters")


def _read(value: Any, name: str) -> tuple[Told, ...]:
    if not isinstance(value, list) or not all(
        isinstance(one, list) and len(one) == 3 and isinstance(one[0], str) for one in value
    ):
        raise _wrong(f"`{name}` is a list of a name, a least and a greatest number each")
    return tuple((one, read_number(least), read_number(most)) for one, least, most in value)


def _read_asks(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list) or not all(
        isinstance(one, list) and [type(part) for part in one] == [str, str] for one in value
    ):
        raise _wrong(f"`{_ASKS}` is a list of a name and a kind each")
    return tuple((name, kind) for name, kind in value)


def _shown(said: tuple[Told, ...]) -> list[list[str]]:
    return [[name, number(least), number(most)] for name, least, most in said]


def _wrong(message: str) -> ContractError:
    return ContractError(CODE, message)
