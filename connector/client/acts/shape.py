"""What a shape is, and the shapes that stand inside others."""

from __future__ import annotations

from typing import Any

Shape = str | list[Any] | dict[str, Any]

LANGUAGES = {"en": "text", "zh": "text"}
LIMIT = {"key": "text", **LANGUAGES}
BILLED = {
    "bytes": "digits", "data": "digits", "list": "digits", "files?": "digits", "packing?": "object", "words": LANGUAGES,
}  # fmt: skip
QUOTE = {
    "product": "text", "provider": "text", "title": "text", "tier": "text", "edition": "text", "columns": ["text"],
    "asked": "digits", "amount": "digits", "currency": "text", "sum": "text",
    "price": "text", "of": "text", "bytes": "digits", "billed": BILLED,
    "pieces": "number",
}  # fmt: skip
PUBLISHED = {
    "id": "text", "title": "text", "state": "text", "provider": "text", "edition": "text", "number": "number",
    "rows": "number", "tableRows": "number", "billed": BILLED, "plainBytes": "digits", "sealedBytes": "digits",
    "repeatedRows": "number", "repeatedBytes": "digits", "unchanged": "truth", "listing": "text", "stands?": "truth",
}  # fmt: skip
PROCESS = {
    "id": "text", "kind": "text", "role": "text", "peer": "text", "peerPid": "text?", "about": "text", "state": "text",
    "pending": "text", "turn": "text", "reason": "text", "message": "object?", "created": "text", "updated": "text",
    "deadline": "text?", "due": "text?", "metering?": "text", "served?": "object", "rounds?": ["object"],
    "asks?": "truth",
}  # fmt: skip
SPACE = {
    "id": "text", "name": "text", "description": "text", "rules": "object", "words": [LANGUAGES], "state": "text",
    "reason": "text", "version": "number",
}  # fmt: skip
# an agreement that its operator has suspended, resumed or ended
TURNED = {"agreement": "text", "state": "text", "reason": "text"}
# what an operator is answered whose act waits for another's assent
WAITS = {"id": "text", "act": "text", "awaits": "text", "until": "text", **LANGUAGES}
# what everybody is answered instead when it fails, with the exit code of docs/reference.md
FAULT = {
    "code": "text", "status": "number", "exit": "number", "whose": "text", "text": "text", "hint": "text",
}  # fmt: skip
