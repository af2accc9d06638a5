"""How things are told to clients of the Management API: ids, moments in milliseconds, documents with their context."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connector.negotiation.protocol.query_spec import EDC
from connector.operation.management.names import PREFIXES

CONTEXT: Final = {"@vocab": EDC, "edc": EDC, "odrl": PREFIXES["odrl"]}
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)


def milliseconds(at: datetime) -> int:
    """Return a moment as milliseconds since 1970."""
    return (at - EPOCH) // MILLISECOND


def moment(text: str) -> datetime:
    """Return the moment that so many milliseconds name; ValueError for what is no number, or beyond the calendar."""
    try:
        return EPOCH + int(text) * MILLISECOND
    except OverflowError as fault:
        raise ValueError(f"`{text[:40]}` milliseconds after 1970 is no time") from fault


def stamped(key: str, at: datetime, kind: str = "IdResponse") -> dict[str, Any]:
    """Return what is said of everything: its kind, its id, and since when there is it."""
    return {"@type": kind, "@id": key, "createdAt": milliseconds(at)}


def with_context(found: Any) -> Any:
    """Return an object, or each of a list, with the context of its names."""
    if isinstance(found, list):
        return [with_context(one) for one in found]
    return found if "@context" in found else {"@context": CONTEXT, **found}
