"""The docket of the space: bundles that parties filed, kept for the arbitrator of their channel, and what it ruled.

Law: the exchange keeps and passes on; it judges nothing. Who may file, read and rule is what the chain says of the
channel: its payer and payee file, they and its arbitrator read, its arbitrator alone rules. A filing is evidence in the
exchange's log in the same transaction, so that it cannot lose one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.errors import Absent, Conflict, NotPermitted
from connector.limits import PAGE_ROWS_MAX
from contracts import address
from contracts.canonical import sha

if TYPE_CHECKING:
    from datetime import datetime

    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx
    from ledger.bundle import Bundle
    from ledger.programs import Channel
    from ledger.ruling import Ruling
    from ledger.space import Member

FILED, RULED = "filed", "ruled"
# bundles of one member that wait for a ruling: some hundred megabytes at most
OPEN_PER_MEMBER_MAX = 16
SHOWN = ("id", "filer", "payer", "payee", "arbitrator", "state", "ruling")
# accounts that may read a case
READERS = ("payer", "payee", "arbitrator")
Row = dict[str, Any]


def check_filing(channel: Channel | None, member: Member) -> Channel:
    """Return the channel if `member` is a party of it and somebody can rule on it."""
    if channel is None:
        raise Conflict("the chain does not know the channel of this bundle", "file it where the channel was opened")
    if member.address not in (channel.payer, channel.payee):
        raise NotPermitted("only the payer or the payee of the channel files a dispute about it")
    if channel.arbitrator == address.NOBODY:
        raise Conflict("the channel was opened without an arbitrator: nobody can rule on its money")
    return channel


def file(tx: Tx, evidence: Evidence, bundle: Bundle, channel: Channel, filer: str, now: datetime) -> Row:
    """Keep a checked bundle; the same one again changes nothing. Raises `Conflict` over the member's limit."""
    document = bundle.json()
    key = sha(document).hex()
    known = tx.get("disputes", id=key)
    if known is not None:
        return known
    if len(tx.find("disputes", "filer = ? and state = ?", (filer, FILED))) >= OPEN_PER_MEMBER_MAX:
        raise Conflict(f"{OPEN_PER_MEMBER_MAX} disputes of yours wait for a ruling", "wait for one, then file again")
    voucher = bundle.voucher.value
    tx.insert("dispute_bundles", id=key, bundle=document)
    tx.insert(
        "disputes",
        id=key,
        channel=voucher.channel_id.hex(),
        account_hash=voucher.account_hash.hex(),
        filer=filer,
        **{name: address.show(getattr(channel, name)) for name in READERS},
        state=FILED,
        created=now,
        updated=now,
    )
    record_filed(tx, evidence, bundle, now)
    return _found(tx, key)


def record_filed(tx: Tx, evidence: Evidence, bundle: Bundle, now: datetime) -> None:
    """Record that a bundle was filed, in the log of who filed it and of who keeps it."""
    voucher = bundle.voucher.value
    link = (voucher.account_hash.hex(),)
    fields = {"bundle": sha(bundle.json()).hex()}
    evidence.record(tx, "dispute.filed", part=voucher.channel_id.hex(), link=link, fields=fields, now=now)


def page(tx: Tx, account: bytes) -> list[Row]:
    """Return what an account may see of the cases, the newest first."""
    where = " or ".join(f"{name} = ?" for name in READERS)
    shown = address.show(account)
    rows = tx.find("disputes", where, (shown,) * len(READERS), order="created desc", limit=PAGE_ROWS_MAX)
    return [view(row) for row in rows]


def case(tx: Tx, key: str, account: bytes) -> Row:
    """Return a case with its bundle; raises Absent for whom it does not concern as for one that is not there."""
    row = _found(tx, key)
    if address.show(account) not in (row[name] for name in READERS):
        raise _absent(key)
    kept = tx.get("dispute_bundles", id=key)
    assert kept is not None, "a case has its bundle"
    return {**view(row), "bundle": kept["bundle"]}


def rule(tx: Tx, ruling: Ruling, transaction: str, account: bytes, now: datetime) -> Row:
    """Keep what the arbitrator ruled; the same again changes nothing."""
    key = ruling.dispute.hex()
    row = _found(tx, key)
    if address.show(account) != row["arbitrator"]:
        raise _absent(key)
    told = {"ruling": ruling.json(), "ruling_tx": transaction}
    if row["state"] == RULED and row["ruling"] != told["ruling"]:
        raise Conflict(f"the dispute `{key}` was ruled on otherwise", "penstock dispute show, for the ruling")
    tx.update("disputes", {"id": key}, **told, state=RULED, updated=now)
    return view(_found(tx, key))


def view(row: Row) -> Row:
    """Return what parties and arbitrator see of a case."""
    more = {"channelId": row["channel"], "accountHash": row["account_hash"], "tx": row["ruling_tx"]}
    return {**{name: row[name] for name in SHOWN}, **more, "filed": row["created"].isoformat()}


def _found(tx: Tx, key: str) -> Row:
    row = tx.get("disputes", id=key)
    if row is None:
        raise _absent(key)
    return row


def _absent(key: str) -> Absent:
    return Absent(f"there is no dispute `{key[:100]}`", "penstock dispute list")
