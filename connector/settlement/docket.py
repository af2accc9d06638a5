"""The docket of the space: what was filed for a ruling (`ledger.dispute.filing`) and the rulings, kept for who rules.

Law: the exchange keeps and passes on; it judges nothing. Who may file, read and rule is what the chain says of the
channel: its payer and payee file, they and its arbitrator read, its arbitrator alone rules. Two heads of one log any
member files; the log's owner reads, and the supervisor rules. A filing is evidence in the exchange's log in the same
transaction, so that it cannot lose one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from connector.runtime.errors import Conflict, NotPermitted
from connector.runtime.limits import PAGE_ROWS_MAX
from connector.store.kept import Kept
from connector.store.rows.channel import DisputeBundleRow, DisputeRow, DisputeState
from contracts import address

if TYPE_CHECKING:
    from datetime import datetime

    from connector.identity.space.view import SpaceView
    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Channel, Programs
    from ledger.dispute.filing import Filing
    from ledger.dispute.ruling import Ruling
    from ledger.space.document import Member, Space

CASES = Kept(DisputeRow, "id", "there is no dispute `{}`", "penstock dispute list")
# bundles of one member that wait for a ruling: some hundred megabytes at most
OPEN_PER_MEMBER_MAX = 16
SHOWN = ("id", "filer", "payer", "payee", "arbitrator", "state", "ruling")
# accounts that may read a case
READERS = ("payer", "payee", "arbitrator")


class Concerned(NamedTuple):
    """The accounts (20 bytes) that a case concerns; of a fork `payee` is the log's owner, and there is no payer."""

    payer: bytes
    payee: bytes
    arbitrator: bytes


async def concerned(space: SpaceView, programs: Programs, filing: Filing, member: Member) -> Concerned:
    """Return whom a filing of a member concerns; raises Conflict and NotPermitted for one that nobody can rule on."""
    if filing.origin:
        await space.of_origin(filing.origin)
        return _of_log(space.last(), filing.origin)
    channel = check_filing(await programs.channel(filing.part), member)
    return Concerned(channel.payer, channel.payee, channel.arbitrator)


def _of_log(space: Space, origin: str) -> Concerned:
    owner, supervisor = space.by_origin(origin), space.supervisor
    if owner is None:
        raise Conflict(f"no member of this space has the log `{origin[:200]}`", "file it where its owner is a member")
    if supervisor is None or supervisor.did == owner.did:
        raise Conflict("nobody but its owner could rule on this log", "show it: penstock log forks, penstock verify")
    return Concerned(address.NOBODY, owner.address, supervisor.address)


def check_filing(channel: Channel | None, member: Member) -> Channel:
    """Return the channel if `member` is a party of it and somebody can rule on it."""
    if channel is None:
        raise Conflict("the chain does not know the channel of this bundle", "file it where the channel was opened")
    if not {channel.payer, channel.payee} & set(member.accounts):
        raise NotPermitted("only the payer or the payee of the channel files a dispute about it")
    if channel.arbitrator == address.NOBODY:
        raise Conflict("the channel was opened without an arbitrator: nobody can rule on its money")
    return channel


def file(tx: Tx, evidence: Evidence, filing: Filing, about: Concerned, filer: str, now: datetime) -> DisputeRow:
    """Keep what was filed; the same one again changes nothing. Raises `Conflict` over the member's limit."""
    key = filing.id.hex()
    known = tx.get(DisputeRow, id=key)
    if known is not None:
        return known
    if len(tx.find(DisputeRow, "filer = ? and state = ?", (filer, DisputeState.FILED))) >= OPEN_PER_MEMBER_MAX:
        raise Conflict(f"{OPEN_PER_MEMBER_MAX} disputes of yours wait for a ruling", "wait for one, then file again")
    tx.insert(DisputeBundleRow(id=key, bundle=dict(filing.document)))
    row = DisputeRow(
        id=key,
        channel=filing.part.hex(),
        account_hash=filing.link.hex(),
        filer=filer,
        payer=address.show(about.payer),
        payee=address.show(about.payee),
        arbitrator=address.show(about.arbitrator),
        state=DisputeState.FILED,
        created=now,
        updated=now,
    )
    tx.insert(row)
    link, told = (filing.link.hex(),), {"bundle": key}
    evidence.record(tx, "dispute.filed", part=filing.part.hex(), link=link, fields=told, now=now)
    return row


def page(tx: Tx, member: Member) -> list[JsonObject]:
    """Return what a member may see of the cases, the newest first."""
    accounts = tuple(map(address.show, member.accounts))
    where = " or ".join(f"{name} in ({', '.join('?' * len(accounts))})" for name in READERS) + " or filer = ?"
    shown = accounts * len(READERS) + (member.did,)
    rows = tx.find(DisputeRow, where, shown, order="created desc", limit=PAGE_ROWS_MAX)
    return [view(row) for row in rows]


def case(tx: Tx, key: str, member: Member) -> JsonObject:
    """Return a case with what was filed; raises Absent for whom it does not concern as for one that is not there."""
    row = CASES.find(tx, key)
    named = {row.payer, row.payee, row.arbitrator}
    if row.filer != member.did and named.isdisjoint(map(address.show, member.accounts)):
        raise CASES.absent(key)
    kept = tx.get(DisputeBundleRow, id=key)
    assert kept is not None, "a case has what was filed"
    return {**view(row), "bundle": kept.bundle}


def rule(tx: Tx, ruling: Ruling, transaction: str, account: bytes, now: datetime) -> JsonObject:
    """Keep what the arbitrator ruled; the same again changes nothing."""
    key = ruling.dispute.hex()
    row = CASES.find(tx, key)
    if address.show(account) != row.arbitrator:
        raise CASES.absent(key)
    document = ruling.json()
    if row.state == DisputeState.RULED and row.ruling != document:
        raise Conflict(f"the dispute `{key}` was ruled on otherwise", "penstock dispute show, for the ruling")
    ruled = replace(row, ruling=document, ruling_tx=transaction, state=DisputeState.RULED, updated=now)
    return view(tx.change(row, ruled))


def view(row: DisputeRow) -> JsonObject:
    """Return what parties and arbitrator see of a case."""
    more = {"channelId": row.channel, "accountHash": row.account_hash, "tx": row.ruling_tx}
    return {**{name: getattr(row, name) for name in SHOWN}, **more, "filed": row.created.isoformat()}
