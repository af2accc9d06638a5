"""What the exchange answers to who knows a head and asks for the newest one, for some members, or both.

    {head?, since?, changes?, proof?, entries, shown}

`head` is there if it is another than the asker's. `since` is the number of the asker's head, `changes` the keys whose
values differ from it, each with the value before and after, and `proof` shows them in the map of before: from it
follows the newest root, or a change was left out. Without `since` the asker begins anew. `entries` are the members
that changed or were asked for, `shown` proves what was asked for in the newest map, also that nobody is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from contracts.errors import why
from ledger.log import note as notes
from ledger.log.merkle import HASH_BYTES
from ledger.space.document import SpaceError
from ledger.space.entry import Entry
from ledger.space.head import Head

if TYPE_CHECKING:
    from collections.abc import Mapping

# who knows a head that is further behind begins anew: then a few proofs are shorter than what changed
CHANGES_MAX = 768
# of how many names one question is: their proofs and entries fit into an answer of any kind
ASKED_MAX = 64
# those asked for, those that act, and one for each change
ENTRIES_MAX = CHANGES_MAX + ASKED_MAX + 16


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as a value; `changes` key → (before, after), None for no value; proofs as `MemberMap.read` has them."""

    head: Head | None = None
    since: int | None = None
    changes: Mapping[bytes, tuple[bytes | None, bytes | None]] = field(default_factory=dict)
    proof: bytes = b""
    entries: tuple[Entry, ...] = ()
    shown: bytes = b""

    def json(self) -> dict[str, Any]:
        """Return the answer as it is sent."""
        told: dict[str, Any] = {} if self.head is None else {"head": self.head.json()}
        if self.since is not None:
            rows = [[key.hex(), _hex(before), _hex(after)] for key, (before, after) in sorted(self.changes.items())]
            told |= {"since": self.since, "changes": rows, "proof": notes.b64(self.proof)}
        return told | {"entries": [entry.json() for entry in self.entries], "shown": notes.b64(self.shown)}

    @classmethod
    def from_json(cls, value: Any) -> Answer:
        """Read an answer; raises SpaceError unless it is canonical."""
        try:
            answer = cls(
                head=Head.from_json(value["head"]) if "head" in value else None,
                since=value.get("since"),
                changes=_changes(value.get("changes", [])),
                proof=notes.unb64(value.get("proof", "")),
                entries=tuple(map(Entry.from_json, value["entries"][: ENTRIES_MAX + 1])),
                shown=notes.unb64(value["shown"]),
            )
            said = answer.json()
        except SpaceError:
            raise
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise SpaceError(f"what the exchange says of its members cannot be read: {why(error)}") from error
        if said != value or len(answer.entries) > ENTRIES_MAX:
            raise SpaceError("what the exchange says of its members is not written canonically")
        return answer


def _changes(rows: list[Any]) -> dict[bytes, tuple[bytes | None, bytes | None]]:
    if len(rows) > CHANGES_MAX:
        raise SpaceError(f"the exchange tells more than {CHANGES_MAX} changes")
    return {_read(key): (_value(before), _value(after)) for key, before, after in rows}


def _hex(value: bytes | None) -> str:
    return "" if value is None else value.hex()


def _value(told: str) -> bytes | None:
    return _read(told) if told else None


def _read(told: str) -> bytes:
    raw = bytes.fromhex(told)
    if len(raw) != HASH_BYTES:
        raise ValueError(f"`{told[:80]}` is not {HASH_BYTES} bytes in hex")
    return raw
