"""Amounts as people write them in forms: `4.20`, and minor units."""

from __future__ import annotations

from connector.runtime.errors import InvalidInput
from contracts.decimals import read_coins, read_typed
from contracts.errors import ContractError

CENTS = 100


def minor(told: str, currency: str) -> str:
    """Return an amount that a person wrote (`4.20`, `4`, `4.20 CNY`) in minor units; raises InvalidInput."""
    try:
        return str(read_coins(told, "amount", currency))
    except ContractError as error:
        raise InvalidInput(str(error), f"write it as 4.20 or 4.20 {currency}") from error


def hundredths(told: str, currency: str) -> str:
    """Return in minor units what a person wrote where digits alone count hundredths; raises InvalidInput."""
    try:
        read = read_typed(told, "amount")
    except ContractError as error:
        raise InvalidInput(str(error), "write it as 4.20") from error
    if read.currency not in ("", currency):
        raise InvalidInput(f"`{told[:40]}` is in {read.currency}, and this is in {currency}", "name no other currency")
    return str(read.minor)


def decimal(told: str) -> str:
    """Return minor units as people write them in a form."""
    whole, rest = divmod(int(told), CENTS)
    return f"{whole}.{rest:02}"
