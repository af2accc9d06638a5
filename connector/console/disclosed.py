"""What the own events say: their fields, which the log holds as salted digests only, opened with our own key.

Law: what is shown was checked against the digests of the entry; what was erased, or was not made for us, shows nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.store.entries import entry_at
from ledger.log import disclosure
from ledger.log import events as entries
from ledger.log import note as notes

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.store.transaction import Tx

# a number, a digest or a sentence: a document in a field is told by its size
VALUE_CHARACTERS = 200


def fields(core: Core, tx: Tx, index: int) -> dict[str, Any]:
    """Return the fields of an event of our log; none where they cannot be opened."""
    row = entry_at(tx, index)
    keys = disclosure.filed_for(core.identity.keys.openers)
    mine = disclosure.found_in(core.evidence.addenda(tx, index), keys)
    if row is None or mine is None:
        return {}
    box, key = mine
    try:
        opened = disclosure.unseal(notes.unb64(box), key, row.leaf)
        return disclosure.check(opened, entries.decode(row.entry).sd)
    except ValueError:
        return {}


def shown(told: dict[str, Any]) -> list[dict[str, str]]:
    """Return fields as a page lists them."""
    return [{"name": name, "value": _text(value)} for name, value in sorted(told.items())]


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= VALUE_CHARACTERS else f"{text[:VALUE_CHARACTERS]}… ({len(text):,})"
