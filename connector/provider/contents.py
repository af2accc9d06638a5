"""What is sealed of a product's files: themselves, or small ones in packs; and what is billed for it (decision 0146).

Law: (1) nothing is packed where pieces, rows or columns are what is sold: a pack has neither. (2) Whoever says nothing
has packs where the list of files would cost more than a tenth of them, and packs cost less. (3) Files were described
before, one by one, and are what a buyer reads.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.dataset import APPLICATION
from catalog.packing import Billed, Packing
from connector.custody import layout as layouts
from connector.custody import packing as packs
from connector.custody.packs import MEDIA_TYPE, schema_of
from connector.custody.seal import FIXED
from connector.licence.pricing import MEASURES
from connector.negotiation.protocol.offers import OUTSIDE, PLAIN
from connector.runtime.errors import InvalidInput
from contracts.units import COMPUTED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from catalog.dataset import Dataset
    from connector.custody.sources import Source
    from ledger.edition.row_table import RowTable

SEVERAL = "multipart/mixed"
# units of which a pack has not as many as its files
COUNTED_IN_FILES = ("row", "piece")


class Contents(NamedTuple):
    """What is sealed, and what its index says of it; `dataset` tells of packs where there are any."""

    source: Source
    media_type: str
    schema: Any
    dataset: Dataset

    def foreseen(self, brief: Mapping[str, Any], piece_bytes: int) -> Billed:
        """Return what will be billed of it (blocking); raises VaultError `source` for what the layout cannot cut."""
        layout = brief.get("layout") or FIXED
        planned = layouts.plan(self.source, layout, piece_bytes, 0, self.media_type, self.schema)
        listed = 0 if brief["tier"] in OUTSIDE else planned.index_bytes
        stays = brief["tier"] == COMPUTED
        return Billed(self.source.size, listed, self.dataset.size, self.dataset.packing, stays)


def check(brief: Mapping[str, Any]) -> None:
    """Refuse packs that a brief wants where there can be none; raises InvalidInput."""
    if brief.get("pack") == packs.ALWAYS and (why := _never(brief)):
        raise InvalidInput(f"small files cannot be packed {why}", "publish with `--pack auto`, or without it")


def contents(
    source: Source, dataset: Dataset, brief: Mapping[str, Any], piece_bytes: int, folder: Path, *, packed: bool
) -> Contents:
    """Return what is sealed of a source (blocking); packs lie in `folder` meanwhile.

    `packed` says that small files of the edition before are in packs: then they are as long as that costs less.
    """
    how, plain = brief.get("pack") or packs.AUTO, _of(source, dataset)
    if how == packs.NEVER or _never(brief) or (how == packs.AUTO and not packs.worth(source)):
        return plain
    told = plain.foreseen(brief, piece_bytes)
    if how == packs.AUTO and not (packed or told.list * packs.LIST_SHARE > told.data):
        return plain
    made = packs.pack(source, folder)
    if not made.packs:
        return plain
    packing = Packing(len(made.packs), len(made.members), told.bytes)
    found = _of(made.source, replace(dataset, packing=packing), made)
    cheaper = how == packs.ALWAYS or found.foreseen(brief, piece_bytes).bytes < told.bytes
    return found if cheaper else plain


def billed(dataset: Dataset, table: RowTable, tier: str) -> Billed:
    """Return what is billed of a sealed edition; of plain copies, the list of files costs nothing."""
    listed = table.plain_bytes(0, table.index_rows)
    data, listed = table.plain_bytes() - listed, 0 if tier in OUTSIDE else listed
    return Billed(data, listed, dataset.size, dataset.packing, tier == COMPUTED)


def by_bytes(brief: Mapping[str, Any]) -> bool:
    """Say whether bytes are what a brief prices."""
    return MEASURES[brief["unit"]][0] == "byte"


def _never(brief: Mapping[str, Any]) -> str:
    """Say where nothing is packed, empty where it may be."""
    layout = brief.get("layout") or FIXED
    if layout != FIXED:
        return f"in the layout `{layout}`: it cuts files, and a pack is none of them"
    if brief["unit"] in COUNTED_IN_FILES:
        return f"where the price is for each {brief['unit']}: a pack has not as many"
    if brief["tier"] == COMPUTED:
        return "where tables are asked: in a pack they are not seen"
    if brief.get(APPLICATION):
        return "where a program is sold: it is opened by itself"
    if brief["tier"] == PLAIN and brief.get("pack") != packs.ALWAYS:
        return "in plain copies, whose list costs nothing"
    return ""


def _of(source: Source, dataset: Dataset, made: packs.Packed | None = None) -> Contents:
    """Return a source with what its index says: the columns of what is in no pack, and which files are packs."""
    inside = frozenset() if made is None else frozenset(file.name for file in made.members)
    names = () if made is None else made.packs
    columns = {file.path: [column.name for column in file.columns] for file in dataset.files if file.path not in inside}
    alone = MEDIA_TYPE if names else dataset.files[0].media_type
    return Contents(source, alone if len(source.files) == 1 else SEVERAL, schema_of(names, columns), dataset)
