"""Bargain over a price: what one side answers, from its own limit and what was said last. Whole minor units.

Law: nobody agrees or offers beyond its own limit; the talk ends by message `rounds_max`; it ends in agreement exactly
if the buyer's limit is at least the provider's floor (both sides following this file, `rounds_max` ≥ 2).

Theory. Messages are numbered from 1, both sides counted together. A side first says its opening. Then it concedes half
of the distance to what the other said last (rounded its own way up, so that it always moves), but not beyond its limit.
It accepts as soon as its own next word would be no better for it than the other's last. Conceding by halves closes any
gap in logarithmic time while both may still move; where a limit stops one side the other comes to it, or they stand
apart. So that a short talk is decided by limits and not by patience, message `rounds_max - 1` is the speaker's last
word, its limit itself, and message `rounds_max` can only take it or leave it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from catalog.errors import PriceError

Side = Literal["buyer", "provider"]
PRICE_MAX = (1 << 128) - 1
ROUNDS_MAX = 64


@dataclass(frozen=True, slots=True)
class Accept:
    """The other's last price is taken."""

    price: int


@dataclass(frozen=True, slots=True)
class Counter:
    """Another price is offered."""

    price: int


@dataclass(frozen=True, slots=True)
class Refuse:
    """No agreement; `reason` is for the other side too and tells no limit."""

    reason: str


Answer = Accept | Counter | Refuse


def respond(
    side: Side,
    own_limit: int,
    own_last: int | None,
    opening: int,
    their_last: int | None,
    round_: int,
    rounds_max: int,
) -> Answer:
    """Answer as message number `round_`.

    `own_limit` is the most a buyer pays or the least a provider takes, `opening` what it says first; `own_last` and
    `their_last` are None until that side has named a price. Raises PriceError if the own settings contradict.
    """
    _check(side, own_limit, own_last, opening, round_, rounds_max)
    takes = their_last is not None and _within(side, their_last, own_limit)
    if round_ == rounds_max:
        if takes and their_last is not None:
            return Accept(their_last)
        return Refuse(f"no price both sides can agree to in {rounds_max} rounds")
    word = own_limit if round_ == rounds_max - 1 else _next(side, own_limit, own_last, opening, their_last)
    assert _within(side, word, own_limit), "a side never offers beyond its limit"
    if takes and their_last is not None and _no_better(side, word, their_last):
        return Accept(their_last)
    return Counter(word)


def _next(side: Side, own_limit: int, own_last: int | None, opening: int, their_last: int | None) -> int:
    if own_last is None:
        return opening
    if their_last is None:
        return own_last
    if side == "buyer":
        return max(own_last, min(own_limit, own_last + _half(their_last - own_last)))
    return min(own_last, max(own_limit, own_last - _half(own_last - their_last)))


def _half(distance: int) -> int:
    """Half of a distance, rounded up; none if the other has already come past."""
    return max(0, (distance + 1) // 2)


def _within(side: Side, price: int, limit: int) -> bool:
    return price <= limit if side == "buyer" else price >= limit


def _no_better(side: Side, own_word: int, theirs: int) -> bool:
    """Whether saying `own_word` would get this side no more than taking `theirs`."""
    return own_word >= theirs if side == "buyer" else own_word <= theirs


def _check(side: Side, own_limit: int, own_last: int | None, opening: int, round_: int, rounds_max: int) -> None:
    if not 2 <= rounds_max <= ROUNDS_MAX or not 1 <= round_ <= rounds_max:
        raise PriceError(f"message {round_} of {rounds_max}", path="rounds", hint=f"at least 2, at most {ROUNDS_MAX}")
    for name, price in (("limit", own_limit), ("opening", opening), ("last", own_last)):
        if price is None:
            continue
        if not 0 <= price <= PRICE_MAX:
            raise PriceError(f"`{name}` of the {side} is `{price}`", path=name, hint="a non-negative amount")
        if not _within(side, price, own_limit):
            raise PriceError(f"`{name}` `{price}` of the {side} is beyond its limit `{own_limit}`", path=name)
