"""Watermarks of plain copies: which columns may have them, and whose copy a found table is (decision 0172)."""

from __future__ import annotations

import asyncio
import csv
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from catalog import masks
from catalog.describe import CSV, PARQUET, media_type
from connector.custody import watermarking
from connector.negotiation.protocol.offers import PLAIN
from connector.negotiation.protocol.states import PROVIDER
from connector.runtime.errors import Absent, InvalidInput
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.vault import EditionRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from catalog.profile import FileProfile
    from connector.core.core import Core
    from connector.custody.secrets import Keys
    from connector.custody.watermarking import Chance
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

# rows by whose names marks are found: a tenth of so many names its buyer among a thousand agreements
ROWS_MIN: Final = 2_000
# of a found table so many rows are looked at, and so many times rows and agreements
FOUND_ROWS_MAX: Final = 1_000_000
LOOKS_MAX: Final = 50_000_000
SHOWN: Final = 5
# what stands between the cells of a table that was found
DELIMITERS: Final = ",;\t"
NUMBERS: Final = frozenset({"integer", "number"})


def require(brief: Mapping[str, Any], profiles: Sequence[FileProfile]) -> None:
    """Raise InvalidInput for a watermark that would be no use, or that nobody could carry."""
    told = masks.watermarks(brief)
    if told and brief["tier"] != PLAIN:
        text = f"a watermark is of each buyer's copy, and in the tier `{brief['tier']}` all have the same sealed bytes"
        raise InvalidInput(text, "publish with `--tier plain`, or without it")
    for column, name in told.items():
        for profile in profiles:
            if any(one.name == column for one in profile.columns):
                _require(profile, column, name, told)


def _require(profile: FileProfile, column: str, name: str, told: Mapping[str, str]) -> None:
    found = {one.name: one for one in profile.columns}
    about = f"`{column}` of `{profile.path}`"
    if profile.media_type != CSV:
        raise InvalidInput(f"{about} can have no watermark: the file is no CSV", "publish it as CSV")
    if found[column].kind not in NUMBERS:
        raise InvalidInput(f"{about} holds no numbers whose last digit could be marked", "choose another column")
    if name not in found or name in told:
        raise InvalidInput(f"`{name[:100]}` names no row for the watermark of {about}", "a column that stays as it is")
    rows, distinct = (profile.rows or 0) - found[column].nulls, found[name].distinct
    if rows < ROWS_MIN or (distinct is not None and distinct < ROWS_MIN):
        text = f"{about} has {rows} numbers in rows with {distinct if distinct is not None else 'many'} names"
        raise InvalidInput(f"{text}, and a watermark needs {ROWS_MIN} of each", "publish it without")


class Watermarks:
    """The watermarks of one provider's plain copies."""

    def __init__(self, core: Core, secrets: Keys) -> None:
        self._core, self._secrets = core, secrets

    async def trace(self, file: str, product: str) -> JsonObject:
        """Say whose copy of a product a found table is, or that it names nobody; raises Absent, InvalidInput."""
        path = Path(file)
        if not path.is_absolute() or media_type(path.name) not in (CSV, PARQUET) or not path.is_file():
            raise InvalidInput(f"`{file[:200]}` is no table that can be read", "the path of a CSV or Parquet file")
        columns, sold = await self._core.store.read(lambda tx: _sold(tx, product))
        return await asyncio.to_thread(self._trace, path, product, columns, sold)

    def _trace(self, path: Path, product: str, columns: Mapping[str, str], sold: Mapping[str, str]) -> JsonObject:
        header, rows = _table(path, columns)
        most = min(FOUND_ROWS_MAX, LOOKS_MAX // max(len(sold), 1))
        seen = watermarking.sightings(header, islice(rows, most), columns)
        secret = self._secrets.masks()
        found = [
            watermarking.chance(seen, agreement, watermarking.key_of(secret, product, agreement), len(sold))
            for agreement in sold
        ]
        found.sort(key=lambda one: one.log10)
        return {
            "product": product,
            "rows": len(seen),
            "tried": len(sold),
            "named": [_told(one, sold) for one in found if one.names],
            "next": [_told(one, sold) for one in found if not one.names][:SHOWN],
        }


def _sold(tx: Tx, product: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the columns that were ever marked, and agreement → buyer."""
    columns: dict[str, str] = {}
    for edition in tx.find(EditionRow, "product = ?", (product,), order="number"):
        columns |= edition.watermarks or {}
    if not columns:
        raise Absent(
            f"no copy of `{product[:100]}` was ever watermarked", "publish with `--mask COLUMN=watermark:NAME`"
        )
    rows = tx.find(AgreementRow, "product = ? and role = ?", (product, PROVIDER))
    return columns, {row.digest: row.peer for row in rows if row.signed_terms["tier"] == PLAIN}


def _told(one: Chance, sold: Mapping[str, str]) -> JsonObject:
    return {
        "agreement": one.agreement,
        "buyer": sold[one.agreement],
        "rows": one.rows,
        "agreeing": one.agreeing,
        "chance": f"1e{one.log10:.0f}" if one.log10 < -3 else f"{10**one.log10:.3f}",
    }


def _table(path: Path, columns: Mapping[str, str]) -> tuple[list[str], Iterator[list[str]]]:
    """Return the head of a found table, and its rows as texts (blocking); raises InvalidInput.

    A table must have a marked column and its names: what cannot be looked at is not said to name nobody.
    """
    ways = [_csv(path, mark) for mark in DELIMITERS] if media_type(path.name) == CSV else [_parquet(path)]
    for rows in ways:
        header = next(rows, [])
        if watermarking.are_there(header, columns):
            return header, rows
    needed = " and ".join(f"`{column}` with `{name}`" for column, name in columns.items())
    raise InvalidInput(f"`{path.name[:200]}` has none of the columns that were marked: {needed}", "name them as then")


def _csv(path: Path, delimiter: str) -> Iterator[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            yield from csv.reader(lines, delimiter=delimiter)
    except csv.Error as fault:
        raise InvalidInput(f"`{path.name[:200]}` is no table: {fault}") from fault


def _parquet(path: Path) -> Iterator[list[str]]:
    try:
        import pyarrow as pa  # noqa: PLC0415  # comes with an extra
        import pyarrow.parquet as pq  # noqa: PLC0415  # the same
    except ModuleNotFoundError as error:
        raise InvalidInput("reading Parquet needs an extra", "install penstock[tables]") from error
    try:
        with pq.ParquetFile(path) as table:
            yield list(table.schema_arrow.names)
            for batch in table.iter_batches():
                columns = [column.to_pylist() for column in batch.columns]
                yield from (["" if one is None else str(one) for one in row] for row in zip(*columns, strict=True))
    except pa.ArrowException as fault:
        raise InvalidInput(f"`{path.name[:200]}` is no table") from fault
