"""The space document: who is in, which keys they act with, who witnesses whose log, where the programs are.

Law: everything here is public and is signed for elsewhere (DID documents, chain); whoever relies on a key checks it
there at first use. The witness table names for every log at least one witness that is neither its owner, nor the
chain's operator, nor a payee (spec 7).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts import address
from ledger import cosignature
from ledger import note as notes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.note import VerifierKey

QUORUM = 2
MEMBERS_MAX = 10_000
# role of a log's owner → roles that witness it; the second is the one that is neither operator nor payee
WITNESSED_BY: Mapping[str, tuple[str, str]] = {
    "provider": ("exchange", "regulator"),
    "buyer": ("exchange", "regulator"),
    "exchange": ("regulator", "buyer"),
    "regulator": ("exchange", "buyer"),
}


@dataclass(frozen=True, slots=True)
class Member:
    """One participant as the space knows it; keys are raw public bytes, `address` its 20-byte account."""

    did: str
    name: str
    role: str
    region: str
    url: str
    address: bytes
    log_key: bytes
    delivery: bytes
    aggregate: bytes
    possession: bytes

    @property
    def origin(self) -> str:
        """Return the origin line of its log: the log's URL without scheme."""
        return self.url.split("://", 1)[1] + "/log"

    @property
    def witness_name(self) -> str:
        """Return the name under which it cosigns others' checkpoints."""
        return self.url.split("://", 1)[1] + "/witness"

    @property
    def log_vkey(self) -> VerifierKey:
        """Return the key that verifies its checkpoints."""
        return notes.log_vkey(self.origin, self.log_key)

    @property
    def cosigner_vkey(self) -> VerifierKey:
        """Return the key that verifies its cosignatures."""
        return cosignature.cosigner_vkey(self.witness_name, self.log_key)

    @property
    def head_vkey(self) -> VerifierKey:
        """Return the key that verifies its signatures on on-chain heads."""
        return cosignature.head_vkey(self.witness_name, self.address)

    def json(self) -> dict[str, str]:
        """Return the member as it stands in the document."""
        return {
            "did": self.did,
            "name": self.name,
            "role": self.role,
            "region": self.region,
            "url": self.url,
            "address": address.show(self.address),
            "origin": self.origin,
            "logKey": self.log_key.hex(),
            "delivery": self.delivery.hex(),
            "aggregate": self.aggregate.hex(),
            "possession": self.possession.hex(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Member:
        """Read a member of the document."""
        return cls(
            did=str(value["did"]),
            name=str(value["name"]),
            role=str(value["role"]),
            region=str(value["region"]),
            url=str(value["url"]),
            address=address.read(value["address"], "address"),
            log_key=bytes.fromhex(value["logKey"]),
            delivery=bytes.fromhex(value["delivery"]),
            aggregate=bytes.fromhex(value["aggregate"]),
            possession=bytes.fromhex(value["possession"]),
        )


@dataclass(frozen=True, slots=True)
class Space:
    """The document as a value: members by DID, the deployment as its JSON, the exchange's fee in basis points."""

    exchange: str
    deployment: Mapping[str, Any]
    members: Mapping[str, Member]
    fee_bps: int
    label: str

    @property
    def supervisor(self) -> Member | None:
        """Return the regulator whose key opens disclosures, if the space has one."""
        return next((member for member in self.members.values() if member.role == "regulator"), None)

    def witnesses_of(self, did: str) -> list[Member]:
        """Return the members that witness the log of `did`, in the table's order."""
        roles = WITNESSED_BY[self.members[did].role]
        found = (self._first(role, did) for role in roles)
        return [member for member in found if member is not None]

    def by_address(self, account: bytes) -> Member | None:
        """Return the member that acts with `account`."""
        return next((member for member in self.members.values() if member.address == account), None)

    def by_origin(self, origin: str) -> Member | None:
        """Return the member whose log has `origin`."""
        return next((member for member in self.members.values() if member.origin == origin), None)

    def logs(self) -> dict[str, VerifierKey]:
        """Return origin → log key of every member."""
        return {member.origin: member.log_vkey for member in self.members.values()}

    def _first(self, role: str, but: str) -> Member | None:
        return next((member for member in self.members.values() if member.role == role and member.did != but), None)

    def json(self) -> dict[str, Any]:
        """Return the document."""
        return {
            "exchange": self.exchange,
            "deployment": dict(self.deployment),
            "members": [member.json() for member in self.members.values()],
            "witnesses": {did: [one.did for one in self.witnesses_of(did)] for did in self.members},
            "quorum": QUORUM,
            "feeBps": self.fee_bps,
            "label": self.label,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Space:
        """Read the document; who witnesses whom is derived, not believed."""
        listed: Sequence[Mapping[str, Any]] = value["members"]
        if len(listed) > MEMBERS_MAX:
            raise ValueError(f"the space lists more than {MEMBERS_MAX} members")
        members = {member.did: member for member in map(Member.from_json, listed)}
        return cls(str(value["exchange"]), value["deployment"], members, int(value["feeBps"]), str(value["label"]))
