"""What the channels program has credited to us: shares as a payee, the rest of a closed channel as its payer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from connector.runtime.errors import PaymentRefused
from contracts import price_words
from ledger.chain import acts

if TYPE_CHECKING:
    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from ledger.chain.programs import Programs


def require_deposit(due: int, held: int, currency: str) -> None:
    """Raise PaymentRefused for a deposit that is more than an account holds."""
    if held < due:
        wanted, there = (price_words.money(each, currency) for each in (due, held))
        raise PaymentRefused(
            f"the deposit is {wanted}, the account holds {there}",
            "have the account credited first (`penstock wallet add`), or say a smaller `--deposit`",
        )


class Purse:
    """Our credit at the channels program."""

    def __init__(self, core: Core, programs: Programs, transactions: Transactions) -> None:
        self._core, self._programs, self._transactions = core, programs, transactions
        self._turn = asyncio.Lock()

    async def credit(self) -> int:
        """Return the minor units that can be withdrawn now."""
        return await self._programs.credit(self._core.identity.keys.address)

    async def withdraw(self) -> int:
        """Withdraw all of it; returns the amount. One at a time: a credit is there once."""
        async with self._turn:
            credit = await self.credit()
            if credit == 0:
                return 0
            block = (await self._programs.chain.newest()).number
            await self._transactions.submit(f"withdraw:{block}", acts.withdraw(self._programs.deployment))
            return credit
