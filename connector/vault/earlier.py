"""What a buyer has already of a later edition: the pieces that its provider repeats from one held here (spec 1.7).

Law: a piece is carried over only where the whole row is the same, and is verified like one that was fetched. Bytes are
carried, keys are not: they are paid under the agreement that they are used under.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.vault import replicas
from connector.vault.errors import VaultError
from contracts.ranges import RowSet
from ledger.opening import OpeningError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from connector.store.transaction import Tx
    from connector.vault.intake import Intake

    Row = dict[str, Any]

# two replicas with equal values of these are of one series of one provider
SERIES = ("series", "keyHolder")


def held(tx: Tx, replica: Row) -> list[Row]:
    """Return the replicas here of the series' other editions, newest first; those of the same one share its file."""
    found = [row for row in tx.find("replicas", order="created") if row["edition"] != replica["edition"]]
    alike = [row for row in found if all(row["header"][name] == replica["header"][name] for name in SERIES)]
    return [replicas.whole(tx, row) for row in reversed(alike) if row["state"] in replicas.MAY_RECEIVE]


def carry_over(folder: Path, intake: Intake, others: Iterable[Row]) -> int:
    """Take in the pieces that other replicas have already (blocking); return how many."""
    before = len(intake.held)
    for other in others:
        table = replicas.table_of(other)
        places = {table.raw(number): number for number in RowSet.from_json(other["bytes_rows"])}
        wanted = {number: places[raw] for number in intake.missing if (raw := intake.table.raw(number)) in places}
        try:
            _carry(folder, other, intake, wanted)
        except VaultError:
            continue  # the other replica's file is gone or cut short: what it had is fetched
    return len(intake.held) - before


def _carry(folder: Path, other: Row, intake: Intake, wanted: dict[int, int]) -> None:
    if not wanted:
        return
    with replicas.sealed_file(folder, other) as sealed:
        buffer = memoryview(bytearray(sealed.table.longest_sealed))
        for number, place in wanted.items():
            size = sealed.piece_into(place, buffer)
            try:
                intake.accept(number, buffer[:size])
            except OpeningError:
                continue  # a disk that rots: the piece is fetched
