"""What can go wrong in the store.

StoreError
├── Duplicate      a row with that key, or that unique value, is there already: the caller decides what it means
├── BadStatement   our own mistake: an undeclared name, a value that is not of its column's kind, a write while reading
├── StoreBusy      another process kept the database locked for `LOCK_SECONDS`: nothing was written, safe to repeat
├── StoreForeign   the file is somebody else's database, or of another version: it was not touched
├── EvidenceBroken the log on disk lacks or contradicts what was signed: nothing more is signed
├── StoreFailed    the disk refused a write or a sync: nothing of the batch counts, the store must be opened anew
│   └── StoreDamaged  what lies on the disk is not what was written: a restart mends nothing
└── StoreClosed    the store was closed before the act ran
"""

# ruff: noqa: N818 (these names are said in sentences: "duplicate", "store busy")

from __future__ import annotations


class StoreError(Exception):
    """Base of everything the store raises."""


class Duplicate(StoreError):
    """A row with that key or unique value is there already."""


class BadStatement(StoreError):
    """A programming mistake of ours: undeclared name, wrong kind of value, or a write in a reading transaction."""


class StoreBusy(StoreError):
    """Another process held the write lock too long; nothing was written."""


class StoreForeign(StoreError):
    """The file is a database of another program or another version; `hint` says what to do."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.hint = hint


class EvidenceBroken(StoreError):
    """The log on disk does not extend the last signed checkpoint; restore it from a mirror before going on (spec 7)."""


class StoreFailed(StoreError):
    """The disk failed a write, a sync or a commit; after it nothing is known to be durable until a reopening."""


class StoreDamaged(StoreFailed):
    """Pages of the database are not what was written there; room or a restart mends nothing, a back-up does."""


class StoreClosed(StoreError):
    """The store is closed."""
