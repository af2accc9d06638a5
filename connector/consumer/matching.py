"""Subjects looked up where those alone are paid that are there: first who is, then the rows of these and of no others.

Law: (1) who is there is told to us alone. The provider sees of how many rows are asked: their points are blinded anew,
and all buckets of the question before are named. (2) The id of the rows follows from ours: after a crash the first
question is not asked again, and the rows are paid once. (3) Of whom is said to be there, and no row opens, we keep no
answer: so we sign for no line that bills it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import orjson

from connector.compute.matched import Matched, under
from connector.consumer.asking_price import foretell
from connector.consumer.looked_up import ANSWER_BYTES_MAX, blinded, question, rows_of_there, who_is_there
from connector.runtime import rehearsal
from connector.runtime.errors import InvalidInput
from connector.store.rows.compute import AnswerRow
from contracts.answered import ID_CHARACTERS_MAX, Answered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.consumer.looked_up import Part
    from connector.consumer.querying import Querying, Wanted
    from connector.core.core import Core
    from connector.custody.secrets import Keys
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


class Matching:
    """The look-ups of one buyer where subjects found have the price."""

    def __init__(self, core: Core, secrets: Keys, querying: Querying) -> None:
        self._core, self._secrets, self._querying = core, secrets, querying

    async def ask(self, parts: Sequence[Part]) -> list[JsonObject]:
        """Return what is told of each part of a list, with its receipts; in a rehearsal what all cost at most.

        Raises InvalidInput, NotPermitted, PeerMisbehaved.
        """
        if len(under(parts[-1].wanted.job)) > ID_CHARACTERS_MAX:
            raise InvalidInput("the id is too long for that of its rows", "choose one of 80 characters or less")
        if rehearsal.current() is not None:
            await self._core.store.write(lambda tx: _foretold(tx, parts))
        return [await self._part(part) for part in parts]

    async def _part(self, part: Part) -> JsonObject:
        first = await self._asked(part)
        there = [row[0] for row in first["rows"] if row[1]]
        if not there:
            return {**first, "receipts": [first["receipt"]]}
        second = await self._asked_rows(part, there, first["columns"])
        absent = [row for row in first["rows"] if not row[1]]
        rows = sorted([*absent, *second["rows"]], key=lambda row: row[0])
        return {**second, "rows": rows, "receipts": [first["receipt"], second["receipt"]]}

    async def _asked(self, part: Part) -> JsonObject:
        """Ask who of a part is there: it is counted, and not paid."""
        wanted, sent, mine = await asyncio.to_thread(question, self._secrets, part)
        read = partial(who_is_there, part.gate, mine.inverse, mine.keys, part.numbers)
        return await self._querying.settled(wanted, sent, read, ANSWER_BYTES_MAX)

    async def _asked_rows(self, part: Part, there: Sequence[str], columns: Sequence[str]) -> JsonObject:
        """Ask for the rows of those who are there: each is paid."""
        named, numbers = _of_rows(part.wanted, len(there)), part.numbers
        mine = await asyncio.to_thread(blinded, self._secrets, named, there)
        matched = Matched(part.wanted.job, mine.points, tuple(sorted(set(numbers.values()))), part.table)
        about = {"of": matched.of, "table": part.table, "points": mine.sent, "buckets": matched.buckets}
        wanted = replace(named, statement=matched.statement())
        read = partial(rows_of_there, part.gate, mine.inverse, mine.keys, numbers, columns)
        sent = orjson.dumps({"id": wanted.job, **about})
        return await self._querying.settled(wanted, sent, read, ANSWER_BYTES_MAX)


def _of_rows(wanted: Wanted, there: int) -> Wanted:
    """Return what is asked for the rows of so many subjects of a look-up."""
    return replace(wanted, job=under(wanted.job), keys=there, matched=there)


def _foretold(tx: Tx, parts: Sequence[Part]) -> None:
    """Note what parts cost at most that are not answered: each key of one, where nobody has said yet who is there."""
    if most := sum(_open(tx, part) for part in parts):
        foretell(tx, (parts[0].wanted.agreement, Answered(keys=most, matched=most)))


def _open(tx: Tx, part: Part) -> int:
    """Return of how many subjects of a part the rows are still to be paid, at most."""
    agreement, job = part.wanted.agreement.digest, part.wanted.job
    first, second = (tx.get(AnswerRow, agreement=agreement, job=one) for one in (job, under(job)))
    if second is not None and second.answer is not None:
        return 0
    if first is None or first.answer is None:
        return len(part.keys)
    return sum(found for _, found, *_ in orjson.loads(first.answer)["rows"])
