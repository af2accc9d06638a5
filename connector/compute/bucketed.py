"""The table that subjects are looked up in, made inside the reader process (`connector.compute.buckets`).

    told    {…, gate, columns, table}           → {tables, functions, named, confined}  or a refusal
    handed  the table's file {…, key} and nothing beside it → {columns, buckets, entries, entryBytes, tags, bytes}, then
            it; with {…, tagging} the tags of its subjects go before it (`connector.compute.tags`)

Law: no cell leaves this process but sealed under what only the key of its own subject opens.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.compute import blinding, buckets, keys, tags
from connector.compute.content import Content
from connector.compute.covered import of_subjects
from connector.compute.statement import Refused
from contracts import gate as gates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from contracts.gate import Gate

FUNCTION: Final = "LOOKUP"
ROWS_MAX: Final = 2_000_000
# keys that one thread hashes and multiplies before it takes more; libsodium lets the others work meanwhile
SOME: Final = 2_000


def look(_engine: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return which table it is about, and which of its columns are told; raises `Refused`."""
    passes = gates.read(asked["gate"])
    table = of_subjects(asked, passes)
    return {"tables": [table], "functions": [FUNCTION], "named": _told(passes, asked["columns"][table])}


def answer(
    pa: Any, _engine: Any, asked: Mapping[str, Any], files: Sequence[Mapping[str, Any]], opened: Sequence[Any]
) -> tuple[dict[str, Any], bytearray]:
    """Return the table with its head; what is `opened` first is the file."""
    passes, file = gates.read(asked["gate"]), files[0]
    assert passes.lookup is not None, "it was looked at before"
    secret, names = bytes.fromhex(file["key"]), _told(passes, asked["columns"][file["names"][0]])
    rows = Content(pa, file["kind"], opened[0]).read([passes.subject, *names])
    if rows.num_rows > ROWS_MAX:
        raise Refused("table", f"{rows.num_rows} rows are more than are looked up in: at most {ROWS_MAX}")
    subjects = keys.names(pa, rows.column(passes.subject).combine_chunks())
    named, threads = keys.distinct(subjects), int(asked["threads"])
    points = _points(secret, named, threads)
    cells = (rows.column(name).to_pylist() for name in names)
    # what orjson returns holds on to a page of its own while it lives: a million of them would be four gigabytes
    told = [
        (subject, points[subject], bytes(memoryview(orjson.dumps(row, default=str))))
        for subject, *row in zip(subjects, *cells, strict=True)
        if subject is not None
    ]
    shape, table = buckets.made(secret, passes.lookup.buckets, told)
    many, tagged = _tagged(file, shape.buckets, named, threads)
    if len(tagged) + len(table) > buckets.TABLE_BYTES_MAX:
        raise Refused("table", f"with its tags it has more than {buckets.TABLE_BYTES_MAX} bytes")
    head = {"columns": names, "buckets": shape.buckets, "entries": shape.entries, "entryBytes": shape.entry_bytes}
    return {**head, "tags": many, "bytes": len(tagged) + len(table)}, tagged + table if many else table


def _tagged(file: Mapping[str, Any], of: int, named: Sequence[str], threads: int) -> tuple[int, bytearray]:
    """Return how many tags each bucket has, and all of them: none where the table is made without."""
    if "tagging" not in file:
        return 0, bytearray()
    secret = bytes.fromhex(file["tagging"])
    return tags.made(secret, of, _points(secret, named, threads))


def _told(passes: Gate, types: Mapping[str, str]) -> list[str]:
    return [name for name in passes.columns if name in types]


def _points(secret: bytes, names: Sequence[str], threads: int) -> dict[str, bytes]:
    """Return p·H(name) of each name."""
    parts = [names[at : at + SOME] for at in range(0, len(names), SOME)]
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(lambda part: blinding.blinded(secret, part), parts)
        return {
            name: point
            for part, points in zip(parts, found, strict=True)
            for name, point in zip(part, points, strict=True)
        }
