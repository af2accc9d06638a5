"""The outbox of one participant with several accounts: each has its own numbers, and the newest sends what is new."""

from __future__ import annotations

import pytest

from connector.chain.transactions import Transactions
from connector.runtime.errors import Conflict
from connector.store.rows.chain import ActState
from ledger.chain import acts

from .test_transactions import Outbox


@pytest.fixture
async def outbox(stage, store):
    made = Outbox(stage, store)
    yield made
    await made.transactions.close()


async def test_each_account_has_its_own_numbers_and_what_is_new_is_the_next_one_s(outbox, store):
    stage, ours = outbox.stage, outbox.transactions
    first, second = stage.account("issuer"), stage.account("buyer")
    paying = acts.transfer(stage.deployment, stage.account("provider"), 1)
    await outbox.want(**{"mint:1": outbox.mint(9)})
    ours.start()
    await outbox.ended("mint:1")
    ours.follow(stage.key("buyer"))
    await outbox.want(**{"pay:1": paying, "mint:2": outbox.mint()._replace(sender=first), "pay:2": paying})
    rows = await outbox.ended("pay:1", "mint:2", "pay:2")
    assert [(row.state, row.account) for row in rows] == [
        (ActState.MINED, second.hex()), (ActState.MINED, None), (ActState.MINED, second.hex()),
    ]  # fmt: skip
    [begun] = await outbox.ended("mint:1")
    assert (rows[1].nonce, rows[2].nonce) == (begun.nonce + 1, rows[0].nonce + 1)
    assert await stage.programs.balance(stage.account("provider")) == 2
    with pytest.raises(Conflict, match="none of ours"):
        await outbox.want(**{"pay:3": paying._replace(sender=b"\x09" * 20)})
    # another run knows both by their keys, the newest last
    again = Transactions(store, stage.programs, stage.key("buyer"), outbox.clock, former=[stage.key("issuer")])
    await ours.close()
    again.start()
    await store.write(lambda tx: again.enqueue(tx, "mint:3", outbox.mint()._replace(sender=first)))
    [row] = await outbox.ended("mint:3")
    assert (row.state, row.account, row.nonce) == (ActState.MINED, None, begun.nonce + 2)
    await again.close()
