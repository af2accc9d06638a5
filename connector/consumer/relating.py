"""Relating what two have of the same subjects (decision 0199): from a sketch of each, and no row of either.

Law: (1) a relation is one question to each provider, under one id, and costs what a question costs; asked again under
the id, the same sketches are taken again. (2) A table of one's own, in the place of one provider, stays at home. (3)
Whatever can be known of both terms is refused before either is asked.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from connector.compute import relation, sketch
from connector.compute.kinds import quote
from connector.compute.program import Tells, tells_of
from connector.compute.relation import Side
from connector.compute.sketch import Sketch
from connector.consumer import own_list
from connector.consumer.querying import Wanted
from connector.runtime.errors import InvalidInput, PeerMisbehaved
from contracts import gate as gates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.consumer.querying import Querying
    from connector.store.rows.agreement import AgreementRow
    from connector.store.rows.compute import AnswerRow
    from contracts.canonical import JsonObject


@dataclass(frozen=True, slots=True)
class Party:
    """One side as it is asked: what was agreed on, its table, which columns it has; of one's own a file."""

    what: str
    columns: tuple[str, ...]
    agreement: AgreementRow | None = None
    table: str = ""
    most: int = 0


class Relating:
    """The relations that one buyer finds."""

    def __init__(self, querying: Querying) -> None:
        self._querying = querying

    async def ask(
        self,
        what: Sequence[str],
        label: str,
        numbers: Sequence[str],
        file: str | None = None,
        key: str | None = None,
        buckets: int | None = None,
        purpose: str | None = None,
        said: Any = None,
        job: str | None = None,
    ) -> JsonObject:
        """Return how many rows two sides have of the same subjects, and the line through their `numbers`.

        A side is an agreement, what was got or a product, `=TABLE` behind it; or, in place of the second, a `file` of
        one's own with its `key`. A number is NAME:LEAST:MOST. Raises InvalidInput, Absent, NotPermitted.
        """
        name, told = job or uuid.uuid4().hex, tuple(map(tells_of, numbers))
        if len({one.name for one in told}) != len(told) or label not in {one.name for one in told}:
            raise InvalidInput("each number is said once, and the label is one of them", "such as late:0:1")
        parties = await self._parties(what, file, key)
        of = _parted(parties, told)
        many = _buckets(parties, of, buckets)
        salt = sha256(f"sketch {name}".encode()).hexdigest()[:32]
        sketches = [_sketch(party, mine, salt, many) for party, mine in zip(parties, of, strict=True)]
        own: list[Side] = []
        if file is not None:  # what is wrong with one's own is known before anybody is asked
            own.append(await asyncio.to_thread(_own, Path(file), key or "", of[1], sketches[1]))
        asked = [
            (party, mine, made, Wanted(party.agreement, name, made.words(), purpose or "", said))
            for party, mine, made in zip(parties, of, sketches, strict=True)
            if party.agreement is not None
        ]
        await self._querying.foretell([wanted for *_, wanted in asked])
        # one after the other: where the first refuses, nobody else is paid
        answered = [await self._side(*one) for one in asked]
        sides, answers = [side for side, _ in answered], [row for _, row in answered]
        one, other = [*sides, *own]
        found = await asyncio.to_thread(relation.related, one, other, label)
        return _shown(name, label, parties, of, found, answers)

    async def _parties(self, what: Sequence[str], file: str | None, key: str | None) -> list[Party]:
        """Return both sides; raises InvalidInput, Absent."""
        if len(what) != (2 if file is None else 1) or (file is None) != (key is None):
            hint = "two `--of`, or one, and a table of your own `--with` its `--key`"
            raise InvalidInput("two sides are related", hint)
        found = []
        for one in what:
            named, _, table = one.partition("=")
            row = await self._querying.meant(named)
            passes = gates.read(row.signed_terms["gate"])
            if passes.sketch is None:
                raise InvalidInput(f"the terms of `{named[:60]}` relate its rows to nobody's", "ask its provider")
            found.append(Party(named, passes.columns, row, table or row.product, passes.sketch.buckets))
        if len({party.agreement.digest for party in found if party.agreement}) != len(found):
            raise InvalidInput("both sides are one agreement", "name two")
        if file is not None:
            columns = await asyncio.to_thread(own_list.names, Path(file))
            found.append(Party(Path(file).name, tuple(one for one in columns if one != key)))
        return found

    async def _side(self, party: Party, mine: Sequence[Tells], made: Sketch, wanted: Wanted) -> tuple[Side, AnswerRow]:
        """Return the sketch of a provider, now or before; raises PeerMisbehaved for one that is none."""
        body = orjson.dumps({"id": wanted.job, "statement": made.rows, **made.json()})
        row = await self._querying.kept(wanted, body, lambda answer: answer)
        assert row.answer is not None, "it was answered"
        try:
            totals = relation.read(orjson.loads(row.answer), len(mine), made.buckets)
        except (ValueError, KeyError, TypeError) as fault:
            raise PeerMisbehaved(f"what `{party.what[:60]}` answered is no sketch: {fault}") from fault
        return Side(tuple(one.name for one in mine), made.bounds, totals), row


def _parted(parties: Sequence[Party], numbers: Sequence[Tells]) -> list[list[Tells]]:
    """Return which numbers are of which side, by the columns that each has; raises InvalidInput."""
    found: list[list[Tells]] = [[] for _ in parties]
    for one in numbers:
        having = [at for at, party in enumerate(parties) if one.name in party.columns]
        if len(having) != 1:
            who = "both sides have" if having else "neither side has"
            columns = "; ".join(f"{party.what[:60]}: {', '.join(party.columns[:10])}" for party in parties)
            raise InvalidInput(f"{who} a column `{one.name}`", columns)
        found[having[0]].append(one)
    if odd := next((party.what for party, of in zip(parties, found, strict=True) if not of), None):
        raise InvalidInput(f"no number is of `{odd[:60]}`", "name at least one column of each side")
    return found


def _buckets(parties: Sequence[Party], of: Sequence[Sequence[Tells]], buckets: int | None) -> int:
    """Return how many buckets both sketches have; raises InvalidInput for more than either has."""
    most = min([sketch.buckets_most(len(mine)) for mine in of] + [one.most for one in parties if one.agreement])
    if buckets is not None and buckets > most:
        raise InvalidInput(f"of both sides, so many numbers have sketches of at most {most} buckets", "ask for fewer")
    return buckets or most


def _sketch(party: Party, mine: Sequence[Tells], salt: str, buckets: int) -> Sketch:
    columns = ", ".join(quote(one.name) for one in mine)
    rows = f"select {columns} from {quote(party.table)}"  # noqa: S608  # quoted names, and a provider reads it anew
    return Sketch(rows, tuple((float(one.least), float(one.most)) for one in mine), salt, buckets)


def _own(path: Path, key: str, mine: Sequence[Tells], made: Sketch) -> Side:
    """Return the exact sketch of a table of ours (blocking); raises InvalidInput, Absent."""
    names = [one.name for one in mine]
    keys, columns = own_list.keyed(path, key, names)
    cells: list[list[Any]] = [keys, *columns]
    whole = [at for at, row in enumerate(zip(*cells, strict=True)) if None not in row]
    if not whole:
        raise InvalidInput(f"`{path.name}` has no row with all of it", "look at its cells")
    kept = [[column[at] for at in whole] for column in cells]
    return Side(tuple(names), made.bounds, sketch.totals(made, kept[0], kept[1:]))


def _shown(
    name: str,
    label: str,
    parties: Sequence[Party],
    of: Sequence[Sequence[Tells]],
    found: relation.Related,
    answers: Sequence[AnswerRow],
) -> JsonObject:
    whose = {one.name: party.what for party, mine in zip(parties, of, strict=True) for one in mine}
    told = [orjson.loads(row.answer or b"") for row in answers]
    bounds: Mapping[str, float] = {one.name: one.most - one.least for mine in of for one in mine}
    return {
        "id": name,
        "label": label,
        "of": whose[label],
        "rows": found.rows,
        "off": found.off,
        "explained": found.explained,
        "intercept": found.intercept,
        "features": [
            {"name": one, "of": whose[one], "weight": weight, "most": weight * bounds[one]}
            for one, weight in found.weights.items()
        ],
        "sides": [
            {"agreement": row.agreement, "epsilon": one["epsilon"], "left": one["left"]}
            for row, one in zip(answers, told, strict=True)
        ],
        "receipts": [{**(row.receipt or {}), "signature": (row.signature or b"").hex()} for row in answers],
    }
