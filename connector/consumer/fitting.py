"""The fitting room (数据试衣间): how much of a list of one's own a product covers, before its data are bought.

Law: (1) of our list nothing leaves but how many keys each group has: keys go as blinded points, under a scalar of each
group's own. (2) The scalars are derived from a key of ours and from the id that we ask under: after a crash the same
question is asked again, is counted once, and its answer can be read. (3) What is told is an estimate with its limits.
"""

from __future__ import annotations

import asyncio
import base64
import uuid
from dataclasses import replace
from functools import partial
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.compute import blinding, marks
from connector.compute.coverage_points import POINTS
from connector.compute.fitting import GROUPS_MAX, HEADER, Groups, coverage_of
from connector.consumer import freshness, own_list, trial
from connector.consumer.covered_price import CoveredPrice
from connector.consumer.querying import SEALED, Wanted
from connector.runtime.errors import InvalidInput, PeerMisbehaved
from contracts import gate as gates
from contracts.coverage import KEYS_AT_ONCE, KEYS_LEAST
from contracts.labels import X
from ledger.edition.header import agreed_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connector.compute.coverage_points import Points
    from connector.consumer.querying import Querying
    from connector.consumer.quoting import Quotes
    from connector.core.core import Core
    from connector.custody.secrets import Keys
    from connector.store.rows.agreement import AgreementRow
    from contracts.canonical import JsonObject
    from contracts.coverage import Coverage

LABEL: Final = "own list"
COLUMNS: Final = ("group", "column", "keys", "covered", "low", "high")
# beside them where it is told how fresh subjects are: how many days old at most
AGE: Final = "days"
# marks of which nearly all are set say nothing of anybody
CHANCE_MAX: Final = 0.9
# keys of one list, which is asked in parts
LIST_KEYS_MAX: Final = 200_000
# marks of a million subjects, and twenty thousand keys, of nine questions
ANSWER_BYTES_MAX: Final = 32 << 20


class FittingRoom:
    """The lists that one buyer holds against what others have."""

    def __init__(self, core: Core, secrets: Keys, querying: Querying, quotes: Quotes) -> None:
        self._core, self._secrets, self._querying, self._quotes = core, secrets, querying, quotes

    async def ask(
        self,
        what: str,
        file: str,
        key: str,
        group: str | None = None,
        table: str | None = None,
        delivered: str | None = None,
        purpose: str | None = None,
        said: Any = None,
        job: str | None = None,
    ) -> JsonObject:
        """Ask how many keys of a file (its absolute path) are covered, each group of another column by itself.

        Returns estimates with the limits that hold 95 of 100, and the provider's receipts: of each part of a long list
        one; where its terms tell that, how fresh they are; and what one of them costs of the product that is
        `delivered`, at the price that is listed. Under the same id what was answered is not asked again. Raises
        InvalidInput, Absent.
        """
        row = await self._querying.meant(what)
        coverage_of(gates.read(row.signed_terms["gate"]))  # before a file is read for nothing
        mine = await asyncio.to_thread(own_list.read, Path(file), key, group)
        return await self.ask_of(row, mine, table, delivered, purpose, said, job)

    async def ask_of(
        self,
        row: AgreementRow,
        mine: Mapping[str, Sequence[str]],
        table: str | None = None,
        delivered: str | None = None,
        purpose: str | None = None,
        said: Any = None,
        job: str | None = None,
    ) -> JsonObject:
        """Ask the same of keys that are at hand, group → keys, under an agreement; returns and raises as `ask`."""
        name, covers = job or uuid.uuid4().hex, coverage_of(gates.read(row.signed_terms["gate"]))
        # a product that nobody has is known before anything is asked, and paid
        price = None if delivered is None else await CoveredPrice.listed(self._quotes, delivered, row.peer)
        asked = Wanted(row, name, "", purpose or "", said, budgeted=False)
        answers = [
            await self._part(asked, covers, table or "", part, number) for number, part in enumerate(parts(mine))
        ]
        receipts = {"receipts": [one["receipt"] for one in answers]}
        return {**answers[0], "id": name, **receipts, **_found(covers, answers, price)}

    async def told(self, row: AgreementRow, job: str, delivered: str | None = None) -> JsonObject | None:
        """Return what was answered to all parts of a list, None where nothing was yet; the price is today's.

        Raises Absent, InvalidInput for a `delivered` product that is none, or another provider's.
        """
        covers = coverage_of(gates.read(row.signed_terms["gate"]))
        kept = await self._core.store.read(lambda tx: list(trial.answers(tx, row.digest, job)))
        if not kept:
            return None
        price = None if delivered is None else await CoveredPrice.listed(self._quotes, delivered, row.peer)
        answers = [orjson.loads(one.answer or b"") for one in kept]
        return {"agreement": row.digest, "id": job, **_found(covers, answers, price)}

    async def _part(
        self, asked: Wanted, covers: Coverage, table: str, mine: Mapping[str, Sequence[str]], number: int
    ) -> JsonObject:
        """Ask about as many keys as go at once; the first part of a list has its id."""
        asked = asked.part(number)
        points = POINTS[covers.points]
        scalars = [points.scalar(self._wide(asked.agreement.digest, asked.job, at)) for at in range(len(mine))]
        groups = await asyncio.to_thread(_blinded, points, scalars, list(mine.values()), table)
        keys = [base64.b64encode(one).decode() for one in groups.keys]
        sent = orjson.dumps({"id": asked.job, "table": groups.table, "groups": keys})
        wanted = replace(asked, statement=groups.statement())
        read = partial(_read, covers, asked.agreement.signed_edition, scalars, mine)
        return await self._querying.settled(wanted, sent, read, ANSWER_BYTES_MAX)

    def _wide(self, agreement: str, job: str, at: int) -> bytes:
        about = f"{agreement} {at} {job}".encode()
        return X(self._secrets.masks(), LABEL, about, blinding.WIDE_BYTES)


def parts(mine: Mapping[str, Sequence[str]]) -> list[dict[str, Sequence[str]]]:
    """Return a list in parts that go at once, each group in as many as it is large enough for; raises InvalidInput."""
    if len(mine) > GROUPS_MAX:
        raise InvalidInput(
            f"the list has {len(mine)} groups", f"at most {GROUPS_MAX}: a label for each, as of yes and no"
        )
    asked = sum(map(len, mine.values()))
    if asked > LIST_KEYS_MAX:
        raise InvalidInput(f"the list has {asked} keys", f"at most {LIST_KEYS_MAX} under one id")
    number = 1 if asked <= KEYS_AT_ONCE else -(-asked // (KEYS_AT_ONCE - GROUPS_MAX * 2 * KEYS_LEAST))
    found: list[dict[str, Sequence[str]]] = [{} for _ in range(number)]
    for label, keys in mine.items():
        into = max(1, min(number, len(keys) // KEYS_LEAST))
        for at in range(into):
            found[at][label] = keys[len(keys) * at // into : len(keys) * (at + 1) // into]
    return found


def together(answers: Iterable[Sequence[Sequence[Any]]]) -> list[list[Any]]:
    """Return what is told of all parts: each part errs by itself, so their errors add up by their squares."""
    sums: dict[tuple[Any, ...], list[float]] = {}
    for rows in answers:
        for label, column, keys, covered, low, high, *age in rows:
            about = (label, column, *age)
            one = sums.setdefault(about, [0, 0, 0, 0])
            told = (keys, covered, (covered - low) ** 2, (high - covered) ** 2)
            sums[about] = [before + more for before, more in zip(one, told, strict=True)]
    return [
        [*about[:2], int(keys), int(covered), *_limits(keys, covered, below, above), *about[2:]]
        for about, (keys, covered, below, above) in sums.items()
    ]


def _found(covers: Coverage, answers: Sequence[JsonObject], price: CoveredPrice | None) -> JsonObject:
    """Return what the answers to all parts of a list tell."""
    found: JsonObject = {"rows": together(one["rows"] for one in answers)}
    if covers.fresh is not None:
        found["freshness"] = freshness.told(covers.fresh, answers[0][SEALED], found["rows"])
    if price is not None:
        found["price"] = price.told(whole(found["rows"]))
    return found


def whole(rows: Iterable[Sequence[Any]]) -> marks.Estimate:
    """Return how many keys of all groups are covered: each group errs by itself."""
    [all_] = together([[["", "", *row[2:6]]] for row in rows if row[1] == ""])
    return marks.Estimate(*all_[3:6])


def _limits(keys: float, covered: float, below: float, above: float) -> tuple[int, int]:
    return round(max(0, covered - sqrt(below))), round(min(keys, covered + sqrt(above)))


def _blinded(points: Points, scalars: Sequence[bytes], lists: Sequence[Sequence[str]], table: str) -> Groups:
    few = [blinding.joined(points.blinded(key, names)) for key, names in zip(scalars, lists, strict=True)]
    return Groups(tuple(few), table)


def _read(
    covers: Coverage, edition: str, scalars: Sequence[bytes], mine: Mapping[str, Sequence[str]], answer: bytes
) -> bytes:
    """Return what an answer says of each group, as it is kept; raises PeerMisbehaved.

    The day from which ages are counted is the one that the signed edition's header says.
    """
    try:
        told = orjson.loads(answer)
        questions = told["questions"]
        if tuple(one["column"] for one in questions) != covers.questions:
            raise PeerMisbehaved("the answer is not to what was asked")
        inverses = list(map(POINTS[covers.points].inverse, scalars))
        rows = [
            _line(covers, label, one["column"], _estimate(covers, one, at, inverse, len(mine[label])), len(mine[label]))
            for at, (label, inverse) in enumerate(zip(mine, inverses, strict=True))
            for one in questions
        ]
        kept = {"edition": told["edition"], "columns": COLUMNS, "rows": rows, "heldBack": False}
        if covers.fresh is not None:
            sealed = agreed_header(bytes.fromhex(edition), told[HEADER]).sealed_at.date().isoformat()
            kept |= {"columns": (*COLUMNS, AGE), SEALED: sealed}
        return orjson.dumps({**kept, "confined": told["confined"]})
    except (KeyError, TypeError, ValueError, IndexError, InvalidInput) as fault:
        raise PeerMisbehaved("the answer is none about a list") from fault


def _estimate(covers: Coverage, question: Mapping[str, Any], at: int, inverse: bytes, keys: int) -> marks.Estimate:
    bits, places = base64.b64decode(question["marks"], validate=True), question["places"]
    points = blinding.apart(base64.b64decode(question["groups"][at], validate=True))
    if len(points) != keys or not isinstance(places, int) or not 0 < places <= 8 * len(bits) < places + 8:
        raise PeerMisbehaved("the answer is about another list")
    if sum(one.bit_count() for one in bits) > CHANCE_MAX * places:
        raise PeerMisbehaved("its marks say nothing: nearly all are set")
    found = marks.count(POINTS[covers.points].again(inverse, points), bits, places)
    return marks.estimate(found, keys, marks.odds(covers.epsilon / 100).missed, bits, places)


def _line(covers: Coverage, label: str, question: str, told: marks.Estimate, keys: int) -> list[Any]:
    column, days = covers.about(question)
    age = [] if covers.fresh is None else [days]
    return [label, column, keys, round(told.count), round(told.low), round(told.high), *age]
