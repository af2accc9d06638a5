"""What keeps a participant going: its vault, its processes, its accounts, its copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.client.acts.vault import NEED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.client.acts.shape import Shape

_HELD = {
    "id": "text", "kind": "text", "edition": "text", "file": "text", "state": "text", "rows": "number",
    "held": "number", "sealedBytes": "digits",
}  # fmt: skip
_COLLECTED = {"dryRun": "truth", "freedBytes": "digits", "found": [NEED]}
_FILE = {"path": "text", "bytes": "digits", "sha256": "text"}

OPERATION: Mapping[str, Shape] = {
    "vault list": {"holdings": [_HELD]},
    "vault scrub": {"scrubbed": [{**_HELD, "good": "number", "bad": "any", "problem": "text"}], "damaged": "number"},
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
}  # fmt: skip
