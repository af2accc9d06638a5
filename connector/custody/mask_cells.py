"""What a mask makes of a column's cells: each different cell once, as text, and back to the column's type.

Law: the same cells under the same key make the same masked cells, so that publishing the same again changes nothing.
A cell that a method cannot take fails the whole column; none is left as it was.
"""

from __future__ import annotations

import base64
import hashlib
import math
from array import array
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from catalog.masks import WATERMARK
from connector.custody.errors import VaultError
from connector.custody.watermarking import NUMBER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from catalog.masks import Step

DIGEST_BYTES: Final = 16
TOKEN_CHARACTERS: Final = 13
HALF: Final = 0.5
# what a time is cut to: the fields that go back to their least
LEAST: Final = {
    "year": {"month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0, "microsecond": 0},
    "month": {"day": 1, "hour": 0, "minute": 0, "second": 0, "microsecond": 0},
    "day": {"hour": 0, "minute": 0, "second": 0, "microsecond": 0},
    "hour": {"minute": 0, "second": 0, "microsecond": 0},
}
# methods after which a column has the type that it had
KEEPING: Final = frozenset({"generalise", "noise", WATERMARK})


class Mask:
    """The mask of one column of one file; `key` is the column's own, `shared` the same over all products."""

    def __init__(self, column: str, steps: Sequence[Step], key: bytes, shared: bytes) -> None:
        self._column, self._steps, self._key, self._shared = column, steps, key, shared
        self._drawn = 0

    def apply(self, cells: Any) -> Any:
        """Return a block of cells masked; blocks come in order; raises VaultError `mask`."""
        for step in self._steps:
            cells = self._applied(cells, step)
        return cells

    def _applied(self, cells: Any, step: Step) -> Any:
        if step.method == "redact":
            return pa.nulls(len(cells), cells.type)
        was = cells.type
        try:
            if pa.types.is_dictionary(was):
                cells, was = cells.dictionary_decode(), was.value_type
            text = pc.cast(cells, pa.string())
            made = self._made(text, step)
            return pc.cast(made, was) if step.method in KEEPING else made
        except (pa.ArrowException, ValueError, InvalidOperation, OverflowError) as error:
            raise VaultError(
                "mask",
                f"`{step}` cannot be done to every cell of `{self._column[:100]}`",
                "choose a mask that fits what is in it, such as hash or redact",
            ) from error

    def _made(self, text: Any, step: Step) -> Any:
        if step.method == WATERMARK:  # of each copy, when it is delivered: `connector.custody.watermarking`
            return _markable(text)
        if step.method == "noise":
            return self._noisy(text, step)
        if step.method == "truncate":
            return pc.utf8_slice_codeunits(text, 0, int(step.parameter))
        if step.method == "hash":
            return _hashed(text, self._shared if step.parameter else self._key)
        return self._mapped(text, step)

    def _mapped(self, text: Any, step: Step) -> Any:
        coded = pc.dictionary_encode(text)
        change = self._change(step)
        return _texts(change(one) if one else one for one in coded.dictionary.to_pylist()).take(coded.indices)

    def _change(self, step: Step) -> Callable[[str], str]:
        if step.method == "tokenise":
            return lambda cell: base64.b32encode(_digest(cell.encode(), self._key, b"mask/token").digest()).decode()[
                :TOKEN_CHARACTERS
            ]
        if step.parameter in LEAST:
            return lambda cell: _cut(cell, step.parameter)
        size = Decimal(step.parameter)
        return lambda cell: _floor(cell, size)

    def _noisy(self, text: Any, step: Step) -> Any:
        scale = float(step.parameter)
        return _texts(self._near(cell, scale) if cell else cell for cell in text.to_pylist())

    def _near(self, cell: str, scale: float) -> str:
        """Return a number with noise of Laplace's distribution, to as many decimals as it had."""
        number = Decimal(cell)
        if not number.is_finite():
            raise ValueError(cell)
        # no generator whose state some known cells would give away
        drawn = _digest(self._drawn.to_bytes(8, "big"), self._key, b"mask/noise").digest()
        self._drawn += 1
        share = (int.from_bytes(drawn[:8], "big") + 0.5) / 2**64 - 0.5
        noise = -scale * math.copysign(math.log1p(-2 * abs(share)), share) if abs(share) < HALF else 0.0
        places = max(0, -int(number.as_tuple().exponent))
        return f"{number + Decimal(noise):.{places}f}"


def _markable(text: Any) -> Any:
    """Return texts as they are, if each is empty or a number whose last digit can be marked; raises ValueError."""
    fits = pc.or_(pc.match_substring_regex(text, f"^{NUMBER}$"), pc.equal(text, ""))
    if not pc.all(fits, min_count=0).as_py():
        raise ValueError("a cell is no plain number")
    return text


def _hashed(text: Any, key: bytes) -> Any:
    """Return the digests of texts in hexadecimal digits, by Arrow's buffers: no cell becomes a Python text."""
    coded = pc.dictionary_encode(text)
    words, begun = coded.dictionary, _digest(b"", key, b"mask/hash")
    _, ends, held = words.buffers()
    ends, data = memoryview(ends).cast("i"), memoryview(held or b"")
    digests = []
    for at in range(words.offset, words.offset + len(words)):
        made = begun.copy()
        made.update(data[ends[at] : ends[at + 1]])
        digests.append(made.digest())
    digits = b"".join(digests).hex().encode()
    places = array("i", range(0, len(digits) + 1, 2 * DIGEST_BYTES))
    found = pa.Array.from_buffers(pa.string(), len(words), [None, pa.py_buffer(places), pa.py_buffer(digits)])
    return pc.if_else(pc.equal(words, ""), words, found).take(coded.indices)


def _digest(data: bytes, key: bytes, use: bytes) -> hashlib.blake2b:
    """Return the keyed digest of RFC 7693 for one use: a MAC, and a third of HMAC's time for what is so short."""
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES, key=key, person=use)


def _cut(cell: str, span: str) -> str:
    moment = datetime.fromisoformat(cell)
    cut = moment.replace(**LEAST[span])  # type: ignore[arg-type]  # fields of a time
    if len(cell) == len("2026-01-01"):
        return cut.date().isoformat()
    return cut.isoformat(sep=cell[len("2026-01-01")]).replace("+00:00", "Z" if cell.endswith("Z") else "+00:00")


def _floor(cell: str, size: Decimal) -> str:
    number = Decimal(cell)
    if not number.is_finite():
        raise ValueError(cell)
    return f"{(number / size).to_integral_value(ROUND_FLOOR) * size:f}"


def _texts(cells: Iterable[str | None]) -> Any:
    """Return texts as Arrow holds them, by its buffers."""
    held = list(cells)
    encoded = [b"" if cell is None else cell.encode() for cell in held]
    ends = array("q", accumulate(map(len, encoded), initial=0))
    valid = None
    if None in held:
        bits = bytearray(-(-len(held) // 8))
        for at, cell in enumerate(held):
            bits[at // 8] |= (cell is not None) << (at % 8)
        valid = pa.py_buffer(bytes(bits))
    made = pa.Array.from_buffers(
        pa.large_string(), len(held), [valid, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    )
    return made.cast(pa.string())
