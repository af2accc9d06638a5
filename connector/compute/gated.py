"""A statement answered through the gate, inside the reader process: read, counted, held against the gate, written.

    told    {…, gate, columns: {table: {column: type}}}    → {tables, functions, named, confined}  or a refusal
    handed  the table's file, and what was told before     → {rows, bytes}, then the answer as JSON

Law: of the data the columns are read that the statement names, and those it is held against; what leaves is the groups
that pass, never a word of the engine about a cell.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from connector.compute import counting, gate, held_file, kinds
from connector.compute.cell import plain
from connector.compute.content import PARQUET, Content
from connector.compute.plan import exact, plan, table_of
from connector.compute.statement import Refused
from contracts import gate as gates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.compute.counting import Earlier
    from connector.compute.gate import Group
    from connector.compute.plan import Plan
    from contracts.gate import Gate

ANSWER_ROWS_MAX: Final = 10_000
ANSWER_BYTES_MAX: Final = 256 << 10


def look(engine: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a statement asks for, by the columns that a catalogue tells of; raises `Refused`."""
    known, passes = asked["columns"], gates.read(asked["gate"])
    table = table_of(engine, asked["statement"], known)
    found = exact(plan(engine, asked["statement"], open_to(known[table], passes), passes.subject))
    return {"tables": [table], "functions": list(found.functions), "named": list(found.named)}


def answer(
    pa: Any, engine: Any, asked: Mapping[str, Any], files: Sequence[Mapping[str, Any]], opened: Sequence[Any]
) -> tuple[dict[str, Any], bytes]:
    """Return the answer with its head; what is `opened` is the table, and what was told before as JSON."""
    passes, (file,), (content, kept) = gates.read(asked["gate"]), files, opened
    [table] = file["names"]
    asking = Asking(pa, engine, table, Content(pa, file["kind"], content), passes)
    asking.by_itself()
    found = exact(plan(engine, asked["statement"], open_to(asking.types(), passes), passes.subject))
    earlier = counting.earlier_of(json.loads(bytes(kept)), file["file"])
    try:
        told = _told(engine, found, passes, earlier, asking)
    except Refused:
        raise
    except Exception:  # whatever the engine lacks for such a file (a way of packing it, say), Arrow may have
        if not asking.by_arrow():
            raise
        told = _told(engine, found, passes, earlier, asking)
    told["memory"] = {"table": file["file"], **told["memory"]}
    return written(told)


def written(told: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return an answer with its head; raises `Refused` for too many rows."""
    if len(told["rows"]) > ANSWER_ROWS_MAX:
        raise Refused("answer", f"its answer has more than {ANSWER_ROWS_MAX} rows")
    text = json.dumps(told, ensure_ascii=False).encode()
    return {"rows": len(told["rows"]), "bytes": len(text)}, text


def _told(engine: Any, found: Plan, passes: Gate, earlier: Sequence[Earlier], asking: Asking) -> dict[str, Any]:
    asking.ready(found.named)
    groups = counting.count(engine, found, passes.subject)
    among = set(range(len(groups))) - gate.held_back(groups, passes)
    near = counting.near(engine, found, groups, among, earlier, (passes.subject, passes), asking.ready)
    held = gate.held_back(groups, passes, near)
    passing = [at for at in range(len(groups)) if at not in held]
    return {
        "columns": [name for name, _ in found.outputs],
        "rows": ordered(found, [(_row(found, groups[at], passes), []) for at in passing])[0],
        "heldBack": bool(held) or not groups,
        "memory": counting.remembered(found, groups, passing),
    }


class Asking:
    """The one table that is asked, with the columns that were needed so far."""

    def __init__(self, pa: Any, engine: Any, name: str, content: Content, passes: Gate) -> None:
        self._pa, self._engine, self._name, self._content = pa, engine, name, content
        self._subject = [passes.subject] if passes.subject else []
        self._ready: frozenset[str] | None = None
        self._types: dict[str, str] | None = None
        self._by_itself = False

    def types(self) -> dict[str, str]:
        """Return the types that the columns really have."""
        if self._types is None:
            self._types = self._described()
        return self._types

    def by_itself(self) -> None:
        """Have the engine read the file by itself, where it sees in it what Arrow does: no column is kept twice."""
        if self._content.kind == PARQUET:
            seen = held_file.hold(self._engine, self._content.buffer)
            self._by_itself = seen == self.types()

    def by_arrow(self) -> bool:
        """Have Arrow read the file instead; False if it did already."""
        before, self._by_itself, self._ready = self._by_itself, False, None
        if before:
            self._engine.execute(f"DROP VIEW IF EXISTS {kinds.quote(self._name)}")
        return before

    def _described(self) -> dict[str, str]:
        self._engine.register(self._name, self._pa.Table.from_batches([], self._content.schema()))
        told = self._engine.execute(f"DESCRIBE SELECT * FROM {kinds.quote(self._name)}").fetchall()  # noqa: S608  # a quoted name
        return {name: kind for name, kind, *_ in told}

    def ready(self, named: Sequence[str]) -> None:
        """Have these columns, the subject and each row's number in the engine."""
        wanted = frozenset(named) | (self._ready or frozenset())
        if wanted == self._ready:
            return
        self._ready = wanted
        if self._by_itself:
            self._engine.execute(self._view(sorted({*wanted, *self._subject})))
            return
        table = self._content.read_by_number(sorted({*wanted, *self._subject}))
        self._engine.register(self._name, table.append_column(counting.ROW, self._pa.arange(1, len(table) + 1)))

    def _view(self, columns: Sequence[str]) -> str:
        """Write the table as a view of the file: columns, and each row's number."""
        told = ", ".join(map(kinds.quote, columns)) + ", " if columns else ""
        number = f"{held_file.NUMBER} + 1 AS {kinds.quote(counting.ROW)}"
        self._engine.unregister(self._name)
        return f"CREATE OR REPLACE TEMP VIEW {kinds.quote(self._name)} AS SELECT {told}{number} FROM {held_file.rows()}"  # noqa: S608  # quoted names


def open_to(types: Mapping[str, str], passes: Gate) -> dict[str, kinds.Typed]:
    """Return those of the columns that the gate lets a statement name."""
    found = {name: kinds.column(name, types[name]) for name in passes.columns if name in types}
    return {name: one for name, one in found.items() if one is not None}


def _row(found: Plan, group: Group, passes: Gate) -> list[Any]:
    told = [plain(value) for value in group.values]
    told += [gate.told(counting.measured(found, one, group), passes) for one in found.measures]
    return [told[at] for _, at in found.outputs]


def ordered(found: Plan, rows: Sequence[tuple[list[Any], ...]]) -> tuple[list[list[Any]], list[list[Any]]]:
    """Return rows, and what stands beside each, in the order that was asked for, or that of their first cells.

    It is never the table's own.
    """
    wanted = found.order or tuple((at, False) for at in range(len(found.outputs)))
    sorted_ = list(rows)
    for at, descending in reversed(wanted):
        sorted_.sort(key=partial(_place, at), reverse=descending)
    kept = sorted_ if found.limit is None else sorted_[: found.limit]
    return [row for row, _ in kept], [beside for _, beside in kept]


def _place(at: int, row: tuple[list[Any], ...]) -> tuple[bool, int, Any]:
    """Return what a row is sorted by: numbers before texts, nothing last."""
    cell = row[0][at]
    if cell is None:
        return True, 0, 0
    return (False, 0, cell) if isinstance(cell, (int, float)) else (False, 1, str(cell))
