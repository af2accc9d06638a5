"""The channels program as it pays (spec 3.2 to 3.4), read from the bytes that a transaction carries.

The money is that of `tests.fault.coin`, which is proven on the real program; here are its signatures and callers.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache, lru_cache

from eth_abi.abi import decode
from eth_hash.auto import keccak

from contracts import signature
from contracts.onchain import artifacts
from contracts.onchain.artifacts import PROGRAMS
from contracts.split import Split
from contracts.typed_data import Voucher, digest
from ledger.chain import abi
from ledger.chain.deployment import Deployment
from ledger.chain.errors import ChainRefused
from tests.channel.rig import CHANNELS, REGISTRY, TOKEN
from tests.fault.coin import RefusedError, State

PLACES = {name: bytes([0x80 + at]) * 20 for at, name in enumerate(PROGRAMS)}
PLACES |= {"channels": CHANNELS.verifying_contract, "editions": REGISTRY.verifying_contract, "token": TOKEN}
DEPLOYMENT = Deployment(CHANNELS.chain_id, CHANNELS.salt, PLACES)
CALLS_KEPT = 4096
SELECTOR_BYTES = 4


def after(state):
    """A copy that the next block may change."""
    channels = {key: replace(one, floors=Counter(one.floors)) for key, one in state.channels.items()}
    return State(state.at, Counter(state.wallets), Counter(state.credits), channels)


@cache
def _functions(program):
    found = [each for each in artifacts.load(program).abi if each["type"] == "function"]
    return {keccak(abi._signature(each).encode("ascii"))[:SELECTOR_BYTES]: each for each in found}


@lru_cache(CALLS_KEPT)
def read(to, data):
    """The calls of a transaction: (function of the channels program, its arguments)."""
    program = next(name for name, place in PLACES.items() if place == to)
    entry = _functions(program)[data[:SELECTOR_BYTES]]
    args = decode([abi._type(each) for each in entry["inputs"]], data[SELECTOR_BYTES:])
    if program == "batch":
        return tuple(call for place, inner in args[0] for call in read(bytes.fromhex(place[2:]), bytes(inner)))
    assert program == "channels", f"nobody calls `{program}` in a journey"
    return ((entry["name"], args),)


@lru_cache(CALLS_KEPT)
def _is_signed(voucher, signer, by):
    return signature.is_by(signer, digest(CHANNELS, voucher), by)


def perform(state, sender, signers, calls):
    """Do the calls of one transaction, or `ChainRefused` and nothing; return their events: (name, fields)."""
    events = []
    try:
        for function, args in calls:
            events.append(_DOES[function](state, sender, signers, *args))
    except RefusedError as refusal:
        raise ChainRefused(f"execution reverted: channels: {refusal}") from refusal
    return events


def _claim(state, _sender, signers, told, by, preimage):
    voucher = Voucher(*told)
    state._known(voucher.channel_id)
    _need(_is_signed(voucher, signers[voucher.channel_id], by), "foreign signer")
    state.claim(voucher, preimage)
    amount, orders = voucher.cumulative_amount, voucher.account_hash
    fields = {"cumulativeAmount": amount, "accountHash": orders, "preimage": preimage}
    return "Claimed", {"channelId": voucher.channel_id, **fields}


def _close(state, sender, _signers, channel):
    found = state._known(channel)
    _need(sender == found.split.parts[0][0], "not the payee")
    state.close(channel)
    return "Closed", {"channelId": channel, "claimed": found.claimed, "returned": found.deposit - found.claimed}


def _refund(state, sender, _signers, channel):
    found = state._known(channel)
    _need(sender == found.payer, "not the payer")
    state.refund(channel)
    return "Closed", {"channelId": channel, "claimed": found.claimed, "returned": found.deposit - found.claimed}


def _top_up(state, sender, _signers, channel, amount):
    found = state._known(channel)
    _need(sender == found.payer, "not the payer")
    state.top_up(channel, amount)
    return "ToppedUp", {"channelId": channel, "deposit": found.deposit}


def _withdraw(state, sender, _signers, _token):
    amount = state.credits[sender]
    state.withdraw(sender)
    return "Withdrawn", {"account": sender, "amount": amount}


_DOES = {"claim": _claim, "close": _close, "refund": _refund, "topUp": _top_up, "withdraw": _withdraw}


def opened(state, channel, payer, payee, exchange, deposit, expiry):
    """Open a channel by hand, as a journey finds it; the payee has nine tenths."""
    state.mint(payer, deposit)
    state.open(channel, payer, Split(((payee, 9000), (exchange, 1000))), deposit, expiry)


def _need(holds, why):
    if not holds:
        raise RefusedError(why)
