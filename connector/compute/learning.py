"""A match and the steps of a model, inside the reader process: where the rows are, and no label is read.

    told    {…, gate, columns, statement, bounds, and of a step its weights}   → {tables, functions, named}
    handed  the table's file {…, seed} and blinded keys, or sealed bits        → {bytes, places}, then points

Law: (1) one row of each subject takes part. (2) What is sealed is added up once it is proved to be bits, so a subject
moves each number of a step by no more than all its parts, even with the bits of both labels. (3) To every number noise
is added before it leaves, and one more point of its own, so that it says nothing else. With it all that a step tells
has a privacy loss of the ε of an answer.
"""

from __future__ import annotations

import math
import secrets
from typing import TYPE_CHECKING, Any, Final

from connector.compute import bit_proof, blinding, elgamal, noisy
from connector.compute.content import Content
from connector.compute.counting import whereas
from connector.compute.gated import Asking, open_to
from connector.compute.inputs import bounded
from connector.compute.keys import SPACE
from connector.compute.kinds import literal, quote
from connector.compute.lesson import BENDS, FUNCTION, LABELS, NOBODY, PARTS, Coins, decoy, places_of, spare_of, terms_of
from connector.compute.noisy import STEPPED, STEPS, Loss, Number
from connector.compute.plan import table_of
from connector.compute.sketch import within
from connector.compute.statement import Refused
from connector.runtime.errors import InvalidInput
from contracts import gate as gates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.compute.elgamal import Sealed
    from connector.compute.inputs import Inputs
    from contracts.gate import Gate

# whose slope is steeper is as good as sure
_SURE: Final = 40.0


def look(engine: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a lesson asks for; raises `Refused`."""
    known, passes = asked["columns"], gates.read(asked["gate"])
    types = known[table_of(engine, asked["statement"], known)]
    found = bounded(engine, asked["statement"], open_to(types, passes), asked["bounds"])
    return {"tables": [found.table], "functions": [FUNCTION], "named": list(found.named)}


def answer(
    pa: Any, engine: Any, asked: Mapping[str, Any], files: Sequence[Mapping[str, Any]], opened: Sequence[Any]
) -> tuple[dict[str, Any], bytes]:
    """Return the places of a match, or the numbers of a step; what is `opened` is the table, and what was sent."""
    passes, (file,), (content, sent) = gates.read(asked["gate"]), files, opened
    assert passes.noise is not None, "models are told with noise"
    asking = Asking(pa, engine, file["names"][0], Content(pa, file["kind"], content), passes)
    found = bounded(engine, asked["statement"], open_to(asking.types(), passes), asked["bounds"])
    asking.ready(found.named)
    rows, coins = _rows(engine, found, asked, passes), Coins(bytes.fromhex(file["seed"]))
    if len(rows) < passes.least:
        raise Refused("answer", f"fewer than {passes.least} subjects have a row with all of its numbers")
    places = places_of(coins, list(rows), passes.noise.epsilon)
    if asked["weights"] is None:
        written = _matched(coins, places, bytes(sent), asked["groups"], passes.noise.epsilon)
    else:
        written = _stepped([rows.get(name) for name in places], asked["weights"], bytes(sent), passes)
    return {"bytes": len(written), "places": len(places)}, written


def _rows(engine: Any, found: Inputs, asked: Mapping[str, Any], passes: Gate) -> dict[str, list[float]]:
    """Return the first row of each subject that has all numbers, each from -1 to 1, with a 1 before them."""
    key = f"trim({quote(passes.subject)}::VARCHAR, {literal(SPACE)})"
    whole = " AND ".join([*(f"coalesce(isfinite({one}), false)" for one in found.columns), f"{key} <> ''"])
    where = f"({found.where}) AND {whole}" if found.where else whole
    source, _ = noisy.looked_at(found.table, where, passes)
    told = ", ".join([key, *found.columns])
    rows: dict[str, list[float]] = {}
    for name, *numbers in engine.execute(f"SELECT {told} FROM {source}{whereas(where)}").fetchall():  # noqa: S608  # of `inputs`
        if "\0" not in name:  # decoys are called so, and nobody else
            rows.setdefault(name, [1.0, *(within(one, *of) for one, of in zip(numbers, asked["bounds"], strict=True))])
    return rows


def _matched(coins: Coins, places: Sequence[str], sent: bytes, groups: Sequence[int], epsilon: int) -> bytes:
    """Return a point for each place, then the keys of each group under one more scalar, mixed with decoys."""
    own, spare, at = coins.scalar("own"), spare_of(epsilon), 0
    try:
        [base] = blinding.again(own, [sent[-blinding.POINT_BYTES :]])
        known = dict(zip(places, blinding.blinded(own, places), strict=True))
        written = []
        for label in range(LABELS):
            keys = blinding.apart(sent[at : at + groups[label]])
            at += groups[label]
            mixed, found = blinding.again(own, keys), coins.decoys(label, epsilon)
            for number in range(label * spare, (label + 1) * spare):
                once = coins.scalar(f"decoy {number}")
                mixed += blinding.again(once, [base])
                if number - label * spare < found:  # its place is one of those that the buyer finds
                    [known[decoy(number)]] = blinding.again(once, blinding.blinded(own, [NOBODY]))
            written.append(blinding.joined(mixed))
    except InvalidInput as fault:
        raise Refused("keys", str(fault)) from fault
    return b"".join([*known.values(), *written])


def _stepped(rows: Sequence[list[float] | None], weights: Sequence[float], sent: bytes, passes: Gate) -> bytes:
    """Return each number of a step, sealed: the sum of all bits, each times what its place adds, and noise."""
    public, end = sent[: elgamal.POINT_BYTES], elgamal.POINT_BYTES + len(rows) * LABELS * elgamal.SEALED_BYTES
    bits, proofs = sent[elgamal.POINT_BYTES : end], sent[end:]
    try:
        [owner], points = elgamal.points(public), elgamal.points(bits)
        bit_proof.require(public, bits, points, proofs)
    except InvalidInput as fault:
        raise Refused("keys", f"{fault}; there are {len(rows)} places") from fault
    zeros, ones = list(zip(points[0::4], points[1::4], strict=True)), list(zip(points[2::4], points[3::4], strict=True))
    there = [at for at, row in enumerate(rows) if row is not None]
    numbers = [row for row in rows if row is not None]
    sure = [_sure(row, weights) for row in numbers]
    both = [*(zeros[at] for at in there), *(ones[at] for at in there)]
    noise = _noise(passes, len(terms_of(len(weights))))
    written = []
    for term, drawn in zip(terms_of(len(weights)), noise, strict=True):
        parts = [math.prod(row[at] for at in term) * PARTS for row in numbers]
        if len(term) == 1:
            adds = [[part * (label - one) for part, one in zip(parts, sure, strict=True)] for label in range(LABELS)]
        else:
            adds = [[part * BENDS * one * (1 - one) for part, one in zip(parts, sure, strict=True)]] * LABELS
        written.append(_sum(both, [round(one) for of in adds for one in of], owner, drawn))
    return b"".join(written)


def _sure(row: Sequence[float], weights: Sequence[float]) -> float:
    """Return how sure a model is of a label."""
    score = sum(one * weight for one, weight in zip(row, weights, strict=True))
    return 1 / (1 + math.exp(-min(max(score, -_SURE), _SURE)))


def _noise(passes: Gate, numbers: int) -> list[int]:
    """Return the noise of each number, in parts: drawn in finer steps, and rounded."""
    assert passes.noise is not None, "it was asked for"
    loss = Loss(passes.noise, numbers)
    drawn = [noisy.laplace(loss, Number(STEPPED, str(at)), [0]) for at in range(numbers)]
    return [round(one * PARTS / STEPS) for [one] in drawn]


def _sum(bits: Sequence[Sealed], adds: Sequence[int], owner: Any, noise: int) -> bytes:
    once = secrets.randbelow(elgamal.ORDER - 1) + 1
    blind = elgamal.times(once), owner.multiply(once.to_bytes(32, "big"))
    first = elgamal.added((elgamal.weighted([one for one, _ in bits], adds), blind[0]))
    second = elgamal.added((elgamal.weighted([one for _, one in bits], adds), blind[1], _times(noise)))
    if first is None or second is None:
        raise Refused("keys", "what was sealed takes itself away")
    return bytes(first.format() + second.format())


def _times(number: int) -> Any:
    return elgamal.times(number) if number else None
