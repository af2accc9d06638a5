"""What a former account of ours holds, brought to the present one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.chain import acts

if TYPE_CHECKING:
    from connector.chain.transactions import Transactions
    from ledger.chain.programs import Programs


async def bring(programs: Programs, transactions: Transactions, account: bytes, present: bytes) -> int:
    """Bring the tokens of an account of ours to the present one; returns how many there were.

    While one such act is under way another one is the same: it is named by how many the account has sent.
    """
    if not (held := await programs.balance(account)):
        return 0
    sent = await programs.chain.nonce(account, "latest")
    act = acts.transfer(programs.deployment, present, held)._replace(sender=account)
    await transactions.submit(f"bring:{account.hex()}:{sent}", act)
    return held
