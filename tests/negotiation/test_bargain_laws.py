"""Bargaining over the usual rules, whatever both sides say: nobody signs beyond a limit, and a deal is found."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.negotiation.doors import DeclinedError
from connector.negotiation.meeting import ShortError, meet, suffice
from policy.amendment import amended
from policy.compare.compare import implied
from policy.offer import offer_rules
from policy.parse import parse
from tests.fault.extent import tried

PURPOSES = ("Research", "Marketing", "Teaching")
DAYS = ("2027-03-31", "2027-06-30", "2027-12-31")
REGIONS = ("US-NY", "US", "any")  # each within the next
OPENINGS = ("1", "3", "20", "any")
BASE = offer_rules(purpose="Research", until=datetime(2027, 1, 1, tzinfo=UTC), region="US", openings=2)


class Wish(NamedTuple):
    """Rules as the places of their values, the wider the higher."""

    purposes: frozenset[int]
    day: int
    region: int
    openings: int
    onward: int

    def rules(self):
        purposes = "|".join(PURPOSES[at] for at in sorted(self.purposes))
        return amended(
            BASE,
            f"purpose={purposes}, until={DAYS[self.day]}, region={REGIONS[self.region]}, "
            f"openings={OPENINGS[self.openings]}, onward={'yes' if self.onward else 'no'}",
        )

    def within(self, other):
        return self.purposes <= other.purposes and all(a <= b for a, b in zip(self[1:], other[1:], strict=True))

    def or_more(self, other):
        return Wish(self.purposes | other.purposes, *map(max, self[1:], other[1:]))


places = st.frozensets(st.integers(0, len(PURPOSES) - 1), min_size=1)
wishes = st.builds(
    Wish,
    places,
    st.integers(0, len(DAYS) - 1),
    st.integers(0, len(REGIONS) - 1),
    st.integers(0, len(OPENINGS) - 1),
    st.integers(0, 1),
)


def allows(most, one):
    return implied(parse({"@type": "Offer", **one}), parse({"@type": "Offer", **most})).holds


def bargain(limits, need, prefer):
    """Return what both sides come to, None where they do not, as `Negotiations` goes on."""
    for asked in (prefer, need):
        try:
            met = meet(limits, asked)
            if met.within:
                return asked
            return suffice(need, met.rules).rules
        except ShortError:
            continue
        except DeclinedError:
            return None
    return None


@settings(max_examples=tried(60), deadline=None)
@given(limits=wishes, need=wishes, more=wishes)
def test_what_is_agreed_lies_within_both_and_is_found_where_there_is_any(limits, need, more):
    prefer = need.or_more(more)
    agreed = bargain(limits.rules(), need.rules(), prefer.rules())
    assert (agreed is not None) == need.within(limits)
    if agreed is not None:
        assert allows(limits.rules(), agreed)
        assert allows(agreed, need.rules())
        assert allows(prefer.rules(), agreed)


@settings(max_examples=tried(60), deadline=None)
@given(one=wishes, other=wishes)
def test_the_words_are_compared_as_they_are_meant(one, other):
    assert allows(other.rules(), one.rules()) == one.within(other)
