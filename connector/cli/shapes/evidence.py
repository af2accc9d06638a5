"""What anybody checks: policies, logs, chains."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.client.acts.shape import Shape

_DEPLOYMENT = {"chainId": "digits", "file": "text"}

EVIDENCE: Mapping[str, Shape] = {
    "policy explain": {"lang": "text", "sentences": ["text"]},
    "policy example": {"operand": "text", "files": {"policy": "text", "request": "text", "world": "text"}},
    "policy decide": {
        "outcome": "text", "rules": ["object"], "duties": ["object"], "reasons": ["object"], "reservations": ["object"],
    },
    "policy translate": "object",
    "policy check": {
        "valid": "truth", "findings": ["object"],
        "policies": [{"file": "text", "id": "text", "class": "text", "rules": "number"}],
    },
    "policy compare": {
        "relation": "text", "reason": "text", "forward": "object?", "backward": "object?", "common": "object?",
    },
    "policy diff": {"lang": "text", "changes": ["object"], "sentences": ["text"]},
    "log fsck": {
        "origin": "text", "whole": "truth", "signed": "truth", "size": "digits", "entries": "digits",
        "hashes": "digits", "heads": "digits", "cosignatures": "digits", "boxes": "digits", "erased": "digits",
        "untold": "digits",
        "flaws": [{"code": "text", "place": "text", "seen": "text", "fault": "text", "remedy": "text"}],
    },
    "log verify": {
        "kind": "text", "verified": "truth", "origin": "text", "index": "digits", "size": "digits", "leaf": "text",
        "witnesses": ["text"], "event": "text",
    },
    "log proof": {"index": "digits", "leaf": "text", "entry": "text", "proof": "text"},
    "log policy": {"did": "text", "policy": "text"},
    "chain status": {
        "chainId": "digits", "block": "number", "hash": "text", "at": "text", "label": "text", "deployedOn": "digits",
        "programs": {"*": "text"},
    },
    "chain deploy": {**_DEPLOYMENT, "salt": "text", "since": "digits", "addresses": {"*": "text"}},
    "chain deploy --dry-run": {**_DEPLOYMENT, "dryRun": "truth", "account": "text", "programs": {"*": "number"}},
    "chain serve": {"chainId": "digits", "rpc": "text"},
    "chain check": {
        "chainId": "digits", "blocks": "number", "transactions": "number", "newest": "number?", "hash": "text?",
        "problem": "text",
    },
}  # fmt: skip
