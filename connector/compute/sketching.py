"""A sketch made inside the reader process: one total for each bucket and term, each with noise.

    told    {…, gate, columns, statement, sketch: {bounds, salt, buckets}}  → {tables, functions, named}
    handed  the table's file                                                → {bytes}, then JSON

Law: (1) a subject has at most `rows` rows of those that the condition leaves, all in one bucket, and each moves a total
by no more than one step of its bounds. (2) Totals are whole before noise is added to them, and what is told of them
afterwards, hundredths of a row, is rounded from numbers with noise alone. (3) Every bucket is told, those of nobody
among them.

With it all that leaves has a privacy loss of the ε of an answer for adding or removing a subject's rows.
"""

from __future__ import annotations

import base64
import json
import sys
from array import array
from typing import TYPE_CHECKING, Any, Final

from connector.compute import noisy
from connector.compute.content import Content
from connector.compute.counting import whereas
from connector.compute.gated import Asking, open_to
from connector.compute.inputs import bounded
from connector.compute.keys import SPACE
from connector.compute.kinds import literal, quote
from connector.compute.noisy import STEPPED, STEPS, Loss, Number
from connector.compute.plan import table_of
from connector.compute.sketch import FUNCTION, PARTS, PLACE_DIGITS, SIGN_BELOW, terms_of
from contracts import gate as gates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.compute.inputs import Inputs
    from contracts.gate import Gate

_PART_MAX: Final = (1 << 31) - 1


def look(engine: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a sketch asks for; raises `Refused`."""
    known, passes = asked["columns"], gates.read(asked["gate"])
    types = known[table_of(engine, asked["statement"], known)]
    found = bounded(engine, asked["statement"], open_to(types, passes), asked["sketch"]["bounds"])
    return {"tables": [found.table], "functions": [FUNCTION], "named": list(found.named)}


def answer(
    pa: Any, engine: Any, asked: Mapping[str, Any], files: Sequence[Mapping[str, Any]], opened: Sequence[Any]
) -> tuple[dict[str, Any], bytes]:
    """Return the sketch of a table, with noise; what is `opened` is the table."""
    passes, (file,), said = gates.read(asked["gate"]), files, asked["sketch"]
    assert passes.noise is not None, "sketches are told with noise"
    asking = Asking(pa, engine, file["names"][0], Content(pa, file["kind"], opened[0]), passes)
    found = bounded(engine, asked["statement"], open_to(asking.types(), passes), asked["sketch"]["bounds"])
    asking.ready(found.named)
    terms = terms_of(len(said["bounds"]))
    exact = _exact(engine, found, said, passes, len(terms))
    wanted = [Number(STEPPED, str(at)) for at in range(len(terms))]
    loss = Loss(passes.noise, len(wanted))
    told = array("i")
    for number, of in zip(wanted, exact, strict=True):
        parts = (round(one * PARTS / STEPS) for one in noisy.laplace(loss, number, of))
        told.extend(min(max(part, -_PART_MAX), _PART_MAX) for part in parts)
    if sys.byteorder == "big":
        told.byteswap()
    found_ = {"buckets": int(said["buckets"]), "terms": len(terms), "totals": base64.b64encode(told.tobytes()).decode()}
    written = json.dumps({"columns": [], "rows": [], "heldBack": False, **found_}).encode()
    return {"rows": 0, "bytes": len(written)}, written


def _exact(engine: Any, found: Inputs, said: Mapping[str, Any], passes: Gate, terms: int) -> list[list[int]]:
    """Return the totals in steps: for each term one list of all buckets."""
    exact = [[0] * int(said["buckets"]) for _ in range(terms)]
    for bucket, *of in engine.execute(_written(found, said, passes)).fetchall():
        for at, total in enumerate(of):
            exact[at][bucket] = int(total)
    return exact


def _written(found: Inputs, said: Mapping[str, Any], passes: Gate) -> str:
    """Write the totals of each bucket that has a row; rows that lack a number, or a subject, are in none."""
    key, digest = f"trim({quote(passes.subject)}::VARCHAR, {literal(SPACE)})", quote("\x01digest")
    whole = " AND ".join([*(f"({one}) IS NOT NULL" for one in found.columns), f"{key} <> ''"])
    where = f"({found.where}) AND {whole}" if found.where else whole
    source, _ = noisy.looked_at(found.table, where, passes)
    numbers = [_number(sql, *map(float, of)) for sql, of in zip(found.columns, said["bounds"], strict=True)]
    named = [f"{sql} AS u{at}" for at, sql in enumerate(numbers)]
    digested = f"sha256({literal(str(said['salt']))} || {key}) AS {digest}"
    rows = f"SELECT {', '.join([digested, *named])} FROM {source}{whereas(where)}"  # noqa: S608  # of `inputs`
    bucket = f"('0x' || substr({digest}, 1, {PLACE_DIGITS}))::UBIGINT % {int(said['buckets'])}"
    sign = f"CASE WHEN substr({digest}, {PLACE_DIGITS + 1}, 1) < '{SIGN_BELOW}' THEN 1 ELSE -1 END"
    products = [" * ".join(["1.0::DOUBLE", *(f"u{at}" for at in term)]) for term in terms_of(len(numbers))]
    totals = [f"sum(({sign}) * round(({one}) * {STEPS})::BIGINT)::BIGINT" for one in products]
    return f"SELECT {bucket}, {', '.join(totals)} FROM ({rows}) GROUP BY 1"  # noqa: S608  # as above


def _number(sql: str, least: float, most: float) -> str:
    """Write a number as a sketch has it: from -1 to 1."""
    held = f"least(greatest({sql}, {least!r}::DOUBLE), {most!r}::DOUBLE)"
    return f"({held} - {(least + most) / 2!r}::DOUBLE) / {(most - least) / 2!r}::DOUBLE"
