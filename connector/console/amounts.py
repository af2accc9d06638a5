"""Amounts as people write them in forms: `4.20`, and minor units."""

from __future__ import annotations

from connector.runtime.errors import InvalidInput

CENTS = 100


def minor(told: str) -> str:
    """Return an amount that a person wrote (`4.20`) in minor units; raises InvalidInput."""
    whole, _, rest = told.strip().partition(".")
    digits = whole.isascii() and whole.isdecimal() and (not rest or (rest.isascii() and rest.isdecimal()))
    if not digits or len(rest) > 2 or len(whole) > 15:
        raise InvalidInput(f"`{told[:40]}` is no amount", "write it as 4.20, without a currency")
    return str(int(whole) * CENTS + int(rest.ljust(2, "0")))


def decimal(told: str) -> str:
    """Return minor units as people write them in a form."""
    whole, rest = divmod(int(told), CENTS)
    return f"{whole}.{rest:02}"
