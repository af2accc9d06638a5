"""A statement told with noise, inside the reader process: read as in `gated`, and each number with its noise.

    told    {…, gate, columns: {table: {column: type}}, over}    → {tables, functions, named, confined}  or a refusal
    handed  the table's file                                      → {rows, bytes}, then the answer as JSON

What was told before is of no account: the noise is what hides a difference. Where several providers tell it together,
the cells are told too (`over`), and what is written are their numbers.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from connector.compute import crossed, gate, kinds, noisy
from connector.compute.cell import plain
from connector.compute.content import Content
from connector.compute.gated import Asking, open_to, ordered, written
from connector.compute.plan import plan, table_of
from contracts import gate as gates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.compute.plan import Plan
    from contracts.gate import Gate


def look(engine: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a statement asks for, by the columns that a catalogue tells of; raises `Refused`."""
    known, passes = asked["columns"], gates.read(asked["gate"])
    table = table_of(engine, asked["statement"], known)
    columns = open_to(known[table], passes)
    found = plan(engine, asked["statement"], columns, passes.subject)
    noisy.numbers_of(found, names(columns), passes)
    if passes.joint is not None:
        crossed.look(found, asked["over"])
    return {"tables": [table], "functions": list(found.functions), "named": list(found.named)}


def answer(
    pa: Any, engine: Any, asked: Mapping[str, Any], files: Sequence[Mapping[str, Any]], opened: Sequence[Any]
) -> tuple[dict[str, Any], bytes]:
    """Return the answer with its head; what is `opened` is the table."""
    passes, (file,) = gates.read(asked["gate"]), files
    asking = Asking(pa, engine, file["names"][0], Content(pa, file["kind"], opened[0]), passes)
    columns = open_to(asking.types(), passes)
    found = plan(engine, asked["statement"], columns, passes.subject)
    asking.ready(found.named)
    if passes.joint is not None:
        return written({**crossed.answer(engine, found, asked["over"], names(columns), passes), "rows": []})
    return written(_told(engine, found, names(columns), passes))


def _told(engine: Any, found: Plan, names: Mapping[str, str], passes: Gate) -> dict[str, Any]:
    numbers = noisy.numbers_of(found, names, passes)
    # whether a group is told is a number of its own
    threshold = [noisy.Number(noisy.SUBJECTS)] if found.groups else []
    wanted = list(dict.fromkeys([*threshold, *(one for of in numbers.values() for one in of)]))
    groups, loss = noisy.noised(noisy.laplace, noisy.count(engine, found, wanted, passes), wanted, passes)
    first, told = len(found.groups), []
    for group in groups:
        row = [
            *map(plain, group.values),
            *(gate.told(noisy.told(m, numbers[m], group), passes) for m in found.measures),
        ]
        off = [gate.told(noisy.margin(one, numbers[one], group, loss), passes) for one in found.measures]
        told.append(tuple([of[at] for _, at in found.outputs] for of in (row, [*[None] * first, *off])))
    rows, margins = ordered(found, told)
    # that groups may lack is said of each answer with groups, whether any do or not
    return {
        "columns": [name for name, _ in found.outputs],
        "rows": rows,
        "margins": margins,
        "heldBack": bool(found.groups),
        "needs": ceil(noisy.threshold(loss, passes)) if found.groups else 0,
        "memory": None,
    }


def names(columns: Mapping[str, kinds.Typed]) -> dict[str, str]:
    """Return how the columns that may be named are written → what they are called."""
    return {one.sql: name for name, one in columns.items()}
