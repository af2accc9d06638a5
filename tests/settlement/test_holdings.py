"""What lies in channels adds up: held is free and owed, whatever channels there are, and no closed one counts."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.settlement import holdings
from connector.store.rows.channel import ChannelRow, ChannelState, Side
from contracts import address
from tests.channel.rig import KEPT, PAYEE, PAYER, START, TOKEN
from tests.fault.extent import tried
from tests.settlement.ground import Shelf


def channel(number, side, state, claimed, promised, left):
    """A channel of which `promised` more than was claimed is signed for, and `left` is nobody's."""
    return ChannelRow(
        id=f"{number:064x}", role=side, peer="did:web:peer", agreement="00" * 32, payer=PAYER, payee=PAYEE,
        signer=PAYER, token=TOKEN, split=KEPT.split, arbitrator=address.NOBODY, salt=bytes(32),
        deposit=claimed + promised + left, expiry=START, state=state, seq=1, cumulative=claimed + promised,
        account_hash=bytes(32), claimed=claimed, created=START,
    )  # fmt: skip


AMOUNTS = st.integers(0, 2**96)
CHANNELS = st.lists(
    st.tuples(st.sampled_from(Side), st.sampled_from(ChannelState), AMOUNTS, AMOUNTS, AMOUNTS), max_size=8
)


@settings(max_examples=tried(60))
@given(CHANNELS)
def test_held_is_what_is_owed_and_what_is_free(told):
    disk = Shelf()
    rows = [channel(number, *each) for number, each in enumerate(told)]
    disk.act(lambda tx: [tx.insert(row) for row in rows])

    def said(function, *about):
        return disk.act(lambda tx: function(tx, *about))

    ours = [one for one in told if one[0] is Side.PAYER and one[1] is not ChannelState.CLOSED]
    theirs = [one for one in told if one[0] is Side.PAYEE and one[1] is not ChannelState.CLOSED]
    count, paid = said(holdings.open_now, Side.PAYER)
    assert count == len(ours)
    assert said(holdings.free) == sum(left for *_, left in ours)
    assert said(holdings.owed, Side.PAYER) == sum(promised for *_, promised, _ in ours)
    assert said(holdings.owed, Side.PAYEE) == sum(promised for *_, promised, _ in theirs)
    assert paid["deposit"] - paid["claimed"] == said(holdings.free) + said(holdings.owed, Side.PAYER)
    for side in Side:
        every = [one for one in told if one[0] is side]
        count, sums = said(holdings.all_time, side)
        assert (count, sums["claimed"]) == (len(every), sum(claimed for _, _, claimed, _, _ in every))
