"""One use, enforced: in one order, recorded, drawn once, and nothing drawn by what is refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest

from connector.channel.errors import fault
from connector.enforcement import performed, uses
from connector.enforcement.context import measured, purpose_of
from connector.enforcement.counted import Held
from connector.enforcement.enforce import Enforcement
from connector.enforcement.judge import Judge
from connector.enforcement.rules import in_force
from connector.enforcement.ruling import Ruling
from connector.enforcement.scopes import ORDER, STANDING
from connector.enforcement.use import HAPPENED, OFFER, PART, RELEASE, Granted, Link, Refused, Use
from connector.enforcement.use import STANDING as RUNS
from connector.runtime.clock import PolicyClock
from policy.world import Act
from tests.channel.rig import LEASED, START, Database
from tests.every import every

RESEARCH, OTHER = (f"https://w3id.org/penstock/purpose#{name}" for name in ("Research", "DirectMarketing"))
PRODUCT, BUYER, SELLER = LEASED.product, "did:web:buyer.example", "did:web:seller.example"
AGREEMENT = bytes(32).hex()


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
    promised: frozenset = frozenset({"compensate"})

    def refusal(self, _link, _ruling, _now):
        return {"text": self.impossible} if self.impossible else None

    def perform(self, _tx, _link, ruling, _now):
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

    def link(self, scope=ORDER, agreement=AGREEMENT, request="00"):
        return Link(agreement, PRODUCT, SELLER, BUYER, in_force(self.rules, PRODUCT, BUYER, scope), request, "kept")

    def about(self, taker="one", purpose=RESEARCH, **changes):
        said = measured({"purpose": purpose}, 70)
        link = self.link(request=taker.encode().hex())
        return replace(Use((link,), "read", said, RELEASE, "opening", taker), **changes)

    def use(self, taker="one", purpose=RESEARCH, **changes):
        return self.at_once(self.about(taker, purpose, **changes))

    def at_once(self, *parts):
        return self.db.act(lambda tx: self.enforcement.at_once(tx, parts, START))

    def enforce(self, use):
        return self.db.act(lambda tx: self.enforcement.enforce(tx, use, START))

    def take(self, granted):
        self.db.act(lambda tx: self.enforcement.take(tx, granted, START))

    def told(self, outcome, **more):
        """Let the judge answer so, whatever it is asked."""
        document = {"policy": "", "world": {"counters": {}}}
        ruling = Ruling(outcome, document, **more)
        judge = SimpleNamespace(request=self.enforcement.judge.request, ruling=lambda *_, **__: ruling)
        self.enforcement = replace(self.enforcement, judge=judge)
        return self

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


def test_each_part_of_an_act_is_decided_and_the_first_refusal_ends_it():
    def parts(house):
        use = house.about()
        return replace(use, action="download", place="export", stage=PART, draws=False), use

    house = House({"permission": policy(TWICE)["permission"], "prohibition": [{"action": "download"}]})
    assert house.at_once(*parts(house))
    assert house.log == [("decision.made", "export", "deny")]
    assert (house.drawn, house.duties.done) == ([], [])
    free = House(policy(TWICE))
    assert free.at_once(*parts(free)) == ""
    assert free.log == [("decision.made", "export", "allow"), ("decision.made", "opening", "allow")]
    assert free.drawn == ["committed"], "it is one use"
    assert free.duties.done == ["allow"], "its duties are done once"
    with pytest.raises(AssertionError, match="outlive"):
        free.at_once(free.about("two"), free.about("three"))


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
    house = House(policy(TWICE)).told(outcome)
    assert house.use() == outcome
    assert house.drawn == []


# ---- how far a decision goes


@every(
    ("stage", "outcome", "outstanding", "good"),
    [
        (OFFER, "allow", set(), True),
        (OFFER, "conditional", {"compensate"}, True),
        (OFFER, "conditional", set(), True),
        (OFFER, "conditional", {"attribute"}, False),
        (OFFER, "deny", set(), False),
        (RELEASE, "allow", set(), True),
        (RELEASE, "conditional", {"compensate"}, False),
        (RELEASE, "deny", set(), False),
        (PART, "allow", set(), True),
        (PART, "conditional", {"compensate"}, False),
        (RUNS, "allow", set(), True),
        (RUNS, "conditional", {"attribute"}, True),
        (RUNS, "deny", set(), False),
        (RUNS, "default-deny", set(), False),
        (HAPPENED, "deny", set(), True),
        (HAPPENED, "conditional", {"attribute"}, True),
    ],
)
def test_what_is_good_enough_for_its_stage(stage, outcome, outstanding, good):
    reasons, duties = ({"text": "why"}, {"text": "and how"}), ({"id": "do"},)
    house = House(policy()).told(outcome, outstanding=frozenset(outstanding), reasons=reasons, duties=duties)
    found = house.enforce(house.about(stage=stage))
    if good:
        assert isinstance(found, Granted)
        assert found.ruling.outcome == outcome
    else:
        assert found == Refused(outcome, reasons, duties)
        assert found.text == "why; and how"


@pytest.mark.parametrize(("stage", "asked"), [(OFFER, 1), (RELEASE, 1), (PART, 0), (RUNS, 0), (HAPPENED, 0)])
def test_duties_are_asked_for_and_done_where_something_is_handed_out(stage, asked):
    house = House(policy(), impossible="nobody does it").told("allow", duties=({"id": "do"},))
    found = house.enforce(house.about(stage=stage))
    assert isinstance(found, Refused) is bool(asked)
    if asked:
        assert found == Refused("deny", ({"text": "nobody does it"},), ({"id": "do"},))
    house.duties.impossible = ""
    house.take(house.enforce(house.about(stage=stage)))
    assert len(house.duties.done) == asked


def test_what_is_offered_is_held_until_it_is_taken_or_given_back():
    house = House(policy(TWICE))
    granted = house.enforce(house.about(stage=OFFER))
    assert (house.drawn, house.duties.done) == (["reserved"], [])
    house.take(house.enforce(replace(granted.use, stage=RELEASE)))
    assert (house.drawn, house.duties.done) == (["committed"], ["allow"])
    house.enforce(house.about("two", stage=OFFER))
    house.db.act(lambda tx: uses.give_back(tx, "two"))
    assert sorted(house.drawn) == ["committed", "returned"]


@pytest.mark.parametrize("stage", [OFFER, RELEASE, RUNS])
def test_what_does_not_draw_takes_nothing_and_makes_nothing_final(stage):
    house = House(policy(TWICE))
    house.enforce(house.about())
    granted = house.enforce(house.about(stage=stage, draws=False))
    house.take(granted)
    assert house.drawn == ["reserved"]
    assert house.enforce(house.about("two", draws=False, stage=stage)).use.own.agreement == AGREEMENT
    assert house.drawn == ["reserved"]


def test_what_happened_is_counted_without_a_record_beyond_any_limit():
    house = House(policy(TWICE))
    for taker in "abc":
        house.told("deny", held=(Held("permission/0", "count", 1, 2),))
        assert house.use(taker, stage=HAPPENED) == ""
    assert (house.drawn, house.log, house.duties.done) == (["committed"] * 3, [], [])
    with pytest.raises(uses.Exhausted):
        house.told("allow", held=(Held("permission/0", "count", 1, 2),)).use("d")


# ---- a chain of agreements


def test_each_agreement_of_a_chain_is_decided_and_recorded_before_one_refuses_and_all_are_drawn_on():
    house = House(policy(TWICE))
    above, own = house.link(agreement="aa", request="01"), house.link(request="02")
    for taker in "ab":
        granted = house.enforce(house.about(taker, links=(above, own), number=7))
        assert granted.use.own is own
    rows = house.db.act(lambda tx: tx.find("uses", order="holder, agreement"))
    assert [(row["holder"], row["agreement"]) for row in rows] == [(t, a) for t in "ab" for a in (AGREEMENT, "aa")]
    made = house.db.act(lambda tx: tx.find("decisions", order="id"))
    assert [(row["id"], row["agreement"]) for row in made] == [("01/7/opening", "aa"), ("02/7/opening", AGREEMENT)]
    house.log.clear()
    fresh = house.link(agreement="bb", request="03")
    assert isinstance(house.enforce(house.about("c", links=(above, fresh))), Refused)
    assert [outcome for *_, outcome in house.log] == ["deny", "allow"]
    assert len(house.drawn) == 4
    assert isinstance(house.enforce(house.about("c", links=(fresh, above))), Refused)


# ---- what a decision is told


def asked_of(house, use):
    """Return the world of a decision as it was recorded, and what it was asked."""
    house.enforce(use)
    row = house.db.act(lambda tx: tx.get("decisions", id=use.row(use.own)))
    return row["decision"]["world"], row["decision"]["request"]


def test_a_policy_that_counts_nothing_is_told_no_counter_and_what_runs_is_told_all():
    house = House(policy(TWICE))
    house.use()
    told = {"permission/0": {"count": "1"}}
    assert asked_of(house, house.about("two", draws=False))[0]["counters"] == told
    assert asked_of(house, house.about("one"))[0]["counters"] == {}, "its own share is not told"
    house.rules = policy(PURPOSE)
    assert asked_of(house, house.about("three"))[0]["counters"] == {}
    runs = house.about("", links=(house.link(STANDING),), stage=RUNS, draws=False)
    assert asked_of(house, runs)[0]["counters"] == told


def test_a_policy_is_told_what_was_done_when_it_asks_for_it():
    house = House(policy(TWICE))
    house.db.act(lambda tx: performed.record(tx, AGREEMENT, "one", Act("read", START, BUYER)))
    assert asked_of(house, house.about())[0]["performed"] == []
    house.rules = {"permission": [{"action": "use", "duty": [{"action": "delete"}]}]}
    assert len(asked_of(house, house.about("two"))[0]["performed"]) == 1


def test_the_record_names_who_asked_for_what_under_which_purpose():
    house, events = House(policy()), []
    house.record = lambda _tx, _kind, *, part, link, fields, now: events.append((part, link, fields["purpose"]))
    _, request = asked_of(house, house.about("two"))
    assert (request["assignee"], request["action"], request["target"]) == (BUYER, "read", PRODUCT)
    assert events == [(AGREEMENT, [b"two".hex()], RESEARCH)]


def test_what_is_measured_here_goes_before_what_is_said():
    told = measured({"absoluteSize": "1", "unit": "row", "purpose": "x"}, 123)
    assert told == {"absoluteSize": "123", "unit": "byte", "purpose": "x"}
    assert (purpose_of(told), purpose_of({})) == ("x", "")
