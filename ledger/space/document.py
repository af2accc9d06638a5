"""The space document: who is in, which keys they act with, who witnesses whose log, where the programs are.

Law: the exchange writes this document, so nobody rests on it alone. It is read only if it is written canonically (it is
what writing it again gives) and no two members share a key. Who witnesses whom follows from `WITNESSED_BY` and the
members' roles; what the document says about it is for people and is checked by the audit. The table names for every
log a witness that is neither its owner, nor the chain's operator, nor a payee (spec 7).
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from contracts import address, currencies
from contracts.errors import why
from contracts.ndi.proof import FormerKey, Signer
from ledger.log import cosignature
from ledger.log import note as notes
from ledger.log.policy import FormerCosigner, Group, LogPolicy
from ledger.space import accounts, fields, log_keys, sm2_keys
from ledger.space.accounts import FORMER_ACCOUNTS_MAX, FormerAccount
from ledger.space.domains import Domains, domain_of
from ledger.space.log_keys import FORMER_LOG_MAX, FormerLog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from contracts.typed_data import Domain
    from ledger.log.checkpoint import Former
    from ledger.log.note import VerifierKey

QUORUM = 2
QUORUM_NAME = "quorum"
MEMBERS_MAX = 200_000  # so many are read from one document, by who must know all; twice what was measured
KEY_BYTES = 32
AGGREGATE_BYTES = 48
POSSESSION_BYTES = 96
FORMER_SM2_MAX = 8  # keys of SM2 that were, of one member
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

    `sm2` (64 bytes) signs contracts of the national interfaces, for who has one; `sm2_former` did, the newest first, as
    `log_former` signed heads; `address_former` are accounts that it had.
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
    log_former: tuple[FormerLog, ...] = ()
    address_former: tuple[FormerAccount, ...] = ()

    @property
    def signer(self) -> Signer:
        """Return by which keys it signs, or has signed, messages of the national interfaces."""
        return Signer(self.address, self.sm2, self.sm2_former)

    @property
    def sm2_keys(self) -> frozenset[bytes]:
        """Return the keys of SM2 that are or were its own."""
        return frozenset(one.key for one in self.sm2_former) | ({self.sm2} if self.sm2 is not None else set())

    @property
    def log_keys(self) -> frozenset[bytes]:
        """Return the keys of a log that are or were its own."""
        return frozenset(one.key for one in self.log_former) | {self.log_key}

    @property
    def accounts(self) -> tuple[bytes, ...]:
        """Return the accounts that are or were its own, the present one first."""
        return self.address, *(one.address for one in self.address_former)

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
    def former_vkeys(self) -> tuple[Former, ...]:
        """Return the keys that verify what it signed of its log before, each up to its size."""
        return log_keys.verifiers(self.origin, self.log_former)

    @property
    def cosigner_vkey(self) -> VerifierKey:
        """Return the key that verifies its cosignatures."""
        return cosignature.cosigner_vkey(self.witness_name, self.log_key)

    @property
    def head_vkey(self) -> VerifierKey:
        """Return the key that verifies its signatures on on-chain heads."""
        return self.head_vkeys[0]

    @property
    def head_vkeys(self) -> tuple[VerifierKey, ...]:
        """Return that key with those of its former accounts, by which heads were signed before."""
        return tuple(cosignature.head_vkey(self.witness_name, one) for one in self.accounts)

    def shares(self, other: Member) -> str:
        """Return the first of `UNSHARED` in which two members are equal, empty if there is none."""
        mine = {name: getattr(self, name) for name in UNSHARED}
        same = [name for name, value in mine.items() if value is not None and value == getattr(other, name)]
        sets = {"sm2": (self.sm2_keys, other.sm2_keys), "log_key": (self.log_keys, other.log_keys)}
        sets["address"] = frozenset(self.accounts), frozenset(other.accounts)
        return next(iter([*same, *(name for name, (one, two) in sets.items() if not one.isdisjoint(two))]), "")

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
            **({"sm2Former": list(map(sm2_keys.json, self.sm2_former))} if self.sm2_former else {}),
            **({"logFormer": [one.json() for one in self.log_former]} if self.log_former else {}),
            **({"addressFormer": [one.json() for one in self.address_former]} if self.address_former else {}),
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
                url=fields.url(value["url"]),
                address=address.read(value["address"], "address"),
                log_key=fields.raw(value["logKey"], KEY_BYTES),
                delivery=fields.raw(value["delivery"], KEY_BYTES),
                aggregate=fields.raw(value["aggregate"], AGGREGATE_BYTES),
                possession=fields.raw(value["possession"], POSSESSION_BYTES),
                sm2=sm2_keys.point(value["sm2"]) if "sm2" in value else None,
                sm2_former=tuple(map(sm2_keys.read, value.get("sm2Former", ()))),
                log_former=tuple(map(log_keys.read, value.get("logFormer", ()))),
                address_former=tuple(map(accounts.read, value.get("addressFormer", ()))),
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise SpaceError(f"a member of the space cannot be read: {why(error)}") from error
        many = len(member.sm2_former) > FORMER_SM2_MAX or len(member.log_former) > FORMER_LOG_MAX
        many = many or len(member.address_former) > FORMER_ACCOUNTS_MAX
        if member.json() != value or member.role not in WITNESSED_BY or many:
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
            domains=Domains(*(domain_of(self.deployment, name) for name in ("editions", "licences", "channels"))),
            anchors=domain_of(self.deployment, "anchors"),
            _by_address={account: member for member in members for account in member.accounts},
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
                for account in before.accounts:
                    by_address.pop(account, None)
                by_origin.pop(before.origin, None)
                for role in {before.role, member.role}:
                    by_role[role] = [one for one in listed.values() if one.role == role]
            by_address |= dict.fromkeys(member.accounts, member)
            by_origin[member.origin] = member
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
        former: dict[str, tuple[FormerCosigner, ...]] = {}
        for one in self.witnesses_of(did):
            if lattice is None:
                witnesses[one.witness_name] = one.cosigner_vkey
                if one.log_former:
                    former[one.witness_name] = tuple(_cosigned_until(one, key) for key in one.log_former)
            elif one.did in lattice:
                witnesses[one.witness_name] = cosignature.lattice_vkey(one.witness_name, lattice[one.did])
        groups = {QUORUM_NAME: Group(QUORUM, tuple(witnesses))}
        owner = self.members[did]
        return LogPolicy(
            (owner.log_vkey,), witnesses, groups, QUORUM_NAME, former=former, former_logs=owner.former_vkeys
        )

    def by_address(self, account: bytes) -> Member | None:
        """Return the member that acts with `account`, or did."""
        return self._by_address.get(account)

    def accounts_with(self, account: bytes) -> tuple[bytes, ...]:
        """Return every account of the member that acts with one, or did; that one alone where it is nobody's."""
        member = self.by_address(account)
        return (account,) if member is None else member.accounts

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
            fee, barred = fields.basis_points(value["feeBps"]), _barred(value.get("barred", {}), members)
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
    _require_apart("key of SM2", [one.sm2 for one in read], [key.key for one in read for key in one.sm2_former])
    _require_apart("account", [one.address for one in read], [key for one in read for key in one.accounts[1:]])
    _require_apart("key of a log", [one.log_key for one in read], [key.key for one in read for key in one.log_former])
    return {member.did: member for member in read}


def _require_apart(what: str, present: Iterable[bytes | None], former: Sequence[bytes]) -> None:
    """Raise SpaceError where a former key of a member is, or was, another's as well."""
    if former and (len(set(former)) != len(former) or not set(former).isdisjoint(present)):
        raise SpaceError(f"two members of the space have one {what}, now or before")


def _barred(told: Mapping[str, str], members: Mapping[str, Member]) -> dict[str, str]:
    if not set(told) <= set(members) or not set(told.values()) <= {SUSPENDED, REVOKED}:
        raise SpaceError("the space bars somebody who is no member, or for no known state")
    return dict(told)


def _cosigned_until(witness: Member, one: FormerLog) -> FormerCosigner:
    key = cosignature.cosigner_vkey(witness.witness_name, one.key)
    return FormerCosigner(key, int(one.until.timestamp()))
