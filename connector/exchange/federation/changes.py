"""The changes of an exchange's catalogue, for other exchanges: what is to be found, line by line, from any number on.

    GET /exchange/changes?after=NUMBER&epoch=EPOCH
    {"exchange", "epoch", "after", "next", "more", "reset", "entries": [as `connector.exchange.federation.entry`]}

Law: (1) A product has one line, that of its newest change; who has read up to `next` lacks what is beyond it and
nothing else. (2) `reset` says that the reader's number means nothing here (another database, or the reader was away so
long that what is gone was forgotten): it begins at 0, and what it has stays until it has read to the end. (3) What
changes at once what is told of many products (the rules of the spaces, which sources are suspended) gives none of them
a new number: it is part of the epoch, so who has read under another one begins again. (4) Every answer is signed: a
note under the log's key over the digest of its bytes, in the header `Penstock-Note`.
"""

from __future__ import annotations

import uuid
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import orjson

from catalog.source import State
from catalog.spaces import MAIN, OTHERS, sight
from connector.exchange import kinds, signed_answer, standing
from connector.exchange.federation import entry, keeping, showing
from connector.exchange.numbering import beyond, newest, seq_of
from connector.exchange.sight import grades
from connector.runtime.limits import CHANGES_BYTES, HOPS_MAX, PAGE_ROWS_MAX
from connector.store.rows.catalogue import FederatedRow, FederatedState, SourceRow
from connector.store.rows.console import FactRow
from connector.store.rows.space import SpaceRow

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from connector.exchange.numbering import Stocked
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


PATH: Final = "/exchange/changes"
HEADER: Final = "Penstock-Note"
KEY_NAME: Final = "/changes"
EPOCH: Final = "changes.epoch"
# of what tells some suspended sources from others
SUSPENDED_DIGITS: Final = 8
# another exchange is no member with a role: what the rules of a space let others see, it sees
READS_AS: Final = OTHERS


def begin(tx: Tx) -> None:
    """Draw what tells this database from another, once."""
    if tx.get(FactRow, name=EPOCH) is None:
        tx.put(FactRow(name=EPOCH, value={"epoch": str(uuid.uuid4())}))


def page(tx: Tx, own: str, reader: str, after: int, epoch: str) -> JsonObject:
    """Return the changes after a number, as the exchange `own`: of what the exchange `reader` may see."""
    floor, here, end = tx.get(FactRow, name=keeping.FLOOR), _epoch(tx), newest(tx)
    sees = grades(tx, reader, READS_AS)
    lost = after > end or (after and (epoch != here or after < (floor.value["seq"] if floor else 0)))
    head = {"exchange": own, "epoch": here, "after": after}
    if lost:
        return head | {"next": 0, "more": False, "reset": True, "entries": []}
    entries: list[JsonObject] = []
    size, last, full = 0, after, False
    for row in beyond(tx, after, PAGE_ROWS_MAX):
        line = _found(tx, row, own, sees) if isinstance(row, FederatedRow) else _listed(row, own, sees)
        size += len(orjson.dumps(line))
        if entries and size > CHANGES_BYTES:
            full = True
            break
        entries.append(line)
        last = seq_of(row)
    more = full or last < end
    return head | {"next": last if more else end, "more": more, "reset": False, "entries": entries}


def signed(body: bytes, own: str, key: Ed25519PrivateKey) -> str:
    """Return the note over an answer, as its header."""
    return signed_answer.signed(body, own, KEY_NAME, key)


def check(body: bytes, header: str, own: str, log_key: bytes) -> None:
    """Raise PeerMisbehaved unless the exchange `own` signed this very answer."""
    signed_answer.check(body, header, own, KEY_NAME, log_key)


def _epoch(tx: Tx) -> str:
    """Return what a reader's number goes with: this database, its spaces' rules, and which sources are suspended."""
    known = tx.get(FactRow, name=EPOCH)
    assert known is not None, "an exchange has drawn its epoch"
    rules = sum(row.version for row in tx.find(SpaceRow))
    away = sorted(row.name for row in tx.find(SourceRow, "state = ?", (State.SUSPENDED.value,)))
    mark = "." + sha256(" ".join(away).encode()).hexdigest()[:SUSPENDED_DIGITS] if away else ""
    return f"{known.value['epoch']}.{rules}{mark}"


def _listed(row: Stocked, own: str, sees: tuple[str, ...] | None) -> JsonObject:
    """Return the line of what is listed here."""
    found = standing.shown(row)
    hidden = sees is not None and found and sight(found.space or MAIN, kinds.described(found).grade) not in sees
    if found is None or hidden:
        return entry.gone(row.id, seq_of(row))
    return entry.listed(row.id, seq_of(row), [own], row.updated, kinds.of(row.id).told(found))


def _found(tx: Tx, row: FederatedRow, own: str, sees: tuple[str, ...] | None) -> JsonObject:
    """Return the line of a product found elsewhere, as the best of the sources tells it that are shown."""
    sighting = showing.best_telling(tx, row.id) if row.state is FederatedState.FOUND else None
    path = [own, *(sighting.path if sighting else ())]
    if sighting is None or len(path) > HOPS_MAX or (sees is not None and showing.sight_of(sighting) not in sees):
        return entry.gone(row.id, row.seq)
    return entry.listed(row.id, row.seq, path, row.updated, sighting.document)
