"""Agreements of ours whose use the exchange of our space has stopped: nothing is used under them until it allows it.

Law: the exchange alone sets a halt and lifts it, by its answer to what we tell it (`connector.exchange.telling`). An
agreement under a halt does not stand, as one that is suspended does not, and neither does what stands under it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.store.rows.watched import HaltRow
from contracts.canonical import sha

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from catalog.watching import Stop
    from connector.store.recorder import Recorder
    from connector.store.transaction import Tx

HINT: Final = "ask the exchange of your space; what is open again by its word can be opened again"
MOVED: Final = "use.moved"
RUNS, HALTED = "allowed", "stopped"


def why(tx: Tx, agreement: str) -> str:
    """Return why the exchange has nothing used under an agreement (its digest in hex), empty while it has not."""
    row = tx.get(HaltRow, agreement=agreement)
    return "" if row is None else f"the exchange `{row.by}` has stopped its use: {row.reason}"


def follow(tx: Tx, evidence: Recorder, stops: Iterable[Stop], by: str, me: str, now: datetime) -> set[str]:
    """Have exactly these stops of an exchange in force; returns the agreements for which that is new."""
    told = {stop.agreement: stop for stop in stops}
    known = {row.agreement: row for row in tx.find(HaltRow)}
    for digest, stop in told.items():
        before = known.get(digest)
        if before is None or before.stop != stop.stop:
            row = HaltRow(agreement=digest, stop=stop.stop, by=by, reason=stop.reason, at=stop.at)
            tx.put(row)
            # a stop in the place of another is an entry, too: the audit asks for one of each
            _record(tx, evidence, row, (RUNS if before is None else HALTED, HALTED), me, now)
    for digest in known.keys() - told.keys():
        tx.delete(HaltRow, agreement=digest)
        _record(tx, evidence, known[digest], (HALTED, RUNS), me, now)
    return told.keys() ^ known.keys()


def _record(tx: Tx, evidence: Recorder, row: HaltRow, turn: tuple[str, str], me: str, now: datetime) -> None:
    fields = {
        "from": turn[0],
        "to": turn[1],
        "by": row.by,
        "reason": row.reason,
        "digest": sha({"stop": row.stop, "agreement": row.agreement, "reason": row.reason}).hex(),
        "member": me,
        "stop": row.stop,
    }
    evidence.record(tx, MOVED, part=row.agreement, fields=fields, now=now)
