"""Keys of SM2 of ours that were: their public halves, and until when what was signed by each counts.

    keys/sm2.former    a key a line, the newest first: 128 hex digits, a time

Law: a key stands here before the next one takes its place. Its secret is gone with that, so nothing more is signed by
it here; a contract that bears its signature and is on its way to the platform is taken there until that time.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from connector.identity.former_keys import FormerKeys
from contracts.ndi.proof import FormerKey
from contracts.sm2 import curve
from ledger.space.document import FORMER_SM2_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILE: Final = "sm2.former"


def _read(line: str) -> FormerKey:
    key, until = line.split()
    made = FormerKey(bytes.fromhex(key), datetime.fromisoformat(until))
    if curve.point(made.key) is None or made.until.tzinfo is None:
        raise ValueError("no former key of SM2")
    return made


def _line(one: FormerKey) -> str:
    return f"{one.key.hex()} {one.until.isoformat(timespec='seconds')}"


KEPT: Final = FormerKeys(FILE, FORMER_SM2_MAX, "key of SM2", _read, _line, lambda one: one.key)


def write(folder: Path, kept: Sequence[FormerKey]) -> None:
    """Keep the former keys, durable on return; raises Conflict for too many."""
    if len(kept) > FORMER_SM2_MAX:
        raise KEPT.full()
    KEPT.write(folder, kept)
