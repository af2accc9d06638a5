"""The measurement of the reader that would answer now: a process of it is started, asked what it is made of, and ended.

It is what terms name where answers are attested; whoever has the same program on the same libraries measures the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connector.compute.reader_process import GATED, NOISED
from connector.compute.sitting import SECONDS, START_SECONDS, THREADS, Sitting

# how a statement is answered → the mode of its reader
EXACT, NOISE = "exact", "noise"
READERS: Final = {EXACT: GATED, NOISE: NOISED}
_STATEMENT: Final = "nothing"  # it is asked none


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a reader measured of itself: `sha-256:` and 64 hexadecimal digits, and what it is `confined` by."""

    digest: str
    confined: tuple[str, ...]


class Measuring(Sitting):
    """A process that says what it is made of, and reads nothing."""

    def __init__(self, mode: str) -> None:
        """Check that it can be started; raises SettingsError."""
        super().__init__(_STATEMENT, SECONDS, mode)

    def measurement(self) -> Measurement:
        """Return it (blocking); raises InvalidInput where none starts."""
        told = {"measured": True, "attested": {}, "seconds": self._seconds, "threads": THREADS}
        found = self._said(told, (), START_SECONDS)
        return Measurement(str(found["measurement"]), tuple(map(str, found["confined"])))


def measured(mode: str) -> str:
    """Return the measurement of the reader of a mode (blocking, some tenths of a second); raises as `Measuring`."""
    return looked_at(mode).digest


def looked_at(mode: str) -> Measurement:
    """Return the same with what confines it."""
    with Measuring(mode) as one:
        return one.measurement()
