"""The head of a space's document: all that everybody must know, and one root for the members.

Law: the exchange signs every head with the key of its log, under the name `<its place>/space`. The note bears a number,
which is one more with each head, the root, and the digest of the head. So two notes of one number that differ are a
proof against it that anybody can check. Roles that act for all are named in it: the first two of each, for nobody
witnesses itself, in the order of the document.

    <place>/space
    <number, decimal>
    <root of the member map, base64>
    <SHA256(JCS of the head without its note), base64>
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from contracts import canonical
from contracts.errors import why
from ledger.log import checkpoint as checkpoints
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint
from ledger.log.merkle import HASH_BYTES
from ledger.space.document import Space, SpaceError
from ledger.space.fields import basis_points

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from ledger.log.note import VerifierKey
    from ledger.space.document import Member
    from ledger.space.entry import Entry

# whoever is asked for by its role alone, and the other one where that is the asker itself
ACTING = ("exchange", "regulator", "buyer", "node")
ACTING_OF_ROLE_MAX = 2
ACTING_MAX = len(ACTING) * ACTING_OF_ROLE_MAX
NUMBER_MAX = 2**53 - 1
SUFFIX = "/space"


@dataclass(frozen=True, slots=True)
class Head:
    """A head: `number` from 1 on, `count` of the members, `acting` their DIDs by role, `note` what was signed."""

    exchange: str
    deployment: Mapping[str, Any]
    fee_bps: int
    label: str
    acting: tuple[str, ...]
    number: int
    count: int
    root: bytes
    note: str = ""

    @classmethod
    def of(cls, space: Space, number: int, root: bytes) -> Head:
        """Return the head of a whole document, not signed."""
        found: dict[str, list[str]] = {role: [] for role in ACTING}
        for role, dids in found.items():
            dids += [one.did for one in space.of_role(role)[:ACTING_OF_ROLE_MAX]]
        acting = tuple(did for dids in found.values() for did in dids)
        count = len(space.members)
        return cls(space.exchange, space.deployment, space.fee_bps, space.label, acting, number, count, root)

    def space(self, entries: Iterable[Entry]) -> Space:
        """Return the document with these entries, which are all or some of its members."""
        told = list(entries)
        members = {entry.member.did: entry.member for entry in told}
        barred = {entry.member.did: entry.state for entry in told if entry.state}
        return Space(self.exchange, self.deployment, members, self.fee_bps, self.label, barred)

    @property
    def digest(self) -> bytes:
        """Return the digest (32 bytes) that is signed, and that the exchange's log has."""
        return canonical.sha(self._unsigned())

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the DIDs of all that everybody must know: the exchange and who acts."""
        return tuple(dict.fromkeys((self.exchange, *self.acting)))

    def signed(self, exchange: Member, key: Ed25519PrivateKey) -> Head:
        """Return the head with the exchange's note."""
        return replace(self, note=checkpoints.sign(self._checkpoint(exchange), key).encode())

    def check(self, exchange: Member) -> None:
        """Raise SpaceError unless the exchange of the space signed this head."""
        try:
            said = checkpoints.verify(notes.parse(self.note), vkey(exchange))
        except notes.NoteError as error:
            raise SpaceError(f"the head of the space is not signed by its exchange: {error}") from error
        if exchange.did != self.exchange or said != self._checkpoint(exchange):
            raise SpaceError("the exchange signed another head of the space than it shows")

    def _checkpoint(self, exchange: Member) -> Checkpoint:
        return Checkpoint(vkey(exchange).name, self.number, self.root, (notes.b64(self.digest),))

    def _unsigned(self) -> dict[str, Any]:
        return {
            "exchange": self.exchange,
            "deployment": dict(self.deployment),
            "feeBps": self.fee_bps,
            "label": self.label,
            "acting": list(self.acting),
            "number": self.number,
            "count": self.count,
            "root": self.root.hex(),
        }

    def json(self) -> dict[str, Any]:
        """Return the head as it is served."""
        return self._unsigned() | {"note": self.note}

    @classmethod
    def from_json(cls, value: Any) -> Head:
        """Read a head; raises SpaceError unless it is canonical. Whether it is signed is for `check`."""
        try:
            head = cls(
                exchange=str(value["exchange"]),
                deployment=value["deployment"],
                fee_bps=basis_points(value["feeBps"]),
                label=str(value["label"]),
                acting=tuple(value["acting"]),
                number=_positive(value["number"]),
                count=_positive(value["count"]),
                root=bytes.fromhex(value["root"]),
                note=str(value["note"]),
            )
            said = head.json()
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise SpaceError(f"the head of the space cannot be read: {why(error)}") from error
        if said != value or len(head.root) != HASH_BYTES or len(head.acting) > ACTING_MAX:
            raise SpaceError("the head of the space is not written canonically, or says more than we know")
        return head


def vkey(exchange: Member) -> VerifierKey:
    """Return the key that verifies the heads of a space."""
    return notes.log_vkey(exchange.url.split("://", 1)[1] + SUFFIX, exchange.log_key)


def contradict(one: str, other: str, exchange: Member) -> bool:
    """Say whether two notes show that the exchange lied: both signed by it, of one number, and not the same.

    Raises `NoteError` for a note that it did not sign.
    """
    first, second = (checkpoints.verify(notes.parse(note), vkey(exchange)) for note in (one, other))
    return first.size == second.size and first != second


def _positive(value: Any) -> int:
    if type(value) is not int or not 0 < value <= NUMBER_MAX:
        raise ValueError(f"`{value}` is no positive number")
    return value
