"""The points as which the keys of a coverage go: what its terms say, for both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from connector.compute import blinding, curve25519
from contracts.coverage import CURVE25519, EDWARDS25519

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Points(Protocol):
    """How keys become points under a scalar, and out of it again (`connector.compute.blinding`)."""

    def scalar(self, wide: bytes) -> bytes: ...  # noqa: D102  # a law of both
    def blinded(self, key: bytes, names: Iterable[str]) -> list[bytes]: ...  # noqa: D102  # as above
    def again(self, key: bytes, points: Iterable[bytes]) -> list[bytes]: ...  # noqa: D102  # as above
    def inverse(self, key: bytes) -> bytes: ...  # noqa: D102  # as above


POINTS: Final[Mapping[str, Points]] = {EDWARDS25519: blinding, CURVE25519: curve25519}
