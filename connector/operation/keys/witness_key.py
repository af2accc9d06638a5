"""The BLS key of this participant as a witness: how it is derived of its seed, and kept beside it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from connector.runtime import files
from connector.runtime.data_folder import KEYS

if TYPE_CHECKING:
    from pathlib import Path

AGGREGATE: Final = "aggregate"
PUBLIC_FILE: Final = "aggregate.pub"


def derive(seed: bytes) -> tuple[bytes, bytes]:
    """Return the BLS key (48 bytes) of a seed and its proof of possession (96 bytes); half a second."""
    from ledger.log import aggregate  # noqa: PLC0415  # pairing arithmetic is heavy and needed only once

    secret = aggregate.secret(seed)
    return aggregate.public(secret), aggregate.prove(secret)


def kept_pair(data: Path, seed: bytes) -> tuple[bytes, bytes]:
    """Return the BLS key and its proof of possession, derived once (half a second) and kept beside the keys."""
    path = data / KEYS / PUBLIC_FILE
    with suppress(FileNotFoundError):
        raw = path.read_bytes()
        return raw[:48], raw[48:]
    pair = derive(seed)
    files.write_atomic(path, pair[0] + pair[1])
    return pair
