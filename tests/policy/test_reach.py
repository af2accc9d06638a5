"""What a rule reaches: actions, targets and parties, what nobody can know, and which acts were uses of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from policy.parse import parse
from policy.reach import Reach
from policy.request import Request
from policy.world import Act, World

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ALICE, BOB, TEAM = "did:web:alice", "did:web:bob", "urn:team"
DATA, SHELF = "urn:data", "urn:shelf"
ASKED = Request(ALICE, "read", DATA)


def reach(kind="permission", **members):
    """Read one rule and take its reach."""
    document = {"permission": [{"action": "transfer"}], kind: [{"action": "use"} | members]}
    policy = parse(document)
    return Reach.of((policy.prohibitions or policy.permissions)[0])


def world(*performed, **part_of):
    return World(NOW, {member: frozenset(groups) for member, groups in part_of.items()}, performed=performed)


def act(action="read", *, after=timedelta(), by="", target=""):
    return Act(action, NOW + after, by, target)


@pytest.mark.parametrize("kind", ["permission", "prohibition"])
def test_a_rule_that_names_nobody_and_nothing_is_about_everybody_and_everything(kind):
    rule = reach(kind)
    assert rule.covers("read", DATA, ALICE, world()) is True
    assert rule.covers("sell", DATA, ALICE, world()) is False
    assert rule.prohibits is (kind == "prohibition")


def test_an_action_covers_those_below_it():
    rule = reach(action=["reproduce", "print"])
    assert [rule.covers(action, DATA, ALICE, world()) for action in ("extract", "print", "present", "use")] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("kind", ["permission", "prohibition"])
def test_a_target_and_a_party_are_those_named_or_what_lies_in_them(kind):
    rule = reach(kind, target=SHELF, assignee=TEAM)
    told = world(**{DATA: [SHELF], ALICE: ["urn:group"], "urn:group": [TEAM]})
    assert rule.covers("read", SHELF, TEAM, world()) is True
    assert rule.covers("read", DATA, ALICE, told) is True
    assert rule.covers("read", DATA, BOB, told) is False
    assert rule.covers("read", "urn:other", ALICE, told) is False
    assert rule.covers("read", DATA, ALICE, world()) is False
    assert (rule.covers_target(DATA, world()), rule.covers_party(ALICE, world())) == (False, False)


def test_a_prohibition_of_a_part_reaches_the_whole_and_a_permission_does_not():
    told = world(**{DATA: [SHELF]})
    assert reach("prohibition", target=DATA).covers_target(SHELF, told) is True
    assert reach("prohibition", target=["urn:x", DATA]).covers_target(SHELF, told) is True
    assert reach("prohibition", target="urn:x").covers_target(SHELF, told) is False
    assert reach(target=DATA).covers_target(SHELF, told) is False


def test_who_and_what_is_in_a_collection_that_nobody_tells_of_is_unknown():
    shelf, team = {"source": SHELF}, {"source": TEAM}
    rule = reach(target=shelf, assignee=team)
    assert (rule.covers_target(DATA, world()), rule.covers_party(ALICE, world())) == (None, None)
    told = world(**{"urn:x": [SHELF], BOB: [TEAM]})
    assert (rule.covers_target(DATA, told), rule.covers_party(ALICE, told)) == (False, False)


def test_what_is_surely_not_reached_goes_before_what_is_unknown():
    rule = reach(target={"source": SHELF}, assignee=BOB)
    assert rule.covers("read", DATA, BOB, world()) is None
    assert rule.covers("read", DATA, ALICE, world()) is False
    assert rule.covers("read", SHELF, BOB, world()) is True
    turned = reach(target=DATA, assignee={"source": TEAM})
    assert turned.covers("read", DATA, ALICE, world()) is None
    assert turned.covers("read", SHELF, ALICE, world()) is False


def test_a_prohibition_minds_what_it_may_reach_and_a_permission_only_what_it_does():
    permission, prohibition = reach(), reach("prohibition")
    assert [permission.minds(covered) for covered in (True, None, False)] == [True, False, False]
    assert [prohibition.minds(covered) for covered in (True, None, False)] == [True, True, False]


# uses ----------------------------------------------------------------------------------------------------------------


def test_uses_are_the_acts_up_to_now_that_the_rule_is_about():
    moment = timedelta(microseconds=1)
    now, before, later = act(), act(after=-moment), act(after=moment)
    other, everybodys = act("sell"), act("odrl:print")
    rule = reach()
    assert list(rule.uses(ASKED, world(now, before, later, other, everybodys))) == [now, before, everybodys]
    assert list(rule.uses(ASKED, world())) == []


def test_a_use_is_by_one_whom_the_rule_names_on_what_it_names():
    rule = reach(target=DATA, assignee=[ALICE, BOB])
    ours = [act(by=BOB), act(target=DATA), act(by=ALICE, target=DATA), act()]
    others = [act(by=TEAM), act(target=SHELF), act(by=TEAM, target=DATA)]
    assert list(rule.uses(ASKED, world(*ours, *others))) == ours
    assert list(rule.uses(Request(TEAM, "read", DATA), world(act(), act(by=BOB)))) == [act(by=BOB)]
    assert list(rule.uses(Request(ALICE, "read", SHELF), world(act(), act(target=DATA)))) == [act(target=DATA)]


def test_the_askers_own_uses_are_those_by_it_and_those_of_which_it_is_not_said():
    rule = reach(assignee=[ALICE, BOB])
    assert list(rule.own_uses(ASKED, world(act(), act(by=ALICE), act(by=BOB)))) == [act(), act(by=ALICE)]


def test_what_may_have_been_reached_is_a_use_of_a_prohibition_alone():
    unknown = {"target": {"source": SHELF}, "assignee": {"source": TEAM}}
    assert list(reach(**unknown).uses(ASKED, world(act()))) == []
    assert list(reach("prohibition", **unknown).uses(ASKED, world(act()))) == [act()]
    half = {"target": DATA, "assignee": {"source": TEAM}}
    assert list(reach(**half).uses(ASKED, world(act()))) == []


def test_what_is_done_for_a_use_is_no_use():
    """Neither the actions of a rule's duties, nor those of their consequences or of its remedies."""
    fine = {"action": "compensate"}
    duty = {"action": "inform", "consequence": [{"action": "delete", "consequence": [fine]}]}
    acts = [act(name) for name in ("inform", "logRecordSend", "delete", "compensate", "print")]
    assert list(reach(duty=[duty]).uses(ASKED, world(*acts))) == [act("print")]
    assert list(reach("prohibition", remedy=[duty]).uses(ASKED, world(*acts))) == [act("print")]
    assert reach(duty=[duty]).covers("delete", DATA, ALICE, world()) is True


def test_what_a_rule_names_itself_is_a_use_of_it_though_it_is_a_duty_too():
    rule = reach(action=["print", "inform"], duty=[{"action": "inform"}])
    acts = [act("inform"), act("logRecordSend"), act("print")]
    assert list(rule.uses(ASKED, world(*acts))) == [act("inform"), act("print")]
