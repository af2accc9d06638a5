"""What `--json` prints, command by command: for whoever reads it with a program.

Law: an object has exactly the members of its row; renaming, adding or leaving out one begins with this table, or where
the act is declared (`connector.client.acts`).

Words of a shape: `text`; `digits`, a whole number as text, as money and bytes are; `number`, a whole number; `truth`;
`object`, whose members a standard or a specification says; `any`; with `?` it may be null. `[…]` is a list, `*` any
other member; a member whose name ends with `?` may be absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.client.acts.bills import PREVIEW
from connector.client.acts.shape import LANGUAGES, QUOTE
from connector.client.acts.table import TABLE
from connector.client.acts.vault import NEED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.client.acts.shape import Shape

_DEPLOYMENT = {"chainId": "digits", "file": "text"}
_HELD = {
    "id": "text", "kind": "text", "edition": "text", "file": "text", "state": "text", "rows": "number",
    "held": "number", "sealedBytes": "digits",
}  # fmt: skip
_COLLECTED = {"dryRun": "truth", "freedBytes": "digits", "found": [NEED]}
_TEMPLATE: dict[str, Shape] = {
    "name": "text", "lists": ["text"], "en": "text", "zh": "text", "instead": "object?",
    "parameters": [{"name": "text", "en": "text", "zh": "text", "example": "text", "several": "truth"}],
}  # fmt: skip
_PROCESS = {"id": "text", "kind": "text", "state": "text", "pending": "text", "*": "any"}
_FILE = {"path": "text", "bytes": "digits", "sha256": "text"}
_AUDIT: dict[str, Shape] = {
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
    "went_on": {"entries?": "digits", "block?": "digits", "digest?": "text", "refused?": "text"},
    "metered_by_provider": {"copies": "number", "bytes": "digits", "amount": "digits", "unpriced": "number"},
}  # fmt: skip
_SHARED: dict[str, Shape] = {
    "seed": "text", "sampled_by": "text", "misjudged": "text",
    "shares": [
        {
            "share": "number", "regulator": "text", "state": "text", "matters": "number", "open": "number",
            "left_out": "number", "sampled": "number", "agreed": "number", "caught": "text",
        }
    ],
}  # fmt: skip

ANSWERS: Mapping[str, Shape] = {
    # the verbs of the first page, and what is asked along the way
    "demo": {
        "dataset_rows": "number", "editions": "number", "rows_sealed": "number", "bytes_delivered": "number",
        "rows_verified": "number", "windows_paid": "number", "negotiation_rounds": "number", "amount_agreed": "number",
        "amount_settled": "number", "split": {"*": "number"}, "openings_allowed": "number",
        "openings_denied": "number", "uses_refused": "number", "seed": "number",
        "statements_answered": "number", "resumed_after_kill": "truth", "bytes_paid_twice": "number",
        "events_logged": "number", "proofs_verified": "number", "audit": "any", "forgeries": "any",
        "policies": "object", "seconds": "any",
    },
    "up": {
        "folder": "text", "begun": "truth", "commands": ["text"],
        "participants": {"*": {"did": "text", "url": "text", "data": "text", "console": "text"}},
    },
    "init": {"did": "text", "url": "text", "data": "text"},
    "doctor": {
        "healthy": "truth",
        "checks": [{"name": "text", "state": "text", "text": "text", "hint": "text", "exit": "number"}],
    },
    "doctor --orders": {
        "waiting": [
            {
                "kind": "text", "id": "text", "about": "text", "peer": "text", "state": "text", "whose": "text",
                "since": "text", "until": "text?", "why": "text", **LANGUAGES,
            }
        ],
    },
    "show": "object",
    "plan": {
        "members": "number", "events": "number", "currency": "text",
        "roles": [
            {
                "role": "text", "count": "number", "cores": "any", "memoryGiB": "any", "diskGiB": "any",
                "sentGiB": "any", "gas": "digits", "money": "digits",
            }
        ],
        "walls": [
            {
                "name": "text", "unit": "text", "need": "any", "limit": "any", "share": "any", "members": "number",
            }
        ],
    },
    "purposes": {
        "purposes": [{"code": "text", "iri": "text", "broader": "text?", "en": "text", "zh": "text"}],
    },
    "get --dry-run": {**QUOTE, "dryRun": "truth", "within": "truth", "over": ["text"]},
    "agent assent --dry-run": QUOTE,
    "open --dry-run": {
        "dryRun": "truth", "acquisition": "text", "title": "text", "state": "text", "tier": "text", "bought": "truth",
        "price": "text",
    },
    "settle --dry-run": {
        "dryRun": "truth", **PREVIEW,
    },
    "conform ndi": {
        "role": "text", "at": "text", "passed": "number", "failed": "number", "unclear": "number",
        "cases": [{"clause": "text", "case": "text", "outcome": "text", "seen": "text"}],
    },
    "verify": {"kind": "text", "verified": "truth", "*": "any"},
    "audit": _AUDIT,
    "audit --share": {
        "share": "number", "of": "number", "seed": "text", "matters": "number", "open": "number", "digest": "text",
        "part": "text",
    },
    "audit join": {**_AUDIT, "shared": _SHARED},
    # what anybody checks: policies, logs, chains
    "policy explain": {"lang": "text", "sentences": ["text"]},
    "policy example": {"operand": "text", "files": {"policy": "text", "request": "text", "world": "text"}},
    "policy decide": {
        "outcome": "text", "rules": ["object"], "duties": ["object"], "reasons": ["object"], "reservations": ["object"],
        "idle": ["object"],
    },
    "policy try": {
        "outcome": "text", "rules": ["object"], "duties": ["object"], "reasons": ["object"], "reservations": ["object"],
        "idle": ["object"], "unknown": ["text"],
    },
    "policy translate": "object",
    "policy template list": {"templates": [_TEMPLATE]},
    "policy template show": {**_TEMPLATE, "rules?": "object", "words?": {"en": ["text"], "zh": ["text"]}},
    "template fill": {
        "template": "text", "policy": "object", "words": {"en": ["text"], "zh": ["text"]}, "clauses": [LANGUAGES],
    },
    "template model": {
        "kind": "text", "name": LANGUAGES, "abstract": LANGUAGES, "rules": ["text"], "fixed": "object",
        "examples": "object", "clauses": [LANGUAGES],
    },
    "policy template fill": "object",
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
        "witnesses": ["text"], "postQuantum": ["text"], "event": "text",
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
    # what members list, look for, owe and quarrel about
    "demand pursue --dry-run": {
        "dryRun": "truth", "matches": ["text"], "quote": "object?", "within": "truth", "over": ["text"],
    },
    "version compare": {"differences": ["object"]},
    # one that has no transfer yet has none of what else a process has
    "transfer pause": _PROCESS,
    "transfer resume": _PROCESS,
    "transfer cancel": _PROCESS,
    "transfer show": "object",
    "bill show MONTH": {
        "signature": "text", "currency": "text", "refunded?": {"given": "digits", "got": "digits"},
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
    # what keeps a participant going: its vault, its processes, its accounts, its copies
    "vault list": {"holdings": [_HELD]},
    "vault scrub": {"scrubbed": [{**_HELD, "good": "number", "bad": "any", "problem": "text"}], "damaged": "number"},
    "vault collect --dry-run": _COLLECTED,
    "vault collect": _COLLECTED,
    "vault idle": {"idle": [{"kind": "text", "id": "text", "sealedBytes": "digits", "used": "text"}], "days": "number"},
    "vault destroyed": {"destroyed": [{"agreement": "text", "holder": "text", "at": "text", "text": "text"}]},
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
    # what is declared
    **{act.words: act.answer for act in TABLE if act.words},
}  # fmt: skip
