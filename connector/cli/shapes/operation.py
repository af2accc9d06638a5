"""What keeps a participant going: its vault, its processes, its accounts, its copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.client.acts.shape import Shape

_HELD = {
    "id": "text", "kind": "text", "edition": "text", "file": "text", "state": "text", "rows": "number",
    "held": "number", "sealedBytes": "digits",
}  # fmt: skip
_NEED = {"id": "text", "kind": "text", "file": "text", "reasons": ["text"], "sealedBytes": "digits"}
_COLLECTED = {"dryRun": "truth", "freedBytes": "digits", "found": [_NEED]}
_ACCOUNT = {"name": "text", "roles": ["text"], "operator": "truth", "locked": "text?", "created": "text"}
_FILE = {"path": "text", "bytes": "digits", "sha256": "text"}

OPERATION: Mapping[str, Shape] = {
    "vault list": {"holdings": [_HELD]},
    "vault scrub": {"scrubbed": [{**_HELD, "good": "number", "bad": "any", "problem": "text"}], "damaged": "number"},
    "vault scrub --repair": {"running": "truth", "hashed": "number", "mends": ["object"]},
    "vault rekey": {"keys": "number"},
    "vault leak": {"edition": "text", "leaked": ["text"], "products": ["text"]},
    "vault collect --dry-run": _COLLECTED,
    "vault collect": _COLLECTED,
    "vault idle": {"idle": [{"kind": "text", "id": "text", "sealedBytes": "digits", "used": "text"}], "days": "number"},
    "vault holders": {
        "holders": [
            {
                "holder": "text", "agreement": "text", "state": "text", "tier": "text?", "since": "text",
                "parent": "text?", "paidBytes": "digits", "receipts": "number", "serves": "text?", "deleted": "text?",
            }
        ],
    },
    "vault lineage": {
        "edition": "text", "series": "text", "number": "digits", "prev": "text?",
        # of an edition of ours
        "product?": "text", "derivedFrom?": [{"agreement": "text", "edition": "text"}],
        # of a replica
        "replica?": "text", "state?": "text", "keyHolder?": "text", "agreement?": "text", "provider?": "text",
        "parent?": "text?", "held?": "text", "exported?": "digits", "derived?": ["text"],
        "sources?": [{"from": "text", "rows": "number", "dropped": "text"}],
    },
    "vault export-keys": {
        "id": "text", "acquisition": "text", "purpose": "text", "number": "number", "bytes": "number", "file": "text",
        "warning": "text",
    },
    "admin heartbeat": {"standing": "text", "news?": {"*": "number"}},
    "admin backup": {
        "v": "number", "did": "text", "origin": "text", "at": "text", "log": "object", "files": [_FILE],
        "sealed": [_FILE], "without": ["text"],
    },
    "admin restore": {
        "did": "text", "data": "text", "at": "text", "events": "digits", "sealedFiles": "number",
        "sealedAbsent": "number", "vaultKeys": "number", "without": ["text"],
    },
    "admin set-back": {"events": "digits", "made": "text", "mirror": "text", "without": ["text"]},
    "admin config": {"did": "text", "url": "text", "settings": [{"key": "text", "value": "any", "origin": "text"}]},
    "admin account add": {**_ACCOUNT, "password": "text", "codes": "text"},
    "admin account list": {"accounts": [_ACCOUNT]},
    "admin account link": {"name": "text", "url": "text", "expires": "text"},
    "admin account remove": _ACCOUNT,
}  # fmt: skip
