"""How fresh what is covered is: shares and medians with limits that hold, interpolated, and honest beyond all ages."""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from connector.client.acts.queries import fitted
from connector.compute import marks
from connector.compute.marks import Estimate
from connector.consumer.freshness import median, told
from contracts.freshness import Freshness

FRESH = Freshness("seen", (30, 90, 365))
SUBJECTS, ASKED, COVERED, TRIALS = 1_000, 900, 600, 200


def exact(count):
    return Estimate(count, count, count)


def within(*counts):
    return {days: exact(count) for days, count in zip(FRESH.days, counts, strict=False)}


def test_a_median_lies_on_the_line_between_two_ages():
    assert median(within(60, 80, 90), exact(100)) == (25, 0, 30)
    assert median(within(20, 80, 90), exact(100)) == (60, 30, 90)
    assert median(within(50, 80, 90), exact(100)) == (30, 0, 30)
    assert median(within(49, 50, 90), exact(100)) == (90, 30, 90)
    assert median(within(0, 0, 100), exact(100)) == (228, 90, 365), "rounded up: it is more than the age before"
    assert median({30: exact(70)}, exact(100)) == (22, 0, 30)


def test_it_is_older_than_all_ages_where_fewer_than_half_are_within_them():
    assert median(within(10, 20, 49), exact(100)) == (None, 365, None)
    wide = {days: Estimate(count, count - 15, count + 15) for days, count in ((30, 10), (90, 20), (365, 49))}
    assert median(wide, exact(100)) == (None, 90, None), "and its limits say that it may be younger"


def test_limits_are_ages_that_were_asked_for():
    wide = {days: Estimate(count, count - 12, count + 12) for days, count in ((30, 20), (90, 55), (365, 95))}
    assert median(wide, exact(100)) == (82, 30, 365), "half may be reached before 90 days, or after"
    assert median(wide, Estimate(100, 20, 180)) == (82, 0, 365), "the covered err as well"


counts = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 60), st.integers(0, 60)), min_size=3, max_size=3)


@given(counts, st.integers(1, 500), st.integers(0, 60), st.integers(0, 60))
def test_whatever_is_counted_the_median_lies_within_its_limits(told_of, covered, below, above):
    found = {days: Estimate(one, max(0, one - less), one + more)
             for days, (one, less, more) in zip(FRESH.days, told_of, strict=True)}  # fmt: skip
    middle, low, high = median(found, Estimate(covered, max(0, covered - below), covered + above))
    assert low in (0, *FRESH.days)
    assert high is None or (high in FRESH.days and low < high)
    if middle is None:
        assert high is None
    else:
        assert low < middle <= (high or middle)


def thrown(seed, chances, size, mine):
    """Return how many of a list are told to be among so many subjects, with coins of their own."""
    of = marks.places(SUBJECTS, chances)
    lasting = marks.kept((f"F{at}" for at in range(size)), sha256(seed).digest(), chances)
    bits = marks.marked((sha256(seed + name.encode()).digest() for name in lasting), of)
    found = marks.count((sha256(seed + name.encode()).digest() for name in mine), bits, of)
    one = marks.estimate(found, len(mine), chances.missed, bits, of)
    return Estimate(round(one.count), round(one.low), round(one.high))


def held(fresh, truth):
    """Return in how many of the trials the limits hold the true median, of so many within each age."""
    chances, found = marks.odds(1.4), 0
    mine = [*(f"F{at}" for at in range(COVERED)), *(f"X{at}" for at in range(ASKED - COVERED))]
    for trial in range(TRIALS):
        sizes = {"all": COVERED, **fresh}
        said = {name: thrown(f"{trial} {name}".encode(), chances, size, mine) for name, size in sizes.items()}
        _, low, high = median({days: said[days] for days in fresh}, said["all"])
        found += low < truth and (high is None or truth <= high)
    return found


def test_limits_hold_the_truth_as_often_as_they_say():
    """The worst cases: just fewer than half are within the age before, or just half within the age after."""
    half = COVERED // 2
    for within_30, within_90 in ((half - 1, COVERED - 10), (10, half), (half - 1, half)):
        sizes = {30: within_30, 90: within_90, 365: COVERED}
        assert held(sizes, truth=90) >= 180, "of 200, 190 are to be expected"


def test_limits_hold_the_truth_where_days_lie_in_lumps():
    """All within one day between two ages: who trusted the line between them would be wrong each time."""
    assert held({30: 60, 90: 540, 365: COVERED}, truth=31) >= 190
    assert held({30: 0, 90: 60, 365: 120}, truth=3_650) >= 190


def row(label, column, covered, days=None, off=0):
    return [label, column, 400, covered, covered - off, covered + off, days]


def test_each_group_is_told_by_itself_as_shares_of_what_is_covered():
    rows = [row("yes", "", 200), row("yes", "seen", 50, 30), row("yes", "seen", 120, 90), row("yes", "seen", 250, 365)]
    none = [row("no", "", 0), *(row("no", "seen", 0, days) for days in FRESH.days)]
    yes, no = told(FRESH, "2026-11-30", [*rows, *none])
    assert (yes["group"], yes["column"], yes["sealed"]) == ("yes", "seen", "2026-11-30")
    assert [(one["days"], one["share"]) for one in yes["ages"]] == [(30, 0.25), (90, 0.6), (365, 1.0)]
    assert (yes["median"], yes["low"], yes["high"]) == (73, 30, 90)
    assert (no["ages"], no["median"], no["high"]) == ([], None, None)


def test_limits_of_a_share_hold_both_errors():
    [found] = told(Freshness("seen", (30,)), "2026-11-30", [row("", "", 200, off=20), row("", "seen", 100, 30, off=20)])
    [age] = found["ages"]
    assert (age["share"], age["low"], age["high"]) == (0.5, 0.388, 0.612)


@given(st.lists(st.integers(0, 400), min_size=3, max_size=3), st.integers(1, 400), st.integers(0, 50))
def test_shares_are_of_one(counted, covered, off):
    rows = [row("", "", covered, off=min(off, covered - 1))]
    rows += [row("", "seen", one, days, off=min(off, one)) for one, days in zip(counted, FRESH.days, strict=True)]
    for one in told(FRESH, "2026-11-30", rows)[0]["ages"]:
        assert 0 <= one["low"] <= one["share"] <= one["high"] <= 1
    assert [one["days"] for one in told(FRESH, "2026-11-30", rows)[0]["ages"]] == list(FRESH.days)
    assert all(first < second for first, second in pairwise(FRESH.days))


def test_a_person_reads_shares_and_a_median():
    rows = [row("", "", 200), row("", "seen", 50, 30), row("", "seen", 120, 90), row("", "seen", 160, 365)]
    answer = {"rows": rows, "id": "one", "freshness": told(FRESH, "2026-11-30", rows)}
    lines = fitted(answer)
    assert len([line for line in lines if "keys" in line]) == 1, "ages are told of what is covered alone"
    assert any(line.endswith("25 % (25-25 %) of those covered have `seen` of at most 30 days") for line in lines)
    said = "median age 73 days (30-90) on 2026-11-30, when the edition was sealed; who has no date counts as older"
    assert said in lines
    old = [row("", "", 200), *(row("", "seen", 10, days) for days in FRESH.days)]
    assert any("median age older than 365 days (365 and more)" in line
               for line in fitted({**answer, "rows": old, "freshness": told(FRESH, "2026-11-30", old)}))  # fmt: skip
    few = [row("", "", 0), *(row("", "seen", 0, days) for days in FRESH.days)]
    assert any("too few are covered to say" in line
               for line in fitted({**answer, "rows": few, "freshness": told(FRESH, "2026-11-30", few)}))  # fmt: skip
