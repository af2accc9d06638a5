"""Batches like one that was mined go untried where gas is free, and what fails then is brought by halves."""

from __future__ import annotations

import pytest

from connector.runtime.errors import ChainReverted
from connector.store.rows.chain import ActState
from ledger.chain.grants import GRANTS_MAX

from .test_licences import agreed, granting
from .test_transactions import Outbox, licences


@pytest.fixture
async def outbox(stage, store):
    made = Outbox(stage, store)
    yield made
    await made.transactions.close()


class Tried:
    """Counts the trials that a chain is asked for."""

    def __init__(self, stage, monkeypatch):
        self.count, was = 0, stage.chain._eth.estimate_gas

        async def counted(*asked):
            self.count += 1
            return await was(*asked)

        monkeypatch.setattr(stage.chain._eth, "estimate_gas", counted)


async def test_of_like_batches_the_first_is_tried_where_gas_is_free(outbox, monkeypatch):
    wanted = await licences(outbox.stage, 3 * GRANTS_MAX)
    await outbox.want(**wanted)
    tried = Tried(outbox.stage, monkeypatch)
    outbox.transactions.start()
    rows = await outbox.ended(*wanted)
    assert {row.state for row in rows} == {ActState.MINED}
    assert len({row.hash for row in rows}) == 3
    assert tried.count == (1 if (await outbox.stage.chain.fees()).price == 0 else 3)


async def test_a_batch_that_failed_untried_is_brought_by_halves_and_the_next_is_tried_again(outbox, monkeypatch):
    first = await licences(outbox.stage, GRANTS_MAX)
    await outbox.want(**first)
    outbox.transactions.start()
    await outbox.ended(*first)
    unsigned = granting(outbox.stage, await agreed(outbox.stage), provider="stranger")
    later = dict(list((await licences(outbox.stage, 2 * GRANTS_MAX - 1)).items())[GRANTS_MAX:])
    await outbox.want(**later, **{"licence:bad": unsigned})
    rows = await outbox.ended(*later, "licence:bad")
    assert [row.state for row in rows] == [ActState.MINED] * (GRANTS_MAX - 1) + [ActState.REVERTED]
    with pytest.raises(ChainReverted, match="not the provider's signature"):
        await outbox.transactions.mined("licence:bad")
    if (await outbox.stage.chain.fees()).price == 0:  # elsewhere the batch is tried, so none failed
        assert not any(one.used for one in outbox.transactions._accounts.values())
