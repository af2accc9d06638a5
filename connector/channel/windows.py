"""A window as it rests: one row of `windows`, one value here.

Law: everything a step needs after a crash is in its row. The preimage `t` rests only with the payee, `masked` only with
the payer and only until the keys are acknowledged, so no database alone holds both of one window.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from connector.channel import states
from contracts.typed_data import KeyOffer, Order, Receipt, Refusal, Voucher
from contracts.typed_json import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.channel.account import Account
    from connector.store.transaction import Tx

# one look at the index for each state, however many windows there were
_NEWEST = "SELECT max(seq) AS seq FROM windows WHERE state = ? AND channel = ?"
_AMONG = {
    count: f"SELECT max(seq) AS seq FROM ({' UNION ALL '.join([_NEWEST] * count)}) AS each"  # noqa: S608 - constants of ours
    for count in (1, 2, 3)
}
# newer windows may have been adopted without their preimages; the one whose amount can be claimed is above those
_CLAIMABLE = (
    "channel = ? and state in (?, ?, ?) and (secret is not null or state = ?) and (valid_until = 0 or valid_until >= ?)"
)
# the typed values of windows that are under way
WRITTEN_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Window:
    """One window on one side. `amount` is what this batch costs, `cumulative` what the voucher then stands at.

    `valid_until` is the voucher's, posix seconds. `sealed_keys` are kept as sent, so a repeated offer is the same.
    """

    channel: str
    seq: int
    role: str
    state: str
    created: datetime
    prev: bytes
    account_hash: bytes
    amount: int
    cumulative: int
    valid_until: int
    orders: tuple[Order, ...] = ()
    contexts: tuple[Mapping[str, str], ...] = ()
    preimage: bytes | None = field(default=None, repr=False)
    masked: bytes | None = field(default=None, repr=False)
    offer: KeyOffer | None = None
    offer_signature: bytes | None = None
    sealed_keys: Mapping[bytes, bytes] = field(default_factory=dict, repr=False)
    voucher: Voucher | None = None
    voucher_signature: bytes | None = None
    receipt: Receipt | None = None
    receipt_signature: bytes | None = None
    refusal: Refusal | None = None
    refusal_signature: bytes | None = None
    reasons: tuple[Mapping[str, Any], ...] = ()
    code: str = ""

    @property
    def unreleased(self) -> bool:
        """Whether money is promised here for keys not yet known."""
        return self.state in states.UNRELEASED[self.role]

    def moved(self, *acts: str, **changes: Any) -> Window:
        """Return the window after acts of its side's state table, one after the other."""
        state = self.state
        for act in acts:
            state = states.move(self.role, state, act)
        return replace(self, state=state, **changes)


def find(tx: Tx, account: Account, seq: int) -> Window | None:
    """Return the window of a seq, None if that seq was never used here."""
    return tx.value("windows", _of_row, channel=account.key, seq=seq)


def newest(tx: Tx, account: Account, *among: str) -> Window | None:
    """Return the newest window whose state is among the one to three named."""
    for seq in (account.seq, account.seq - 1):  # as a rule it is one of these, and they are at hand
        found = find(tx, account, seq)
        if found is not None and found.state in among:
            return found
    about = [value for state in among for value in (state, account.key)]
    newest = tx.execute(_AMONG[len(among)], *about)[0]["seq"]
    return None if newest is None else find(tx, account, newest)


def claimable(tx: Tx, account: Account, alive_at: int) -> Window | None:
    """Return the newest window whose voucher the program would take at `alive_at` (posix seconds), None if none is.

    It is the one of the greatest amount, for amounts never fall with the seq: an acknowledgement ends older offers.
    """
    about = account.key, *sorted(states.CLAIMABLE), states.CLOSING, alive_at
    rows = tx.find("windows", _CLAIMABLE, about, order="seq desc", limit=1)
    return _of_row(rows[0]) if rows else None


def unreleased(tx: Tx, account: Account) -> Window | None:
    """Return the channel's one unreleased window, if there is one."""
    return newest(tx, account, *sorted(states.UNRELEASED[account.role]))


def all_unreleased(tx: Tx, role: str, but: str = "") -> list[Window]:
    """Return the unreleased windows of all channels `but` one: at most one a channel."""
    among = sorted(states.UNRELEASED[role])
    found = tx.find("windows", "state in (?, ?) and channel != ?", (among[0], among[-1], but))
    return [_of_row(row) for row in found if row["role"] == role]


def later(tx: Tx, account: Account, seq: int, limit: int) -> list[Window]:
    """Return the first `limit` windows with a seq above `seq`, ascending."""
    rows = tx.find("windows", "channel = ? and seq > ?", (account.key, seq), order="seq", limit=limit)
    return [_of_row(row) for row in rows]


def lock_known(tx: Tx, lock: bytes) -> bool:
    """Say whether any window here ever had this lock; a preimage is never used twice."""
    return bool(tx.find("windows", "lock = ?", (lock,), limit=1))


def claimed(tx: Tx, account: Account) -> Window | None:
    """Return the window whose batch the chain paid last, None if nothing was claimed for a batch."""
    paid = "channel = ? and cumulative = ? and receipt is not null and orders <> ?"
    rows = tx.find("windows", paid, (account.key, account.claimed, []), order="seq desc", limit=1)
    return _of_row(rows[0]) if rows else None


def by_lock(tx: Tx, account: Account, lock: bytes) -> Window | None:
    """Return the window of a lock on this channel, None if there is none."""
    rows = tx.find("windows", "lock = ? and channel = ?", (lock, account.key), limit=1)
    return _of_row(rows[0]) if rows else None


def acknowledge(tx: Tx, window: Window) -> None:
    """Note that the keys of a released window are acknowledged; their masked form is forgotten."""
    save(tx, window.moved("acknowledge", masked=None))


def save(tx: Tx, window: Window) -> Window:
    """Write the whole window; returns it."""
    tx.put("windows", **_to_row(window))
    tx.note("windows", _of_row, window, channel=window.channel, seq=window.seq)
    return window


def _to_row(window: Window) -> dict[str, Any]:
    return {
        "channel": window.channel,
        "seq": window.seq,
        "role": window.role,
        "state": window.state,
        "orders": [_json(order) for order in window.orders],
        "contexts": [dict(context) for context in window.contexts],
        "prev": window.prev,
        "account_hash": window.account_hash,
        "amount": window.amount,
        "cumulative": window.cumulative,
        "valid_until": window.valid_until,
        "lock": None if window.offer is None else window.offer.lock,
        "secret": window.preimage,
        "masked": window.masked,
        "offer": _json(window.offer),
        "offer_signature": window.offer_signature,
        "sealed_keys": {key.hex(): base64.b64encode(box).decode("ascii") for key, box in window.sealed_keys.items()},
        "voucher": _json(window.voucher),
        "voucher_signature": window.voucher_signature,
        "receipt": _json(window.receipt),
        "receipt_signature": window.receipt_signature,
        "refusal": _json(window.refusal),
        "refusal_signature": window.refusal_signature,
        "reasons": [dict(reason) for reason in window.reasons],
        "code": window.code,
        "created": window.created,
    }


def _of_row(row: Mapping[str, Any]) -> Window:
    return Window(
        channel=row["channel"],
        seq=row["seq"],
        role=row["role"],
        state=row["state"],
        orders=tuple(from_json(Order, order) for order in row["orders"]),
        contexts=tuple(row["contexts"]),
        prev=row["prev"],
        account_hash=row["account_hash"],
        amount=row["amount"],
        cumulative=row["cumulative"],
        valid_until=row["valid_until"],
        preimage=row["secret"],
        masked=row["masked"],
        offer=row["offer"] and from_json(KeyOffer, row["offer"]),
        offer_signature=row["offer_signature"],
        sealed_keys={bytes.fromhex(key): base64.b64decode(box) for key, box in row["sealed_keys"].items()},
        voucher=row["voucher"] and from_json(Voucher, row["voucher"]),
        voucher_signature=row["voucher_signature"],
        receipt=row["receipt"] and from_json(Receipt, row["receipt"]),
        receipt_signature=row["receipt_signature"],
        refusal=row["refusal"] and from_json(Refusal, row["refusal"]),
        refusal_signature=row["refusal_signature"],
        reasons=tuple(row["reasons"]),
        code=row["code"],
        created=row["created"],
    )


@lru_cache(maxsize=WRITTEN_KEPT)
def _json(value: Any) -> dict[str, Any] | None:
    """Return a typed value's JSON, which nobody changes: a window is written in each of its states."""
    return None if value is None else to_json(value)
