"""Amounts as people write them in forms: `4.20`, and minor units."""

from __future__ import annotations

from connector.runtime.errors import InvalidInput
from contracts.decimals import read_money
from contracts.errors import ContractError

CENTS = 100


def minor(told: str) -> str:
    """Return an amount that a person wrote (`4.20`) in minor units; raises InvalidInput."""
    try:
        return str(read_money(told, "amount"))
    except ContractError as error:
        raise InvalidInput(f"`{told[:40]}` is no amount", "write it as 4.20, without a currency") from error


def decimal(told: str) -> str:
    """Return minor units as people write them in a form."""
    whole, rest = divmod(int(told), CENTS)
    return f"{whole}.{rest:02}"
