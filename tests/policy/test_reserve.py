"""Reserve, commit, release, settle: what is taken never exceeds the limit, and once is once."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from policy.decision import Reservation
from policy.errors import ExhaustedError, PolicyError
from policy.reserve import Tally, commit, release, reserve, settle

ONE_OF_THREE = Reservation("permission/0", "count", 1, 3)
HOLDERS = st.sampled_from([f"opening-{number}" for number in range(6)])


def test_three_fit_and_the_fourth_does_not():
    tally = Tally()
    for holder in "abc":
        tally = commit(reserve(tally, ONE_OF_THREE, holder), holder)
    with pytest.raises(ExhaustedError) as caught:
        reserve(tally, ONE_OF_THREE, "d")
    assert caught.value.code == "exhausted"
    assert "3 of 3" in str(caught.value)


def test_the_same_holder_takes_once():
    tally = reserve(Tally(), ONE_OF_THREE, "a")
    assert reserve(tally, ONE_OF_THREE, "a") == tally
    done = commit(tally, "a")
    assert commit(done, "a") == done
    assert reserve(done, ONE_OF_THREE, "a") == done
    assert (done.taken(), done.taken(without="a")) == (1, 0)


def test_release_gives_back_only_what_was_not_done():
    tally = reserve(Tally(), ONE_OF_THREE, "a")
    assert release(tally, "a") == Tally()
    with pytest.raises(PolicyError, match="is committed"):
        release(commit(tally, "a"), "a")
    for step in (commit, release, settle):
        with pytest.raises(PolicyError) as caught:
            step(tally, "b")
        assert caught.value.code == "not-held"


def test_settle_keeps_the_amount_and_forgets_the_name():
    tally = settle(commit(reserve(Tally(), ONE_OF_THREE, "a"), "a"), "a")
    assert tally == Tally(settled=1)


def test_json_round_trip():
    tally = reserve(
        commit(reserve(Tally(4), ONE_OF_THREE._replace(limit=9), "a"), "a"), ONE_OF_THREE._replace(limit=9), "b"
    )
    assert tally.as_json() == {"settled": "4", "done": {"a": "1"}, "held": {"b": "1"}}
    assert Tally.from_json(tally.as_json()) == tally


class Counter(RuleBasedStateMachine):
    """A counter of limit 3 against a model that is a plain set of names."""

    def __init__(self):
        super().__init__()
        self.tally, self.held, self.done, self.settled = Tally(), set(), set(), 0

    @rule(holder=HOLDERS)
    def reserve(self, holder):
        full = len(self.held) + len(self.done) + self.settled >= 3
        if full and holder not in self.held | self.done:
            with pytest.raises(ExhaustedError):
                reserve(self.tally, ONE_OF_THREE, holder)
            return
        self.tally = reserve(self.tally, ONE_OF_THREE, holder)
        if holder not in self.done:
            self.held.add(holder)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def commit(self, data):
        holder = data.draw(st.sampled_from(sorted(self.held)))
        self.tally = commit(self.tally, holder)
        self.held.remove(holder)
        self.done.add(holder)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data):
        holder = data.draw(st.sampled_from(sorted(self.held)))
        self.tally = release(self.tally, holder)
        self.held.remove(holder)

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def settle(self, data):
        holder = data.draw(st.sampled_from(sorted(self.done)))
        self.tally = settle(self.tally, holder)
        self.done.remove(holder)
        self.settled += 1

    @invariant()
    def taken_is_what_was_taken_and_within_the_limit(self):
        assert self.tally.taken() == len(self.held) + len(self.done) + self.settled <= 3


TestCounter = Counter.TestCase
