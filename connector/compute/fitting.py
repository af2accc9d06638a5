"""How much of a buyer's own list is covered, answered where the data are: by the reader process, in blinded points.

with Fitting(asked, gate, columns, keys) as fitting:    as `connector.compute.computation`, and as it is used
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from connector.compute import blinding
from connector.compute.computation import OWN_HINTS
from connector.compute.one_table import OneTable
from connector.compute.reader_process import COVERED
from connector.runtime.errors import InvalidInput
from contracts.coverage import KEYS_AT_ONCE, KEYS_LEAST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from connector.compute.one_table import Foreseen
    from connector.compute.waiting import Waiting
    from contracts.coverage import Coverage
    from contracts.gate import Gate
    from ledger.edition.header import Header
    from ledger.edition.index import IndexedFile

# a million multiplications, on a machine that is busy
SECONDS: Final = 300
GROUPS_MAX: Final = 8
# member of an answer that tells how fresh subjects are: the edition's header, by which its buyer knows from which day
HEADER: Final = "header"
HINTS: Final[Mapping[str, str]] = {
    **OWN_HINTS,
    "subjects": "ask about fewer keys; or its provider tells of fewer columns",
    "keys": "blind them as docs/compute.md says",
}


@dataclass(frozen=True, slots=True)
class Groups:
    """The blinded keys of one list, in groups; `table` may be empty where there is one."""

    keys: tuple[bytes, ...]
    table: str = ""

    def __post_init__(self) -> None:
        if not 0 < len(self.keys) <= GROUPS_MAX:
            raise InvalidInput(f"a list has 1 to {GROUPS_MAX} groups")
        if self.asked > KEYS_AT_ONCE:
            raise InvalidInput(f"{self.asked} keys are asked about", f"at most {KEYS_AT_ONCE} at once: ask in parts")
        if few := next((len(one) for one in map(blinding.apart, self.keys) if len(one) < KEYS_LEAST), None):
            hint = f"an answer is of {KEYS_LEAST} keys and more: of fewer it is noise alone"
            raise InvalidInput(f"a group has {few} keys", hint)

    @property
    def asked(self) -> int:
        """How many keys there are."""
        return sum(map(len, self.keys)) // blinding.POINT_BYTES

    def statement(self) -> str:
        """Return what is asked in words, by which it is decided, and named in logs."""
        digest = sha256(b"".join(sha256(one).digest() for one in self.keys)).hexdigest()
        about = f" of {self.table}" if self.table else ""
        return f"coverage{about}: {self.asked} keys in {len(self.keys)} groups, {digest}"


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of all subjects of a table, for one question: a bit for each place."""

    places: int
    bits: bytes


@dataclass(frozen=True, slots=True)
class Coins:
    """What throws the coins of a table, question → scalar and coin, and the marks that were thrown before."""

    keys: Mapping[str, tuple[bytes, bytes]]
    marks: Mapping[str, Marks]


@dataclass(frozen=True, slots=True)
class Covered:
    """What is told: for each question the marks of all subjects, and the keys of each group under one more key."""

    told: int
    members: Mapping[str, Any]
    confined: tuple[str, ...]
    seconds: float
    marks: Mapping[str, Marks]  # thrown now, to be kept
    covers: Coverage
    memory: None = None


def coverage_of(gate: Gate) -> Coverage:
    """Return what a gate tells of lists; raises InvalidInput where it tells nothing."""
    if gate.coverage is None:
        raise InvalidInput("its terms tell nobody how much of a list it covers", "ask its provider, or ask in SQL")
    return gate.coverage


class Fitting(OneTable):
    """A process that answers how much is covered; `coins` are a table's, by its file (`connector.compute.marks`).

    `header` is the edition's as everybody has it, where its gate tells how fresh subjects are.
    """

    hints = HINTS

    def __init__(
        self,
        groups: Groups,
        gate: Gate,
        columns: Mapping[str, Mapping[str, str]],
        coins: Callable[[str], Coins],
        waiting: Waiting | None = None,
        header: Header | None = None,
    ) -> None:
        super().__init__(groups.statement(), gate, columns, SECONDS, COVERED, waiting)
        self._groups, self._coins, self._covers, self._header = groups, coins, coverage_of(gate), header

    def foresee(self) -> Foreseen:
        """Have it looked at (blocking); raises InvalidInput, NotPermitted once it was cut."""
        sizes = [len(one) for one in self._groups.keys]
        return self._looked({"table": self._groups.table, "groups": sizes})

    def compute(
        self, table: str, file: IndexedFile, placed: Iterable[tuple[int, bytes | memoryview]], _kept: bytes
    ) -> Covered:
        """Return what is told of a table; raises as `foresee`. What was told before says nothing about it."""
        coins = self._coins(file.name)
        keys = {name: [one.hex() for one in pair] for name, pair in coins.keys.items()}
        sealed = "" if self._header is None else self._header.sealed_at.date().isoformat()
        places = {name: one.places for name, one in coins.marks.items()}
        about = {"keys": keys, "places": places, "sealed": sealed}
        head, written = self._given(table, file, placed, b"".join(self._groups.keys), about)
        made: dict[str, Marks] = {}
        questions, at = [], 0
        for one in head["questions"]:
            parts = []
            for length in (int(one["bits"]), *map(len, self._groups.keys)):
                parts.append(written[at : at + length])
                at += length
            name = str(one["column"])
            known = coins.marks.get(name) or made.setdefault(name, Marks(int(one["places"]), parts[0]))
            told = [base64.b64encode(part).decode() for part in (known.bits, *parts[1:])]
            questions.append({"column": name, "places": known.places, "marks": told[0], "groups": told[1:]})
        if at != len(written):
            raise InvalidInput("the reader process wrote another answer than it told of")
        members = {"questions": questions} | ({} if self._header is None else {HEADER: self._header.json()})
        return Covered(self._groups.asked, members, self._confined, self.seconds, made, self._covers)
