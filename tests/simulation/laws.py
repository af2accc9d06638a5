"""What must hold at every step of a simulated space, and what must hold when everything has ended."""

from __future__ import annotations

from connector.channel import claims
from connector.store.rows.agreement import AcquisitionRow, AcquisitionState, AgreementRow, AlarmRow
from connector.store.rows.channel import BundleRow, ChannelRow, DisputeRow, Side
from contracts.tariff import Tariff
from tests.channel.rig import secret_of
from tests.money import program
from tests.simulation import goods

# what nothing was written to is looked at again after so many blocks: what lapses, lapses then
BLOCKS_UNSEEN = 8


class BrokenError(AssertionError):
    """A law is broken."""

    def __init__(self, law, text):
        super().__init__(f"{law}: {text}")
        self.law = law


def need(holds, law, text):
    if not holds:
        raise BrokenError(law, text)


# ---- at every block, and whenever keys were released


def at_block(world):
    whole = world.chain.state.whole
    need(whole == world.minted, "money is conserved", f"{whole} is there of {world.minted}")
    for channel, entry in world.books.entries.items():
        claimable(world, channel, entry)
    unheard(world)


def claimable(world, channel, entry):
    """What a payee can have of a channel is all that it released, and no more."""
    found = worth(world, channel, entry)
    at = f"channel {channel[:8]} of {entry.buyer.name} at {entry.payee.name}"
    need(found >= entry.floor, "what was released can be claimed", f"{found} of {entry.floor} on {at}")
    need(found <= entry.ever, "nothing unearned can be claimed", f"{found} of {entry.ever} on {at}")


def worth(world, channel, entry):
    key = bytes.fromhex(channel)
    found = world.chain.state.channels.get(key)
    if found is None or found.closed:
        return 0 if found is None else found.claimed
    looked = entry.payee.disk.commits, found.claimed, len(world.chain.blocks) // BLOCKS_UNSEEN
    if entry.looked != looked:
        entry.looked, entry.worth = looked, _worth(world, key, entry, found)
    return entry.worth


def _worth(world, key, entry, found):
    row = entry.payee.disk.look(lambda tx: tx.get(ChannelRow, id=key.hex()))
    if row is not None and row.claimed > found.claimed:
        return entry.floor  # a reorganisation took a claim back, and its payee has not looked since
    claim = entry.payee.disk.look(lambda tx: _newest(tx, entry.payee, key))
    if claim is None or not world.chain.takes(claim.act(program.DEPLOYMENT)):
        return found.claimed
    return max(found.claimed, claim.voucher.cumulative_amount)


def _newest(tx, payee, key):
    """What a payee would claim with now; None also for one that forgot the channel."""
    if tx.get(ChannelRow, id=key.hex()) is None:
        return None
    return claims.newest(tx, payee.house.holder, key, payee.clock.now())


def unheard(world):
    """No service ends with an exception that has no words for an operator."""
    need(not world.loop.faults, "no fault of ours", repr(world.loop.faults[:1]))
    need(not world.filed, "nobody honest is accused", f"{len(world.filed)} proofs were filed")


# ---- at the end


def at_end(world):
    at_block(world)
    for one in world.people.values():
        honest(one)
    for key, buyer in world.orders.items():
        delivered(world, key, buyer)
    paid = exchanged(world)
    for key, channel in world.chain.state.channels.items():
        at = f"{key.hex()[:8]} of {channel.payer.hex()[:8]}"
        need(channel.closed or forgotten(world, key), "every channel is closed", f"{at} is open")
    deposited = sum(one.deposit - one.claimed for one in world.chain.state.channels.values() if not one.closed)
    spent = sum(world.minted // len(world.people) - held(world, one.address) for one in world.buyers) - deposited
    need(spent == paid, "what was paid is what was had", f"buyers paid {spent} for keys worth {paid}")


def forgotten(world, channel):
    """Whether the payee of a channel went on with a back-up of before it."""
    payee = world.chain.state.channels[channel].split.parts[0][0]
    one = next(one for one in world.providers if one.address == payee)
    return one.name in world.fallen and one.disk.look(lambda tx: tx.get(ChannelRow, id=channel.hex())) is None


def clean(findings):
    """The audit accuses nobody."""
    told = "; ".join(f"{one.code}: {one.text}" for one in findings[:3])
    need(not findings, "nobody honest is accused", f"{len(findings)} findings of the audit: {told}")


def honest(one):
    """Nobody accuses anybody: everybody here is honest."""
    for row in (AlarmRow, BundleRow, DisputeRow):
        found = one.disk.look(lambda tx, row=row: tx.find(row))
        need(not found, "nobody honest is accused", f"{one.name} has {found[:1]}")


def delivered(world, key, buyer):
    """An order is complete, with true keys of everything, or ended for a reason that is none of ours."""
    row = buyer.disk.look(lambda tx: tx.get(AcquisitionRow, id=key))
    world.note(key, str(row.state), row.reason or "")
    if row.state is AcquisitionState.COMPLETE:
        world.figures["complete"] += 1
        rows = buyer.disk.look(goods.kept).get(row.agreement, {})
        need(len(rows) == goods.ROWS, "who has paid has the keys", f"{key} is complete with {len(rows)} of them")
    else:
        need(ends_well(world, row), "an order fails for a reason", f"{key}: {row.reason}")


# why an order may end without anything: its time for bargaining was over while a side was away
FAIR = ("no agreement: ", "given up", "deadline")
# … or its provider went on with a back-up of before its channel, or of before its agreement
FORGOT_CHANNEL = "knows nothing of the channel"
FORGOT_AGREEMENT = ("knows nothing of the agreement", "is no agreement with you")


def ends_well(world, row):
    if FORGOT_CHANNEL in row.reason:
        return forgotten(world, bytes.fromhex(row.channel))
    if any(words in row.reason for words in FORGOT_AGREEMENT):
        provider = next(one for one in world.providers if one.did == row.provider)
        known = provider.disk.look(lambda tx: tx.get(AgreementRow, digest=row.agreement))
        return provider.name in world.fallen and known is None
    return any(word in row.reason for word in FAIR)


def exchanged(world):
    """Every key that a buyer has is true, and was paid for at the agreed price; return what all of them are worth."""
    total = 0
    for buyer in world.buyers:
        for agreement, rows in buyer.disk.look(goods.kept).items():
            need(all(secret_of(row) == secret for row, secret in rows.items()), "keys are true", f"{buyer.name}")
            terms = buyer.disk.look(lambda tx, digest=agreement: tx.get(AgreementRow, digest=digest)).signed_terms
            price = goods.worth(Tariff.from_json(terms["tariff"]), rows)
            channels = buyer.disk.look(
                lambda tx, digest=agreement: tx.find(ChannelRow, "agreement = ? and role = ?", (digest, Side.PAYER))
            )
            ids = [bytes.fromhex(one.id) for one in channels]
            claimed = sum(world.chain.state.channels[one].claimed for one in ids)
            if claimed < price and any(forgotten(world, one) for one in ids):
                price = claimed  # its provider gave the keys and forgot whom: a back-up's price
            need(claimed == price, "what was paid is what was had", f"{buyer.name} paid {claimed} for {price}")
            total += price
    return total


def held(world, account):
    state = world.chain.state
    return state.wallets[account] + state.credits[account]
