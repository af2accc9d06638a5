"""Currencies that a space may settle in, and how an amount of one is written (ISO 4217).

Law: one unit of the settlement token is a hundredth of the currency (`contracts/onchain/token.vy`), so a space is
founded in a currency with two decimals; another one is refused, for its amounts would be read a hundredfold. An older
document that names no currency means `FIRST`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST: Final = "CNY"
TOKEN_DECIMALS: Final = 2
_TWO = (
    "AED AUD BRL CAD CHF CNY CZK DKK EGP EUR GBP HKD IDR ILS INR KES MAD MOP MXN MYR NGN NOK NZD PHP PKR PLN RON RUB "
    "SAR SEK SGD THB TRY TWD UAH USD VES ZAR"
)
_NONE, _THREE = "CLP ISK JPY KRW PYG UGX VND XAF XOF", "BHD IQD JOD KWD OMR TND"
# code → digits behind the point
DECIMALS: Mapping[str, int] = MappingProxyType(
    {code: digits for digits, codes in ((2, _TWO), (0, _NONE), (3, _THREE)) for code in codes.split()}
)


def settled(code: str) -> str:
    """Return the currency that a space is founded in; raises ContractError for one that the token cannot count."""
    decimals = DECIMALS.get(code)
    if decimals is None:
        raise ContractError("currency", f"`{code[:20]}` is no currency that is known here (ISO 4217, such as CNY, EUR)")
    if decimals != TOKEN_DECIMALS:
        many = f"{decimals} decimals" if decimals else "no decimals"
        raise ContractError(
            "currency", f"`{code}` has {many}, and the settlement token counts hundredths: choose one with two"
        )
    return code
