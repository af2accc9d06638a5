"""The agreement both sides sign: built from terms and parties, verified from nothing but values.

Law: both sides sign one digest; it covers the digest of all terms and the words derived from them; a verifier derives
every member that can be derived and compares.
"""

from __future__ import annotations

from typing import Any

from contracts.errors import ContractError
from contracts.namespace import AGREEMENT_URN
from contracts.signature import recover
from contracts.summary import is_summary, summary
from contracts.terms import Terms, product_key
from contracts.typed_data import Agreement, Domain, digest


def build(terms: Terms, *, provider: bytes, buyer: bytes, price_cap: int, lang: str = "en") -> Agreement:
    """Return the agreement on `terms` between two addresses; no more than `price_cap` minor units are ever due."""
    said = _derived(terms) | {"price_cap": price_cap, "summary": summary(terms, lang)}
    return Agreement(provider=provider, buyer=buyer, **said)


def _derived(terms: Terms) -> dict[str, Any]:
    """Return the members that follow from the terms alone, apart from the words."""
    return {
        "terms_digest": terms.digest,
        "product": product_key(terms.product),
        "edition_id": terms.edition_id,
        "token": terms.token,
        "not_after": int(terms.not_after.timestamp()),
        "split_hash": terms.split.hash,
    }


def check_terms(agreement: Agreement, terms: Terms) -> None:
    """Refuse an agreement that says anything other than its terms; the first differing member is named."""
    if not is_summary(agreement.summary, terms):
        raise ContractError("summary", "the words of the agreement are not those its terms give")
    for name, derived in _derived(terms).items():
        if getattr(agreement, name) != derived:
            raise ContractError(name.replace("_", "-"), f"`{name}` of the agreement is not what its terms say")


def check_signature(domain: Domain, agreement: Agreement, signature: bytes, party: str) -> None:
    """Refuse a signature that is not by `party`, which is `provider` or `buyer`."""
    if recover(digest(domain, agreement), signature) != getattr(agreement, party):
        raise ContractError("foreign-signer", f"the {party}'s signature is by somebody else")


def verify(
    domain: Domain, agreement: Agreement, terms: Terms, provider_signature: bytes, buyer_signature: bytes
) -> bytes:
    """Check terms, words and both signatures; return `agreementDigest`."""
    check_terms(agreement, terms)
    check_signature(domain, agreement, provider_signature, "provider")
    check_signature(domain, agreement, buyer_signature, "buyer")
    return digest(domain, agreement)


def agreement_urn(agreement_digest: bytes) -> str:
    """Return the agreement's DSP `@id`."""
    return AGREEMENT_URN + agreement_digest.hex()
