"""A provider's delegation to a host: what it may sell in the provider's place, within which bounds, and until when.

    {v, provider, host, payee, acts: […], terms: {…}, policy: {…}, floor, until}

`terms` are those of the hosted product (`contracts.terms`, all members but policy and salt), at the asked price.

Law: (1) the chain knows a delegation as a licence of the provider to the host whose `termsDigest` is the delegation's
digest: both have signed it, everybody reads whether it stands, and the provider alone revokes it. (2) What the host
signs under it names it whole (`hosted` of the terms), so that a buyer needs nobody to know the bounds. (3) Nothing in
it differs from the delegation but the price, above the floor and only where the host may negotiate, and rules that are
narrower.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from contracts import address, instants
from contracts.canonical import canonical
from contracts.decimals import read_decimal, read_hex
from contracts.errors import ContractError
from contracts.labels import H
from contracts.split import Split
from contracts.tariff import MAX_MINOR, Tariff
from contracts.typed_data import Agreement
from policy.compare.cells import Effort
from policy.compare.compare import implied
from policy.compare.onward import QUESTIONS_MAX
from policy.errors import PolicyError
from policy.parse import parse

if TYPE_CHECKING:
    from collections.abc import Collection

VERSION: Final = 1
LIST, NEGOTIATE, SIGN, DELIVER, COMPUTE = "list", "negotiate", "sign", "deliver", "compute"
# what a host may do, in English and 中文
ACTS: Mapping[str, tuple[str, str]] = MappingProxyType({
    LIST: ("has it listed at the exchange", "在交易机构登记上架"),
    NEGOTIATE: ("agrees to prices down to the floor", "在底价以上议价"),
    SIGN: ("signs agreements with buyers", "与需求方签约"),
    DELIVER: ("releases keys and hands out copies", "交付密钥与副本"),
    COMPUTE: ("answers what is asked of the data", "对数据执行计算"),
})  # fmt: skip
COMPUTED: Final = "computed"
# it stands in the terms of every sale, which have 64 KiB at most, beside the same terms
DELEGATION_BYTES_MAX: Final = 24 * 1024
DID_CHARACTERS_MAX: Final = 512
_MEMBERS: Final = frozenset({"v", "provider", "host", "payee", "acts", "terms", "policy", "floor", "until"})
# members of an agreement's terms that are not the delegation's to fix, or follow from the price
FREE: Final = frozenset({"policy", "salt", "hosted", "tariff", "maxExposure"})
_NEEDED: Final = frozenset({"product", "title", "editionId", "tariff", "token", "split", "tier"})


@dataclass(frozen=True, slots=True)
class Delegation:
    """A delegation; `provider` and `host` are DIDs, `payee` the provider's account, `floor` minor units.

    `terms` and `policy` are JSON; `until` (UTC, whole seconds) is when the host signs nothing more.
    """

    provider: str
    host: str
    payee: bytes
    acts: tuple[str, ...]
    terms: Mapping[str, Any]
    policy: Mapping[str, Any]
    floor: int
    until: datetime

    def __post_init__(self) -> None:
        for name in ("provider", "host"):
            did = getattr(self, name)
            if not did.startswith("did:") or len(did) > DID_CHARACTERS_MAX:
                raise _wrong(f"`{name}` is a DID")
        if self.provider == self.host:
            raise _wrong("nobody hosts for itself", "name another member")
        if not self.acts or list(self.acts) != [name for name in ACTS if name in self.acts]:
            raise _wrong(f"`acts` are some of {', '.join(ACTS)}, in this order, each once")
        if missing := _NEEDED - set(self.terms):
            raise _wrong(f"its terms lack {', '.join(sorted(missing))}")
        if {"policy", "salt", "hosted", "parent", "blindSalt", "project", "amends", "contract"} & set(self.terms):
            raise _wrong("its terms are those of a product that is listed, of its provider's own")
        read_hex(self.terms["editionId"], "editionId", 32)
        if self.payee not in dict(self.split.parts) or self.payee == self.account:
            raise _wrong("the split begins with the host's account, and the provider's is in it")
        if not 0 <= self.floor <= self.tariff.minor:
            raise _wrong("the floor is above the asked price")
        if self.until.tzinfo is not UTC or self.until.microsecond:
            raise _wrong("`until` is an instant in UTC with whole seconds")
        if len(canonical(self.json())) > DELEGATION_BYTES_MAX:
            raise _wrong(f"it has more than {DELEGATION_BYTES_MAX} bytes", "delegate a product with shorter terms")

    def json(self) -> dict[str, Any]:
        """Return the JSON value that is signed, sent, and named in terms."""
        return {
            "v": VERSION,
            "provider": self.provider,
            "host": self.host,
            "payee": address.show(self.payee),
            "acts": list(self.acts),
            "terms": dict(self.terms),
            "policy": dict(self.policy),
            "floor": str(self.floor),
            "until": instants.show(self.until),
        }

    @property
    def digest(self) -> bytes:
        """Return the 32 bytes that the licence of the delegation has as its `termsDigest`."""
        return H("delegation", canonical(self.json()))

    @property
    def product(self) -> str:
        """Return the id under which the host sells."""
        return str(self.terms["product"])

    @property
    def edition(self) -> bytes:
        """Return the 32 bytes of the edition that the host keeps."""
        return bytes.fromhex(self.terms["editionId"])

    @property
    def tariff(self) -> Tariff:
        """Return the tariff at the asked price."""
        return Tariff.from_json(self.terms["tariff"])

    @property
    def split(self) -> Split:
        """Return how a sale is split: the host, whom channels are opened with, stands first."""
        return Split.from_json(self.terms["split"])

    @property
    def account(self) -> bytes:
        """Return the host's account."""
        return self.split.parts[0][0]

    @property
    def licence(self) -> Agreement:
        """Return what provider and host sign, and what the chain keeps as a licence; nothing is due under it."""
        return Agreement(
            provider=self.payee,
            buyer=self.account,
            product=H("product", self.product.encode()),
            edition_id=self.edition,
            terms_digest=self.digest,
            token=address.read(self.terms["token"], "token"),
            price_cap=0,
            not_after=int(self.until.timestamp()),
            split_hash=self.split.hash,
            summary=self.summary,
        )

    @property
    def summary(self) -> str:
        """Return the words that both sign."""
        share = dict(self.split.parts)[self.account] / 100
        return (
            f"{self.host} hosts {self.product} for {self.provider}: {', '.join(self.acts)}; "
            f"share {share:g} %; until {instants.show(self.until)}"
        )

    def may(self, act: str) -> bool:
        """Say whether the host may do so."""
        return act in self.acts

    def refusal(self, terms: Mapping[str, Any], seller: bytes) -> str:
        """Return why an account may not sell under these terms, empty if it may; `terms` are JSON with a policy.

        Whether the delegation stands is the chain's to say.
        """
        if seller != self.account:
            return "it is delegated to another host"
        if not self.may(SIGN):
            return "its host may sign nothing"
        if not self.may(needed := COMPUTE if terms.get("tier") == COMPUTED else DELIVER):
            return f"its host may not {needed}"
        if odd := _differs(terms, self.terms):
            return f"`{odd}` is not what its provider delegated"
        return self._price(terms["tariff"]) or self._rules(terms.get("policy"))

    def takes(self, minor: int) -> bool:
        """Say whether the host may agree to a price, in minor units for what the tariff counts."""
        return minor >= self.floor if self.may(NEGOTIATE) else minor == self.tariff.minor

    def _price(self, told: Any) -> str:
        asked = self.terms["tariff"]
        if not isinstance(told, Mapping) or {**told, "minor": ""} != {**asked, "minor": ""}:
            return "its price counts otherwise than its provider delegated"
        try:
            minor = read_decimal(told["minor"], "minor", limit=MAX_MINOR)
        except ContractError as error:
            return str(error)
        return "" if self.takes(minor) else "its price is not one that its provider delegated"

    def _rules(self, told: Any) -> str:
        if told == self.policy:
            return ""
        try:
            child, parent = (parse({"@type": "Offer", **each}) for each in (told, self.policy))
            within = implied(child, parent, Effort(QUESTIONS_MAX)).holds is True
        except (PolicyError, TypeError) as error:
            return f"its rules cannot be read: {error}"
        return "" if within else "its rules allow more than its provider delegated"


def from_json(value: Any, _name: str = "hosted") -> Delegation:
    """Read a delegation strictly; raises ContractError."""
    if not isinstance(value, Mapping) or set(value) != _MEMBERS:
        raise _wrong(f"a delegation has exactly the members {', '.join(sorted(_MEMBERS))}")
    if value["v"] != VERSION or type(value["v"]) is not int:
        raise ContractError("version", f"delegations of version `{value['v']}` are unknown here", "use version 1")
    if not all(isinstance(value[name], str) for name in ("provider", "host", "until")):
        raise _wrong("`provider`, `host` and `until` are texts")
    if not isinstance(value["acts"], list) or not all(isinstance(one, str) for one in value["acts"]):
        raise _wrong("`acts` is a list of texts")
    if not all(isinstance(value[name], Mapping) for name in ("terms", "policy")):
        raise _wrong("`terms` and `policy` are JSON objects")
    return Delegation(
        value["provider"],
        value["host"],
        address.read(value["payee"], "payee"),
        tuple(value["acts"]),
        value["terms"],
        value["policy"],
        read_decimal(value["floor"], "floor", limit=MAX_MINOR),
        instants.read(value["until"], "until", "delegation"),
    )


def _differs(told: Mapping[str, Any], delegated: Mapping[str, Any]) -> str:
    """Return the first member that terms have otherwise than the delegation, empty if there is none."""
    names: Collection[str] = sorted((set(told) | set(delegated)) - FREE)
    return next((name for name in names if told.get(name) != delegated.get(name)), "")


def _wrong(message: str, hint: str = "") -> ContractError:
    return ContractError("delegation", message, hint)
