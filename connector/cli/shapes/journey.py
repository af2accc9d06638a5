"""The verbs of the first page, and what is asked along the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.client.acts.bills import PREVIEW
from connector.client.acts.shape import LANGUAGES, QUOTE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.client.acts.shape import Shape


JOURNEY: Mapping[str, Shape] = {
    "demo": {
        "dataset_rows": "number", "editions": "number", "rows_sealed": "number", "bytes_delivered": "number",
        "rows_verified": "number", "windows_paid": "number", "negotiation_rounds": "number", "amount_agreed": "number",
        "amount_settled": "number", "split": {"*": "number"}, "openings_allowed": "number",
        "openings_denied": "number", "seed": "number", "resumed_after_kill": "truth", "bytes_paid_twice": "number",
        "events_logged": "number", "proofs_verified": "number", "audit": "any", "forgeries": "any",
        "policies": "object", "seconds": "any",
    },
    "init": {"did": "text", "url": "text", "data": "text"},
    "doctor": {
        "healthy": "truth",
        "checks": [{"name": "text", "state": "text", "text": "text", "hint": "text", "exit": "number"}],
    },
    "show": "object",
    "get --dry-run": {**QUOTE, "dryRun": "truth", "within": "truth", "over": ["text"]},
    "open --dry-run": {
        "dryRun": "truth", "acquisition": "text", "title": "text", "state": "text", "tier": "text", "bought": "truth",
        "price": "text",
    },
    "settle --dry-run": {
        "dryRun": "truth", **PREVIEW,
    },
    "verify": {"kind": "text", "verified": "truth", "*": "any"},
    "audit": {
        "audit": "text",
        "findings": [
            {
                "code": "text", "severity": "text", "subject": "text", **LANGUAGES, "check": ["text"],
                "evidence": ["text"], "event?": "text", "index?": "number", "*": "any",
            }
        ],
        "events": "number", "proofs_verified": "number", "signatures_verified": "number", "bytes_paid_twice": "number",
        "amount_agreed": "digits", "amount_settled": "digits", "openings": "number", "decisions_replayed": "number",
        "figures": "object", "unread": ["text"],
        "metered_by_provider": {"copies": "number", "bytes": "digits", "amount": "digits", "unpriced": "number"},
    },
}  # fmt: skip
