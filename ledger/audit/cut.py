"""How one audit is cut into shares: which regulator judges which matters.

Law: nobody chooses. A matter's share follows from its name and a seed that came after the records; who has which share
follows from the seed, too. So neither a party nor a regulator can bring a matter and its judge together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.labels import H

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SEED_BYTES = 32
# more of them than this leave each so little that reading is all of the work
SHARES_MAX = 64
MATTER, REGULATOR = "audit-cut-matter", "audit-cut-regulator"


@dataclass(frozen=True, slots=True)
class Cut:
    """A cut into shares number 1 to `of` by a seed of `SEED_BYTES`."""

    seed: bytes
    of: int

    def __post_init__(self) -> None:
        if len(self.seed) != SEED_BYTES:
            raise ValueError(f"a seed has {SEED_BYTES} bytes, not {len(self.seed)}")
        if not 1 <= self.of <= SHARES_MAX:
            raise ValueError(f"an audit is cut into 1 to {SHARES_MAX} shares, not {self.of}")

    def share(self, matter: str) -> int:
        """Return the number of the share that a matter belongs to."""
        return 1 + int.from_bytes(H(MATTER, self.seed, matter.encode())) % self.of

    def shares(self, matters: Iterable[str]) -> Mapping[int, frozenset[str]]:
        """Return number → matters of all shares."""
        found: dict[int, set[str]] = {number: set() for number in range(1, self.of + 1)}
        for matter in matters:
            found[self.share(matter)].add(matter)
        return {number: frozenset(names) for number, names in found.items()}

    def holders(self, regulators: Iterable[str]) -> Mapping[int, str]:
        """Return number → DID of who judges the share; with fewer regulators than shares each has several."""
        order: Sequence[str] = sorted(regulators, key=lambda did: H(REGULATOR, self.seed, did.encode()))
        return {at + 1: order[at % len(order)] for at in range(self.of)} if order else {}
