"""Keys of SM2 of ours that were: their public halves, and until when what was signed by each counts.

    keys/sm2.former    a key a line, the newest first: 128 hex digits, a time

Law: a key stands here before the next one takes its place. Its secret is gone with that, so nothing more is signed by
it here; a contract that bears its signature and is on its way to the platform is taken there until that time.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from connector.runtime import files, private_file
from connector.runtime.errors import Conflict, SettingsError
from contracts.ndi.proof import FormerKey
from contracts.sm2 import curve
from ledger.space.document import FORMER_SM2_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILE: Final = "sm2.former"


def read(folder: Path) -> tuple[FormerKey, ...]:
    """Return the former keys, the newest first; raises SettingsError for a file that is damaged."""
    path = folder / FILE
    try:
        lines = [line.split() for line in private_file.read(path).decode("ascii").splitlines()]
        found = tuple(FormerKey(bytes.fromhex(key), datetime.fromisoformat(until)) for key, until in lines)
    except FileNotFoundError:
        return ()
    except ValueError:
        found = (FormerKey(b"", datetime.min),)  # noqa: DTZ901  # of a line that cannot be read
    if len(found) > FORMER_SM2_MAX or any(curve.point(one.key) is None or not one.until.tzinfo for one in found):
        raise SettingsError(f"the file `{path}` is damaged", "restore it from a back-up of the keys")
    return found


def write(folder: Path, kept: Sequence[FormerKey]) -> None:
    """Keep the former keys, durable on return; raises Conflict for too many."""
    if len(kept) > FORMER_SM2_MAX:
        text = f"the key of SM2 was replaced {FORMER_SM2_MAX} times, and the space keeps each former one"
        raise Conflict(text, "leave and join anew under another DID (docs/keys.md)")
    lines = (f"{one.key.hex()} {one.until.isoformat(timespec='seconds')}\n".encode() for one in kept)
    files.write_atomic(folder / FILE, b"".join(lines))
