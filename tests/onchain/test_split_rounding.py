"""Rounding of the split, on the chain itself: nobody loses a unit, nobody gains one (spec 3.3).

The payees' own floors are credited at each claim and the remainder at the close: with three payees the remainder alone
can shrink while the amount grows, and a credit cannot be taken back.
"""

from __future__ import annotations

import asyncio
import shutil
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.split import Split
from ledger.chain import acts
from ledger.chain.client import Chain
from ledger.chain.programs import Programs
from ledger.embedded.chain import EmbeddedChain
from tests.fault.extent import tried

from .stage import DEPOSIT, Clock, Stage

PAYEES = ("provider", "exchange", "third")


@st.composite
def splits(draw):
    count = draw(st.integers(1, len(PAYEES)))
    cuts = sorted(draw(st.sets(st.integers(1, 9999), min_size=count - 1, max_size=count - 1)))
    return [after - before for before, after in pairwise([0, *cuts, 10_000])]


amounts = st.lists(st.integers(1, DEPOSIT), min_size=1, max_size=4, unique=True).map(sorted)


@given(bps=splits(), claims=amounts)
@example(bps=[2, 4999, 4999], claims=[2, 3])
@settings(max_examples=tried(12), deadline=None)
def test_what_is_credited_adds_up_and_no_payee_loses(embedded_file, tmp_path_factory, bps, claims):
    asyncio.run(_play(embedded_file, tmp_path_factory.mktemp("split"), bps, claims))


async def _play(embedded_file, folder, bps, claims):
    path, deployment = embedded_file
    shutil.copy(path, folder / "chain.sqlite")
    embedded = await EmbeddedChain.open(folder / "chain.sqlite", Clock())
    chain = Chain.local(embedded)
    stage = Stage("embedded", chain, Programs(chain, deployment), None)
    payees = PAYEES[: len(bps)]
    split = Split(tuple((stage.account(payee), share) for payee, share in zip(payees, bps, strict=True)))
    try:
        await _check(stage, split, payees, claims)
    finally:
        await embedded.close()


async def _check(stage, split, payees, claims):
    channel = await stage.open(split=split)
    for seq, amount in enumerate(claims):
        await stage.do(stage.claim(channel, amount, seq=seq))
        credited = await stage.credits(*payees)
        assert credited == [amount * share // 10_000 for _, share in split.parts]
        assert amount - len(payees) < sum(credited) <= amount
    await stage.do(acts.close(stage.deployment, channel), "provider")
    credited = await stage.credits(*payees)
    assert sum(credited) == claims[-1]
    assert tuple(credited) == split.shares(claims[-1])
    assert await stage.credits("buyer") == [DEPOSIT - claims[-1]]
