"""What a host sells for its provider: whether the provider has delegated it, and the delegation stands on the chain.

Law: (1) nobody's word is needed: the delegation is in the terms, what it binds is the licence on chain that has its
digest, and that licence says who signed it and whether it was revoked. (2) The edition is one that the provider itself
registered and still holds. (3) It is asked before anything is signed, and again before anything is paid in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.runtime.errors import VerificationFailed
from contracts import delegation as delegations
from contracts.typed_data import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from connector.identity.space.view import SpaceView
    from contracts.delegation import Delegation
    from contracts.typed_data import Domain
    from ledger.chain.programs import Programs
    from ledger.space.document import Member

HOSTED: Final = "hosted"  # of the terms
HINT: Final = "sign and pay nothing; ask its provider whether it still delegates"


def of(terms: Mapping[str, Any]) -> Delegation:
    """Return the delegation that terms (JSON) name."""
    return delegations.from_json(terms[HOSTED])


def price_refusal(terms: Mapping[str, Any], prices: Iterable[int]) -> str:
    """Return why a product may not be asked for at these prices (minor units), empty if it may or is one's own."""
    if HOSTED not in terms or all(map(of(terms).takes, prices)):
        return ""
    return f"it is hosted for `{of(terms).provider}`, who did not delegate such a price"


def licence_digest(domain: Domain, found: Delegation) -> bytes:
    """Return the 32 bytes under which the chain knows a delegation; `domain` is that of licences."""
    return digest(domain, found.licence)


async def standing(programs: Programs, found: Delegation) -> str:
    """Return why a delegation does not stand on the chain now, empty if it does."""
    name = licence_digest(programs.deployment.domain("licences"), found)
    licence = await programs.licence(name)
    if licence is None or (licence.provider, licence.buyer) != (found.payee, found.account):
        return "the chain knows no such delegation"
    if licence.revoked_at is not None:
        return f"its provider revoked the delegation at {licence.revoked_at.isoformat()}"
    return "" if await programs.in_force(name) else "the delegation is suspended, or its time is over"


async def require(programs: Programs, space: SpaceView, terms: Mapping[str, Any], seller: Member) -> tuple[bytes, ...]:
    """Return the accounts one of which must have the edition: the seller's, or that of whom it hosts for.

    `terms` are JSON with a policy. Raises VerificationFailed where a member offers what a provider has not delegated to
    it, or does no more.
    """
    if HOSTED not in terms:
        return seller.accounts
    found = of(terms)
    provider = await space.member(found.provider)
    if provider is None or provider.address != found.payee:
        why = "the delegation pays an account that is not its provider's"
    elif found.host != seller.did:
        why = "it is delegated to another host"
    else:
        why = found.refusal(terms, seller.address) or await standing(programs, found)
    if not why:
        edition = await programs.edition(found.edition)
        if edition is None or edition.withdrawn_at is not None or found.payee not in (edition.provider, edition.holder):
            why = "the edition is not one that its provider registered and holds"
        elif edition.provider != edition.holder:
            why = "its provider has passed on the rights in the edition"
    if why:
        raise VerificationFailed(f"`{seller.did}` may not sell this for `{found.provider}`: {why}", HINT)
    return (found.payee,)
