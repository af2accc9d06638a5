"""Looking up subjects of a product without showing which: neither what is asked nor what is found is seen there.

Law: (1) of our keys nothing leaves but how many there are and a bucket of each: keys go as blinded points, in the order
of their bytes. (2) The scalar is derived from a key of ours and from the id that we ask under: after a crash the same
keys are asked again, are counted once, and the answer can be read. (3) A row that does not open, or an answer that is
longer or shorter than its own words, is the provider's fault and is told so.
"""

from __future__ import annotations

import base64
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.compute import blinding, buckets
from connector.compute.buckets import Shape
from connector.compute.sought import Sought
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
ANSWER_BYTES_MAX: Final = 34 << 20


class LookingUp:
    """The subjects that one buyer looks up."""

    def __init__(self, secrets: Keys, querying: Querying) -> None:
        self._secrets, self._querying = secrets, querying

    async def ask(
        self,
        what: str,
        keys: Sequence[str],
        table: str | None = None,
        purpose: str | None = None,
        said: Any = None,
        job: str | None = None,
    ) -> JsonObject:
        """Look up subjects by their keys, written as the provider writes them.

        Returns a row for each row of each, and one that says so for a key that is not there, with the provider's
        receipt. Raises InvalidInput, Absent, NotPermitted with the provider's reasons.
        """
        row, name = await self._querying.meant(what), job or uuid.uuid4().hex
        gate, mine = gates.read(row.signed_terms["gate"]), _keys(keys)
        if gate.lookup is None:
            raise InvalidInput("its terms let nobody look up subjects", "ask its provider, or ask in SQL")
        scalar = blinding.scalar(X(self._secrets.masks(), LABEL, f"{row.digest} {name}".encode(), blinding.WIDE_BYTES))
        points = dict(sorted(zip(blinding.blinded(scalar, mine), mine, strict=True)))
        numbers = {key: bucket(key, gate.lookup.buckets) for key in mine}
        sought = Sought(tuple(points), tuple(numbers[key] for key in points.values()), table or "")
        told = [base64.b64encode(point).decode() for point in points]
        sent = orjson.dumps({"id": name, "table": sought.table, "points": told, "buckets": sought.buckets})
        wanted = Wanted(row, name, sought.statement(), purpose or "", said)
        read = partial(_read, gate, blinding.inverse(scalar), list(points.values()), numbers)
        return await self._querying.settled(wanted, sent, read, ANSWER_BYTES_MAX)


def _keys(keys: Sequence[str]) -> list[str]:
    """Return the different keys as the provider writes them; raises InvalidInput."""
    found = list(dict.fromkeys(key.strip() for key in keys))
    if not 0 < len(found) <= KEYS_AT_ONCE:
        raise InvalidInput(f"{len(found)} keys are looked up", f"1 to {KEYS_AT_ONCE} at once")
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
