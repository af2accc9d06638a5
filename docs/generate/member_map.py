"""Maps of members as examples for other implementations: pairs, root, and a proof of some keys."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from ledger.space.member_map import MemberMap

SIZES = (0, 1, 2, 9)


def document() -> str:
    """Return the examples; of each the first key is asked for, if there is one, and one that nobody has."""
    return json.dumps({"maps": [_example(size) for size in SIZES]}, indent=1) + "\n"


def _example(size: int) -> dict[str, Any]:
    pairs = {_hash(f"key {number}"): _hash(f"value {number}") for number in range(size)}
    asked, whole = [*list(pairs)[:1], _hash("nobody")], MemberMap.of(pairs)
    return {
        "pairs": {key.hex(): value.hex() for key, value in pairs.items()},
        "root": whole.root.hex(),
        "asked": [key.hex() for key in asked],
        "proof": whole.prove(asked).hex(),
    }


def _hash(text: str) -> bytes:
    return sha256(text.encode()).digest()
