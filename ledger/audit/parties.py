"""The space document as the audit needs it: who is who, which keys sign what, who witnesses whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts import address
from contracts.typed_data import Domain
from ledger import cosignature
from ledger import note as notes
from ledger.dispute import Domains
from ledger.log_policy import Group, LogPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.note import VerifierKey

QUORUM_NAME = "quorum"


class SpaceError(ValueError):
    """The space document cannot be read; the exchange is at fault, and nothing can be audited."""


@dataclass(frozen=True, slots=True)
class Party:
    """One member: DID, role, URL, 20-byte address, Ed25519 log key, BLS key with its proof of possession."""

    did: str
    role: str
    url: str
    origin: str
    address: bytes
    log_key: bytes
    aggregate: bytes
    possession: bytes

    @property
    def witness_name(self) -> str:
        """Return the name under which it cosigns."""
        return self.url.split("://", 1)[1] + "/witness"

    @property
    def log_vkey(self) -> VerifierKey:
        """Return the key of its checkpoints."""
        return notes.log_vkey(self.origin, self.log_key)

    @property
    def cosigner_vkey(self) -> VerifierKey:
        """Return the key of its cosignatures."""
        return cosignature.cosigner_vkey(self.witness_name, self.log_key)


@dataclass(frozen=True, slots=True)
class Space:
    """Members by DID, the exchange that operates the chain, each log's witnesses, the quorum and the domains."""

    exchange: str
    parties: Mapping[str, Party]
    witnesses: Mapping[str, tuple[str, ...]]
    quorum: int
    domains: Domains

    def by_address(self, account: bytes) -> Party | None:
        """Return the member that acts with this account."""
        return next((party for party in self.parties.values() if party.address == account), None)

    def by_origin(self, origin: str) -> Party | None:
        """Return the member whose log has this origin line."""
        return next((party for party in self.parties.values() if party.origin == origin), None)

    def witnesses_of(self, did: str) -> list[Party]:
        """Return the members that witness a log; itself never counts."""
        return [self.parties[one] for one in self.witnesses.get(did, ()) if one in self.parties and one != did]

    def log_policy(self, did: str) -> LogPolicy:
        """Return the C2SP policy of one member's log: `quorum` of its witnesses."""
        witnesses = {party.witness_name: party.cosigner_vkey for party in self.witnesses_of(did)}
        groups = {QUORUM_NAME: Group(self.quorum, tuple(witnesses))}
        return LogPolicy((self.parties[did].log_vkey,), witnesses, groups, QUORUM_NAME)


def parse(document: Mapping[str, Any]) -> Space:
    """Read the document; `SpaceError` if anything the audit relies on is missing or malformed."""
    try:
        parties = {one["did"]: _party(one) for one in document["members"]}
        return Space(
            exchange=str(document["exchange"]),
            parties=parties,
            witnesses={did: tuple(names) for did, names in document["witnesses"].items()},
            quorum=int(document["quorum"]),
            domains=_domains(document["deployment"]),
        )
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise SpaceError(f"the space document cannot be read: {error!r}") from error


def _party(value: Mapping[str, Any]) -> Party:
    return Party(
        did=str(value["did"]),
        role=str(value["role"]),
        url=str(value["url"]).rstrip("/"),
        origin=str(value["origin"]),
        address=address.read(value["address"], "address"),
        log_key=bytes.fromhex(value["logKey"]),
        aggregate=bytes.fromhex(value["aggregate"]),
        possession=bytes.fromhex(value["possession"]),
    )


def _domains(deployment: Mapping[str, Any]) -> Domains:
    chain_id, salt = int(deployment["chainId"]), bytes.fromhex(deployment["salt"])
    where = {name: address.read(shown, name) for name, shown in deployment["addresses"].items()}
    return Domains(*(Domain(chain_id, where[name], salt) for name in ("editions", "licences", "channels")))
