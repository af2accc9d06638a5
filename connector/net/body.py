"""The body of a request or an answer: a JSON value, or bytes as they are."""

from __future__ import annotations

from typing import Any

import orjson

from connector.runtime.errors import PeerMisbehaved
from connector.runtime.limits import ANSWER_VALUES_MAX
from contracts.canonical import values_at_most


def decoded(body: bytes) -> Any:
    """Return what a peer's answer says in JSON; raises `PeerMisbehaved`."""
    if values_at_most(body) > ANSWER_VALUES_MAX:
        raise PeerMisbehaved(f"the peer's answer has more than {ANSWER_VALUES_MAX} values")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise PeerMisbehaved(f"the peer's answer is not JSON: {error}") from error


def encoded(body: Any) -> tuple[bytes | None, dict[str, str]]:
    """Return a body as bytes, and the header that says of what kind they are."""
    if body is None:
        return None, {}
    if isinstance(body, bytes):
        return body, {"Content-Type": "application/octet-stream"}
    return orjson.dumps(body), {"Content-Type": "application/json"}
