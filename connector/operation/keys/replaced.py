"""What our log says of a key that was replaced: once, whatever a crash interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.store.rows.console import FactRow
from contracts.canonical import sha

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.store.transaction import Tx

MOVED: Final = "key.moved"


def followed(tx: Tx, fact: str, key: str) -> str | None:
    """Note by which key we go on; return the one before it, None where that was noted before, or it is the first.

    The first key needs no telling: our document has it.
    """
    row = tx.get(FactRow, name=fact)
    if row is not None and row.value["key"] == key:
        return None
    tx.put(FactRow(name=fact, value={"key": key}))
    return None if row is None else str(row.value["key"])


def record(tx: Tx, core: Core, told: Mapping[str, str], reason: str) -> None:
    """Record that a key was replaced: its `kind`, `from` and `to`; `digest` is by default that of our description."""
    did, digest = core.identity.did, sha(core.identity.member.json()).hex()
    fields = {"digest": digest, **told, "by": did, "reason": reason}
    core.evidence.record(tx, MOVED, part=did, fields=fields, now=core.clock.now())
