"""Counting with reservations: reserve before the act, then commit when it was done or release when it was not.

A Tally is the state of one counter, keyed by its user as (agreement, rule, operand). It is a value: each step returns
a new one, and the store writes it in the transaction of the act. What is taken = committed + held, and it never
exceeds the reservation's limit. A *holder* names one act (a request id, an opening): to reserve or commit twice for one
holder takes once. When a decision is made again for the same act, count `taken(without=holder)`, else the act would
stand in its own way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policy.errors import ExhaustedError, PolicyError

if TYPE_CHECKING:
    from policy.decision import Reservation

MAX_HOLDERS = 100_000


@dataclass(frozen=True, slots=True)
class Tally:
    """One counter: `settled` is committed and no longer known by holder, `done` committed, `held` reserved."""

    settled: int = 0
    done: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert self.settled >= 0
        assert not set(self.done) & set(self.held)

    def taken(self, *, without: str | None = None) -> int:
        """Count what is committed and held, leaving one holder out."""
        parts = (*self.done.items(), *self.held.items())
        return self.settled + sum(amount for holder, amount in parts if holder != without)

    def as_json(self) -> dict[str, object]:
        """Write the tally with amounts as decimal text."""
        return {"settled": str(self.settled), "done": _amounts_json(self.done), "held": _amounts_json(self.held)}

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> Tally:
        """Read back what as_json wrote."""
        done, held = document["done"], document["held"]
        assert isinstance(done, Mapping)
        assert isinstance(held, Mapping)
        return cls(int(str(document["settled"])), _amounts(done), _amounts(held))


def reserve(tally: Tally, reservation: Reservation, holder: str) -> Tally:
    """Hold the reservation's amount for the holder; ExhaustedError when the limit leaves no room."""
    if holder in tally.done or holder in tally.held:
        return tally
    if len(tally.done) + len(tally.held) >= MAX_HOLDERS:
        raise PolicyError("too-large", "", f"more than {MAX_HOLDERS} holders on one counter", "settle the old ones")
    if tally.taken() + reservation.amount > reservation.limit:
        hint = f"{tally.taken()} of {reservation.limit} are taken"
        raise ExhaustedError("exhausted", "", f"`{reservation.operand}` of rule `{reservation.rule}` is used up", hint)
    after = Tally(tally.settled, tally.done, {**tally.held, holder: reservation.amount})
    assert after.taken() <= reservation.limit
    return after


def commit(tally: Tally, holder: str) -> Tally:
    """Turn what is held into what is done; doing it again changes nothing."""
    if holder in tally.done:
        return tally
    amount = _held(tally, holder)
    after = Tally(tally.settled, {**tally.done, holder: amount}, _without(tally.held, holder))
    assert after.taken() == tally.taken()
    return after


def release(tally: Tally, holder: str) -> Tally:
    """Give back what is held because the act was not done; what is committed stays."""
    if holder in tally.done:
        raise PolicyError("not-held", "", f"`{holder}` is committed", "what was done is not undone by a release")
    _held(tally, holder)
    return Tally(tally.settled, tally.done, _without(tally.held, holder))


def settle(tally: Tally, holder: str) -> Tally:
    """Forget a committed holder's name and keep its amount, when no retry can come any more."""
    if holder not in tally.done:
        raise PolicyError("not-held", "", f"`{holder}` is not committed", "commit first")
    after = Tally(tally.settled + tally.done[holder], _without(tally.done, holder), tally.held)
    assert after.taken() == tally.taken()
    return after


def _held(tally: Tally, holder: str) -> int:
    if holder not in tally.held:
        raise PolicyError("not-held", "", f"nothing is held for `{holder}`", "reserve first")
    return tally.held[holder]


def _without(amounts: Mapping[str, int], holder: str) -> dict[str, int]:
    return {name: amount for name, amount in amounts.items() if name != holder}


def _amounts_json(amounts: Mapping[str, int]) -> dict[str, str]:
    return {holder: str(amount) for holder, amount in sorted(amounts.items())}


def _amounts(document: Mapping[str, object]) -> dict[str, int]:
    return {holder: int(str(amount)) for holder, amount in document.items()}
