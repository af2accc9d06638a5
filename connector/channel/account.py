"""A channel as this participant keeps it: one row of `channels`.

Law: `account_hash` and `cumulative` are those of the newest *released* window, `seq` the newest one ever used; deposit
and expiry are what the chain has confirmed and are written by whoever watches it. Only an open channel goes on; one
that is `closing`, because its payee has picked what to close it at, or `stopped`, because a side contradicted itself,
never opens again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.channel.errors import fault
from connector.store.rows.channel import ChannelRow, ChannelState, Side

if TYPE_CHECKING:
    from datetime import datetime

    from connector.store.transaction import Tx
    from contracts.split import Split

# states in which the chain may still move money; it moves a channel to and fro between the first two
MOVED = (ChannelState.OPEN, ChannelState.FROZEN)
LIVE = (*MOVED, ChannelState.CLOSING, ChannelState.STOPPED)
IS_LIVE = "state in (?, ?, ?, ?)"
# code of what is refused, in writing where a voucher came, because its channel is closing
ENDING = "channel-closing"


def begin(
    tx: Tx,
    *,
    channel_id: bytes,
    role: Side,
    peer: str,
    agreement: str,
    payer: bytes,
    payee: bytes,
    signer: bytes,
    token: bytes,
    split: Split,
    arbitrator: bytes,
    salt: bytes,
    deposit: int,
    expiry: datetime,
    now: datetime,
    open_tx: str | None = None,
    state: ChannelState = ChannelState.OPEN,
) -> ChannelRow:
    """Insert the row of a channel that the chain has confirmed; `Duplicate` if it is there already."""
    tx.insert(
        ChannelRow(
            id=channel_id.hex(),
            role=role,
            peer=peer,
            agreement=agreement,
            payer=payer,
            payee=payee,
            signer=signer,
            token=token,
            split=split,
            arbitrator=arbitrator,
            salt=salt,
            deposit=deposit,
            expiry=expiry,
            state=state,
            seq=0,
            cumulative=0,
            account_hash=channel_id,
            claimed=0,
            frozen_for=0,
            open_tx=open_tx,
            created=now,
        )
    )
    return load(tx, channel_id, role, peer)


def load(tx: Tx, channel_id: bytes, role: Side, peer: str | None = None) -> ChannelRow:
    """Return the channel on which we have `role`; a channel of another peer is as unknown as one that is not there."""
    account = tx.get(ChannelRow, id=channel_id.hex())
    if account is None or account.role != role or peer not in (None, account.peer):
        raise fault("unknown-channel", f"there is no channel `{channel_id.hex()}` with this peer")
    return account


def require_open(account: ChannelRow) -> None:
    """Refuse to go on with a channel that is stopped, closing, frozen or closed."""
    if account.state == ChannelState.STOPPED:
        raise fault("stopped", f"the channel `{account.id}` is stopped")
    if account.state == ChannelState.CLOSING:
        raise fault(ENDING, f"the channel `{account.id}` is being settled")
    if account.state != ChannelState.OPEN:
        raise fault("channel-closed", f"the channel `{account.id}` is `{account.state}`")


def has_forgotten(account: ChannelRow) -> bool:
    """Say whether the chain paid for more than is known as released here: a back-up forgot it (spec 4)."""
    return account.claimed > account.cumulative


def require_remembered(account: ChannelRow) -> None:
    """Refuse to sell after a release was forgotten: the next one's price would begin before it, and bring nothing."""
    if has_forgotten(account):
        told = f"{account.claimed} was claimed on the channel `{account.id}`, of which {account.cumulative} is known"
        raise fault("forgotten", told)


def advance(tx: Tx, account: ChannelRow, *, seq: int, cumulative: int, account_hash: bytes) -> ChannelRow:
    """Write the channel's newest seq and released state; seq and amount never fall."""
    assert seq >= account.seq
    assert account.cumulative <= cumulative <= max(account.deposit, account.cumulative)
    return _write(tx, account, seq=seq, cumulative=cumulative, account_hash=account_hash)


def use_seq(tx: Tx, account: ChannelRow, seq: int) -> None:
    """Note that a seq is used; the released state stays."""
    assert seq >= account.seq
    _write(tx, account, seq=seq)


def stop(tx: Tx, account: ChannelRow) -> None:
    """Stop the channel: nothing more is signed or released on it here."""
    _write(tx, account, state=ChannelState.STOPPED)


def close(tx: Tx, account: ChannelRow) -> ChannelRow:
    """Note that the payee closes the channel: nothing is offered or released on it now; a stopped one stays so."""
    return account if account.state == ChannelState.STOPPED else _write(tx, account, state=ChannelState.CLOSING)


def _write(tx: Tx, account: ChannelRow, **changes: Any) -> ChannelRow:
    tx.update(ChannelRow, {"id": account.id}, **changes)
    return load(tx, account.channel_id, account.role)
