"""The runner on a tree of a few lines: it finds the planted survivor, ends what never ends, and touches no source."""

from __future__ import annotations

import pytest

from tests.mutants import trial
from tests.mutants.change import changes
from tests.mutants.trial import Copy, Verdict, judge_all

GATE = '''"""Whom a gate lets in."""


def opens(age, paid):
    while age > 200:
        age -= 100
    return age >= 18 and paid
'''
# nobody asks for somebody of just 18 years, nor for a child that has paid
WEAK = """from gate import opens

def test_a_grown_up_who_paid_is_let_in():
    assert opens(40, True)
    assert not opens(40, False)
"""
STRONG = """from gate import opens

def test_ages():
    assert [opens(age, True) for age in (17, 18, 117, 317)] == [False, True, True, True]
"""
WEAK_STAGE, STRONG_STAGE = ("test_weak.py",), ("test_strong.py",)


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    for name, text in {"gate.py": GATE, "test_weak.py": WEAK, "test_strong.py": STRONG}.items():
        (root / name).write_text(text)
    return root


def one(after):
    return next(change for change in changes("gate.py", GATE.encode()) if change.after == after)


@pytest.fixture
def copy(tree, tmp_path):
    return Copy(tree, tmp_path / "copy")


def test_a_planted_survivor_is_found_and_told(copy, tree):
    told, drawn = [], [one("(age > 18)"), one("(paid)"), one("(age >= 18)")]
    judged = judge_all(copy, drawn, lambda _: [WEAK_STAGE], told.append)
    assert [verdict for _, verdict in judged] == [Verdict.SURVIVED, Verdict.SURVIVED, Verdict.KILLED]
    assert told[0].startswith("gate.py:7: age >= 18 -> (age > 18)\n")
    assert len(told) == 2
    for place in (tree, copy.tree):
        assert (place / "gate.py").read_text() == GATE


def test_the_wider_tests_are_asked_where_the_nearer_see_nothing(copy):
    assert copy.judge(one("(age > 18)"), [WEAK_STAGE, STRONG_STAGE]) is Verdict.KILLED


def test_what_never_ends_is_ended(copy, monkeypatch):
    monkeypatch.setattr(trial, "TIMES", 2)
    monkeypatch.setattr(trial, "BESIDE_SECONDS", 1)
    assert copy.judge(one("(not (age > 200))"), [STRONG_STAGE]) is Verdict.TIMED_OUT


def test_tests_that_fail_anyway_judge_nothing(copy):
    (copy.tree / "test_weak.py").write_text("def test_it():\n    assert False, 'out of order'\n")
    told = []
    assert judge_all(copy, [change := one("(paid)")], lambda _: [WEAK_STAGE], told.append) == [
        (change, Verdict.NOT_JUDGED)
    ]
    assert "out of order" in told[0]
