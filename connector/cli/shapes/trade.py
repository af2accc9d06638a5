"""What members list, look for, owe and quarrel about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.client.acts.demands import DEMAND
from connector.client.acts.services import SERVICE
from connector.client.acts.shape import PROCESS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.client.acts.shape import Shape

_CASE = {
    "id": "text", "filer": "text", "payer": "text", "payee": "text", "arbitrator": "text", "state": "text",
    "ruling": "object?", "channelId": "text", "accountHash": "text", "tx": "text?", "filed": "text",
}  # fmt: skip
TRADE: Mapping[str, Shape] = {
    "prices": {
        "prices": ["object"], "least": {"buyers": "digits", "trades": "digits"}, "suppressed": "digits", "log": "text",
    },
    "reputation": {
        "did": "text", "name": "text", "score": "text", "deals": "digits", "rulings": "digits", "upheld": "digits",
        "late": "digits", "block": "digits", "formula": "text", "sources": {"*": "text"},
    },
    "demand list": {"demands": [DEMAND]},
    "demand pursue --dry-run": {
        "dryRun": "truth", "matches": ["text"], "quote": "object?", "within": "truth", "over": ["text"],
    },
    "service offer": SERVICE,
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
    "dispute file": {**_CASE, "proposed": "object"},
    "dispute list": {"disputes": [_CASE]},
    "dispute show": {**_CASE, "proposed": "object", "bundle": "object"},
    "dispute hold": {"id": "text", "channelId": "text", "until": "text?"},
    "dispute rule": _CASE,
}  # fmt: skip
