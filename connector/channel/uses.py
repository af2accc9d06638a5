"""Every use that a decision took, one row each: what policy remembers of an agreement is worked out of these rows.

Law: (1) `reserve`, then `commit` or `give_back`, in the transaction of the act; a holder (an opening, or one order of
one window) takes its share once, however often it is asked for. (2) What is taken of a counter never passes the limit
that the decision named. (3) A draw on a chain of agreements is taken as a whole or not at all: a sub-licence draws on
every licence above it. (4) A row that was given back counts for nothing; no other row is ever changed back.

    uses      holder · agreement · rule · operand · unit · amount as a ratio · at … until · state
    FOLDS     operand → what its rows say: a sum, the earliest or the latest instant, instants, seconds of sessions
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from connector.channel.errors import fault
from connector.store.columns import EPOCH, MICROSECOND
from connector.store.errors import StoreError

if TYPE_CHECKING:
    from connector.channel.doors import Held
    from connector.store.transaction import Tx

RESERVED = "reserved"
COMMITTED = "committed"
RETURNED = "returned"
# the unit of an agreement whose policy does not say per whom it counts: everybody of the party together
EVERYBODY = ""
# instants of uses that a decision is told, newest first: a rate of more uses in its window is met by this number
INSTANTS_MAX = 4_096

Row: TypeAlias = Mapping[str, Any]
Taken: TypeAlias = int | Fraction | datetime | tuple[datetime, ...]
Counters: TypeAlias = dict[tuple[str, str], Taken]


@dataclass(frozen=True, slots=True)
class Draw:
    """What one decision takes under one agreement; `unit` is per whom it counts."""

    agreement: str
    held: Sequence[Held]
    unit: str = EVERYBODY


def taken(tx: Tx, agreement: str, *, without: str, now: datetime, unit: str = EVERYBODY) -> Counters | None:
    """Return (rule, operand) → what everybody but the holder `without` has taken; None when that cannot be read."""
    try:
        rows: Sequence[Row] = tx.execute(_SUMS, now, now, agreement, unit, RETURNED, without)
        found: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            found.setdefault((row["rule"], row["operand"]), []).append(row)
        counters: Counters = {key: FOLDS.get(key[1], _total)(parts) for key, parts in found.items()}
        for rule, operand in counters:
            if operand == FREQUENCY:
                counters[rule, operand] = _instants(tx, (agreement, unit, rule), without)
    except (StoreError, ValueError, ArithmeticError):
        return None
    return counters


def reserve(tx: Tx, draws: Sequence[Draw], holder: str, now: datetime) -> None:
    """Take what decisions hold, from every agreement of the chain or from none; `exhausted` without room."""
    shares = [(draw, share) for draw in draws for share in draw.held if not _has(tx, draw, share, holder)]
    for draw, share in shares:
        if share.limit is not None and _sum(tx, draw, share, holder) + share.amount > share.limit:
            raise fault("exhausted", f"`{share.operand}` of rule `{share.rule}` has {share.limit} in all, all taken")
    for draw, share in shares:
        numerator, denominator = Fraction(share.amount).as_integer_ratio()
        tx.put(
            "uses",
            **_key(draw, share, holder),
            unit=draw.unit,
            numerator=numerator,
            denominator=denominator,
            at=now,
            until=None,
            state=RESERVED,
        )


def commit(tx: Tx, holder: str) -> None:
    """Make final what the holder has reserved; what is final already stays."""
    tx.update("uses", {"holder": holder, "state": RESERVED}, state=COMMITTED)


def give_back(tx: Tx, holder: str) -> None:
    """Return what the holder has reserved and did not use; what is final stays."""
    tx.update("uses", {"holder": holder, "state": RESERVED}, state=RETURNED)


def end(tx: Tx, holder: str, now: datetime) -> None:
    """Note that the holder's session is over: metered time stops."""
    tx.update("uses", {"holder": holder, "until": None}, until=now)


# ---- what rows say

FREQUENCY: Final = "frequency"
_SECOND = timedelta(seconds=1) // MICROSECOND
_AMONG = "agreement = ? AND unit = ? AND state <> ? AND holder <> ?"
_SUMS = (
    "SELECT rule, operand, denominator, sum(numerator) AS numerators, min(at) AS earliest, max(at) AS latest,"  # noqa: S608 - a constant of ours
    f" sum(max(min(coalesce(until, ?), ?) - at, 0)) AS lasted FROM uses WHERE {_AMONG}"
    " GROUP BY rule, operand, denominator"
)

_SUM = (
    f"SELECT denominator, sum(numerator) AS numerators FROM uses WHERE {_AMONG}"  # noqa: S608 - a constant of ours
    " AND rule = ? AND operand = ? GROUP BY denominator"
)


def _total(parts: Sequence[Row]) -> Taken:
    total = sum((Fraction(part["numerators"], part["denominator"]) for part in parts), Fraction())
    return int(total) if total.denominator == 1 else total


def _earliest(parts: Sequence[Row]) -> Taken:
    return _moment(min(part["earliest"] for part in parts))


def _latest(parts: Sequence[Row]) -> Taken:
    return _moment(max(part["latest"] for part in parts))


def _seconds(parts: Sequence[Row]) -> Taken:
    """Return how long sessions lasted so far, open ones up to now, in whole seconds rounded up."""
    lasted: int = sum(part["lasted"] for part in parts)
    return -(-lasted // _SECOND)


FOLDS: Final[Mapping[str, Callable[[Sequence[Row]], Taken]]] = MappingProxyType(
    # every other operand is a sum of amounts
    {"elapsedTime": _earliest, "timeInterval": _latest, "meteredTime": _seconds, FREQUENCY: _total}
)


def _instants(tx: Tx, counter: tuple[str, str, str], without: str) -> tuple[datetime, ...]:
    where = "agreement = ? and unit = ? and rule = ? and operand = ? and state != ? and holder != ?"
    rows = tx.find("uses", where, (*counter, FREQUENCY, RETURNED, without), order="at desc", limit=INSTANTS_MAX)
    return tuple(row["at"] for row in reversed(rows))


def _sum(tx: Tx, draw: Draw, share: Held, without: str) -> int | Fraction:
    about = (draw.agreement, draw.unit, RETURNED, without, share.rule, share.operand)
    rows: Sequence[Row] = tx.execute(_SUM, *about)
    return sum((Fraction(row["numerators"], row["denominator"]) for row in rows), Fraction())


def _has(tx: Tx, draw: Draw, share: Held, holder: str) -> bool:
    row = tx.get("uses", **_key(draw, share, holder))
    return row is not None and row["state"] != RETURNED


def _key(draw: Draw, share: Held, holder: str) -> dict[str, str]:
    return {"holder": holder, "agreement": draw.agreement, "rule": share.rule, "operand": share.operand}


def _moment(stamp: int) -> datetime:
    return EPOCH + stamp * MICROSECOND
