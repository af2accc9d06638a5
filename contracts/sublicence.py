"""A chain of sub-licences: what each holder signs for the one below, and when a link holds (spec 2 and 5, "Onward").

Law: (1) a link says everything its child will agree to: the terms of the licence above, but for the rules, an earlier
end, a salt of its own, the licence it stands under, and that it is in place of no other; so both sides of the child's
agreement sign that, too. (2) Each rule of `RULES` must hold of each link; whether its policy lies within the one above
is asked beside them, where policies are compared. (3) All links of a chain draw on one agreement, the topmost.

    [{"subLicence": typed data as JSON, "signature": hex, "terms": {…}}, …]      the topmost first
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from contracts import typed_json
from contracts.decimals import read_hex
from contracts.errors import ContractError
from contracts.signature import SIGNATURE_BYTES, is_by
from contracts.terms import Terms
from contracts.typed_data import Agreement, Domain, SubLicence, digest
from contracts.units import PLAIN

# licences below one another; who decides a use decides it under each of them
LINKS_MAX = 8
# what a link may say otherwise than the licence above it
OWN = frozenset({"policy", "notAfter", "salt", "parent", "amends", "contract"})
_MEMBERS = frozenset({"subLicence", "signature", "terms"})


@dataclass(frozen=True, slots=True)
class Link:
    """One sub-licence with its holder's signature (65 bytes) and the terms it grants."""

    said: SubLicence
    signature: bytes
    terms: Terms

    def json(self) -> dict[str, Any]:
        """Return the JSON object of the link."""
        said = typed_json.to_json(self.said)
        return {"subLicence": said, "signature": self.signature.hex(), "terms": self.terms.json()}

    @classmethod
    def from_json(cls, document: Any) -> Link:
        """Read a link strictly."""
        if not isinstance(document, Mapping) or set(document) != _MEMBERS:
            raise ContractError("members", f"a sub-licence has exactly the members {', '.join(sorted(_MEMBERS))}")
        signed = read_hex(document["signature"], "signature", SIGNATURE_BYTES)
        said = typed_json.from_json(SubLicence, document["subLicence"])
        return cls(said, signed, Terms.from_json(document["terms"]))


class Above(NamedTuple):
    """The agreement that a link is granted under."""

    digest: bytes
    agreement: Agreement
    terms: Terms


class Asked(NamedTuple):
    """A link, what it stands under, and the agreement that its whole chain draws on."""

    domain: Domain
    above: Above
    root: bytes
    link: Link


def read_chain(document: Any) -> tuple[Link, ...]:
    """Read a chain strictly, the topmost link first; raises ContractError."""
    if not isinstance(document, list) or not 0 < len(document) <= LINKS_MAX:
        raise ContractError("links", f"a chain is a list of 1 to {LINKS_MAX} sub-licences")
    return tuple(Link.from_json(each) for each in document)


def grant(above: Above, terms: Terms, child: bytes, root: bytes) -> SubLicence:
    """Return what the holder of `above` signs for the address `child`."""
    end = int(terms.not_after.timestamp())
    return SubLicence(above.digest, above.agreement.buyer, child, terms.digest, root, end)


def check(asked: Asked) -> None:
    """Refuse a link that breaks a rule; the first broken one is named."""
    for code, holds, words in RULES:
        if not holds(asked):
            raise ContractError(code, words)


def _unchanged(asked: Asked) -> bool:
    ours, theirs = asked.above.terms.json(), asked.link.terms.json()
    return all(ours.get(name) == theirs.get(name) for name in (ours.keys() | theirs.keys()) - OWN)


def _signed(asked: Asked) -> bool:
    link = asked.link
    return is_by(link.said.holder, digest(asked.domain, link.said), link.signature)


RULES: tuple[tuple[str, Callable[[Asked], bool], str], ...] = (
    # code, what must hold, what is wrong where it does not
    ("parent", lambda on: on.link.said.parent == on.above.digest, "the sub-licence is under another agreement"),
    (
        "holder",
        lambda on: on.link.said.holder == on.above.agreement.buyer,
        "the sub-licence is by somebody who does not hold the licence above it",
    ),
    ("foreign-signer", _signed, "the sub-licence is not signed by its holder"),
    ("draws-on", lambda on: on.link.said.draws_on == on.root, "the sub-licence draws on another agreement"),
    ("tier", lambda on: on.above.terms.tier != PLAIN, f"the tier `{PLAIN}` has no keys that could be withheld"),
    (
        "terms-digest",
        lambda on: on.link.said.terms_digest == on.link.terms.digest,
        "other terms than those were signed",
    ),
    (
        "not-after",
        lambda on: on.link.said.not_after == int(on.link.terms.not_after.timestamp()),
        "the sub-licence and its terms do not end together",
    ),
    (
        "outlives",
        lambda on: on.link.terms.not_after <= on.above.terms.not_after,
        "the sub-licence would outlive the licence above it",
    ),
    (
        "terms-parent",
        lambda on: on.link.terms.parent == on.link.said.parent,
        "the terms of the sub-licence stand under another agreement",
    ),
    ("terms-amends", lambda on: not on.link.terms.amends, "a sub-licence is in place of no other agreement"),
    ("terms", _unchanged, f"the terms change more than {', '.join(sorted(OWN))} of the licence above"),
)
