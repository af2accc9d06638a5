"""The own server's management API as a command asks it: one question, one answer, and the process ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.address import CALL_SECONDS, OWN_ANSWER_BYTES_MAX, Address, key_file, trusted
from connector.client.presence import awaited
from connector.net.question import Question
from connector.runtime import traceparent
from connector.runtime.errors import PeerUnreachable, PenstockError

if TYPE_CHECKING:
    from pathlib import Path


def ask(data: Path, key: Path | None, method: str, path: str, body: Any = None) -> Any:
    """Do what `connector.client.server.Server.call` does, without an event loop (blocking)."""
    place, key = traceparent.outgoing(), key or key_file()
    try:
        if key is None:
            awaited(data)
        address, question = Address(data, key), Question(development=True, trust=trusted(data))
        headers = {**address.headers(), traceparent.HEADER: place.below().header}
        limits: dict[str, Any] = {"timeout_seconds": CALL_SECONDS, "limit_bytes": OWN_ANSWER_BYTES_MAX}
        return question.put(method, address.below(path), body, headers=headers, **limits)
    except PeerUnreachable as fault:
        explained = address.explained(fault)
        explained.request = place.trace
        raise explained from fault
    except PenstockError as fault:
        fault.request = place.trace
        raise
