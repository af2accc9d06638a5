"""Whether an agreement is still the one that both sides signed: asked before each performance (TC609-6-2025-19, 8.1).

Law: what is kept is derived and verified again, digest, terms, words and both signatures; one byte that differs, and
nothing flows. An agreement with a peer that has no signatures of ours has nothing to be held against.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson

from contracts import agreement as agreements
from contracts.errors import ContractError
from contracts.terms import Terms
from contracts.typed_data import Agreement, Domain
from contracts.typed_data import digest as digest_of
from contracts.typed_json import from_json

if TYPE_CHECKING:
    from collections.abc import Mapping

VERIFIED_MAX: Final = 4096  # agreements known to be intact as they are; the others are verified again
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
        self._verified = lru_cache(maxsize=VERIFIED_MAX)(self._verify)

    def why_not(self, agreement: Mapping[str, Any]) -> str:
        """Return why a row of `agreements` is not what was signed, empty if it is."""
        return "" if agreement["provider_signature"] is None else self.read(agreement).altered

    def read(self, agreement: Mapping[str, Any]) -> Signed:
        """Return what a row of `agreements` with signatures says, read and verified once as it is."""
        signature, other = agreement["provider_signature"], agreement["buyer_signature"]
        kept = orjson.dumps((agreement["agreement"], agreement["terms"]), option=orjson.OPT_SORT_KEYS)
        return self._verified(agreement["digest"], kept, signature, other)

    def _verify(self, digest: str, kept: bytes, signature: bytes, other: bytes | None) -> Signed:
        try:
            written, said = orjson.loads(kept)
            typed, terms = from_json(Agreement, written), Terms.from_json(said)
            agreements.check_terms(typed, terms)
            for party, by in (("provider", signature), ("buyer", other)):
                if by is not None:
                    agreements.check_signature(self._domain, typed, by, party)
            same = digest_of(self._domain, typed).hex() == digest
        except (ContractError, KeyError, TypeError, ValueError) as error:
            return Signed(None, None, f"{ALTERED}: {error}")
        return Signed(typed, terms, "" if same else f"{ALTERED}: its digest is another")
