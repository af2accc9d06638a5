"""What `--json` prints, command by command: for whoever reads it with a program.

Law: an object has exactly the members of its row; renaming, adding or leaving out one begins with this table.

Words of a shape: `text`; `digits`, a whole number as text, as money and bytes are; `number`, a whole number; `truth`;
`object`, whose members a standard or a specification says; `any`; with `?` it may be null. `[…]` is a list, `*` any
member; a member whose name ends with `?` may be absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    Shape = str | list[Any] | dict[str, Any]

_LANGUAGES = {"en": "text", "zh": "text"}
_QUOTE = {
    "product": "text", "provider": "text", "title": "text", "tier": "text", "edition": "text", "columns": ["text"],
    "asked": "digits", "amount": "digits", "sum": "text", "price": "text", "of": "text", "bytes": "digits",
    "pieces": "number",
}  # fmt: skip
_PROCESS = {
    "id": "text", "kind": "text", "role": "text", "peer": "text", "peerPid": "text?", "about": "text", "state": "text",
    "pending": "text", "turn": "text", "reason": "text", "message": "object?", "created": "text", "updated": "text",
    "deadline": "text?", "due": "text?",
}  # fmt: skip
_SPACE = {
    "id": "text", "name": "text", "description": "text", "rules": "object", "words": [_LANGUAGES], "state": "text",
    "reason": "text", "version": "number",
}  # fmt: skip

ANSWERS: Mapping[str, Shape] = {
    "init": {"did": "text", "url": "text", "data": "text"},
    "doctor": {
        "healthy": "truth",
        "checks": [{"name": "text", "state": "text", "text": "text", "hint": "text", "exit": "number"}],
    },
    "publish": {
        "id": "text", "title": "text", "state": "text", "provider": "text", "edition": "text", "number": "number",
        "rows": "number", "tableRows": "number", "plainBytes": "digits", "sealedBytes": "digits",
        "repeatedRows": "number", "repeatedBytes": "digits",
    },
    "publish --dry-run": {
        "dryRun": "truth", "title": "text", "tier": "text", "bytes": "digits", "rows": "digits", "grade": "number",
        "files": [{"path": "text", "bytes": "digits", "rows": "digits?", "columns": ["text"]}], "because": ["text"],
        "policy": "object", "words": {"en": ["text"], "zh": ["text"]}, "tariff": "object", "price": _LANGUAGES,
    },
    "find": {"found": "number", "products": ["object"]},
    "searches": {"searches": [{"name": "text", "q": "text", "where": ["text"], "new": ["object"], "since": "text"}]},
    "show": "object",
    "quote": _QUOTE,
    "get --dry-run": {**_QUOTE, "dryRun": "truth", "within": "truth", "over": ["text"]},
    "get": {
        "id": "text", "product": "text", "title": "text", "state": "text", "price": "text", "most": "text",
        "cap": "digits?", "agreement": "text?", "channel": "text?", "transfer": "text?", "mark": "text",
        "negotiation": {"price": "digits", "rounds": "number"}, "turn": "object?", "reason": "text?",
        "progress": {
            "text": "text", "rows": "number", "rowsHeld": "number", "keysHeld": "number", "windows": "number",
            "bytes": "digits", "bytesHeld": "digits", "sealedBytes": "digits", "paid": "digits",
            "bytesPerSecond": "number?", "secondsLeft": "number?",
        },
    },
    "open": {
        "id": "text", "acquisition": "text", "purpose": "text", "number": "number", "charged": "number",
        "bytes": "number", "files": ["text"],
    },
    "settle --dry-run": {
        "dryRun": "truth", "withdrawable": "digits",
        "channels": [
            {"channel": "text", "agreement": "text", "bill": "text", "newest": "digits", "claimed": "digits"}
        ],
    },
    "settle": {
        "withdrawn": "digits", "shown": "text",
        "channels": [
            {"channel": "text", "agreement": "text", "bill": "text", "settled": "digits", "shares": {"*": "digits"}}
        ],
    },
    "prices": {
        "prices": ["object"], "least": {"buyers": "digits", "trades": "digits"}, "suppressed": "digits", "log": "text",
    },
    "policy example": {"operand": "text", "files": {"policy": "text", "request": "text", "world": "text"}},
    "policy explain": {"lang": "text", "sentences": ["text"]},
    "policy check": {
        "valid": "truth", "findings": ["object"],
        "policies": [{"file": "text", "id": "text", "class": "text", "rules": "number"}],
    },
    "policy compare": {
        "relation": "text", "reason": "text", "forward": "object?", "backward": "object?", "common": "object?",
    },
    "log head": {"origin": "text", "size": "number", "root": "text", "note": "text"},
    "log mark": {"event": "text"},
    "log forks": {"forks": ["object"]},
    "demand list": {"demands": ["object"]},
    "resource list": {"resources": ["object"]},
    "service list": {"services": ["object"]},
    "space list": {"operators": {"checked": "truth", **_LANGUAGES}, "spaces": [_SPACE]},
    "space show": _SPACE,
    "version list": {
        "versions": [
            {
                "number": "number", "edition": "text", "title": "text", "since": "text", "reviewed": "truth",
                "differences": ["object"],
            }
        ],
    },
    "version compare": {"differences": ["object"]},
    "exchange review": {
        "id": "text", "title": "text", "state": "text", "opened": "number", "seed": "text", "bound": "text",
    },
    "exchange connectors": {
        "connectors": [
            {
                "did": "text", "name": "text", "role": "text", "member": "text", "state": "text", "seen": "text?",
                "version?": "text", "capabilities?": ["text"], "alarms?": "digits", "queues?": "object", **_LANGUAGES,
            }
        ],
    },
    "exchange listings": {
        "listings": [
            {
                "id": "text", "title": "text", "provider": "text", "edition": "text", "tier": "text", "state": "text",
                "reason": "text?", "since": "text", "alike": ["object"],
            }
        ],
    },
    "exchange member list": {
        "members": [{"did": "text", "name": "text", "role": "text", "region": "text", "state": "text"}],
    },
    "bill list": {
        "orders": [
            {
                "agreement": "text", "product": "text", "title": "text", "role": "text", "peer": "text", "tier": "text",
                "state": "text", "payment": "text", "price": "text", "quantity": "digits", "amount": "digits",
                "agreed": "text", "claimed": "digits", "deposit": "digits", "currency": "text",
            }
        ],
    },
    "chain status": {
        "chainId": "digits", "block": "number", "hash": "text", "at": "text", "label": "text", "deployedOn": "digits",
        "programs": {"*": "text"},
    },
    "rights show": {"id": "text", "kind": "text", "holder": "text", "pledge": "object?"},
    "vault list": {
        "holdings": [
            {
                "id": "text", "kind": "text", "edition": "text", "file": "text", "state": "text", "rows": "number",
                "held": "number", "sealedBytes": "digits",
            }
        ],
    },
    "vault collect --dry-run": {
        "dryRun": "truth", "freedBytes": "digits",
        "found": [{"id": "text", "kind": "text", "file": "text", "reasons": ["text"], "sealedBytes": "digits"}],
    },
    "admin list": {"next": "text?", "processes": [_PROCESS]},
    "admin show": _PROCESS,
    "admin config": {"did": "text", "url": "text", "settings": [{"key": "text", "value": "any", "origin": "text"}]},
    "admin account list": {"accounts": ["object"]},
}  # fmt: skip
# what every command prints instead when it fails, with the exit code of docs/reference.md
FAULT: Shape = {
    "code": "text", "status": "number", "exit": "number", "whose": "text", "text": "text", "hint": "text",
}  # fmt: skip
