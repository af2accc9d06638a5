"""Differences rule by rule, and their words in both languages."""

# ruff: noqa: RUF001 -- Chinese sentences are written with Chinese punctuation

from __future__ import annotations

import random
import string

from policy.compare.compare import Relation, compare
from policy.compare.diff import Subject, Turn, diff
from policy.parse import parse
from policy.words.comparing import CHINESE, ENGLISH
from policy.words.contrast import COMPARING, differences, relation
from tests.every import every
from tests.policy.compare import pairs
from tests.policy.compare.test_compare import RESEARCH, TRANSPORT, delete_within, pay, permits, policy

FORBIDS = {"prohibition": [{"action": "distribute"}]}
# (first, second) -> [(subject, turn, path)]
CHANGES = {
    "nothing": (policy(permits("count lteq 3")), policy(permits("count lteq 3")), []),
    "order": (
        policy(permits("count lteq 3", "version eq 1"), {"action": "sell"}),
        policy({"action": "sell"}, permits("version eq 1", "count lteq 3")),
        [],
    ),
    "a permission more": (
        policy(permits()),
        policy(permits(), SELL := {"action": "sell"}),
        [("rule", "new", "/permission/1")],
    ),
    "a prohibition less": (policy(permits(), **FORBIDS), policy(permits()), [("rule", "gone", "/prohibition/0")]),
    "a condition more": (
        policy(permits()),
        policy(permits("count lteq 3")),
        [("condition", "new", "/permission/0/constraint/0")],
    ),
    "a tighter condition": (
        policy(permits("purpose isA " + RESEARCH)),
        policy(permits("purpose isA " + TRANSPORT)),
        [("condition", "narrower", "/permission/0/constraint/0")],
    ),
    "a looser condition": (
        policy(permits("count lteq 3")),
        policy(permits("count lteq 5")),
        [("condition", "wider", "/permission/0/constraint/0")],
    ),
    "another condition": (
        policy(permits("executionEnv eq tee")),
        policy(permits("executionEnv eq mpc")),
        [("condition", "otherwise", "/permission/0/constraint/0")],
    ),
    "a duty more": (policy(permits()), policy(permits(duty=[pay("eq", 5)])), [("duty", "new", "/permission/0/duty/0")]),
    "a stricter duty": (
        policy(permits(duty=[delete_within("P60D")])),
        policy(permits(duty=[delete_within("P30D")])),
        [("duty", "narrower", "/permission/0/duty/0")],
    ),
    "another price": (
        policy(permits(duty=[pay("eq", 5)])),
        policy(permits(duty=[pay("eq", 7)])),
        [("duty", "otherwise", "/permission/0/duty/0")],
    ),
    "a duty of the policy": (
        policy(permits(), obligation=[pay("eq", 5)]),
        policy(permits()),
        [("duty", "gone", "/obligation/0")],
    ),
    "another target": (
        policy(permits(target="urn:t")),
        policy(permits(target="urn:s")),
        [("targets", "otherwise", "/permission/0")],
    ),
    "a rule known by its id": (
        policy(permits(uid="r"), {"action": "read", "uid": "s"}),
        policy({"action": "print", "uid": "s"}, permits(uid="r")),
        [("actions", "otherwise", "/permission/0")],
    ),
    "who wins": (
        policy(permits(), **FORBIDS),
        policy(permits(), **FORBIDS, conflict="perm"),
        [("conflict", "otherwise", "/conflict")],
    ),
}


@every("name", CHANGES)
def test_changes(name):
    one, other, wanted = CHANGES[name]
    assert [(change.subject, change.turn, change.path) for change in diff(one, other)] == wanted


def test_a_difference_in_words():
    one = policy(permits("count lteq 3", duty=[pay("eq", 5)]))
    other = policy(permits("count lteq 5"), {"action": "sell"})
    assert differences(diff(one, other)) == [
        (
            "The permission to use is wider: it now asks that it is done at most 5 times in all "
            "(before: it is done at most 3 times in all)."
        ),
        "The permission to use no longer has this duty. Before that, payment must be made (5 EUR).",
        "New: Permitted: anybody may sell the data.",
    ]
    assert (
        differences(diff(one, other), "zh")[0]
        == "使用的许可放宽：现要求“总次数不超过 5 次”（原为“总次数不超过 3 次”）。"
    )
    assert differences(diff(one, one)) == ["Rule by rule the policies say the same."]


def test_a_relation_in_words():
    said = relation(compare(policy(permits("executionEnv eq tee")), policy(permits())))
    assert said == [
        "Everything the first policy allows, the second allows too; the second allows more.",
        (
            "Only the second allows, for example: urn:penstock:example:other may use urn:penstock:example:other "
            "at 2026-01-01T12:00:00Z."
        ),
    ]


def test_an_example_says_what_was_counted_and_what_was_not_done():
    research = "purpose isA " + RESEARCH
    counted = relation(compare(policy(permits(research, "count lteq 3")), policy(permits(research))))
    assert counted[1].endswith("at 2026-01-01T12:00:00Z; purpose: research; count so far: 3.")
    owed = policy(permits(research, duty=[{"uid": "d", "action": "inform"}]))
    assert relation(compare(owed, policy(permits(research))))[1].endswith("; purpose: research; not done: d.")
    assert "；用途：研究；未完成：d。" in relation(compare(owed, policy(permits(research))), "zh")[1]


def test_both_languages_say_everything_with_the_same_slots():
    slots = lambda text: sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)  # noqa: E731
    for table in COMPARING.values():
        assert set(table.relations) == set(Relation)
    assert {("rule", turn) for turn in (Turn.NEW, Turn.GONE)} <= set(ENGLISH.changes)
    assert {subject for subject, _turn in ENGLISH.changes} == set(Subject)
    for name in ("relations", "changes", "findings"):
        english, chinese = getattr(ENGLISH, name), getattr(CHINESE, name)
        assert english.keys() == chinese.keys()
        for key, said in english.items():
            assert slots("".join(said)) == slots("".join(chinese[key])), key


def test_random_pairs_have_words_and_no_change_means_equivalent():
    for seed in range(30):
        one, other = (parse(document) for document in pairs.pair(random.Random(seed)))
        changes = diff(one, other)
        for lang in COMPARING:
            assert all(differences(changes, lang))
            assert all(relation(compare(one, other), lang))
        if not changes:
            assert compare(one, other).relation is Relation.EQUIVALENT
