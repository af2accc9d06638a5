"""What a buyer has already of a later edition: the pieces that its provider repeats from one held here (spec 1.7).

Law: a piece is carried over only where the whole row is the same, and is verified like one that was fetched. Bytes are
carried, keys are not: they are paid under the agreement that they are used under.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.custody import replicas
from connector.custody.errors import VaultError
from connector.custody.sealed_file import SealedFile
from connector.store.rows.vault import ReplicaRow
from contracts.ranges import RowSet
from ledger.edition.opening import OpeningError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from connector.custody.intake import Intake
    from connector.store.transaction import Tx
    from ledger.edition.row_table import RowTable

Held = tuple[ReplicaRow, "RowTable"]


def held(tx: Tx, replica: ReplicaRow) -> list[Held]:
    """Return the replicas here of the series' other editions, newest first; those of the same one share its file."""
    series = replica.header["series"], replica.edition
    found = tx.find(ReplicaRow, "series = ? and edition <> ?", series, order="created desc")
    alike = [row for row in found if row.header["keyHolder"] == replica.header["keyHolder"]]
    return [(row, replicas.table(tx, row)) for row in alike if row.state in replicas.MAY_RECEIVE]


def carry_over(folder: Path, intake: Intake, others: Iterable[Held]) -> int:
    """Take in the pieces that other replicas have already (blocking); return how many."""
    before = len(intake.held)
    for other, table in others:
        places = {table.raw(number): number for number in RowSet.from_json(other.bytes_rows)}
        wanted = {number: places[raw] for number in intake.missing if (raw := intake.table.raw(number)) in places}
        try:
            _carry(folder / other.path, table, intake, wanted)
        except VaultError:
            continue  # the other replica's file is gone or cut short: what it had is fetched
    return len(intake.held) - before


def _carry(path: Path, table: RowTable, intake: Intake, wanted: dict[int, int]) -> None:
    if not wanted:
        return
    with SealedFile(path, table) as sealed:
        buffer = memoryview(bytearray(table.longest_sealed))
        for number, place in wanted.items():
            size = sealed.piece_into(place, buffer)
            try:
                intake.accept(number, buffer[:size])
            except OpeningError:
                continue  # a disk that rots: the piece is fetched
