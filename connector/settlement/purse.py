"""What the channels program has credited to us: shares as a payee, the rest of a closed channel as its payer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from connector.chain.bringing import bring
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
        """Return the minor units that can be withdrawn now: our credit, and whatever former accounts have."""
        present, *former = self._core.identity.keys.accounts
        theirs = [await self._programs.credit(one) + await self._programs.balance(one) for one in former]
        return await self._programs.credit(present) + sum(theirs)

    async def withdraw(self) -> int:
        """Withdraw all of it; returns the amount. One at a time: a credit is there once."""
        async with self._turn:
            present, *former = self._core.identity.keys.accounts
            return await self._withdraw(present) + sum([await self._bring(one, present) for one in former])

    async def _withdraw(self, account: bytes) -> int:
        if (credit := await self._programs.credit(account)) == 0:
            return 0
        block, act = (await self._programs.chain.newest()).number, acts.withdraw(self._programs.deployment)
        await self._transactions.submit(f"withdraw:{block}", act)
        return credit

    async def _bring(self, account: bytes, present: bytes) -> int:
        """Withdraw the credit of a former account, and bring what it has then to the present one."""
        if await self._programs.credit(account):
            block, act = (await self._programs.chain.newest()).number, acts.withdraw(self._programs.deployment)
            await self._transactions.submit(f"withdraw:{block}:{account.hex()}", act._replace(sender=account))
        return await bring(self._programs, self._transactions, account, present)
