"""The whole space as its exchange keeps it: the document and the map of its members, changed together.

Law: what a change costs grows with what changed, and not with the members; copies of the tables of a document alone
grow with them, and are made by one pass of the interpreter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts import address
from ledger.space.entry import ADDRESS, DID, Entry
from ledger.space.member_map import MemberMap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.space.document import Space


@dataclass(frozen=True, slots=True)
class Roll:
    """A document and the map of its entries."""

    space: Space
    map: MemberMap

    @classmethod
    def of(cls, space: Space) -> Roll:
        """Return the roll of a whole document."""
        pairs: dict[bytes, bytes] = {}
        for member in space.members.values():
            pairs |= Entry(member, space.barred.get(member.did, "")).pairs()
        return cls(space, MemberMap.of(pairs))

    def entry(self, did: str) -> Entry | None:
        """Return the entry of a member, None for anybody else."""
        member = self.space.members.get(did)
        return None if member is None else Entry(member, self.space.barred.get(did, ""))

    def found(self, kind: str, name: str) -> Entry | None:
        """Return who is found by a DID, an account as the document shows it, or an origin; None for nobody."""
        if kind == ADDRESS:
            member = self.space.by_address(address.read(name, kind))
        else:
            member = self.space.members.get(name) if kind == DID else self.space.by_origin(name)
        return None if member is None else self.entry(member.did)

    def changed(self, entries: Iterable[Entry]) -> Roll:
        """Return the roll in which these members stand so; a new one comes last, and nobody goes."""
        told = [entry for entry in entries if entry != self.entry(entry.member.did)]
        if not told:
            return self
        changes: dict[bytes, bytes | None] = {}
        for entry in told:
            before = self.entry(entry.member.did)
            changes |= dict.fromkeys(() if before is None else before.pairs()) | entry.pairs()
        space = self.space.changed([entry.member for entry in told], {one.member.did: one.state for one in told})
        return Roll(space, self.map.changed(changes))
