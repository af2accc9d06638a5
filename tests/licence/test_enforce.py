"""One use, enforced: in one order, recorded, drawn once, and nothing drawn by what is refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest

from connector.channel.doors import Bound
from connector.channel.errors import fault
from connector.enforcement.ruling import Ruling
from connector.licence.enforce import Enforcement, Use
from connector.licence.judge import Judge, in_force
from connector.runtime.clock import PolicyClock
from tests.channel.rig import LEASED, START, Database

RESEARCH, OTHER = (f"https://w3id.org/penstock/purpose#{name}" for name in ("Research", "DirectMarketing"))
PRODUCT, BUYER, AGREEMENT = LEASED.product, "did:web:buyer.example", bytes(32)


def policy(*constraints):
    asked = [{"leftOperand": left, "operator": how, "rightOperand": right} for left, how, right in constraints]
    return {"permission": [{"action": "use", "constraint": asked}]}


PURPOSE, TWICE = ("purpose", "isA", RESEARCH), ("count", "lteq", "2")
FOR_EACH_USER = ("unitOfCount", "eq", "user")


@dataclass
class Duties:
    """The duties of a policy that has none, or one that nobody can do, or that fails."""

    impossible: str = ""
    fails: bool = False
    done: list = field(default_factory=list)

    def refusal(self, _deal, _ruling, _now):
        return {"text": self.impossible} if self.impossible else None

    def perform(self, _tx, _deal, ruling, _now):
        if self.fails:
            raise fault("duty-failed", "the duty was not done")
        self.done.append(ruling.outcome)


class House:
    """A participant's tables with a real judge; its log is a list of (kind, fields)."""

    def __init__(self, rules, **duties):
        self.db, self.log, self.duties = Database(), [], Duties(**duties)
        clock, space = PolicyClock(SimpleNamespace(now=lambda: START)), SimpleNamespace(members={})
        judge = Judge(lambda: space, clock, lambda: None)
        self.enforcement = Enforcement(judge, self.duties, self)
        self.rules = rules

    def record(self, _tx, kind, *, part, link=(), fields, now):
        self.log.append((kind, fields["place"], fields["outcome"]))
        return len(self.log)

    def use(self, taker="one", purpose=RESEARCH, **changes):
        rules = in_force(self.rules, PRODUCT, BUYER)
        said = {"purpose": purpose, "absoluteSize": "70", "unit": "byte"}
        about = Use(Bound(AGREEMENT, LEASED, "did:web:seller.example"), rules, BUYER, (("opening", "read"),), said,
                    taker=taker, request=taker.encode().hex())  # fmt: skip
        return self.enforce(replace(about, **changes))

    def enforce(self, use):
        return self.db.act(lambda tx: self.enforcement.enforce(tx, use, START))

    @property
    def drawn(self):
        return [row["state"] for row in self.db.act(lambda tx: tx.find("uses"))]


def test_an_allowed_use_is_recorded_its_duties_done_and_its_share_drawn():
    house = House(policy(PURPOSE, TWICE))
    assert house.use() == ""
    assert house.log == [("decision.made", "opening", "allow")]
    assert (house.duties.done, house.drawn) == (["allow"], ["committed"])


def test_the_same_use_again_draws_no_second_share():
    house = House(policy(TWICE))
    assert [house.use("one"), house.use("one"), house.use("two")] == ["", "", ""]
    assert house.drawn == ["committed"] * 2
    assert "at most 2 times" in house.use("three")
    assert house.drawn == ["committed"] * 2
    assert house.log[-1] == ("decision.made", "opening", "deny")


def test_what_is_refused_does_no_duty_and_draws_nothing():
    house = House(policy(PURPOSE, TWICE))
    assert "purpose" in house.use(purpose=OTHER)
    assert (house.duties.done, house.drawn) == ([], [])
    assert house.log == [("decision.made", "opening", "deny")]


def test_each_part_of_a_use_is_decided_and_the_first_refusal_ends_it():
    both = (("export", "download"), ("opening", "read"))
    house = House({"permission": policy(TWICE)["permission"], "prohibition": [{"action": "download"}]})
    assert house.use(parts=both)
    assert house.log == [("decision.made", "export", "deny")]
    assert house.drawn == []
    free = House(policy(TWICE))
    assert free.use(parts=both) == ""
    assert free.log == [("decision.made", "export", "allow"), ("decision.made", "opening", "allow")]
    assert free.drawn == ["committed"], "it is one use"


def test_a_duty_that_nobody_can_do_refuses_and_one_that_fails_leaves_no_trace():
    house = House(policy(TWICE), impossible="nobody here performs it")
    assert house.use() == "nobody here performs it"
    assert house.drawn == []
    failing, before = House(policy(TWICE), fails=True), None
    before = failing.db.dump()
    with pytest.raises(Exception, match="the duty was not done"):
        failing.use()
    assert failing.db.dump() == before


def test_uses_that_count_for_each_user_are_refused_where_nobody_says_for_whom_and_counted_where_one_does():
    house = House(policy(TWICE, FOR_EACH_USER))
    assert house.use("unsaid")
    assert house.drawn == []
    said = {"absoluteSize": "70", "unit": "byte"}
    for user, takers in (("ann", "abc"), ("bob", "de")):
        found = [house.use(taker, context={**said, "user": user}) for taker in takers]
        assert [one == "" for one in found] == [True, True, False][: len(takers)]


@pytest.mark.parametrize(
    ("polls", "recorded"), [(True, ["allow", "deny"]), (False, ["allow", "allow", "deny", "deny"])]
)
def test_a_use_that_is_asked_for_again_and_again_is_recorded_when_its_answer_changes(polls, recorded):
    house = House(policy(PURPOSE))
    for purpose in (RESEARCH, RESEARCH, OTHER, OTHER):
        house.use(purpose=purpose, **({"polls": True} if polls else {}))
    assert [outcome for _, _, outcome in house.log] == recorded


@pytest.mark.parametrize("outcome", ["deny", "conditional"])
def test_a_refusal_without_reasons_is_still_a_refusal(outcome):
    house = House(policy(TWICE))
    told = Ruling(outcome, {"policy": "", "world": {"counters": {}}}, bytes(32), bytes(32))
    judge = SimpleNamespace(request=house.enforcement.judge.request, ruling=lambda *_, **__: told)
    house.enforcement = replace(house.enforcement, judge=judge)
    assert house.use() == outcome
    assert house.drawn == []
