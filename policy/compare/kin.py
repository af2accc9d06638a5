"""Values that lie in one another: purposes, regions, parties, assets and terms, wherever the world may place them.

The law. A value is a constant of the policies or a stranger; it may lie in any of the constants and hold any of them,
as `partOf` of some world says; a request may also give several values at once. The scheme of purposes and the codes of
regions are complete: nothing lies in two of their branches, and no world moves a branch. How an answer comes about
from single facts (the best of what a value lies in, all or any of several values) makes it enough to add one fact at
a time and to go on only from what answers anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from policy.compare.cells import ELSEWHERE, Cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeAlias

    from policy.compare.cells import Deck

    Line: TypeAlias = Callable[[str], frozenset[str]]

STRANGER = "urn:penstock:example:other"
UNPLACED = "urn:penstock:example:unplaced"


class Kin(NamedTuple):
    """One value, the constants it lies in and those it holds, and those the world says lie elsewhere."""

    value: str
    within: frozenset[str] = frozenset()
    holds: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()

    def cell(self, name: str = "") -> Cell:
        """Make the representative; a stranger takes the name given."""
        value = name if name and self.value == STRANGER else self.value
        facts = [(value, whole) for whole in sorted(self.within)] + [(part, value) for part in sorted(self.holds)]
        facts += [(constant, ELSEWHERE) for constant in sorted(self.apart)]
        return Cell(value, tuple(facts or ([(value, ELSEWHERE)] if self.value == STRANGER else [])))

    def wider(self, constants: Iterable[str], unplaced: Iterable[str]) -> Iterator[Kin]:
        """Say one thing more of the value."""
        for constant in constants:
            if constant != self.value:
                yield self._replace(within=self.within | {constant})
                yield self._replace(holds=self.holds | {constant})
        for constant in unplaced:
            yield self._replace(apart=self.apart | {constant})


def add_kin(deck: Deck, constants: Sequence[str], known: Iterable[str] = (), line: Line | None = None) -> list[Kin]:
    """Put one cell for each way a single value can answer into the deck, and list them.

    `known` are values with names of their own. `line` gives everything a value of a tree lies in, itself included,
    and nothing for a value outside the tree; without a line there is no tree.
    """
    unplaced = [constant for constant in constants if line is not None and not line(constant)]
    if line is None and deck.unsure(Cell(UNPLACED)):
        unplaced = list(constants)  # collections that a world may never mention
    found = [kin for kin in [*map(Kin, constants), *map(Kin, known), Kin(STRANGER)] if deck.add(kin.cell())]
    deck.add(Cell(UNPLACED))
    for kin in found:  # grows while it is walked
        found.extend(
            wider
            for wider in kin.wider(constants, unplaced)
            if wider != kin and (line is None or _stands(wider, line)) and deck.add(wider.cell())
        )
    return found


def add_lists(deck: Deck, single: Sequence[Kin]) -> None:
    """Put one cell for each further way that several values together can answer into the deck."""
    lists: list[tuple[Kin, ...]] = [(kin,) for kin in single]
    for several in lists:  # grows while it is walked
        for kin in single:
            more = (*several, kin)
            if kin not in several and deck.add(_joined(more)):
                lists.append(more)


def _joined(several: tuple[Kin, ...]) -> Cell:
    cells = [kin.cell(f"{STRANGER}:{number}") for number, kin in enumerate(several, 1)]
    facts = {fact: None for cell in cells for fact in cell.part_of}
    return Cell(tuple([str(cell.value) for cell in cells]), tuple(facts))


def _stands(kin: Kin, line: Line) -> bool:
    """Whether no branch of the tree is left: what it lies in is one line, and what it holds lies on that line too."""
    upward = [line(name) for name in (kin.value, *kin.within) if line(name)]
    if not upward:
        return True
    lowest = max(upward, key=len)
    return all(above <= lowest for above in upward) and all(lowest <= line(part) for part in kin.holds if line(part))
