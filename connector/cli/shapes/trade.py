"""What members list, look for, owe and quarrel about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.client.acts.shape import PROCESS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.client.acts.shape import Shape

TRADE: Mapping[str, Shape] = {
    "demand pursue --dry-run": {
        "dryRun": "truth", "matches": ["text"], "quote": "object?", "within": "truth", "over": ["text"],
    },
    "version compare": {"differences": ["object"]},
    "transfer pause": PROCESS,
    "transfer resume": PROCESS,
    "transfer cancel": PROCESS,
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
