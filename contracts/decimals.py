"""Amounts, sizes and counters in JSON: decimal strings with one spelling each (spec, preamble)."""

from __future__ import annotations

import re
from typing import Any

from contracts.errors import ContractError

MAX_DECIMAL_DIGITS = 39  # 2^128 - 1 has 39 digits
_DECIMAL = re.compile(r"0|[1-9][0-9]*")


def read_decimal(value: Any, name: str, *, limit: int = (1 << 128) - 1) -> int:
    """Return the integer that a decimal string spells; no sign, no leading zero, at most `limit`."""
    if not isinstance(value, str) or len(value) > MAX_DECIMAL_DIGITS or not _DECIMAL.fullmatch(value):
        raise ContractError("not-decimal", f"`{name}` is not a decimal string like `1750`")
    number = int(value)
    if number > limit:
        raise ContractError("out-of-range", f"`{name}` is `{value}`, more than {limit}")
    return number


def read_hex(value: Any, name: str, size: int) -> bytes:
    """Return the `size` bytes that a lowercase hex string without prefix spells."""
    try:
        found = bytes.fromhex(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or len(found) != size or found.hex() != value:
        raise ContractError("not-hex", f"`{name}` is not {2 * size} lowercase hex digits")
    return found
