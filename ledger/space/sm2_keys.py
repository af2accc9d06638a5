"""Keys of SM2 of a member as a space's document has them: a point, and until when a former one counts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from contracts.ndi.proof import FormerKey
from contracts.sm2 import curve

if TYPE_CHECKING:
    from collections.abc import Mapping


def point(value: str) -> bytes:
    """Read a public key (64 bytes); raises ValueError."""
    raw = bytes.fromhex(value)
    if len(raw) != curve.POINT_BYTES or curve.point(raw) is None:
        raise ValueError("its key of SM2 is no point of the curve")
    return raw


def read(value: Mapping[str, Any]) -> FormerKey:
    """Read a former key; raises ValueError, KeyError, TypeError."""
    until = datetime.fromisoformat(value["until"])
    if until.tzinfo is None:
        raise ValueError("a former key of SM2 ends at a time without a zone")
    return FormerKey(point(value["key"]), until)


def json(one: FormerKey) -> dict[str, str]:
    """Return a former key as the document has it."""
    return {"key": one.key.hex(), "until": one.until.isoformat(timespec="seconds")}
