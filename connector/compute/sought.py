"""Subjects that are looked up without showing which: a point and a bucket for each (`connector.compute.buckets`)."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from connector.compute.blinding import POINT_BYTES
from connector.runtime.errors import InvalidInput
from contracts.lookup import BUCKETS_MAX, KEYS_AT_ONCE


@dataclass(frozen=True, slots=True)
class Sought:
    """The blinded keys of subjects, each with the number of its bucket; `table` may be empty where there is one."""

    points: tuple[bytes, ...]
    buckets: tuple[int, ...]
    table: str = ""

    def __post_init__(self) -> None:
        if not 0 < len(self.points) <= KEYS_AT_ONCE:
            raise InvalidInput(f"{len(self.points)} keys are looked up", f"1 to {KEYS_AT_ONCE} at once")
        if len(self.points) != len(self.buckets) or any(len(one) != POINT_BYTES for one in self.points):
            raise InvalidInput(f"a blinded key is {POINT_BYTES} bytes, and has one bucket")
        if not all(0 <= one < BUCKETS_MAX for one in self.buckets):
            raise InvalidInput("a bucket is a whole number from 0")

    def statement(self) -> str:
        """Return what is asked in words, by which it is decided, and named in logs."""
        told = b"".join(
            point + bucket.to_bytes(4, "big") for point, bucket in zip(self.points, self.buckets, strict=True)
        )
        about = f" of {self.table}" if self.table else ""
        return f"lookup{about}: {len(self.points)} keys, {sha256(told).hexdigest()}"
