"""The ways in which subjects that are looked up are answered: with their rows at once, or first with who is there.

    price of           asked with    answered with                      counts for `lookup`    paid
    anything else      Sought        rows of its buckets                each key               each key
    subjects found     Sought        tags of its buckets                each key               nothing
    subjects found     Matched       rows of the buckets of before      nothing                each key

Law: whose point is multiplied by the scalar of rows (p) is paid, and nobody else: what a point becomes under the scalar
of tags (t) opens no row, so nobody has to be believed how many subjects were found (decision 0298).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.compute import blinding
from connector.compute.matched import Matched
from connector.compute.sought import Sought
from connector.runtime.errors import InvalidInput
from contracts import answered
from contracts.units import MATCH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connector.provider.computing.lookup_tables import Table
    from contracts.tariff import Tariff

    LookedUp = Sought | Matched

ANSWER_BYTES_MAX: Final = 24 << 20


@dataclass(frozen=True, slots=True)
class Way:
    """How a look-up is answered from a table (blocking), and as what its log says how many keys it is about.

    `counted`: they are of those that the terms let a buyer look up. `paid`: each of them is paid.
    """

    told: Callable[[Table, LookedUp], dict[str, Any]]
    member: str
    counted: bool
    paid: bool


def tagged(tariff: Tariff) -> bool:
    """Say whether who is there is told before rows are: where subjects found have the price."""
    return answered.counted(tariff) == MATCH


def way(tariff: Tariff, asked: LookedUp) -> Way:
    """Return how a look-up is answered at a price; raises InvalidInput for one that this price does not have."""
    found = WAYS.get((tagged(tariff), type(asked)))
    if found is None:
        raise InvalidInput("its price is not of subjects found, so rows are told at once", "look its subjects up")
    return found


def _rows(table: Table, asked: LookedUp) -> dict[str, Any]:
    numbers = _numbers(table, asked)
    shape = {"entries": table.shape.entries, "entryBytes": table.shape.entry_bytes}
    told = {"points": _again(table.place.secret, asked.points), "buckets": _encoded(table.bucket, numbers)}
    return {"columns": table.columns, **shape, **told}


def _tags(table: Table, asked: LookedUp) -> dict[str, Any]:
    numbers = _numbers(table, asked)
    told = {"points": _again(table.place.tagging, asked.points), "buckets": _encoded(table.tags, numbers)}
    return {"columns": table.columns, "tags": table.shape.tags, **told}


def _numbers(table: Table, asked: LookedUp) -> list[int]:
    """Return the buckets that are asked for; raises InvalidInput where their rows are more than go at once.

    Also where only their tags are told: their rows are asked for next.
    """
    numbers = sorted(set(asked.buckets))
    if len(numbers) * table.shape.bucket_bytes > ANSWER_BYTES_MAX:
        most = max(1, ANSWER_BYTES_MAX // table.shape.bucket_bytes)
        raise InvalidInput(f"the buckets of {len(numbers)} keys are too long together", f"look up {most} at once")
    return numbers


def _again(scalar: bytes, points: Sequence[bytes]) -> list[str]:
    """Return each point under one more scalar, in base64."""
    return [base64.b64encode(one).decode() for one in blinding.again(scalar, points)]


def _encoded(part: Callable[[int], bytes], numbers: Sequence[int]) -> dict[str, str]:
    return {str(number): base64.b64encode(part(number)).decode() for number in numbers}


# whether subjects found have the price, and what is asked with → how it is answered
WAYS: Final[Mapping[tuple[bool, type], Way]] = {
    (False, Sought): Way(_rows, "keys", counted=True, paid=True),
    (True, Sought): Way(_tags, "keys", counted=True, paid=False),
    (True, Matched): Way(_rows, "matched", counted=False, paid=True),
}
