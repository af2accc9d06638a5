"""The benchmark of the policy engine asks what has an answer, and notices an engine that gives another."""

from __future__ import annotations

import json

import pytest

from bench import engines, judge, policy, report, rules

# the issue's words, by the row that answers them
ASKED = {
    "decide, p50": "at most 10",
    "decide, p50 ÷ cedarpy": "at most 1",
    "decide, CPU ÷ cedarpy, 1,000 in one call": "at most 1",
    "decide, pyodre's rules, CPU ÷ pyodre": "at most 0.05",
}
SOME = 70


@pytest.mark.parametrize("name", [name for name, work in policy.WORKS.items() if work.questions and not work.rival])
def test_our_engine_gives_every_request_what_it_deserves(name):
    work = policy.WORKS[name]
    engine = engines.ENGINES[work.engine]()
    questions = work.questions()[:SOME]
    assert {each.allowed for each in questions} == {True, False}
    policy.agree(name, judge.answers(engine._replace(questions=questions)), questions)


def test_another_answer_ends_the_benchmark():
    questions = rules.questions(SOME)
    answers = [each.allowed for each in questions]
    policy.agree("right", answers, questions)
    with pytest.raises(AssertionError, match="wrong says"):
        policy.agree("wrong", [*answers[:-1], not answers[-1]], questions)
    with pytest.raises(AssertionError, match="answered 69 of 70"):
        policy.agree("short", answers[:-1], questions)


def test_every_rule_is_broken_by_a_request():
    refused = [each for each in rules.questions() if not each.allowed]
    broken = {
        operand
        for each in refused
        for operand, (_, failing) in rules.GIVEN.items()
        if each.request["context"][operand] in failing
    }
    assert broken == set(rules.GIVEN)
    assert {each.moment for each in refused} == set(range(len(rules.MOMENTS)))


def test_a_round_is_timed():
    engine = engines.penstock()
    figures = judge.one_round(engine, 14)
    assert set(figures) == {"p50", "CPU", "allowed, p50", "refused, p50"}
    assert min(figures.values()) > 0
    at_once = engine._replace(prepare=lambda asked: [(asked,)], call=len)
    assert set(judge.one_round(at_once, 14)) == {"mean", "CPU"}


def test_what_a_call_is_given_is_made_anew():
    engine = engines.penstock()
    first, second = (engine.prepare(engine.questions[:1])[0][1] for _ in "12")
    assert first == second
    assert first.context is not second.context
    assert all(first.context[key] is not second.context[key] for key in first.context)


def test_the_figures_answer_every_target_of_the_issue():
    taken = {name: [{"p50": 1.0, "CPU": 1.0}] for name in policy.WORKS}
    rows = {row.work: row.target for row in policy.rows_of(taken, {"ms": 1.0, "bytes": 1.0})}
    assert {work: target for work, target in rows.items() if target} == ASKED


def test_a_rival_that_is_not_there_has_no_row():
    taken = {name: [{"p50": 1.0, "CPU": 1.0}] for name, work in policy.WORKS.items() if not work.rival}
    rows = [row.work for row in policy.rows_of(taken, {"ms": 1.0, "bytes": 1.0})]
    assert not [work for work in rows if "÷" in work]


def test_what_is_recorded_answers_every_target():
    recorded = json.loads((report.RESULTS / "policy.json").read_text())
    assert {row["work"]: row["target"] for row in recorded if row["target"]} == ASKED
