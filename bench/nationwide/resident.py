"""A member whose server is simulated: real keys, drawn from its number, and a log that is served from files.

Its BLS key is bytes of the right length alone: it attests nothing, and nobody asks for its proof.
"""

from __future__ import annotations

from functools import cached_property
from hashlib import shake_256
from itertools import pairwise
from typing import TYPE_CHECKING

from bench.audited.party import Party
from connector.identity import did as dids
from connector.identity.keys import PURPOSES, SECRET_BYTES, Keys
from contracts.canonical import canonical
from ledger.space.document import AGGREGATE_BYTES, POSSESSION_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATH, DOCUMENT = "m", "did.json"
ROLES = ("provider", "buyer")
REGIONS = ("US", "US-NY", "US-CA")  # of which the terms are that are negotiated


class Resident(Party):
    """The member of a number, at `http://localhost:<port>/m/<number>`; those of a pair are a provider and a buyer."""

    def __init__(self, number: int, port: int) -> None:
        role, region = ROLES[number % len(ROLES)], REGIONS[number % len(REGIONS)]
        super().__init__(role, number, region, drawn(number), f"localhost:{port}/{PATH}/{number}")

    @cached_property
    def bls(self) -> tuple[bytes, bytes]:
        """Return what stands where others have a key, and its proof."""
        raw = shake_256(f"bls {self.number}".encode()).digest(AGGREGATE_BYTES + POSSESSION_BYTES)
        return raw[:AGGREGATE_BYTES], raw[AGGREGATE_BYTES:]

    def identity(self) -> bytes:
        """Return its DID document as it is served."""
        return canonical(dids.build(self.did, self.url, self.keys, self.bls, exchange=False))


def drawn(number: int) -> Keys:
    """Return the keys of a number; nobody has to keep them."""
    raw = shake_256(f"resident {number}".encode()).digest(len(PURPOSES) * SECRET_BYTES)
    cuts = range(0, len(raw) + 1, SECRET_BYTES)
    parts = (raw[start:end] for start, end in pairwise(cuts))
    # the first byte is cleared: so every one is below the order of its curve
    return Keys.of({name: bytes(1) + part[1:] for name, part in zip(PURPOSES, parts, strict=True)})


def pairs(numbers: range, port: int) -> Iterator[tuple[Resident, Resident]]:
    """Yield provider and buyer of each pair of these numbers, the first of which is even."""
    for number in range(numbers.start, numbers.stop - 1, 2):
        yield Resident(number, port), Resident(number + 1, port)


class Pages:
    """The files of all residents below a folder, each where its URL says."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self._base = folder, f"page/http://localhost:{port}/"

    def put(self, name: str, body: bytes) -> None:
        """Put a page of a log, by the name that a bundle has for it."""
        self._write(self._folder / name.removeprefix(self._base), body)

    def identify(self, one: Resident) -> None:
        """Put a resident's DID document."""
        self._write(self._folder / PATH / str(one.number) / DOCUMENT, one.identity())

    @staticmethod
    def _write(path: Path, body: bytes) -> None:
        try:
            path.write_bytes(body)
        except FileNotFoundError:
            path.parent.mkdir(parents=True)
            path.write_bytes(body)
