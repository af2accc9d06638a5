"""The tables that subjects of our products are looked up in: made by a reader process, kept sealed, one file each.

Law: (1) a table is sealed under scalars that are derived from its edition's key and its gate: made again it is the
same, on disk it says nothing, and with the key of its edition it is gone. (2) It is made before its product is offered,
so what cannot be made is not; who loses it has it made again by who asks next. (3) It is kept while its edition is
the one that is asked.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import orjson

from catalog.dataset import dataset_from_json
from connector.compute import blinding
from connector.compute.bucketing import Bucketing
from connector.compute.buckets import Shape
from connector.compute.sitting import names_of
from connector.licence.pricing import measured
from connector.provider import on_table
from connector.provider.computing import offered
from connector.provider.plain.copies import GONE
from connector.runtime import files
from connector.runtime.data_folder import LOOKUPS
from connector.runtime.errors import Conflict, InvalidInput, NotPermitted
from connector.store.rows.product import ProductRow
from connector.store.rows.vault import EditionRow
from contracts import gate as gates
from contracts.canonical import canonical
from contracts.labels import X
from contracts.units import COMPUTED, MATCH

if TYPE_CHECKING:
    from pathlib import Path

    from connector.core.core import Core
    from connector.custody.secrets import Keys
    from connector.provider.plain.copies import Copies
    from contracts.gate import Gate

LABEL: Final = "look-up"
# of what who is there is told by, before rows are
TAGS_LABEL: Final = "look-up tags"
NAME: Final = "{}-{}.table"
HEAD_BYTES_MAX: Final = 1 << 20
# who asks first waits so long for the table; then it is told to come again
MAKING_SECONDS: Final = 20
UNFINISHED: Final = "."
STOPPED: Final = "the connector was stopped meanwhile"
CUT_SHORT: Final = "the table that is looked up in is cut short on its provider's disk"
_WITH_TABLES: Final = "tier = ? and edition is not null"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table lies, the scalar p that it is sealed under, and t, that of its tags, empty where it has none."""

    path: Path
    secret: bytes
    tagging: bytes


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it lies: its place, where the buckets begin, how large they are, what is told, what held its maker."""

    place: Place
    start: int
    shape: Shape
    columns: tuple[str, ...]
    confined: tuple[str, ...]

    def tags(self, number: int) -> bytes:
        """Return the tags of one bucket (blocking); raises InvalidInput, Conflict."""
        return self._part(number, self.start, self.shape.tags_bytes)

    def bucket(self, number: int) -> bytes:
        """Return one bucket (blocking); raises InvalidInput for one that is not there, Conflict."""
        return self._part(number, self.start + self.shape.buckets * self.shape.tags_bytes, self.shape.bucket_bytes)

    def _part(self, number: int, start: int, size: int) -> bytes:
        if not 0 <= number < self.shape.buckets:
            raise InvalidInput(f"there is no bucket {number}", f"the terms say that there are {self.shape.buckets}")
        with self.place.path.open("rb") as file:
            found = os.pread(file.fileno(), size, start + number * size)
        if len(found) != size:
            raise Conflict(CUT_SHORT, "its provider removes it from `lookups/`: it is made anew")
        return found


class LookupTables:
    """The tables of one provider."""

    def __init__(self, core: Core, secrets: Keys, copies: Copies) -> None:
        self._core, self._secrets, self._copies = core, secrets, copies
        self._making: dict[Path, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()
        self._maker: Bucketing | None = None

    def end(self) -> None:
        """Cut what is being made: it is begun again when somebody asks for it."""
        if self._maker is not None:
            self._maker.cut(STOPPED)

    async def of(self, product: ProductRow, gate: Gate, name: str, *, tagged: bool) -> Table:
        """Return a table of a product, made if it is lost; raises InvalidInput, Conflict while it is made.

        `tagged`: with the tags by which a buyer learns who is there, before it pays for rows.
        """
        found = dataset_from_json(product.dataset).files
        file = offered.table_named(found, name)
        place = await self._place(str(product.edition), file, gate, tagged=tagged)
        if not await asyncio.to_thread(place.path.exists):
            making = self._begun(place, product, file, gate)
            try:
                await asyncio.wait_for(asyncio.shield(making), MAKING_SECONDS)
            except TimeoutError as late:
                raise Conflict("the table that is looked up in is being made", "ask again in some minutes") from late
        return await asyncio.to_thread(_read, place)

    async def make(self, product: ProductRow) -> None:
        """Make what is missing for a product that is about to be offered; raises InvalidInput for what cannot be."""
        if product.tier != COMPUTED or product.edition is None:
            return
        dataset = dataset_from_json(product.dataset)
        gate = gates.read(on_table.gate(product, dataset)[offered.MEMBER])
        tagged = measured(product.brief["unit"], COMPUTED)[0] == MATCH
        for file in dataset.files if gate.lookup is not None else ():
            if offered.is_table(file):
                place = await self._place(str(product.edition), file.path, gate, tagged=tagged)
                if not await asyncio.to_thread(place.path.exists):
                    await asyncio.shield(self._begun(place, product, file.path, gate))

    async def sweep(self) -> None:
        """Remove the tables of editions that are asked no more."""
        rows = await self._core.store.read(lambda tx: tx.find(ProductRow, _WITH_TABLES, (COMPUTED,)))
        kept = {str(row.edition) for row in rows} | ({UNFINISHED} if self._making else set())
        await asyncio.to_thread(_sweep, self._core.data / LOOKUPS, kept)

    def _begun(self, place: Place, product: ProductRow, name: str, gate: Gate) -> asyncio.Task[None]:
        """Return the making of a table, begun if it is not."""
        if place.path not in self._making:
            task = self._making[place.path] = asyncio.create_task(self._make(place, product, name, gate))
            task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # nobody may be waiting
        return self._making[place.path]

    async def _make(self, place: Place, product: ProductRow, name: str, gate: Gate) -> None:
        types = offered.types_of(dataset_from_json(product.dataset).files)
        try:
            async with self._turn:  # one after the other: each takes all cores
                with await self._copies.edition(bytes.fromhex(str(product.edition))) as opened:
                    index = await asyncio.to_thread(opened.index)
                    file = names_of(index.files)[name]
                    self._maker = Bucketing(name, gate, types)
                    try:
                        await asyncio.to_thread(_made, place, self._maker, file, opened.placed(file))
                    finally:
                        self._maker = None
                await self.sweep()
        finally:
            del self._making[place.path]

    async def _place(self, edition: str, file: str, gate: Gate, *, tagged: bool) -> Place:
        """Return where a table lies, and its scalars; raises NotPermitted without an edition."""
        row = await self._core.store.read(lambda tx: tx.get(EditionRow, id=edition))
        if row is None or not self._secrets.holds(row.key_id):
            raise NotPermitted(GONE, "agree on another")
        key, about = self._secrets.run(row.key_id).key, bytes.fromhex(edition) + canonical([file, gate.json()])
        about += TAGS_LABEL.encode() if tagged else b""
        secret, tagging = (blinding.scalar(X(key, label, about, blinding.WIDE_BYTES)) for label in (LABEL, TAGS_LABEL))
        path = self._core.data / LOOKUPS / NAME.format(edition, sha256(about).hexdigest()[:32])
        return Place(path, secret, tagging if tagged else b"")


def _sweep(folder: Path, kept: set[str]) -> None:
    """Remove what is of no edition that is kept; what a crash left unfinished has no name yet, but a dot (blocking)."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if (UNFINISHED if path.name.startswith(UNFINISHED) else path.name.partition("-")[0]) not in kept:
            files.remove(path)


def _made(place: Place, bucketing: Bucketing, file: Any, placed: Any) -> None:
    """Have a table made, and keep it (blocking)."""
    with bucketing:
        foreseen = bucketing.foresee()
        shape, table = bucketing.make(foreseen, file, placed, place.secret, place.tagging)
        about = {"buckets": shape.buckets, "entries": shape.entries, "entryBytes": shape.entry_bytes}
        about |= {"tags": shape.tags} if shape.tags else {}
        head = orjson.dumps({**about, "columns": foreseen.named, "confined": bucketing.confined}) + b"\n"
    files.make_folder(place.path.parent)
    with files.replacing(place.path) as handle:
        files.write_at(handle, head, 0)
        files.write_at(handle, table, len(head))


def _read(place: Place) -> Table:
    with place.path.open("rb") as file:
        line = file.readline(HEAD_BYTES_MAX)
    told = orjson.loads(line)
    shape = Shape(told["buckets"], told["entries"], told["entryBytes"], told.get("tags", 0))
    return Table(place, len(line), shape, tuple(told["columns"]), tuple(told["confined"]))
