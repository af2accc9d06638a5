"""What members list, look for, owe and quarrel about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.client.acts.shape import LANGUAGES, LIMIT, PROCESS, PUBLISHED, SPACE, TURNED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.client.acts.shape import Shape

_DEMAND = {
    "id": "text", "title": "text", "description": "text", "where": ["text"], "purpose": "text", "place": "text",
    "most": "digits?", "unit": "text", "currency": "text", "until": "text", "member": "text", "state": "text",
    "product?": "text", "agreement?": "text", "reason?": "text", "matches?": ["object"],
}  # fmt: skip
_COMPLAINT = {
    "id": "text", "agreement": "text", "words": "text", "complainant": "text", "respondent": "text", "state": "text",
    "answer": "text", "reason": "text", "filed": "text", "turn?": "text", "due?": "text", "overdue?": "truth",
}  # fmt: skip
_CASE = {
    "id": "text", "filer": "text", "payer": "text", "payee": "text", "arbitrator": "text", "state": "text",
    "ruling": "object?", "channelId": "text", "accountHash": "text", "tx": "text?", "filed": "text",
}  # fmt: skip
_RIGHT = {"id": "text", "kind": "text", "holder": "text", "pledge": "object?", "withdrawn?": "truth"}
_ORDER = {
    "agreement": "text", "product": "text", "title": "text", "role": "text", "peer": "text", "tier": "text",
    "state": "text", "payment": "text", "price": "text", "quantity": "digits", "amount": "digits", "agreed": "text",
    "claimed": "digits", "deposit": "digits", "currency": "text",
}  # fmt: skip
_SERVICE = {
    "id": "text", "space": "text", "title": "text", "provider": "text", "service": "object", "state": "text",
    "kind": "text", "tier": "text", "price": "text", "limits": [LIMIT], "review": "object?",
}  # fmt: skip

TRADE: Mapping[str, Shape] = {
    "prices": {
        "prices": ["object"], "least": {"buyers": "digits", "trades": "digits"}, "suppressed": "digits", "log": "text",
    },
    "reputation": {
        "did": "text", "name": "text", "score": "text", "deals": "digits", "rulings": "digits", "upheld": "digits",
        "late": "digits", "block": "digits", "formula": "text", "sources": {"*": "text"},
    },
    "demand post": _DEMAND,
    "demand list": {"demands": [_DEMAND]},
    "demand show": _DEMAND,
    "demand negotiate": _DEMAND,
    "demand pursue": {
        "id": "text", "state": "text", "product": "text", "acquisition": "text", "tried": ["text"], "reason": "text",
    },
    "demand pursue --dry-run": {
        "dryRun": "truth", "matches": ["text"], "quote": "object?", "within": "truth", "over": ["text"],
    },
    "demand meet": _DEMAND,
    "demand reopen": _DEMAND,
    "demand withdraw": _DEMAND,
    "product show": {"id": "text", "title": "text", "price": "text", "tier": "text", "provider": "text", "*": "any"},
    "product face": "object",
    "service offer": _SERVICE,
    "service roll-back": _SERVICE,
    "service list": {
        "services": [
            {"id": "text", "title": "text", "provider": "text", "state": "text", "reason": "text", "since": "text"}
        ],
    },
    "service withdraw": {"id": "text", "state": "text"},
    "space list": {"operators": {"checked": "truth", **LANGUAGES}, "spaces": [SPACE]},
    "space show": SPACE,
    "space rules": {
        "versions": [
            {
                "version": "number", "name": "text", "description": "text", "rules": "object", "by": "text",
                "reason": "text", "since": "text", "state": "text",
            }
        ],
    },
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
    "complaint file": _COMPLAINT,
    "complaint list": {"complaints": [_COMPLAINT]},
    "complaint show": _COMPLAINT,
    "complaint answer": _COMPLAINT,
    "complaint escalate": _COMPLAINT,
    "complaint close": _COMPLAINT,
    "rights show": _RIGHT,
    "rights transfer": _RIGHT,
    "rights pledge": _RIGHT,
    "rights release": _RIGHT,
    "rights withdraw": _RIGHT,
    "rights suspend": TURNED,
    "rights resume": TURNED,
    "dispute file": {**_CASE, "proposed": "object"},
    "dispute list": {"disputes": [_CASE]},
    "dispute show": {**_CASE, "proposed": "object", "bundle": "object"},
    "dispute hold": {"id": "text", "channelId": "text", "until": "text?"},
    "dispute rule": _CASE,
}  # fmt: skip
