"""What must hold after every step of a journey, whoever lies, crashes or falls back. Each is one row."""

from __future__ import annotations

from connector.channel.equivocation import CODE
from contracts.tariff import amount
from tests.channel.rig import secret_of
from tests.money.world import LostError

# rounds of chores, each with a block that has room, in which a stopped channel is claimed
STOPPED_ROUNDS_MAX = 4
# a close that runs is let end before the proof is filed, which freezes the channel: claim, confirmations, close
CLOSING_ROUNDS_MAX = 8


def monotone(world, one):
    """What the payee can have of a channel never falls below what it released (or what its back-up had)."""
    worth, floor = world.worth(one), one.entry.floor
    if worth < floor:
        closed = " closed" if world.chain.state.channels[one.id].closed else ""
        return f"the payee can have {worth} of the{closed} channel, {floor} must never be lost again"
    return None


def closed_in_full(world, one):
    """A payee does not close a channel while it knows of more that it released than is claimed."""
    found = world.chain.state.channels[one.id]
    is_early = found.closed and found.claimed < one.known and world.chain.state.at < one.expiry
    return f"the channel is closed at {found.claimed}, the payee knew of {one.known}" if is_early else None


def nothing_unearned(world, one):
    """No more can be had than was ever released: a refused voucher is not claimed."""
    worth = world.worth(one)
    return f"{worth} can be had, {one.entry.ever} was released" if worth > one.entry.ever else None


def stopped_is_claimed(world, one):
    """A channel that equivocation stopped is claimed at once."""
    entry = one.entry
    if entry.stopped and entry.rounds_stopped > STOPPED_ROUNDS_MAX and world.claimed(one) < entry.floor:
        claimed, rounds = world.claimed(one), entry.rounds_stopped
        return f"the channel is stopped, {claimed} of {entry.floor} is claimed after {rounds} rounds"
    return None


def stopped_is_known(world, one):
    """Whoever runs the payee hears of it, and the proof is filed."""
    entry, payee = one.entry, world.payee
    rounds = CLOSING_ROUNDS_MAX if one.ending else STOPPED_ROUNDS_MAX
    if not entry.stopped or entry.rounds_stopped <= rounds:
        return None
    alarms = payee.disk.act(lambda tx: tx.find("alarms", "code = ?", (CODE,)))
    if not any(one.id.hex() in alarm["text"] for alarm in alarms):
        return "the channel is stopped and no alarm says so"
    return None if any(one.id.hex() in str(proof) for proof in payee.filed) else "the proof is not filed"


def paid_for(world, one):
    """An honest buyer has the keys of what was claimed, or their preimage is on the chain."""
    buyer, claimed = one.buyer, world.claimed(one)
    if not buyer.honest or one.must_level:
        return None
    held = buyer.account(one).cumulative
    shown = [
        fields["cumulativeAmount"]
        for mined in world.chain.blocks
        for name, fields, _ in mined.events
        if name == "Claimed" and fields["channelId"] == one.id
    ]
    return f"{claimed} was claimed, the buyer has keys for {held}" if claimed > max([held, *shown]) else None


def conserved(world, _one):
    """Wallets, credits and what deposits hold are what was minted."""
    whole = world.chain.state.whole
    return f"{whole} is there of {world.minted}" if whole != world.minted else None


def no_fault_of_ours(world, _one):
    """No service ends with an exception that has no words for an operator."""
    return f"a service failed: {world.payee.broken[0]!r}" if world.payee.broken else None


def true_keys(world, one):
    """What a buyer keeps are the keys that it paid for, at no less than their price."""
    buyer = one.buyer
    if any(secret != secret_of(row) for row, secret in buyer.keyring.kept.items()):
        return "a buyer keeps a wrong key"
    if buyer.deal.terms.tier != "kept" or len(world.fallen) == 2:
        return None
    size = sum(world.tables[buyer.deal.terms.edition_id].plain_bytes(row, 1) for row in buyer.keyring.kept)
    price = amount(buyer.deal.terms.tariff, size)
    released = sum(each.entry.ever for each in world.relations if each.buyer is buyer)
    return f"a buyer has keys worth {price}, {released} was released" if price > released else None


LAWS = (
    monotone,
    closed_in_full,
    nothing_unearned,
    stopped_is_claimed,
    stopped_is_known,
    paid_for,
    conserved,
    no_fault_of_ours,
    true_keys,
)


def check(world):
    """Raise for the first law that is broken."""
    if not world.payee.up:
        return
    for number, one in enumerate(world.relations):
        for law in LAWS:
            broken = law(world, one)
            if broken:
                raise LostError(f"{law.__name__} on channel {number}: {broken}")
