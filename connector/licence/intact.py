"""Whether an agreement is still the one that both sides signed: asked before each performance (TC609-6-2025-19, 8.1).

Law: what is kept is derived and verified again, digest, terms, words and both signatures; one byte that differs, and
nothing flows. What a sub-licence stands under is among its terms, so that nobody is freed of it by a change here. An
agreement with a peer that has no signatures of ours has nothing to be held against.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.protocol.states import PROVIDER
from contracts import agreement as agreements
from contracts.errors import ContractError
from contracts.terms import Terms
from contracts.typed_data import Agreement, Domain
from contracts.typed_data import digest as digest_of
from contracts.typed_json import from_json

if TYPE_CHECKING:
    from connector.store.rows.agreement import AgreementRow

VERIFIED_MAX: Final = 4096  # agreements known to be intact as they are; the others are verified again
# what of a row was signed, or follows from that; it is compared, which costs less than writing it at every charge
_KEPT: Final = attrgetter("agreement", "terms", "provider_signature", "buyer_signature", "role", "parent")
ALTERED = "the agreement kept here is not the one that was signed"


@dataclass(frozen=True, slots=True)
class Signed:
    """What both sides signed, as it is kept; `altered` says why it is not what was signed, empty if it is."""

    agreement: Agreement | None
    terms: Terms | None
    altered: str = ""


class Intact:
    """Verifies agreements under the domain of the licences, each once as it is."""

    def __init__(self, domain: Domain) -> None:
        self._domain = domain
        self._verified: dict[str, tuple[tuple[Any, ...], Signed]] = {}

    def why_not(self, agreement: AgreementRow) -> str:
        """Return why a row of `agreements` is not what was signed, empty if it is."""
        return "" if agreement.provider_signature is None else self.read(agreement).altered

    def read(self, agreement: AgreementRow) -> Signed:
        """Return what a row of `agreements` with signatures says, read and verified once as it is."""
        kept, known = _KEPT(agreement), self._verified.get(agreement.digest)
        if known is not None and known[0] == kept:
            return known[1]
        signed = self._verify(agreement)
        if len(self._verified) >= VERIFIED_MAX:
            self._verified.clear()
        self._verified[agreement.digest] = kept, signed
        return signed

    def _verify(self, row: AgreementRow) -> Signed:
        try:
            typed, terms = from_json(Agreement, row.agreement), Terms.from_json(row.terms)
            agreements.check_terms(typed, terms)
            for party, by in (("provider", row.provider_signature), ("buyer", row.buyer_signature)):
                if by is not None:
                    agreements.check_signature(self._domain, typed, by, party)
            same = digest_of(self._domain, typed).hex() == row.digest
        except (ContractError, KeyError, TypeError, ValueError) as error:
            return Signed(None, None, f"{ALTERED}: {error}")
        if same and row.role == PROVIDER and terms.parent.hex() != (row.parent or ""):
            return Signed(typed, terms, f"{ALTERED}: it stands under another licence")
        return Signed(typed, terms, "" if same else f"{ALTERED}: its digest is another")
