"""Everything two sides agree on, as one JSON value under one digest (spec 2: `termsDigest = SHA(JCS(terms))`).

Law: a terms value has exactly the members of `Terms`; each has one spelling; the salt makes the digest tell nothing
about the rest to who does not hold it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from contracts import address, answered, application, blind, delegation
from contracts import facts as known_facts
from contracts import gate as gates
from contracts.canonical import canonical, sha
from contracts.decimals import read_decimal, read_hex
from contracts.errors import ContractError
from contracts.labels import H
from contracts.split import Split
from contracts.tariff import Tariff

if TYPE_CHECKING:
    from contracts.application import Application
    from contracts.delegation import Delegation
    from contracts.gate import Gate

VERSION = 1
TIERS = ("plain", "kept", "leased", "computed")
SALT_BYTES = 32
MAX_TERMS_BYTES = 1 << 16
MAX_TITLE_CHARACTERS = 200
MAX_ID_CHARACTERS = 300
MAX_COLUMNS = 4_096
MAX_COLUMN_CHARACTERS = 512
MAX_GROUP = (1 << 32) - 2  # the last number of a row's group is for what no columns reach
MAX_DURATION_SECONDS = 10 * 366 * 86_400
_INSTANT = re.compile(r"(19[7-9][0-9]|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one agreement. Amounts are minor units, durations seconds, addresses 20 bytes, digests 32.

    `policy` is ODRL as JSON; `lease_seconds` is 0 unless the tier is leased; `not_after` has whole seconds. `columns`
    maps the licensed columns to their groups in the edition's rows (spec 1.1, `aligned`); empty: everything. `parent`
    is the agreement that a sub-licence stands under (spec 5, "Onward"); empty: none. `inherit` says that what is made
    out of the data stays under these terms; otherwise it belongs to who made it. `blind_salt` opens the id
    under which the chain knows the edition of an unlisted product (spec 1.5); empty: it is registered under its own.
    `facts` say of the product what the policy asks for (`contracts.facts`); empty: it asks for nothing of it. `gate` is
    what an answer must pass, in the tier computed and in no other. `project` is the digest of the project that the
    product is sold under (`contracts.project`); empty: of none. `hosted` is the delegation under which a host sells it
    for its provider (`contracts.delegation`); None: its provider sells it itself. `amends` is the digest of the
    agreement in whose place this one is (decision 0228); empty: of none. `contract` is the digest of the contract of
    the national interfaces that is delivered by it (decision 0282); empty: of none. `application` says of a program
    that is sold which one it is (`contracts.application`); None: it is none.
    """

    product: str
    title: str
    edition_id: bytes
    policy: Mapping[str, Any]
    tariff: Tariff
    token: bytes
    split: Split
    max_exposure: int
    lock_ttl: int
    claim_margin: int
    stale_max: int
    max_unpaid_bytes: int
    tier: str
    lease_seconds: int
    arbitrator: bytes
    not_after: datetime
    salt: bytes
    columns: Mapping[str, int] = field(default_factory=dict)
    parent: bytes = b""
    inherit: bool = False
    blind_salt: bytes = b""
    facts: Mapping[str, known_facts.Fact] = field(default_factory=dict)
    gate: Gate | None = None
    project: bytes = b""
    hosted: Delegation | None = None
    amends: bytes = b""
    contract: bytes = b""
    application: Application | None = None

    def __post_init__(self) -> None:
        if self.tier not in TIERS:
            raise ContractError("unknown-tier", f"`{self.tier}` is not a tier", f"use one of {', '.join(TIERS)}")
        if (self.tier == "leased") != (self.lease_seconds > 0):
            raise ContractError("terms", "leases last longer than 0 seconds in the tier `leased` and in no other")
        if (self.tier == "computed") != (self.gate is not None):
            raise ContractError("terms", "answers pass a `gate` in the tier `computed` and in no other")
        if self.application is not None and self.tier not in application.TIERS:
            raise ContractError("terms", f"an `application` is sold in the tiers {', '.join(application.TIERS)}")
        if self.gate is not None:
            held = {part for part in answered.PARTS if getattr(self.gate, part) is not None}
            answered.require(answered.counted(self.tariff), held)
        if self.lock_ttl < self.claim_margin + self.stale_max:
            raise ContractError("terms", "`lockTtl` is shorter than `claimMargin` + `staleMax` (spec 4)")
        if self.not_after.tzinfo is not UTC or self.not_after.microsecond:
            raise ContractError("terms", "`notAfter` is an instant in UTC with whole seconds")
        if len(canonical(self.policy)) > MAX_TERMS_BYTES:
            raise ContractError("too-large", f"the policy has more than {MAX_TERMS_BYTES} bytes")

    def json(self) -> dict[str, Any]:
        """Return the JSON value that is digested and sent."""
        said = {name: write(getattr(self, member)) for name, member, _, write in _MEMBERS}
        return {"v": VERSION} | {name: value for name, value in said.items() if value or name not in _OPTIONAL}

    @classmethod
    def from_json(cls, value: Any) -> Terms:
        """Read terms; unknown or missing members and other versions are refused."""
        if not isinstance(value, Mapping) or set(value) - _OPTIONAL != _NAMES:
            odd = sorted((set(value) - _OPTIONAL) ^ _NAMES) if isinstance(value, Mapping) else []
            raise ContractError("terms", f"terms have other members than version {VERSION} says: `{', '.join(odd)}`")
        if value["v"] != VERSION or type(value["v"]) is not int:
            raise ContractError("version", f"terms of version `{value['v']}` are unknown here", "use version 1")
        return cls(**{member: read(value[name], name) for name, member, read, _ in _MEMBERS if name in value})

    @property
    def digest(self) -> bytes:
        """Return `termsDigest` (32 bytes)."""
        return sha(self.json())

    @property
    def registered_id(self) -> bytes:
        """Return the 32 bytes under which the chain knows the edition."""
        return blind.registered_id(self.edition_id, self.blind_salt)


def product_key(product: str) -> bytes:
    """Return the 32 bytes that stand for a product's id in typed data."""
    return H("product", product.encode("utf-8"))


def _text(limit: int) -> Any:
    def read(value: Any, name: str) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= limit or not value.isprintable():
            raise ContractError("terms", f"`{name}` is not a printable text of 1 to {limit} characters")
        return value

    return read


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ContractError("terms", f"`{name}` is not a JSON object")
    return value


def _seconds(value: Any, name: str) -> int:
    if type(value) is not int or not 0 <= value <= MAX_DURATION_SECONDS:
        raise ContractError("terms", f"`{name}` is not a number of seconds from 0 to {MAX_DURATION_SECONDS}")
    return value


def _instant(value: Any, name: str) -> datetime:
    try:
        if isinstance(value, str) and _INSTANT.fullmatch(value):
            return datetime.fromisoformat(value[:-1]).replace(tzinfo=UTC)
    except ValueError:
        pass
    raise ContractError("terms", f"`{name}` is not an instant like `2027-01-31T00:00:00Z`")


def _show_instant(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _columns(value: Any, name: str) -> Mapping[str, int]:
    """Read the licensed columns; where all are licensed the member is absent, so that terms have one spelling."""
    if not isinstance(value, Mapping) or not 0 < len(value) <= MAX_COLUMNS:
        raise ContractError("terms", f"`{name}` is not an object of 1 to {MAX_COLUMNS} columns", "leave it out for all")
    read = _text(MAX_COLUMN_CHARACTERS)
    groups = {read(column, name): read_decimal(group, name, limit=MAX_GROUP) for column, group in value.items()}
    if 0 in groups.values() or len(set(groups.values())) != len(groups):
        raise ContractError("terms", f"`{name}` names a group twice, or the one that belongs to all")
    return groups


def _agreed(value: Any, name: str) -> bool:
    """Read what is said by being there."""
    if value is not True:
        raise ContractError("terms", f"`{name}` is true or left out")
    return True


def _show_columns(columns: Mapping[str, int]) -> dict[str, str]:
    return {column: str(group) for column, group in columns.items()}


def _digest(value: Any, name: str) -> bytes:
    return read_hex(value, name, SALT_BYTES)


_MEMBERS: tuple[tuple[str, str, Any, Any], ...] = (
    ("product", "product", _text(MAX_ID_CHARACTERS), str),
    ("title", "title", _text(MAX_TITLE_CHARACTERS), str),
    ("editionId", "edition_id", _digest, bytes.hex),
    ("policy", "policy", _mapping, dict),
    ("tariff", "tariff", lambda value, _: Tariff.from_json(value), Tariff.json),
    ("token", "token", address.read, address.show),
    ("split", "split", lambda value, _: Split.from_json(value), Split.json),
    ("maxExposure", "max_exposure", read_decimal, str),
    ("lockTtl", "lock_ttl", _seconds, int),
    ("claimMargin", "claim_margin", _seconds, int),
    ("staleMax", "stale_max", _seconds, int),
    ("maxUnpaidBytes", "max_unpaid_bytes", read_decimal, str),
    ("tier", "tier", _text(20), str),
    ("leaseSeconds", "lease_seconds", _seconds, int),
    ("arbitrator", "arbitrator", address.read, address.show),
    ("notAfter", "not_after", _instant, _show_instant),
    ("salt", "salt", _digest, bytes.hex),
    ("columns", "columns", _columns, _show_columns),
    ("parent", "parent", _digest, bytes.hex),
    ("inherit", "inherit", _agreed, bool),
    ("blindSalt", "blind_salt", _digest, bytes.hex),
    ("facts", "facts", known_facts.read, known_facts.show),
    ("gate", "gate", gates.read, lambda gate: gate and gate.json()),
    ("project", "project", _digest, bytes.hex),
    ("hosted", "hosted", delegation.from_json, lambda hosted: hosted and hosted.json()),
    ("amends", "amends", _digest, bytes.hex),
    ("contract", "contract", _digest, bytes.hex),
    ("application", "application", application.read, lambda sold: sold and sold.json()),
)
_OPTIONAL = frozenset({
    "columns", "parent", "inherit", "blindSalt", "facts", "gate", "project", "hosted", "amends", "contract",
    "application",
})  # fmt: skip
_NAMES = frozenset({"v", *(name for name, *_ in _MEMBERS)}) - _OPTIONAL
assert [member for _, member, *_ in _MEMBERS] == [each.name for each in fields(Terms)]
