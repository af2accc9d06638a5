"""Whether an agreement is still the one that both sides signed: asked before each performance (TC609-6-2025-19, 8.1).

Law: what is kept is derived and verified again, digest, terms, words and both signatures; one byte that differs, and
nothing flows. An agreement with a peer that has no signatures of ours has nothing to be held against.
"""

from __future__ import annotations

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


class Intact:
    """Verifies agreements under the domain of the licences, each once as it is."""

    def __init__(self, domain: Domain) -> None:
        self._domain = domain
        self._verified = lru_cache(maxsize=VERIFIED_MAX)(self._verify)

    def why_not(self, agreement: Mapping[str, Any]) -> str:
        """Return why a row of `agreements` is not what was signed, empty if it is."""
        signature, other = agreement["provider_signature"], agreement["buyer_signature"]
        if signature is None:
            return ""
        kept = orjson.dumps((agreement["agreement"], agreement["terms"]), option=orjson.OPT_SORT_KEYS)
        return self._verified(agreement["digest"], kept, signature, other)

    def _verify(self, digest: str, kept: bytes, signature: bytes, other: bytes | None) -> str:
        try:
            written, terms = orjson.loads(kept)
            typed = from_json(Agreement, written)
            agreements.check_terms(typed, Terms.from_json(terms))
            for party, by in (("provider", signature), ("buyer", other)):
                if by is not None:
                    agreements.check_signature(self._domain, typed, by, party)
            same = digest_of(self._domain, typed).hex() == digest
        except (ContractError, KeyError, TypeError, ValueError) as error:
            return f"{ALTERED}: {error}"
        return "" if same else f"{ALTERED}: its digest is another"
