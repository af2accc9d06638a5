"""Our absolute IRIs: the keys, formats and schemes that travel in messages of other vocabularies."""

from __future__ import annotations

from typing import Final

NS: Final = "https://w3id.org/penstock/ns/"
OFFER_TERMS: Final = NS + "terms"
SIGNATURE: Final = NS + "signature"
SUB_LICENCES: Final = NS + "subLicences"
CONTRACT: Final = NS + "contract"
TRIED: Final = NS + "tried"
CHECKPOINT: Final = NS + "checkpoint"
FORMAT_SEALED: Final = NS + "SealedReplica-PULL"
PROFILE: Final = NS + "profile"
PURPOSE: Final = "https://w3id.org/penstock/purpose#"

AGREEMENT_URN: Final = "urn:penstock:agreement:"
