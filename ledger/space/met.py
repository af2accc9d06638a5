"""What a participant knows of a space: its newest head, and the members that it met, each proven under that head.

Law: (1) nothing counts that does not follow from the root of a head that the exchange signed. (2) Heads only grow: an
older one is refused, and so is another one of the same number. (3) Whoever was proven once needs no other proof while
the changes from head to head, whose sum is proven, do not name it. (4) An answer is taken whole or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ledger.log.merkle import ProofError
from ledger.space.document import SpaceError
from ledger.space.entry import DID, Entry
from ledger.space.entry import key as _key
from ledger.space.member_map import MemberMap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ledger.space.answer import Answer
    from ledger.space.document import Space
    from ledger.space.head import Head


# so many strangers are remembered as such; one that is forgotten is asked for again
ABSENT_MAX = 1024


@dataclass(frozen=True, slots=True)
class Met:
    """A head with the entries that are proven under it, by DID; `absent` has keys proven to have no value."""

    head: Head | None = None
    entries: Mapping[str, Entry] = field(default_factory=dict)
    absent: frozenset[bytes] = frozenset()
    _owners: Mapping[bytes, str] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, head: Head, entries: Iterable[Entry]) -> Met:
        """Return what an earlier run had proven."""
        known = {entry.member.did: entry for entry in entries}
        return cls(head, known, frozenset(), _owners(known))

    def missing(self) -> list[str]:
        """Return the DIDs of those who act for all and were not proven yet."""
        return [] if self.head is None else [did for did in self.head.roles if did not in self.entries]

    def knows(self, kind: str, name: str) -> bool:
        """Say whether it is proven who is found by a name, or that nobody is."""
        wanted = _key(kind, name)
        return wanted in self._owners or wanted in self.absent

    def finds(self, kind: str, name: str) -> bool:
        """Say whether somebody is proven to be found by a name."""
        return _key(kind, name) in self._owners

    def common(self) -> Space:
        """Return the part of the document that everybody must know: who acts for all, in the order that counts."""
        assert self.head is not None
        return self.head.space(self.entries[did] for did in self.head.roles)

    def space(self) -> Space:
        """Return the document as far as it is known: the common part first."""
        assert self.head is not None
        return self.head.space({did: self.entries[did] for did in (*self.head.roles, *self.entries)}.values())

    def take(self, answer: Answer, asked: Iterable[tuple[str, str]] = ()) -> Met:
        """Return what is known after an answer to a question for some (kind, name); raises SpaceError."""
        asked = list(asked)
        if answer.head is None and self.head is not None and not asked:
            return self
        head, told = answer.head or self.head, {entry.member.did: entry for entry in answer.entries}
        if head is None:
            raise SpaceError("the exchange shows no head of its space")
        if answer.head is not None:
            self._refuse_older(answer.head)
        try:
            known, wanted = self, asked
            if answer.head is not None and answer.since is None:
                known, wanted = Met(head), [*wanted, *((DID, did) for did in head.roles)]
            elif answer.head is not None:
                known = self._followed(answer, answer.head, told)
            if wanted:
                known = known.shown(answer, told, wanted)
        except ProofError as error:
            raise SpaceError(f"what the exchange says of its members is not proven: {error}") from error
        if head.exchange not in known.entries:
            raise SpaceError(f"the exchange `{head.exchange[:200]}` is no member of its own space")
        head.check(known.entries[head.exchange].member)
        return known

    def _refuse_older(self, head: Head) -> None:
        if self.head is None:
            return
        if head.exchange != self.head.exchange:
            raise SpaceError(f"this is the space of another exchange: `{head.exchange[:200]}`")
        if head.number < self.head.number:
            raise SpaceError(f"the exchange shows head {head.number} of its space after head {self.head.number}")
        if head.number == self.head.number:
            raise SpaceError(f"the exchange shows two heads {head.number} of its space")

    def _followed(self, answer: Answer, head: Head, told: Mapping[str, Entry]) -> Met:
        """Return what is known under a newer head that follows from ours by the changes of an answer."""
        if self.head is None or answer.since != self.head.number:
            raise SpaceError(f"the exchange tells what changed since head {answer.since}, which is not what was asked")
        old = MemberMap.read(answer.proof)
        if old.root != self.head.root:
            raise SpaceError(f"the exchange shows another head {self.head.number} of its space than it signed")
        if any(old.get(key) != before for key, (before, _) in answer.changes.items()):
            raise SpaceError("what the exchange says has changed was not so before")
        new = old.changed({key: after for key, (_, after) in answer.changes.items()})
        if new.root != head.root:
            raise SpaceError(f"the exchange leaves out what changed between heads {self.head.number} and {head.number}")
        entries, owners = dict(self.entries), dict(self._owners)
        for did in {owners[key] for key in answer.changes if key in owners}:
            before = entries.pop(did)
            for key in before.places():
                owners.pop(key, None)
            if new.get(_key(DID, did)) is None:
                continue
            entry = told.get(did)
            kept = {key: value for key, value in before.pairs().items() if key not in answer.changes}
            after = kept | {key: value for key, (_, value) in answer.changes.items()}
            if entry is None or any(after.get(key) != value for key, value in entry.pairs().items()):
                raise SpaceError(f"the exchange does not say how `{did}` changed")
            entries[did] = entry
            owners |= dict.fromkeys(entry.pairs(), did)
        return Met(head, entries, self.absent - answer.changes.keys(), owners)

    def shown(self, answer: Answer, told: Mapping[str, Entry], wanted: list[tuple[str, str]]) -> Met:
        """Return what is known with those that were asked for, or the proof that there is nobody."""
        assert self.head is not None
        shown = MemberMap.read(answer.shown)
        if shown.root != self.head.root:
            raise SpaceError("what the exchange proves is of another head of its space")
        found, absent = dict[str, Entry](), set(self.absent)
        for kind, name in wanted:
            if shown.get(_key(kind, name)) is None:
                absent.add(_key(kind, name))
                continue
            entry = next((one for one in told.values() if (kind, name) in one.names()), None)
            if entry is None or any(shown.get(key) != value for key, value in entry.pairs().items()):
                raise SpaceError(f"the exchange does not say who `{name[:200]}` is, and there is somebody")
            found[entry.member.did] = entry
        kept = frozenset(absent) if len(absent) <= ABSENT_MAX else frozenset()
        return Met(self.head, {**self.entries, **found}, kept, {**self._owners, **_owners(found)})


def _owners(entries: Mapping[str, Entry]) -> dict[bytes, str]:
    return {key: did for did, entry in entries.items() for key in entry.places()}
