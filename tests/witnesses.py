"""BLS keys of witnesses whose proofs of possession are made and checked already, for participants of tests.

To prove that one has such a key takes a seventh of a second, to check the proof a third, and each process checks those
of all members. `witnesses.txt` has a line for each key: its 48 public bytes, then its proof; `seed` is its secret.

Law: `KNOWN` are pairs that hold; `tests/ledger/log/test_aggregate.py` shows it, and that every other is looked at.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from ledger.log import aggregate

PLACE = Path(__file__).with_suffix(".txt")
PAIRS = [tuple(map(bytes.fromhex, line.split())) for line in PLACE.read_text().splitlines()]
KNOWN = frozenset(PAIRS)
LOOKED_AT = aggregate.possessed


def seed(number: int) -> bytes:
    """Return the secret 32 bytes from which the key of a line is derived."""
    return sha256(b"witness %d of the tests" % number).digest()


def possessed(key: bytes, proof: bytes) -> bool:
    """Stand for `aggregate.possessed`."""
    return (key, proof) in KNOWN or LOOKED_AT(key, proof)


def trust() -> None:
    """Let this process take the proofs of `KNOWN` for checked."""
    aggregate.possessed = possessed
