"""A program of a buyer that is run where the data are: what it is given, what it tells, and how it is named.

    Program("select age, revenue from firms where year = 2023", (Tells("slope", -10, 10),), code=code)

Law: between what each number lies is the buyer's word, said before anything is run, so it tells nothing of the data;
a number that is beyond is taken for its bound. An engine of the provider (`connector.compute.engine`) is run likewise.
"""

from __future__ import annotations

import base64
import json
import math
import re
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from connector.runtime.errors import Absent, InvalidInput, SettingsError
from contracts.assent import PARAMETERS_MAX, TELLS_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PROGRAM_BYTES_MAX: Final = 512 << 10
NAME_CHARACTERS_MAX: Final = 60
BOUND_MAX: Final = 1e15
# parts of the rows that the program is run on, each for itself
BLOCKS_MIN, BLOCKS, BLOCKS_MAX = 10, 100, 2_000
# each part is given some milliseconds at the least
BLOCKS_A_SECOND: Final = 100
_TELLS: Final = re.compile(r"([^:]+):(-?[0-9.eE+-]+):(-?[0-9.eE+-]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tells:
    """A number that a program tells: its name, and between what it lies."""

    name: str
    least: float
    most: float

    def __post_init__(self) -> None:
        if not (isinstance(self.name, str) and 0 < len(self.name) <= NAME_CHARACTERS_MAX and self.name.isprintable()):
            raise InvalidInput(f"what a program tells has a name of 1 to {NAME_CHARACTERS_MAX} characters")
        if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in (self.least, self.most)):
            raise InvalidInput(f"`{self.name}` lies between two numbers")
        if not (math.isfinite(self.most - self.least) and -BOUND_MAX <= self.least < self.most <= BOUND_MAX):
            raise InvalidInput(f"`{self.name}` lies between a least and a greater number")

    def json(self) -> list[Any]:
        """Return it as it is sent."""
        return [self.name, float(self.least), float(self.most)]


@dataclass(frozen=True, slots=True)
class Run:
    """What is run on each block of the rows that a statement gives: its parameters, and the numbers that it tells."""

    rows: str
    tells: tuple[Tells, ...]
    parameters: tuple[float, ...] = ()
    blocks: int = BLOCKS

    def __post_init__(self) -> None:
        if not 0 < len(self.tells) <= TELLS_MAX or len({one.name for one in self.tells}) != len(self.tells):
            raise InvalidInput(f"a program tells 1 to {TELLS_MAX} numbers, each by its name", "such as slope:-10:10")
        if len(self.parameters) > PARAMETERS_MAX or not all(map(_is_number, self.parameters)):
            raise InvalidInput(f"a program takes at most {PARAMETERS_MAX} parameters, which are numbers")
        if not BLOCKS_MIN <= self.blocks <= BLOCKS_MAX:
            raise InvalidInput(f"rows are parted into {BLOCKS_MIN} to {BLOCKS_MAX} blocks")

    def within(self, seconds: int) -> None:
        """Raise InvalidInput where a run of so many seconds has no time for so many blocks."""
        if self.blocks > seconds * BLOCKS_A_SECOND:
            most = min(BLOCKS_MAX, seconds * BLOCKS_A_SECOND)
            raise InvalidInput(f"in {seconds} seconds {self.blocks} blocks are not run", f"at most {most}")

    def about(self) -> dict[str, Any]:
        """Return what is said of it beside its rows and what is run."""
        return {
            "tells": [one.json() for one in self.tells],
            "parameters": list(map(float, self.parameters)),
            "blocks": self.blocks,
        }

    def said(self, what: str) -> str:
        """Return in words that `what` is run so, by which it is decided, and named in logs."""
        return f"{what} {json.dumps(self.about(), ensure_ascii=False, sort_keys=True)}: {self.rows}"


@dataclass(frozen=True, slots=True)
class Program(Run):
    """A WebAssembly module that is run so."""

    code: bytes = field(kw_only=True)

    def __post_init__(self) -> None:
        if not 0 < len(self.code) <= PROGRAM_BYTES_MAX:
            raise InvalidInput(f"a program has 1 to {PROGRAM_BYTES_MAX >> 10} KiB")
        Run.__post_init__(self)

    @property
    def digest(self) -> str:
        """Return by which a policy names it: of the module's bytes."""
        return digest_of(self.code)

    def json(self) -> dict[str, Any]:
        """Return it without its rows, as a reader process is told of it."""
        return {"code": base64.b64encode(self.code).decode(), **self.about()}

    def words(self) -> str:
        """Return what is asked in words."""
        return self.said(f"program {self.digest}")


@dataclass(frozen=True, slots=True)
class Named(Run):
    """A program that is run so, known by its digest before its bytes are here."""

    digest: str = field(kw_only=True)

    def words(self) -> str:
        """Return what is asked in words, the same as of the program itself."""
        return self.said(f"program {self.digest}")

    def with_code(self, code: bytes) -> Program:
        """Return the program, whose bytes were looked at."""
        return Program(self.rows, self.tells, self.parameters, self.blocks, code=code)


def digest_of(code: bytes) -> str:
    """Return the name of what is run: `sha-256:` and the digest of its bytes."""
    return f"sha-256:{sha256(code).hexdigest()}"


def tells_of(text: str) -> Tells:
    """Read NAME:LEAST:MOST; raises InvalidInput."""
    found = _TELLS.fullmatch(text)
    if found is not None:
        with suppress(ValueError):
            return Tells(found[1].strip(), float(found[2]), float(found[3]))
    raise InvalidInput(f"`{text[:60]}` is no number that is told", "write NAME:LEAST:MOST, such as slope:-10:10")


def module(path: Path) -> bytes:
    """Return a module's bytes (blocking); raises Absent, InvalidInput."""
    if not path.is_absolute() or not path.is_file():
        raise Absent(f"`{path}` is no file here", "name a file by its absolute path")
    if path.stat().st_size > PROGRAM_BYTES_MAX:
        raise InvalidInput(
            f"`{path.name}` has more than {PROGRAM_BYTES_MAX >> 10} KiB", "strip its names and its debugging parts"
        )
    return path.read_bytes()


def given(texts: Iterable[str]) -> tuple[float, ...]:
    """Return parameters that somebody wrote; raises InvalidInput."""
    return tuple(map(_number, texts))


def require_wasmtime(where: str, hint: str) -> None:
    """Raise SettingsError where nothing runs programs."""
    if find_spec("wasmtime") is None:
        raise SettingsError(f"programs are run by Wasmtime, which is not installed {where}", hint)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as fault:
        raise InvalidInput(f"`{text[:60]}` is no number", "a parameter is a number") from fault
