"""Leases: which of several processes may do a piece of work now.

Law: at one moment at most one holder has an unexpired lease of a name. A lease is taken and renewed in a writing act,
so SQLite's lock decides races; time comes from the caller. A holder that was slow must check `renew` before it acts.
One that was away past the end of its lease goes on where its name still stands: whoever takes a lease writes another
name over it, so nobody has worked meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.store.rows.protocol import LeaseRow

if TYPE_CHECKING:
    from datetime import datetime

    from connector.store.transaction import Tx


def take(tx: Tx, name: str, holder: str, now: datetime, seconds: int) -> bool:
    """Take the lease if it is free, expired or already ours; return whether we hold it until `now` + `seconds`."""
    row = tx.get(LeaseRow, name=name)
    if row is not None and row.holder != holder and row.until > now:
        return False
    tx.put(LeaseRow(name=name, holder=holder, until=now + timedelta(seconds=seconds)))
    return True


def renew(tx: Tx, name: str, holder: str, now: datetime, seconds: int) -> bool:
    """Prolong a lease that nobody took from us; False means somebody else has or had it: stop."""
    row = tx.get(LeaseRow, name=name)
    if row is None or row.holder != holder:
        return False
    tx.change(row, replace(row, until=now + timedelta(seconds=seconds)))
    return True


def release(tx: Tx, name: str, holder: str) -> bool:
    """Give the lease back; return whether it was ours."""
    return tx.delete(LeaseRow, name=name, holder=holder) == 1
