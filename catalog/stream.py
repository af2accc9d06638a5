"""What a buyer is told of a stream: `stream.json`, the edition that its agreements are about (decision 0171)."""

from __future__ import annotations

from typing import Any, Final

FORM: Final = "penstock/stream/1"
FILE: Final = "stream.json"


def described(message: str) -> dict[str, Any]:
    """Return the document: a batch has a `message` (line, change, message) on each line."""
    return {"form": FORM, "each": message, "sealing": "AES-256-GCM", "lines": "newline"}
