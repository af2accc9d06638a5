r"""An entry of the map of members: a member with its state, found by its DID, its account, or the origin of its log.

Law: several keys lead to a member, also those of accounts that it had, so that under one root no two share a DID, an
account or a log. The DID's value is the digest of the whole entry, the others' that of the DID. Who was barred stays
in, for its log is evidence.

    key    SHA256("penstock space <kind>\n<name>")       kind: did, address, origin
    value  SHA256(JCS {member, state?}) of a DID, SHA256(DID) of an account or origin
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from contracts import address
from contracts.canonical import sha
from contracts.errors import ContractError
from ledger.space.document import REVOKED, SUSPENDED, Member, SpaceError

if TYPE_CHECKING:
    from collections.abc import Mapping

# what a member is found by
DID, ADDRESS, ORIGIN = "did", "address", "origin"
KINDS = (DID, ADDRESS, ORIGIN)
NAME_CHARACTERS_MAX = 512  # of a DID, as everywhere; an account and an origin are shorter


def key(kind: str, name: str) -> bytes:
    """Return the key of a DID, of an account as the document shows it, or of an origin."""
    return sha256(f"penstock space {kind}\n{name}".encode()).digest()


def is_name(kind: str, name: str) -> bool:
    """Say whether a member could have this name: nobody else is asked for, and others who ask at once do not suffer."""
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isascii() or not name.isprintable():
        return False
    if kind == ADDRESS:
        try:
            address.read(name, kind)
        except ContractError:
            return False
    return kind != DID or name.startswith("did:")


@dataclass(frozen=True, slots=True)
class Entry:
    """A member; `state` is empty, or `SUSPENDED` or `REVOKED` for one that is given nothing any more."""

    member: Member
    state: str = ""

    def names(self) -> list[tuple[str, str]]:
        """Return (kind, name) of all by which it is found, its DID first."""
        member = self.member
        accounts = ((ADDRESS, address.show(one)) for one in member.accounts)
        return [(DID, member.did), *accounts, (ORIGIN, member.origin)]

    def places(self) -> list[bytes]:
        """Return the key of each of these names."""
        return [key(kind, name) for kind, name in self.names()]

    def pairs(self) -> dict[bytes, bytes]:
        """Return its part of the map, key → value."""
        first, *others = self.places()
        return {first: sha(self.json()), **dict.fromkeys(others, sha256(self.member.did.encode()).digest())}

    def json(self) -> dict[str, Any]:
        """Return the entry as it is told and hashed."""
        return {"member": self.member.json()} | ({"state": self.state} if self.state else {})

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Entry:
        """Read an entry; raises SpaceError unless it is canonical."""
        if not isinstance(value, dict) or set(value) - {"state"} != {"member"}:
            raise SpaceError("an entry of the space is a member and its state")
        if value.get("state", SUSPENDED) not in {SUSPENDED, REVOKED}:
            raise SpaceError("an entry of the space is in no known state")
        return cls(Member.from_json(value["member"]), value.get("state", ""))
