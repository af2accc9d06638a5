"""Looking up subjects of a product without showing which: neither what is asked nor what is found is seen there.

Law: (1) of our keys nothing leaves but how many there are and a bucket of each: keys go as blinded points, in the order
of their bytes. (2) The scalar is derived from a key of ours and from the id that we ask under: after a crash the same
keys are asked again, are counted once, and the answer can be read. (3) A row that does not open, or an answer that is
longer or shorter than its own words, is the provider's fault and is told so.
"""

from __future__ import annotations

import asyncio
import base64
import uuid
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.compute import blinding, buckets
from connector.compute.buckets import Shape
from connector.compute.sought import Sought
from connector.consumer import own_list
from connector.consumer.querying import Wanted
from connector.runtime.errors import InvalidInput, PeerMisbehaved
from contracts import gate as gates
from contracts.labels import X
from contracts.lookup import KEYS_AT_ONCE, bucket

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.consumer.querying import Querying
    from connector.custody.secrets import Keys
    from contracts.canonical import JsonObject
    from contracts.gate import Gate

LABEL: Final = "own keys"
FOUND: Final = "found"
KEY_CHARACTERS_MAX: Final = 512
# keys of one list, which is asked in parts
LIST_KEYS_MAX: Final = 2_048
ANSWER_BYTES_MAX: Final = 34 << 20


class LookingUp:
    """The subjects that one buyer looks up."""

    def __init__(self, secrets: Keys, querying: Querying) -> None:
        self._secrets, self._querying = secrets, querying

    async def ask(
        self,
        what: str,
        keys: Sequence[str] | None = None,
        file: str | None = None,
        key: str | None = None,
        table: str | None = None,
        purpose: str | None = None,
        said: Any = None,
        job: str | None = None,
    ) -> JsonObject:
        """Look up subjects by their keys, written as the provider writes them, or by a column of a file.

        Returns the rows of each, one that says so for a key that is not there, and the provider's receipts: of each
        part of a long list one. Under the same id what was answered is not asked again. Raises InvalidInput, Absent,
        NotPermitted with the provider's reasons.
        """
        row, name = await self._querying.meant(what), job or uuid.uuid4().hex
        gate = gates.read(row.signed_terms["gate"])
        if gate.lookup is None:
            raise InvalidInput("its terms let nobody look up subjects", "ask its provider, or ask in SQL")
        mine = await asyncio.to_thread(_listed, keys, file, key)
        asked = Wanted(row, name, "", purpose or "", said)
        parts = [
            await self._part(asked, gate, table or "", mine[at : at + KEYS_AT_ONCE], at // KEYS_AT_ONCE)
            for at in range(0, len(mine), KEYS_AT_ONCE)
        ]
        first, rows = parts[0], [line for part in parts for line in part["rows"]]
        told = {name: first[name] for name in ("agreement", "edition", "columns", "confined")}
        there = len({line[0] for line in rows if line[1]})
        receipts = [part["receipt"] for part in parts]
        return {**told, "id": name, "rows": rows, "asked": len(mine), "there": there, "receipts": receipts}

    async def _part(self, asked: Wanted, gate: Gate, table: str, mine: Sequence[str], number: int) -> JsonObject:
        """Look up as many keys as go at once; the first part of a list has its id."""
        assert gate.lookup is not None, "it was looked at before"
        asked = asked.part(number)
        about = f"{asked.agreement.digest} {asked.job}".encode()
        scalar = blinding.scalar(X(self._secrets.masks(), LABEL, about, blinding.WIDE_BYTES))
        blinded = await asyncio.to_thread(blinding.blinded, scalar, mine)
        points = dict(sorted(zip(blinded, mine, strict=True)))
        numbers = {key: bucket(key, gate.lookup.buckets) for key in mine}
        sought = Sought(tuple(points), tuple(numbers[key] for key in points.values()), table)
        told = [base64.b64encode(point).decode() for point in points]
        sent = orjson.dumps({"id": asked.job, "table": sought.table, "points": told, "buckets": sought.buckets})
        wanted = replace(asked, statement=sought.statement(), keys=len(mine))
        read = partial(_read, gate, blinding.inverse(scalar), list(points.values()), numbers)
        return await self._querying.settled(wanted, sent, read, ANSWER_BYTES_MAX)


def _listed(keys: Sequence[str] | None, file: str | None, key: str | None) -> list[str]:
    """Return the keys that are meant, in order (blocking); raises InvalidInput, Absent."""
    if (keys is None) == (file is None) or (file is None) != (key is None):
        raise InvalidInput("say the keys, or a file and its column of keys", "penstock lookup PRODUCT --with F --key C")
    if file is not None and key is not None:
        [keys] = own_list.read(Path(file), key, None).values()
    return sorted(_keys(keys or ()))


def _keys(keys: Sequence[str]) -> list[str]:
    """Return the different keys as the provider writes them; raises InvalidInput."""
    found = list(dict.fromkeys(key.strip() for key in keys))
    if not 0 < len(found) <= LIST_KEYS_MAX:
        raise InvalidInput(f"{len(found)} keys are looked up", f"1 to {LIST_KEYS_MAX} under one id")
    if (odd := next((key for key in found if not 0 < len(key) <= KEY_CHARACTERS_MAX), None)) is not None:
        raise InvalidInput(f"`{odd[:60]}` is no key", f"a key has 1 to {KEY_CHARACTERS_MAX} characters")
    return found


def _read(gate: Gate, inverse: bytes, mine: Sequence[str], numbers: Mapping[str, int], answer: bytes) -> bytes:
    """Return what an answer says of each key, as it is kept; raises PeerMisbehaved."""
    try:
        told = orjson.loads(answer)
        assert gate.lookup is not None, "it was looked at before"
        shape = Shape(gate.lookup.buckets, int(told["entries"]), int(told["entryBytes"]))
        columns = list(map(str, told["columns"]))
        points = blinding.again(inverse, [base64.b64decode(one, validate=True) for one in told["points"]])
        held = {
            number: base64.b64decode(told["buckets"][str(number)], validate=True) for number in set(numbers.values())
        }
        rows: list[list[Any]] = []
        for key, point in zip(mine, points, strict=True):
            found = list(buckets.opened(shape, held[numbers[key]], key, point))
            if any(len(row) != len(columns) for row in found):
                raise PeerMisbehaved("a row has other columns than the answer says")
            rows += [[key, True, *row] for row in found] or [[key, False, *[None] * len(columns)]]
        rows.sort(key=lambda row: row[0])
        head = {"edition": told["edition"], "columns": [gate.subject, FOUND, *columns]}
        return orjson.dumps({**head, "rows": rows, "heldBack": False, "confined": told["confined"]})
    except (KeyError, TypeError, ValueError, IndexError, InvalidInput) as fault:
        raise PeerMisbehaved("the answer is none to what was looked up") from fault
