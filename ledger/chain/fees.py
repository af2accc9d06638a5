"""What a transaction offers for its gas, in wei a unit: nothing, a legacy price, or a cap and a tip (EIP-1559).

Law: where the base fee is absent or zero a legacy transaction of price zero is sent, as the plainest chains ask
(Besu without fees, FISCO BCOS, the embedded chain); elsewhere type 2. A replacement offers an eighth more of each.
"""

from __future__ import annotations

from dataclasses import dataclass

# nodes ask for a tenth; an eighth is what they suggest
RAISE_NUMERATOR, RAISE_DENOMINATOR = 9, 8
# of the coin that pays for gas, as every EVM chain counts it, and those that people are shown
COIN_DIGITS, SHOWN_DIGITS = 18, 6
# half an ether for a million gas: a spike is waited out, not paid
PRICE_MAX_WEI = 500 * 10**9


@dataclass(frozen=True, slots=True)
class Fees:
    """`price` is the legacy price, or the cap where there is a `tip`."""

    price: int
    tip: int | None = None

    @classmethod
    def of(cls, base: int | None, tip: int) -> Fees:
        """Return what is offered at a block's base fee: twice of it, so that six full blocks do not outrun it."""
        return cls(2 * base + tip, tip) if base else cls(0)

    def lacking(self, balance: int, gas: int) -> int:
        """Return how many wei an account needs besides what it has to pay for so much gas; 0 where that is free."""
        return max(self.price * gas - balance, 0)

    def raised(self) -> Fees:
        """Return what replaces a transaction that offers this."""
        return Fees(_raise(self.price), None if self.tip is None else _raise(self.tip))

    def at_least(self, other: Fees) -> Fees:
        """Return the higher of both, part by part, in the form of `self`."""
        tip = None if self.tip is None else max(self.tip, other.tip or 0)
        return Fees(max(self.price, other.price), tip)

    def fields(self) -> dict[str, int]:
        """Return the fields of the transaction."""
        if self.tip is None:
            return {"gasPrice": self.price}
        return {"maxPriorityFeePerGas": self.tip, "maxFeePerGas": self.price}


def coins(wei: int) -> str:
    """Return an amount of the chain's own coin with at most six decimals, rounded up so that it is never too little."""
    whole, part = divmod(-(-wei // 10 ** (COIN_DIGITS - SHOWN_DIGITS)), 10**SHOWN_DIGITS)
    return f"{whole}.{part:0{SHOWN_DIGITS}}".rstrip("0").rstrip(".")


def _raise(amount: int) -> int:
    return -(-amount * RAISE_NUMERATOR // RAISE_DENOMINATOR)
