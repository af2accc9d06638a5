"""Review by sample: which rows the exchange has opened, and what that is worth (spec 6, review sampling).

The seed is fixed after registration (the next witnessed head of another log), so the sealer could not know the rows.
If a share f of all rows is bad, k rows drawn without replacement miss every one with probability at most (1 - f)^k.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from contracts.labels import H

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_SAMPLE_ROWS = 64
ROWS_PER_SAMPLE = 8


def sample_size(rows: int) -> int:
    """Return k = min(64, ceil(rows / 8))."""
    return min(MAX_SAMPLE_ROWS, -(-rows // ROWS_PER_SAMPLE))


def draw(seed: bytes, rows: int, k: int) -> tuple[int, ...]:
    """Return `k` different row numbers below `rows`, ascending: the same for everybody who knows the seed."""
    assert 0 <= k <= rows
    numbers = _numbers(seed)
    moved: dict[int, int] = {}
    drawn = []
    for place in range(k):  # Fisher-Yates, keeping only the places that were touched
        other = place + _below(numbers, rows - place)
        drawn.append(moved.get(other, other))
        moved[other] = moved.get(place, place)
    return tuple(sorted(drawn))


def bound(k: int, bad_share: Fraction) -> Fraction:
    """Return (1 - f)^k: the greatest chance that a share `bad_share` of bad rows went unseen."""
    assert 0 <= bad_share <= 1
    return (1 - bad_share) ** k


def bound_text(k: int) -> str:
    """Return the bound for publication, with two examples in percent."""
    examples = ", ".join(f"{share} % bad pieces: {_percent(bound(k, Fraction(share, 100)))} %" for share in (1, 10))
    return f"(1 - f)^{k}: the chance that a share f of bad pieces stays unseen ({examples})"


def _numbers(seed: bytes) -> Iterator[int]:
    counter = 0
    while True:
        yield int.from_bytes(H("review-draw", seed, counter.to_bytes(8, "big"))[:8], "big")
        counter += 1


def _below(numbers: Iterator[int], limit: int) -> int:
    """Return a number below `limit`, without the bias of a bare remainder."""
    fair = (1 << 64) - (1 << 64) % limit
    return next(number for number in numbers if number < fair) % limit


def _percent(share: Fraction) -> str:
    """Return the share in percent with two decimals, rounded up: a bound never understates."""
    hundredths = -(-share.numerator * 10_000 // share.denominator)
    return f"{hundredths // 100}.{hundredths % 100:02}"
