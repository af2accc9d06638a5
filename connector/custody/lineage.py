"""Who holds which edition under which agreement, and from whom: what the provider and the holder can say of it.

Law: the provider knows what was agreed, paid and told to it; a copy that nobody told of is in no list. The holder knows
who sealed what it has, and which source brought how many of its rows.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from connector.enforcement import performed
from connector.negotiation.protocol.states import PROVIDER
from connector.runtime.errors import Absent
from connector.store import naming
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import ChannelRow, PaidRowsRow, WindowState
from connector.store.rows.evidence import LogEntryRow
from connector.store.rows.vault import DerivedRow, DestructionRow, DrawnRow, EditionRow, HolderRow, ReplicaRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


V = TypeVar("V", EditionRow, ReplicaRow)
# no id continues with this, the last of all characters: it does not print
LAST = "\U0010ffff"
# so many rows tell whether a beginning is of one id
LOOKED_AT = 6
_DROPPED = (
    "SELECT DISTINCT drawn.source FROM replicas JOIN drawn ON drawn.replica = replicas.id"
    " WHERE replicas.edition = ? AND drawn.dropped <> ''"
)
EXPORTED = "keys.exported"  # the event of keys that were handed out


def holders(tx: Tx, prefix: str) -> list[JsonObject]:
    """Return the holders of an edition of ours, given the beginning of its id, the oldest agreement first."""
    edition = _one(tx, EditionRow, prefix).id
    agreements = tx.find(AgreementRow, "edition = ? and role = ?", (edition, PROVIDER), order="created")
    return [_holder(tx, agreement) for agreement in agreements]


def replica_of(tx: Tx, prefix: str) -> ReplicaRow:
    """Return a replica of ours, given the beginning of its id, its edition's or its agreement's; raises Absent."""
    return _one(tx, ReplicaRow, prefix, "id", "edition", "agreement")


def made_of(tx: Tx, prefix: str) -> JsonObject:
    """Return what an edition of ours was made out of, given the beginning of its id; raises Absent."""
    edition = _one(tx, EditionRow, prefix)
    header, rows = edition.header, tx.find(DerivedRow, "edition = ?", (edition.id,), order="agreement")
    sources = [{"agreement": row.agreement, "edition": row.source} for row in rows]
    about = {"series": header["series"], "number": header["edition"], "prev": header["prev"]}
    return {"edition": edition.id, **about, "product": edition.product, "derivedFrom": sources}


def note_derived(tx: Tx, edition: str, agreements: Sequence[str]) -> dict[str, str]:
    """Note under which agreements of ours an edition was made; return what its event says of that, if anything."""
    sources = []
    for digest in agreements:
        row = tx.get(AgreementRow, digest=digest)
        assert row is not None, "what a product is made of was looked up when it was asked for"
        tx.put(DerivedRow(edition=edition, agreement=digest, source=row.signed_edition))
        sources.append(row.signed_edition)
    return {"sources": " ".join(sources)} if sources else {}


def lineage(tx: Tx, prefix: str) -> JsonObject:
    """Return where a replica of ours comes from, and what was made out of it; see `replica_of`."""
    replica = replica_of(tx, prefix)
    agreement, header = tx.get(AgreementRow, digest=replica.agreement), replica.header
    drawn = tx.find(DrawnRow, "replica = ?", (replica.id,), order="source")
    return {
        "replica": replica.id,
        "state": replica.state,
        "edition": replica.edition,
        "series": header["series"],
        "number": header["edition"],
        "prev": header["prev"],
        "keyHolder": header["keyHolder"],
        "agreement": replica.agreement,
        "provider": None if agreement is None else agreement.peer,
        "parent": None if agreement is None else agreement.parent,
        "held": replica.created.isoformat(),
        "exported": str(exported(tx, replica.agreement)),
        "derived": [row.edition for row in tx.find(DerivedRow, "agreement = ?", (replica.agreement,))],
        "sources": [{"from": row.source, "rows": row.rows, "dropped": row.dropped} for row in drawn],
    }


def descent(tx: Tx, prefix: str) -> JsonObject:
    """Return where a replica of ours comes from, or what an edition of ours was made out of; raises Absent."""
    for find in (lineage, made_of):
        with suppress(Absent):
            return find(tx, prefix)
    raise Absent(f"there is no replica, agreement or edition `{prefix[:100]}` here", "see `penstock vault list`")


def note_drawn(tx: Tx, replica: str, source: str, rows: int, dropped: str = "") -> None:
    """Count rows that a source brought, and why it was dropped, if it was."""
    known = tx.get(DrawnRow, replica=replica, source=source)
    before = DrawnRow(replica=replica, source=source, rows=0, dropped="") if known is None else known
    tx.put(replace(before, rows=before.rows + rows, dropped=dropped or before.dropped))


def exported(tx: Tx, agreement: str) -> int:
    """Return how often the keys under an agreement (digest, hex) were handed out of here."""
    return len(tx.find(LogEntryRow, "part = ? and kind = ?", (agreement, EXPORTED)))


def destroyed(tx: Tx, agreement: str = "") -> list[JsonObject]:
    """Return what was destroyed under an agreement, or any, here or by the other party; the newest first."""
    rows = tx.find(DestructionRow, "agreement = ?" * bool(agreement), (agreement,) * bool(agreement), order="at desc")
    return [
        {"agreement": row.agreement, "holder": row.holder, "at": row.at.isoformat(), "text": row.text} for row in rows
    ]


def dropped(tx: Tx, edition: str) -> frozenset[str]:
    """Return the sources that have sent wrong bytes of an edition, under whatever agreement."""
    return frozenset(map(str, tx.column(_DROPPED, edition)))


def _holder(tx: Tx, agreement: AgreementRow) -> JsonObject:
    digest = agreement.digest
    paid, serves = tx.get(PaidRowsRow, agreement=digest), tx.get(HolderRow, agreement=digest)
    deleted = [act.at for act in performed.acts(tx, digest) if act.action == performed.DELETE]
    return {
        "holder": agreement.peer,
        "agreement": digest,
        "state": agreement.state,
        "tier": (agreement.terms or {}).get("tier"),
        "since": agreement.created.isoformat(),
        "parent": agreement.parent,
        "paidBytes": str((paid.plain or 0) if paid else 0),
        "receipts": _receipts(tx, digest),
        "serves": serves.at.isoformat() if serves else None,
        "deleted": deleted[-1].isoformat() if deleted else None,
    }


def _receipts(tx: Tx, agreement: str) -> int:
    """Return how many windows of keys were released under an agreement, each with our signed receipt."""
    channels = tx.find(ChannelRow, "agreement = ?", (agreement,))
    sql = "SELECT count(*) AS n FROM windows WHERE channel = ? AND state IN (?, ?)"
    released = WindowState.PAID, WindowState.ACKNOWLEDGED
    return sum(tx.execute(sql, channel.id, *released)[0]["n"] for channel in channels)


def _one(tx: Tx, table: type[V], prefix: str, *columns: str) -> V:
    """Return the newest row one of whose columns begins with `prefix`; raises Absent."""
    for column in columns or ("id",):
        between = (prefix, prefix + LAST)
        found = (
            tx.find(table, f"{column} >= ? and {column} < ?", between, order=column, limit=LOOKED_AT) if prefix else []
        )
        if key := naming.only([str(getattr(one, column)) for one in found], prefix):
            return tx.find(table, f"{column} = ?", (key,), order="created desc", limit=1)[0]
    raise Absent(f"there is no {table.TABLE.name.removesuffix('s')} `{prefix[:100]}` here", "see `penstock vault list`")
