"""An authority to sign: a participant says that one of its own people signs for it, how far, and until when.

    {v, principal, account, person, roles: […], most, daily?, currency, products: […], purposes: […], since, until}

Law: (1) it is under the principal's own signature, of the key that signs agreements, so one of somebody else proves
nothing. (2) It names a person by a reference that only who has its salt can work out. (3) An agreement costs at most
what `price_cap` of its typed data says, and that is what `most` bounds; an empty list of products or purposes bounds
nothing. (4) What is not plainly within it is beyond it: rules whose purposes cannot be told are for any purpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from contracts import address, instants
from contracts.canonical import canonical
from contracts.decimals import read_decimal, read_hex
from contracts.errors import ContractError
from contracts.labels import SHA256_BYTES, H
from contracts.price_words import money
from contracts.signature import recover
from policy.errors import PolicyError
from policy.model import Constraint
from policy.parse import parse
from policy.purposes import SCHEME, ancestors

VERSION: Final = 1
PROVIDER, BUYER, SERVICE = "provider", "buyer", "service"
ROLES: Final = (PROVIDER, BUYER, SERVICE)
SALT_BYTES: Final = 16
# an authority is read whole by whoever is shown it; a longer list is several authorities
NAMED_MAX: Final = 64
PRODUCT_CHARACTERS_MAX: Final = 512
CODE: Final = "authority"
# minor units; sums of it are counted in a database's integer
MOST_MAX: Final = 10**15
_NEEDED: Final = frozenset(
    {"v", "principal", "account", "person", "roles", "most", "currency", "products", "purposes", "since", "until"}
)
# operators that let nothing through but what they name
_ONLY: Final = frozenset({"eq", "isA", "isAnyOf"})


@dataclass(frozen=True, slots=True)
class Deed:
    """What is to be signed: in which role of ours, about which product, and what it costs at most in minor units.

    `policy` is ODRL as JSON, `account` the address (20 bytes) that signs, None where that does not matter yet.
    """

    role: str
    product: str
    amount: int
    currency: str
    policy: Mapping[str, Any]
    account: bytes | None = None


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority; amounts are minor units of `currency`, `daily` what all of 24 hours may cost, None for no bound.

    `account` is the principal's address (20 bytes), `person` the reference (32 bytes), times are UTC, whole seconds.
    """

    principal: str
    account: bytes
    person: bytes
    roles: tuple[str, ...]
    most: int
    daily: int | None
    currency: str
    products: tuple[str, ...]
    purposes: tuple[str, ...]
    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        if not self.roles or list(self.roles) != [role for role in ROLES if role in self.roles]:
            raise _wrong(f"`roles` are some of {', '.join(ROLES)}, in this order, each once")
        for name, amount in (("most", self.most), ("daily", self.daily)):
            if amount is not None and not 0 <= amount <= MOST_MAX:
                raise _wrong(f"`{name}` is an amount from 0 to {MOST_MAX}")
        for name, told in (("products", self.products), ("purposes", self.purposes)):
            if len(told) > NAMED_MAX or len(set(told)) != len(told):
                raise _wrong(f"`{name}` has at most {NAMED_MAX} entries, each once", "grant another authority for more")
        if any(not 0 < len(one) <= PRODUCT_CHARACTERS_MAX for one in self.products):
            raise _wrong(f"the id of a product has 1 to {PRODUCT_CHARACTERS_MAX} characters")
        if unknown := [one for one in self.purposes if one not in SCHEME]:
            raise _wrong(f"`{unknown[0][:100]}` is no purpose of the scheme")
        if self.until <= self.since:
            raise _wrong("it is over before it begins", "choose a later end")

    def json(self) -> dict[str, Any]:
        """Return the JSON value that is signed and shown."""
        told: dict[str, Any] = {
            "v": VERSION,
            "principal": self.principal,
            "account": address.show(self.account),
            "person": self.person.hex(),
            "roles": list(self.roles),
            "most": str(self.most),
            "currency": self.currency,
            "products": list(self.products),
            "purposes": list(self.purposes),
            "since": instants.show(self.since),
            "until": instants.show(self.until),
        }
        return told if self.daily is None else told | {"daily": str(self.daily)}

    @property
    def digest(self) -> bytes:
        """Return the 32 bytes that its principal signs, and by which it is named."""
        return H("authority", canonical(self.json()))

    def require_signed(self, signature: bytes) -> None:
        """Raise ContractError unless the signature (65 bytes) is by the principal's account."""
        if recover(self.digest, signature) != self.account:
            raise ContractError("foreign-signer", "the authority is not signed by its principal's key")

    def refusal(self, deed: Deed, at: datetime) -> str:
        """Return why a deed is not within it at a moment, empty if it is; whether it was revoked is not known here."""
        if not self.since <= at.astimezone(UTC).replace(microsecond=0) < self.until:
            return f"it holds from {instants.show(self.since)} until {instants.show(self.until)}"
        if deed.account not in {None, self.account}:
            return "it was granted under another key"
        if deed.role not in self.roles:
            return f"it is for the role {' or '.join(self.roles)}, not {deed.role}"
        if self.products and deed.product not in self.products:
            return f"it is for other products than `{deed.product}`"
        if self.purposes and not _within(deed.policy, self.purposes):
            return "the rules allow another purpose than it names"
        if deed.amount and deed.currency != self.currency:
            return f"it is in {self.currency}, not {deed.currency}"
        if deed.amount > self.most:
            return f"it goes up to {money(self.most, self.currency)}, not {money(deed.amount, self.currency)}"
        return ""


def reference(salt: bytes, name: str) -> bytes:
    """Return the reference (32 bytes) by which a person is named: the salt (16 bytes) stays at the principal."""
    return H("authority-person", salt, name.encode())


def from_json(document: Any) -> Authority:
    """Read an authority; raises ContractError, which says what is wrong with it."""
    if not isinstance(document, Mapping) or set(document) - {"daily"} != _NEEDED or document["v"] != VERSION:
        raise _wrong(f"it has exactly {', '.join(sorted(_NEEDED))}, and perhaps `daily`")
    lists = {name: document[name] for name in ("roles", "products", "purposes")}
    for name, told in lists.items():
        if not isinstance(told, list) or not all(isinstance(one, str) for one in told):
            raise _wrong(f"`{name}` is a list of texts")
    for name in ("principal", "currency", "since", "until"):
        if not isinstance(document[name], str):
            raise _wrong(f"`{name}` is a text")
    return Authority(
        principal=document["principal"],
        account=address.read(document["account"], "account"),
        person=read_hex(document["person"], "person", SHA256_BYTES),
        roles=tuple(lists["roles"]),
        most=read_decimal(document["most"], "most"),
        daily=read_decimal(document["daily"], "daily") if "daily" in document else None,
        currency=document["currency"],
        products=tuple(lists["products"]),
        purposes=tuple(lists["purposes"]),
        since=instants.read(document["since"], "since", CODE),
        until=instants.read(document["until"], "until", CODE),
    )


def _within(policy: Mapping[str, Any], purposes: tuple[str, ...]) -> bool:
    """Say whether every permission is for some of these purposes alone, or for narrower ones."""
    try:
        rules = parse({**policy, "@type": "Set"}).permissions
    except PolicyError:
        return False
    return bool(rules) and all(
        any(isinstance(one, Constraint) and _only(one, purposes) for one in rule.conditions) for rule in rules
    )


def _only(constraint: Constraint, purposes: tuple[str, ...]) -> bool:
    named = [str(one) for one in constraint.right]
    return (
        constraint.left == "purpose"
        and constraint.operator in _ONLY
        and all(one in SCHEME and not ancestors(one).isdisjoint(purposes) for one in named)
    )


def _wrong(text: str, hint: str = "") -> ContractError:
    return ContractError(CODE, f"an authority: {text}", hint)
