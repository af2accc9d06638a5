"""What a member keeps of its space: the newest head, the members that it met, and the part of the document of all.

Law: the three are written together. A document alone was kept before there were heads, or is one of an exchange that
makes none; programs of that time read it, and so does a command that looks into a folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.store.rows.console import FactRow
from connector.store.rows.space import MetMemberRow
from ledger.space.document import Space
from ledger.space.entry import Entry
from ledger.space.head import Head
from ledger.space.met import Met

if TYPE_CHECKING:
    from typing import Any

    from connector.store.transaction import Tx

DOCUMENT, HEAD, CONTRADICTION = "space", "space_head", "space_contradiction"


def met(tx: Tx) -> Met:
    """Return what was proven by the newest head, nothing where there was none."""
    head = tx.get(FactRow, name=HEAD)
    if head is None:
        return Met()
    return Met.of(Head.from_json(head.value), [Entry.from_json(row.document) for row in tx.find(MetMemberRow)])


def space(tx: Tx) -> Space | None:
    """Return the document as far as it is known, None where it never was."""
    if (known := met(tx)).head is not None:
        return known.space()
    row = tx.get(FactRow, name=DOCUMENT)
    return None if row is None else Space.from_json(row.value)


def keep(tx: Tx, before: Met, after: Met) -> None:
    """Keep what changed from what was known to what is."""
    assert after.head is not None
    if before.head != after.head:
        tx.put(FactRow(name=HEAD, value=after.head.json()))
        keep_document(tx, after.common().json())
    for did, entry in after.entries.items():
        if before.entries.get(did) != entry:
            tx.put(MetMemberRow(did=did, document=entry.json()))
    for did in before.entries.keys() - after.entries.keys():
        tx.delete(MetMemberRow, did=did)


def keep_contradiction(tx: Tx, one: Head, other: Head) -> None:
    """Keep the notes of two heads of one number, which convict the exchange (`ledger.space.head.contradict`)."""
    tx.put(FactRow(name=CONTRADICTION, value={"notes": [one.note, other.note]}))


def contradiction(tx: Tx) -> tuple[str, str] | None:
    """Return the notes of the two heads that convict the exchange, None if it never contradicted itself to us."""
    row = tx.get(FactRow, name=CONTRADICTION)
    return None if row is None else (str(row.value["notes"][0]), str(row.value["notes"][1]))


def keep_document(tx: Tx, document: Any) -> None:
    """Keep a document."""
    tx.put(FactRow(name=DOCUMENT, value=document))
