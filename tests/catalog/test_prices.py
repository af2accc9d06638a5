"""Bargaining: never beyond a limit, an end in time, agreement exactly when limits cross."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import PriceError
from catalog.prices import Accept, Counter, Refuse, respond
from tests.every import every

amounts = st.integers(0, 10**12)
rounds = st.integers(2, 40)


def talk(buyer, provider, rounds_max, *, first="buyer", listed=None):
    """Let two sides (limit, opening) talk; return the messages, the last being Accept or Refuse."""
    sides = {"buyer": buyer, "provider": provider}
    last = {"buyer": None, "provider": listed}
    speaker = first
    said = []
    for number in range(1, rounds_max + 1):
        other = "provider" if speaker == "buyer" else "buyer"
        limit, opening = sides[speaker]
        answer = respond(speaker, limit, last[speaker], opening, last[other], number, rounds_max)
        said.append((speaker, answer))
        if not isinstance(answer, Counter):
            return said
        last[speaker] = answer.price
        speaker = other
    pytest.fail("nobody ended the talk")


@st.composite
def parties(draw):
    limit, floor = draw(amounts), draw(amounts)
    return (limit, draw(st.integers(0, limit))), (floor, floor + draw(amounts))


@given(parties(), rounds, st.sampled_from(["buyer", "provider"]), st.booleans())
def test_two_honest_sides_agree_exactly_when_limits_cross(sides, rounds_max, first, with_list_price):
    buyer, provider = sides
    said = talk(buyer, provider, rounds_max, first=first, listed=provider[1] if with_list_price else None)
    assert len(said) <= rounds_max
    ending = said[-1][1]
    if buyer[0] >= provider[0]:
        assert isinstance(ending, Accept)
        assert provider[0] <= ending.price <= buyer[0]
    else:
        assert isinstance(ending, Refuse)
    for speaker, answer in said[:-1]:
        assert answer.price <= buyer[0] if speaker == "buyer" else answer.price >= provider[0]


@given(parties(), rounds, st.lists(st.integers(0, 2**128 - 1), min_size=40, max_size=40))
def test_whatever_the_other_says_no_limit_is_passed_and_no_step_goes_back(sides, rounds_max, prices):
    (limit, opening), (floor, listed) = sides
    for side, bound, first in (("buyer", limit, opening), ("provider", floor, listed)):
        last = None
        for number, theirs in zip(range(1, rounds_max + 1), prices, strict=False):
            answer = respond(side, bound, last, first, theirs, number, rounds_max)
            if isinstance(answer, Accept):
                assert answer.price == theirs
            if not isinstance(answer, Counter):
                assert isinstance(answer, Refuse) or (theirs <= bound if side == "buyer" else theirs >= bound)
                break
            assert number < rounds_max
            assert answer.price <= bound if side == "buyer" else answer.price >= bound
            if last is not None:
                assert answer.price >= last if side == "buyer" else answer.price <= last
            last = answer.price


@given(amounts, amounts, amounts, amounts)
def test_where_no_limit_binds_the_gap_halves_with_every_message(floor, above, gap, room):
    opening, listed, limit = floor + above, floor + above + gap, floor + above + gap + room
    said = talk((limit, opening), (floor, listed), 64, listed=listed)
    assert isinstance(said[-1][1], Accept)
    assert opening <= said[-1][1].price <= listed
    assert len(said) <= 2 + gap.bit_length() + 1


def test_an_example_by_hand():
    said = talk((90, 50), (70, 110), 12, listed=110)
    assert said == [
        ("buyer", Counter(50)),  # its opening
        ("provider", Counter(80)),  # half of 110 - 50 less
        ("buyer", Counter(65)),
        ("provider", Counter(72)),
        ("buyer", Counter(69)),
        ("provider", Counter(70)),
        ("buyer", Accept(70)),
    ]


def test_another_limit_is_another_outcome():
    def ending(limit, floor):
        return talk((limit, 50), (floor, 110), 8, listed=110)[-1][1]

    assert ending(90, 70) == Accept(70)
    assert ending(90, 85) == Accept(85)
    assert ending(65, 60) == Accept(65)
    assert isinstance(ending(69, 70), Refuse)


def test_a_price_already_good_is_taken_at_once():
    assert respond("buyer", 100, None, 80, 75, 1, 8) == Accept(75)
    assert respond("provider", 60, None, 80, 95, 1, 8) == Accept(95)
    assert respond("buyer", 100, 50, 40, 100, 8, 8) == Accept(100)
    assert isinstance(respond("buyer", 100, 50, 40, 101, 8, 8), Refuse)


def test_the_reason_of_a_refusal_tells_no_limit():
    assert "777" not in respond("buyer", 777, 777, 500, 900, 6, 6).reason


@every(
    "arguments",
    [
        ("buyer", 100, None, 101, None, 1, 8),
        ("provider", 100, None, 99, None, 1, 8),
        ("buyer", 100, 101, 50, 60, 3, 8),
        ("buyer", -1, None, -1, None, 1, 8),
        ("buyer", 100, None, 50, None, 0, 8),
        ("buyer", 100, None, 50, None, 9, 8),
        ("buyer", 100, None, 50, None, 1, 1),
        ("buyer", 100, None, 50, None, 1, 65),
        ("buyer", 2**128, None, 50, None, 1, 8),
    ],
)
def test_settings_that_contradict_each_other_are_refused(arguments):
    with pytest.raises(PriceError):
        respond(*arguments)
