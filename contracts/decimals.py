"""Amounts, sizes and counters in JSON: decimal strings with one spelling each (spec, preamble)."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from contracts.errors import ContractError

MAX_DECIMAL_DIGITS = 39  # 2^128 - 1 has 39 digits
MONEY_DECIMALS = 2  # of the settlement token (contracts/onchain/token.vy)
MONEY_DIGITS_MAX = 15  # before the point, as a person writes it
BARE_DIGITS_MAX = 18  # of hundredths that somebody types
_MONEY = re.compile(rf"([0-9]{{1,{MONEY_DIGITS_MAX}}})(?:\.([0-9]{{1,{MONEY_DECIMALS}}}))?", re.ASCII)
_TYPED = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?: *([A-Za-z]{3}))?", re.ASCII)
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


class Typed(NamedTuple):
    """An amount that somebody typed: in hundredths, the currency that was named, and whether it was digits alone."""

    minor: int
    currency: str
    bare: bool


def read_typed(text: str, name: str) -> Typed:
    """Return what a typed amount means: `9.50` and `9 CNY` are money, digits alone (`950`) count hundredths.

    The one reader of the command line. A program that types whole numbers has always meant hundredths; a point or a
    currency says that a person means coins. A place where digits alone have meant coins refuses what is `bare`.
    """
    found = _TYPED.fullmatch(text.strip())
    if found is None:
        raise ContractError("not-money", f"`{name}` is `{text[:40]}`, which is no amount such as `9.50` or `9.50 CNY`")
    amount, currency = found[1], (found[2] or "").upper()
    if currency or "." in amount:
        return Typed(read_money(amount, name), currency, bare=False)
    if len(amount) > BARE_DIGITS_MAX:
        raise ContractError("not-money", f"`{name}` has more than {BARE_DIGITS_MAX} digits")
    return Typed(int(amount), "", bare=True)


def read_coins(text: str, name: str, currency: str) -> int:
    """Return the minor units of an amount where digits alone mean coins, `4` as `4.00`; it may name its currency."""
    read = read_typed(text, name)
    if read.currency not in ("", currency):
        raise ContractError("other-currency", f"`{name}` is in {read.currency}, and this is in {currency}")
    return read_money(text, name) if read.bare else read.minor


def read_hex(value: Any, name: str, size: int) -> bytes:
    """Return the `size` bytes that a lowercase hex string without prefix spells."""
    try:
        found = bytes.fromhex(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or len(found) != size or found.hex() != value:
        raise ContractError("not-hex", f"`{name}` is not {2 * size} lowercase hex digits")
    return found
