"""What members list, look for, owe and quarrel about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.client.acts.shape import PROCESS, PUBLISHED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.client.acts.shape import Shape

_ORDER = {
    "agreement": "text", "product": "text", "title": "text", "role": "text", "peer": "text", "tier": "text",
    "state": "text", "payment": "text", "price": "text", "quantity": "digits", "amount": "digits", "agreed": "text",
    "claimed": "digits", "deposit": "digits", "currency": "text",
}  # fmt: skip

TRADE: Mapping[str, Shape] = {
    "demand pursue": {
        "id": "text", "state": "text", "product": "text", "acquisition": "text", "tried": ["text"], "reason": "text",
    },
    "demand pursue --dry-run": {
        "dryRun": "truth", "matches": ["text"], "quote": "object?", "within": "truth", "over": ["text"],
    },
    "product show": {"id": "text", "title": "text", "price": "text", "tier": "text", "provider": "text", "*": "any"},
    "product face": "object",
    "version list": {
        "versions": [
            {
                "number": "number", "edition": "text", "title": "text", "since": "text", "reviewed": "truth",
                "differences": ["object"],
            }
        ],
    },
    "version compare": {"differences": ["object"]},
    "version roll-back": PUBLISHED,
    "transfer pause": PROCESS,
    "transfer resume": PROCESS,
    "transfer cancel": PROCESS,
    "bill list": {"orders": [_ORDER]},
    "bill show": "object",
    "bill show MONTH": {
        "signature": "text",
        "statement": {
            "v": "number", "month": "text", "issuer": "text", "at": "text", "spent": "digits", "earned": "digits",
            "outside": "digits",
            "agreements": [
                {
                    "agreement": "text", "role": "text", "peer": "text", "product": "text", "title": "text",
                    "price": "text", "state": "text", "payment": "text", "orders": "digits", "amount": "digits",
                }
            ],
        },
    },
    "bill check": {
        "holds": "truth", "agreement": "text", "amount": "digits", "currency": "text", "differences": ["text"],
        "checks": [{"check": "text", "state": "text", "why": "text"}],
    },
}  # fmt: skip
