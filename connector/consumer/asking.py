"""A statement asked of what was opened: the opening is decided and counted as any other, and no file is written.

    Place       where the files of an opening go                      `connector.consumer.opening`
    Question    what is asked of them instead, by the reader process  here

Law: (1) a statement that cannot be answered is refused before it is counted or paid. (2) What it finds is told once, to
who asked, and is kept nowhere: asked again under the same id it says what was opened, and no rows. (3) Whatever rule
stops holding while the process runs ends the process (`while_it_holds`, which ends what writes files alike).
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from connector.compute.cell import plain
from connector.compute.sitting import SECONDS, Sitting
from connector.consumer.mandate import refuse_unwritable
from connector.negotiation.protocol.offers import PLAIN
from connector.runtime import files
from connector.runtime.errors import Conflict, InvalidInput
from contracts.units import LEASED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from connector.compute.sitting import Answer
    from connector.custody.reader import Reader
    from contracts.canonical import JsonObject
    from ledger.edition.index import IndexedFile

T = TypeVar("T")

# rows that are told; the whole answer goes to a file
MAX_TOLD_ROWS: Final = 1_000
# seconds between two looks whether the rules hold
LOOK_SECONDS: Final = 0.5


class Question:
    """One statement, with the process that will answer it; `to` is a new file for the whole answer."""

    process: type[Sitting] = Sitting

    def __init__(self, statement: Any, to: Path | None, within: Any = None) -> None:
        """Check what is asked; raises InvalidInput, Conflict for a file that is there already."""
        if not isinstance(statement, str):
            raise InvalidInput("a statement is a text", "such as `select count(*) from flights`")
        if within is not None and type(within) is not int:
            raise InvalidInput("the time for a statement is whole seconds")
        if to is not None and to.suffix not in WRITTEN:
            raise InvalidInput(f"`{to.name}` is no file for an answer", f"end its name in {', '.join(WRITTEN)}")
        if to is not None and to.exists():
            raise Conflict(f"`{to}` is there already", "name a new file")
        if to is not None:
            refuse_unwritable(to.parent)
        self.statement = " ".join(statement.split())
        self.to = to
        self.sitting = self.process(statement, SECONDS if within is None else within)
        self.answer: Answer | None = None
        self.columns: Sequence[str] = ()
        self._asked = False
        self._open = ExitStack()

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self | None:
        """Return what an opening's body asks, None where it asks for files."""
        query, to = body.get("query"), body.get("to")
        if query is None:
            return None
        if body.get("overwrite") or body.get("packed"):
            raise InvalidInput("a statement leaves no files of the edition", "leave `overwrite` and `packed` out")
        return cls(query, None if to is None else Path(str(to)), body.get("within"))

    def of_tier(self, tier: str) -> None:
        """Raise InvalidInput where a tier has no reader process, or lets it write nothing."""
        if tier == PLAIN:
            raise InvalidInput("its files are here in plain", "ask what reads them")
        if tier == LEASED and self.to is not None:
            raise InvalidInput("what is leased is not written to a file", "leave `to` out: the rows are shown")

    async def __aenter__(self) -> Self:
        """Start the process, and have the statement looked at by itself; raises InvalidInput."""
        await asyncio.to_thread(self._open.enter_context, self.sitting)
        return self

    async def __aexit__(self, *_error: object) -> None:
        """End the process, if need be in the middle of it."""
        await asyncio.to_thread(self._open.close)

    def require(self, names: Sequence[IndexedFile] | None) -> None:
        """Have the statement looked at: over these files, or where they are not known yet, by its form alone."""
        self.sitting.ask(names)
        self._asked = names is not None

    def look(self, reader: Reader) -> None:
        """Have the statement looked at over what there is."""
        self.require(reader.files())

    def take(self, reader: Reader, _size: int) -> tuple[list[str], int]:
        """Answer it (blocking); returns the files that were opened for it, and their plain bytes."""
        if not self._asked:
            self.look(reader)
        self.answer = self.sitting.answer(reader, self.columns)
        return [file.name for file in self.sitting.asked], sum(file.size for file in self.sitting.asked)

    async def told(self) -> JsonObject:
        """Return the answer as it is told, after writing it where it was to go."""
        if self.answer is None:
            return {}
        return await asyncio.to_thread(self._told, self.answer)

    def _told(self, answer: Answer) -> JsonObject:
        import pyarrow as pa  # noqa: PLC0415  # heavy, and not always installed

        with pa.ipc.open_stream(pa.py_buffer(answer.stream)) as stream:
            table = stream.read_all()
        if self.to is not None:
            with files.writing(self.to) as sink:
                WRITTEN[self.to.suffix](table, sink)
        shown = table.slice(0, MAX_TOLD_ROWS)
        return {
            "columns": table.column_names,
            "rows": [[plain(cell) for cell in row.values()] for row in shown.to_pylist()] if self.to is None else [],
            "rowCount": answer.rows,
            "tables": list(answer.tables),
            "to": None if self.to is None else str(self.to),
            "confined": list(answer.confined),
            "seconds": f"{answer.seconds:.2f}",
        }


async def while_it_holds(work: Awaitable[T], over: Callable[[], Awaitable[str]], end: Callable[[str], None]) -> T:
    """Wait for work in a thread, and `end` it as soon as `over` says why nothing may be read any more."""
    task = asyncio.ensure_future(work)
    while not (await asyncio.wait({task}, timeout=LOOK_SECONDS))[0]:
        if why := await over():
            await asyncio.to_thread(end, why)
    return task.result()


def _csv(table: Any, sink: Any) -> None:
    import pyarrow.csv  # noqa: PLC0415  # as above

    pyarrow.csv.write_csv(table, sink)


def _parquet(table: Any, sink: Any) -> None:
    import pyarrow.parquet  # noqa: PLC0415  # as above

    pyarrow.parquet.write_table(table, sink)


# end of a file's name → how an answer is written into it
WRITTEN: Final[Mapping[str, Callable[[Any, Any], None]]] = {".csv": _csv, ".parquet": _parquet}
