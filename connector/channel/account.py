"""A channel as this participant keeps it: one row of `channels`.

Law: `account_hash` and `cumulative` are those of the newest *released* window, `seq` the newest one ever used; deposit
and expiry are what the chain has confirmed and are written by whoever watches it. Only an open channel goes on; one
that is `closing`, because its payee has picked what to close it at, or `stopped`, because a side contradicted itself,
never opens again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.channel.errors import fault
from contracts import address
from contracts.split import Split

if TYPE_CHECKING:
    from datetime import datetime

    from connector.store.transaction import Tx

OPEN = "open"
CLOSING = "closing"
STOPPED = "stopped"
FROZEN = "frozen"
CLOSED = "closed"
# states in which the chain may still move money; it moves a channel to and fro between the first two
MOVED = (OPEN, FROZEN)
LIVE = (*MOVED, CLOSING, STOPPED)
IS_LIVE = "state in (?, ?, ?, ?)"
# code of what is refused, in writing where a voucher came, because its channel is closing
ENDING = "channel-closing"
PAYER = "payer"
PAYEE = "payee"


@dataclass(frozen=True, slots=True)
class Account:
    """Addresses are 20 bytes, `id` and `account_hash` 32, amounts minor units; `role` is ours: `payer` or `payee`.

    `frozen_for` is how many seconds an ended freeze gave back to the vouchers that were alive in it (decision 0007).
    """

    id: bytes
    role: str
    peer: str
    payer: bytes
    payee: bytes
    signer: bytes
    token: bytes
    split: Split
    deposit: int
    expiry: datetime
    state: str
    seq: int
    cumulative: int
    account_hash: bytes
    claimed: int
    claimed_lock: bytes
    frozen_for: int

    @property
    def key(self) -> str:
        """Return the channel's id as tables, links and paths write it."""
        return self.id.hex()

    @property
    def credit(self) -> int:
        """Return what of the confirmed deposit is not yet promised (spec 3.5)."""
        return self.deposit - self.cumulative


def begin(
    tx: Tx,
    *,
    channel_id: bytes,
    role: str,
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
    state: str = OPEN,
) -> Account:
    """Insert the row of a channel that the chain has confirmed; `Duplicate` if it is there already."""
    tx.insert(
        "channels",
        id=channel_id.hex(),
        role=role,
        peer=peer,
        agreement=agreement,
        payer=address.show(payer),
        payee=address.show(payee),
        signer=address.show(signer),
        token=address.show(token),
        split=split.json(),
        arbitrator=address.show(arbitrator),
        salt=salt,
        deposit=deposit,
        expiry=expiry,
        state=state,
        seq=0,
        cumulative=0,
        account_hash=channel_id,
        claimed=0,
        open_tx=open_tx,
        created=now,
    )
    return load(tx, channel_id, role, peer)


def load(tx: Tx, channel_id: bytes, role: str, peer: str | None = None) -> Account:
    """Return the channel on which we have `role`; a channel of another peer is as unknown as one that is not there."""
    account = tx.value("channels", _of_row, id=channel_id.hex())
    if account is None or account.role != role or peer not in (None, account.peer):
        raise fault("unknown-channel", f"there is no channel `{channel_id.hex()}` with this peer")
    return account


def require_open(account: Account) -> None:
    """Refuse to go on with a channel that is stopped, closing, frozen or closed."""
    if account.state == STOPPED:
        raise fault("stopped", f"the channel `{account.key}` is stopped")
    if account.state == CLOSING:
        raise fault(ENDING, f"the channel `{account.key}` is being settled")
    if account.state != OPEN:
        raise fault("channel-closed", f"the channel `{account.key}` is `{account.state}`")


def has_forgotten(account: Account) -> bool:
    """Say whether the chain paid for more than is known as released here: a back-up forgot it (spec 4)."""
    return account.claimed > account.cumulative


def require_remembered(account: Account) -> None:
    """Refuse to sell after a release was forgotten: the next one's price would begin before it, and bring nothing."""
    if has_forgotten(account):
        told = f"{account.claimed} was claimed on the channel `{account.key}`, of which {account.cumulative} is known"
        raise fault("forgotten", told)


def advance(tx: Tx, account: Account, *, seq: int, cumulative: int, account_hash: bytes) -> Account:
    """Write the channel's newest seq and released state; seq and amount never fall."""
    assert seq >= account.seq
    assert account.cumulative <= cumulative <= max(account.deposit, account.cumulative)
    return _write(tx, account, seq=seq, cumulative=cumulative, account_hash=account_hash)


def use_seq(tx: Tx, account: Account, seq: int) -> None:
    """Note that a seq is used; the released state stays."""
    assert seq >= account.seq
    _write(tx, account, seq=seq)


def stop(tx: Tx, account: Account) -> None:
    """Stop the channel: nothing more is signed or released on it here."""
    _write(tx, account, state=STOPPED)


def close(tx: Tx, account: Account) -> Account:
    """Note that the payee closes the channel: nothing is offered or released on it now; a stopped one stays so."""
    return account if account.state == STOPPED else _write(tx, account, state=CLOSING)


def _write(tx: Tx, account: Account, **changes: Any) -> Account:
    tx.update("channels", {"id": account.key}, **changes)
    return load(tx, account.id, account.role)


def _of_row(row: dict[str, Any]) -> Account:
    return Account(
        id=bytes.fromhex(row["id"]),
        role=row["role"],
        peer=row["peer"],
        payer=address.read(row["payer"]),
        payee=address.read(row["payee"]),
        signer=address.read(row["signer"]),
        token=address.read(row["token"]),
        split=Split.from_json(row["split"]),
        deposit=row["deposit"],
        expiry=row["expiry"],
        state=row["state"],
        seq=row["seq"],
        cumulative=row["cumulative"],
        account_hash=row["account_hash"],
        claimed=row["claimed"],
        claimed_lock=row["claimed_lock"] or b"",
        frozen_for=row["frozen_for"] or 0,
    )
