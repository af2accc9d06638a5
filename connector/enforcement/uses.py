"""Every use that a decision took, one row each: what policy remembers of an agreement is worked out of these rows.

Law: (1) `reserve`, then `commit` or `give_back`, in the transaction of the act; a holder (an opening, or one order of
one window) takes its share once, however often it is asked for. (2) What is taken of a counter never passes the limit
that the decision named. (3) A draw on a chain of agreements is taken as a whole or not at all: a sub-licence draws on
every licence above it. (4) A row that was given back counts for nothing; no other row is ever changed back.

    uses      holder · agreement · rule · operand · unit · amount as a ratio · at … until · state
    FOLDS     what is remembered → what the rows say of it: a sum, the earliest or latest instant, seconds of sessions
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from connector.enforcement.counted import Counted
from connector.runtime.errors import PenstockError
from connector.store.columns import EPOCH, MICROSECOND
from connector.store.errors import StoreError
from connector.store.rows.use import UseRow, UseState
from policy.vocabulary.operands import OPERANDS, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from connector.enforcement.counted import Counters, Held
    from connector.store.transaction import Tx
    from policy.world import Counter


Row: TypeAlias = Mapping[str, Any]


class Exhausted(PenstockError):  # noqa: N818 (it is said in a sentence: "exhausted")
    """A share is more than what its limit leaves; nothing was taken."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What one decision takes under one agreement."""

    agreement: str
    held: Sequence[Held]


def taken(
    tx: Tx, agreement: str, counted: Mapping[str, Counted] | None, *, without: str, now: datetime
) -> Counters | None:
    """Return (rule, operand) → what everybody but the holder `without` has taken; None when that cannot be told.

    `counted` says for whom each rule counts, empty where nothing does; None when that is not known.
    """
    if not counted:
        return None if counted is None else {}
    try:
        rows: Sequence[Row] = tx.execute(_SUMS, now, now, now, now, agreement, UseState.RETURNED, without)
        found: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            if row["unit"] == counted.get(row["rule"], Counted()).unit:
                found.setdefault((row["rule"], row["operand"]), []).append(row)
        counters: Counters = {key: FOLDS[OPERANDS[key[1]].state](parts) for key, parts in found.items()}
        for rule, operand in counters:
            if OPERANDS[operand].state is State.RECENT:
                counters[rule, operand] = _instants(tx, agreement, rule, operand, counted[rule], without)
    except (StoreError, ValueError, KeyError, ArithmeticError):
        return None
    return counters


def shares(held: Iterable[Held], counted: Mapping[str, Counted]) -> list[Held]:
    """Return what is held, each share with the one for whom it counts."""
    return [replace(share, unit=counted.get(share.rule, Counted()).unit) for share in held]


def reserve(tx: Tx, draws: Sequence[Draw], holder: str, now: datetime, *, bounded: bool = True) -> None:
    """Take what decisions hold, from every agreement of the chain or from none; raises `Exhausted` without room.

    What is not `bounded` has happened, so it is taken beyond any limit.
    """
    shares = [(draw, share) for draw in draws for share in draw.held if not _has(tx, draw, share, holder)]
    for draw, share in shares:
        if bounded and share.limit is not None and _sum(tx, draw, share, holder) + share.amount > share.limit:
            raise Exhausted(f"`{share.operand}` of rule `{share.rule}` has {share.limit} in all, all taken")
    for draw, share in shares:
        numerator, denominator = Fraction(share.amount).as_integer_ratio()
        tx.put(
            UseRow(
                **_key(draw, share, holder),
                unit=share.unit,
                numerator=numerator,
                denominator=denominator,
                at=now,
                until=None,
                state=UseState.RESERVED,
            )
        )


def commit(tx: Tx, holder: str) -> None:
    """Make final what the holder has reserved; what is final already stays."""
    tx.update(UseRow, {"holder": holder, "state": UseState.RESERVED}, state=UseState.COMMITTED)


def give_back(tx: Tx, holder: str) -> None:
    """Return what the holder has reserved and did not use; what is final stays."""
    tx.update(UseRow, {"holder": holder, "state": UseState.RESERVED}, state=UseState.RETURNED)


def end(tx: Tx, holder: str, now: datetime) -> None:
    """Note that the holder's session is over: metered time stops."""
    tx.update(UseRow, {"holder": holder, "until": None}, until=now)


# ---- what rows say

_SECOND = timedelta(seconds=1) // MICROSECOND
_AMONG = "agreement = ? AND state <> ? AND holder <> ?"
_SUMS = (
    "SELECT rule, operand, unit, denominator, sum(numerator) AS numerators, min(at) AS earliest, max(at) AS latest,"  # noqa: S608 - a constant of ours
    " sum(CASE WHEN at >= coalesce(until, ?) OR at >= ? THEN 0 WHEN until < ? THEN until - at ELSE ? - at END)"
    f" AS lasted FROM uses WHERE {_AMONG}"
    " GROUP BY rule, operand, unit, denominator"
)
_SUM = (
    f"SELECT denominator, sum(numerator) AS numerators FROM uses WHERE {_AMONG}"  # noqa: S608 - a constant of ours
    " AND rule = ? AND operand = ? AND unit = ? GROUP BY denominator"
)


def _total(parts: Sequence[Row]) -> Counter:
    total = sum((Fraction(part["numerators"], part["denominator"]) for part in parts), Fraction())
    return int(total) if total.denominator == 1 else total


def _earliest(parts: Sequence[Row]) -> Counter:
    return _moment(min(part["earliest"] for part in parts))


def _latest(parts: Sequence[Row]) -> Counter:
    return _moment(max(part["latest"] for part in parts))


def _lasted(parts: Sequence[Row]) -> Counter:
    """Return for how many seconds sessions lasted so far, open ones up to now."""
    return Fraction(sum(part["lasted"] for part in parts), _SECOND)


FOLDS: Final[Mapping[State, Callable[[Sequence[Row]], Counter]]] = MappingProxyType(
    # what a policy remembers of its uses → how it follows from their rows; instants are read by themselves
    {
        State.USES: _total,
        State.SUM: _total,
        State.RECENT: _total,
        State.FIRST_USE: _earliest,
        State.LAST_USE: _latest,
        State.SESSION: _lasted,
    }
)


def _instants(tx: Tx, agreement: str, rule: str, operand: str, counted: Counted, without: str) -> tuple[datetime, ...]:
    where = "agreement = ? and rule = ? and operand = ? and unit = ? and state != ? and holder != ?"
    about = (agreement, rule, operand, counted.unit, UseState.RETURNED, without)
    rows = tx.find(UseRow, where, about, order="at desc", limit=counted.instants)
    return tuple(row.at for row in reversed(rows))


def _sum(tx: Tx, draw: Draw, share: Held, without: str) -> int | Fraction:
    about = (draw.agreement, UseState.RETURNED, without, share.rule, share.operand, share.unit)
    rows: Sequence[Row] = tx.execute(_SUM, *about)
    return sum((Fraction(row["numerators"], row["denominator"]) for row in rows), Fraction())


def _has(tx: Tx, draw: Draw, share: Held, holder: str) -> bool:
    row = tx.get(UseRow, **_key(draw, share, holder))
    return row is not None and row.state != UseState.RETURNED


def _key(draw: Draw, share: Held, holder: str) -> dict[str, str]:
    return {"holder": holder, "agreement": draw.agreement, "rule": share.rule, "operand": share.operand}


def _moment(stamp: int) -> datetime:
    return EPOCH + stamp * MICROSECOND
