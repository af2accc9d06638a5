"""The space document: who is in, which keys they act with, who witnesses whose log, where the programs are.

Law: the exchange writes this document, so nobody rests on it alone. It is read only if it is written canonically (it is
what writing it again gives) and no two members share a key. Who witnesses whom follows from `WITNESSED_BY` and the
members' roles; what the document says about it is for people and is checked by the audit. The table names for every
log a witness that is neither its owner, nor the chain's operator, nor a payee (spec 7).
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from contracts import address, currencies
from contracts.errors import why
from contracts.ndi.proof import FormerKey, Signer
from contracts.sm2 import curve
from contracts.typed_data import Domain
from ledger.log import cosignature
from ledger.log import note as notes
from ledger.log.policy import Group, LogPolicy
from ledger.space.domains import Domains

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ledger.log.note import VerifierKey

QUORUM = 2
QUORUM_NAME = "quorum"
MEMBERS_MAX = 200_000  # so many are read from one document, by who must know all; twice what was measured
BASIS_POINTS = 10_000
KEY_BYTES = 32
AGGREGATE_BYTES = 48
POSSESSION_BYTES = 96
FORMER_SM2_MAX = 8  # keys of SM2 that were, of one member
SCHEMES = ("http", "https")
# role of a log's owner → roles that witness it; the second is the one that is neither operator nor payee
WITNESSED_BY: Mapping[str, tuple[str, str]] = {
    "provider": ("exchange", "regulator"),
    "buyer": ("exchange", "regulator"),
    "exchange": ("regulator", "buyer"),
    "regulator": ("exchange", "buyer"),
    "service": ("exchange", "regulator"),
    "broker": ("exchange", "regulator"),
    "arbitrator": ("exchange", "regulator"),
    "node": ("exchange", "regulator"),
}
# whose BLS keys attest the final heads: those who witness every trade
ATTESTED_BY = ("exchange", "regulator")
# one identity, one place, one key a purpose: whoever could appear twice could witness twice
UNSHARED = ("did", "url", "address", "log_key", "aggregate", "sm2")
# what the document derives from the table, for people to read; never relied on
DERIVED = ("witnesses", "quorum")


# states of a member that is in the document for its log alone
SUSPENDED, REVOKED = "suspended", "revoked"


class SpaceError(ValueError):
    """The space document cannot be relied on; the exchange is at fault."""


@dataclass(frozen=True, slots=True)
class Member:
    """One participant as the space knows it; keys are raw public bytes, `address` its 20-byte account.

    `sm2` (64 bytes) signs contracts of the national interfaces, for who has one; `sm2_former` did, the newest first.
    """

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
    sm2: bytes | None = None
    sm2_former: tuple[FormerKey, ...] = ()

    @property
    def signer(self) -> Signer:
        """Return by which keys it signs, or has signed, messages of the national interfaces."""
        return Signer(self.address, self.sm2, self.sm2_former)

    @property
    def sm2_keys(self) -> frozenset[bytes]:
        """Return the keys of SM2 that are or were its own."""
        return frozenset(one.key for one in self.sm2_former) | ({self.sm2} if self.sm2 is not None else set())

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

    def shares(self, other: Member) -> str:
        """Return the first of `UNSHARED` in which two members are equal, empty if there is none."""
        mine = {name: getattr(self, name) for name in UNSHARED}
        same = (name for name, value in mine.items() if value is not None and value == getattr(other, name))
        return next(same, "" if self.sm2_keys.isdisjoint(other.sm2_keys) else "sm2")

    def json(self) -> dict[str, Any]:
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
            **({} if self.sm2 is None else {"sm2": self.sm2.hex()}),
            **({"sm2Former": list(map(_former_json, self.sm2_former))} if self.sm2_former else {}),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Member:
        """Read a member of the document; raises SpaceError."""
        try:
            member = cls(
                did=str(value["did"]),
                name=str(value["name"]),
                role=str(value["role"]),
                region=str(value["region"]),
                url=_url(value["url"]),
                address=address.read(value["address"], "address"),
                log_key=_raw(value["logKey"], KEY_BYTES),
                delivery=_raw(value["delivery"], KEY_BYTES),
                aggregate=_raw(value["aggregate"], AGGREGATE_BYTES),
                possession=_raw(value["possession"], POSSESSION_BYTES),
                sm2=_point(value["sm2"]) if "sm2" in value else None,
                sm2_former=tuple(map(_former, value.get("sm2Former", ()))),
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise SpaceError(f"a member of the space cannot be read: {why(error)}") from error
        if member.json() != value or member.role not in WITNESSED_BY or len(member.sm2_former) > FORMER_SM2_MAX:
            raise SpaceError(f"the member `{member.did[:200]}` of the space is not written canonically")
        return member


@dataclass(frozen=True, slots=True)
class Space:
    """The document as a value: members by DID, the deployment as its JSON, the exchange's fee in basis points.

    `barred` DID → `SUSPENDED` or `REVOKED` names the members whose logs count and who get nothing any more.
    """

    exchange: str
    deployment: Mapping[str, Any]
    members: Mapping[str, Member]
    fee_bps: int
    label: str
    barred: Mapping[str, str] = field(default_factory=dict)
    domains: Domains = field(init=False, compare=False, repr=False)
    anchors: Domain = field(init=False, compare=False, repr=False)
    _by_address: Mapping[bytes, Member] = field(init=False, compare=False, repr=False)
    _by_origin: Mapping[str, Member] = field(init=False, compare=False, repr=False)
    _by_role: Mapping[str, list[Member]] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        currencies.settled(self.currency)
        by_role: dict[str, list[Member]] = {}
        for member in self.members.values():
            by_role.setdefault(member.role, []).append(member)
        members = list(self.members.values())[::-1]  # where two are alike the first counts
        _put(
            self,
            domains=Domains(*(_domain(self.deployment, name) for name in ("editions", "licences", "channels"))),
            anchors=_domain(self.deployment, "anchors"),
            _by_address={member.address: member for member in members},
            _by_origin={member.origin: member for member in members},
            _by_role=by_role,
        )

    def changed(self, members: Iterable[Member], states: Mapping[str, str]) -> Space:
        """Return the document with some members added or put in place; `states` DID → how each is barred, or empty."""
        made, listed = copy(self), dict(self.members)
        by_address, by_origin = dict(self._by_address), dict(self._by_origin)
        by_role = {role: list(found) for role, found in self._by_role.items()}
        for member in members:
            before = listed.get(member.did)
            listed[member.did] = member
            if before is None:
                by_role.setdefault(member.role, []).append(member)
            else:
                by_address.pop(before.address, None)
                by_origin.pop(before.origin, None)
                for role in {before.role, member.role}:
                    by_role[role] = [one for one in listed.values() if one.role == role]
            by_address[member.address] = by_origin[member.origin] = member
        barred = {did: state for did, state in {**self.barred, **states}.items() if state}
        _put(made, members=listed, barred=barred, _by_address=by_address, _by_origin=by_origin, _by_role=by_role)
        return made

    @property
    def currency(self) -> str:
        """Return the currency that the space settles in; a document of before there were several names none."""
        return str(self.deployment.get("currency", currencies.FIRST))

    @property
    def supervisor(self) -> Member | None:
        """Return the regulator whose key opens disclosures, if the space has one."""
        return next(iter(self.of_role("regulator")), None)

    @property
    def node(self) -> Member | None:
        """Return the regional or industry node that assigns codes here, if the space has one."""
        return next(iter(self.of_role("node")), None)

    def witnesses_of(self, did: str) -> list[Member]:
        """Return the members that witness the log of `did`, in the table's order; itself never counts."""
        roles = WITNESSED_BY[self.members[did].role]
        found = (next((one for one in self.of_role(role) if one.did != did), None) for role in roles)
        return [member for member in found if member is not None]

    def attesters(self) -> list[Member]:
        """Return the members whose BLS keys attest the final heads."""
        return [member for member in self.members.values() if member.role in ATTESTED_BY]

    def log_policy(self, did: str, lattice: Mapping[str, bytes] | None = None) -> LogPolicy:
        """Return the C2SP policy of one member's log: `QUORUM` of its witnesses.

        With `lattice` (DID → ML-DSA-44 key, as witnesses publish them) these keys count, and no Ed25519 key of theirs.
        """
        witnesses: dict[str, VerifierKey] = {}
        for one in self.witnesses_of(did):
            if lattice is None:
                witnesses[one.witness_name] = one.cosigner_vkey
            elif one.did in lattice:
                witnesses[one.witness_name] = cosignature.lattice_vkey(one.witness_name, lattice[one.did])
        groups = {QUORUM_NAME: Group(QUORUM, tuple(witnesses))}
        return LogPolicy((self.members[did].log_vkey,), witnesses, groups, QUORUM_NAME)

    def by_address(self, account: bytes) -> Member | None:
        """Return the member that acts with `account`."""
        return self._by_address.get(account)

    def by_origin(self, origin: str) -> Member | None:
        """Return the member whose log has `origin`."""
        return self._by_origin.get(origin)

    def of_role(self, role: str) -> Sequence[Member]:
        """Return the members of a role, in the document's order."""
        return self._by_role.get(role, ())

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
        } | ({"barred": dict(self.barred)} if self.barred else {})

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Space:
        """Read the document; SpaceError unless it is canonical. `DERIVED` must be there and are not believed."""
        try:
            members = _members(value["members"])
            fee, barred = basis_points(value["feeBps"]), _barred(value.get("barred", {}), members)
            space = cls(str(value["exchange"]), value["deployment"], members, fee, str(value["label"]), barred)
            said = space.json() | {name: value[name] for name in DERIVED}
        except SpaceError:
            raise
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise SpaceError(f"the space document cannot be read: {why(error)}") from error
        if said != value:
            raise SpaceError("the space document is not written canonically, or says more than we know")
        if space.exchange not in space.members:
            raise SpaceError(f"the exchange `{space.exchange[:200]}` is no member of its own space")
        return space


def _put(space: Space, **tables: Any) -> None:
    """Set what is frozen from now on."""
    for name, value in tables.items():
        object.__setattr__(space, name, value)


def _members(listed: list[Mapping[str, Any]]) -> dict[str, Member]:
    """Read the members; nobody may appear twice, whatever the DID."""
    if len(listed) > MEMBERS_MAX:
        raise SpaceError(f"the space lists more than {MEMBERS_MAX} members")
    read = [Member.from_json(one) for one in listed]
    for name in UNSHARED:
        values = [value for member in read if (value := getattr(member, name)) is not None]
        if len(set(values)) != len(values):
            raise SpaceError(f"two members of the space have one {name}")
    keys = [key for member in read if member.sm2_former for key in member.sm2_keys]
    others = {member.sm2 for member in read if not member.sm2_former}
    if len(set(keys)) != len(keys) or not others.isdisjoint(keys):
        raise SpaceError("two members of the space have one key of SM2, now or before")
    return {member.did: member for member in read}


def _barred(told: Mapping[str, str], members: Mapping[str, Member]) -> dict[str, str]:
    if not set(told) <= set(members) or not set(told.values()) <= {SUSPENDED, REVOKED}:
        raise SpaceError("the space bars somebody who is no member, or for no known state")
    return dict(told)


def _domain(deployment: Mapping[str, Any], program: str) -> Domain:
    # not by `ledger.chain.deployment`, which would load web3 into every process that knows the space
    chain_id, salt = int(deployment["chainId"]), _raw(deployment["salt"], KEY_BYTES)
    return Domain(chain_id, address.read(deployment["addresses"][program], program), salt)


def _url(value: str) -> str:
    scheme, _, rest = value.partition("://")
    if scheme not in SCHEMES or not rest or rest.endswith("/"):
        raise ValueError(f"`{value[:200]}` is no base URL")
    return value


def _raw(value: str, length: int) -> bytes:
    raw = bytes.fromhex(value)
    if len(raw) != length:
        raise ValueError(f"`{value[:40]}` is not {length} bytes in hex")
    return raw


def _point(value: str) -> bytes:
    raw = _raw(value, curve.POINT_BYTES)
    if curve.point(raw) is None:
        raise ValueError("its key of SM2 is no point of the curve")
    return raw


def _former(value: Mapping[str, Any]) -> FormerKey:
    until = datetime.fromisoformat(value["until"])
    if until.tzinfo is None:
        raise ValueError("a former key of SM2 ends at a time without a zone")
    return FormerKey(_point(value["key"]), until)


def _former_json(one: FormerKey) -> dict[str, str]:
    return {"key": one.key.hex(), "until": one.until.isoformat(timespec="seconds")}


def basis_points(value: Any) -> int:
    """Return a fee if it is one; raises ValueError."""
    if type(value) is not int or not 0 <= value <= BASIS_POINTS:
        raise ValueError("`feeBps` is no number of basis points")
    return value
