"""Amounts, sizes and counters in JSON: decimal strings with one spelling each (spec, preamble)."""

from __future__ import annotations

import re
from typing import Any

from contracts.errors import ContractError

MAX_DECIMAL_DIGITS = 39  # 2^128 - 1 has 39 digits
MONEY_DECIMALS = 2  # of the settlement token (contracts/onchain/token.vy)
MONEY_DIGITS_MAX = 15  # before the point, as a person writes it
_MONEY = re.compile(rf"([0-9]{{1,{MONEY_DIGITS_MAX}}})(?:\.([0-9]{{1,{MONEY_DECIMALS}}}))?", re.ASCII)
_DECIMAL = re.compile(r"0|[1-9][0-9]*")


def read_decimal(value: Any, name: str, *, limit: int = (1 << 128) - 1) -> int:
    """Return the integer that a decimal string spells; no sign, no leading zero, at most `limit`."""
    if not isinstance(value, str) or len(value) > MAX_DECIMAL_DIGITS or not _DECIMAL.fullmatch(value):
        raise ContractError("not-decimal", f"`{name}` is not a decimal string like `1750`")
    number = int(value)
    if number > limit:
        raise ContractError("out-of-range", f"`{name}` is `{value}`, more than {limit}")
    return number


def read_money(text: str, name: str) -> int:
    """Return the minor units of an amount as a person writes it, `4.20` or `4`, without a currency."""
    found = _MONEY.fullmatch(text.strip())
    if found is None:
        raise ContractError("not-money", f"`{name}` is `{text[:40]}`, which is no amount such as `4.20`")
    return int(found[1] + (found[2] or "").ljust(MONEY_DECIMALS, "0"))


def read_hex(value: Any, name: str, size: int) -> bytes:
    """Return the `size` bytes that a lowercase hex string without prefix spells."""
    try:
        found = bytes.fromhex(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or len(found) != size or found.hex() != value:
        raise ContractError("not-hex", f"`{name}` is not {2 * size} lowercase hex digits")
    return found
