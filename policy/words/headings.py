"""A policy under headings, for who wants to know at a look: may, must, must not, when, where, and what else holds.

Law: every rule and every condition stands under one heading, whole. A permission is taken apart only where it is the
only one: of several, time and place belong to one of them, and each stays in its own sentence.
"""
# ruff: noqa: RUF001 -- Chinese sentences are written with Chinese punctuation

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policy.model import Constraint, RuleKind
from policy.values import show_all
from policy.words.speak import language_of, phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.model import Condition, Policy, Rule
    from policy.words.language import Language

MAY, MUST, MUST_NOT, WHEN, WHERE, BESIDES = HEADINGS = ("may", "must", "mustNot", "when", "where", "besides")
# operands of a permission that stand under a heading of their own
APART: Mapping[str, str] = {"dateTime": WHEN, "timeWindow": WHEN, "elapsedTime": WHEN, "spatial": WHERE}
# what is said shorter under its heading than in a sentence, in English and Chinese
_SHORT: Mapping[tuple[str, str], tuple[str, str]] = {
    ("dateTime", "lteq"): ("until {right}, this moment included", "至 {right}（含）"),
    ("dateTime", "lt"): ("before {right}", "{right} 之前"),
    ("dateTime", "gteq"): ("from {right} on", "自 {right} 起"),
    ("dateTime", "gt"): ("after {right}", "{right} 之后"),
    ("spatial", "isPartOf"): ("in {right}", "{right} 境内"),
    ("spatial", "isAnyOf"): ("in one of {right}", "下列任一地域：{right}"),
}
_DONE = ("{action} the data", "{action}数据")
LANGUAGES = ("en", "zh")


def headed(policy: Policy, lang: str = "en") -> dict[str, list[str]]:
    """Return a policy's sentences by heading; a heading under which nothing stands is empty."""
    language, told = language_of(lang), {name: list[str]() for name in HEADINGS}
    alone = len(policy.permissions) == 1
    for rule in policy.permissions:
        apart = [one for one in rule.conditions if alone and _heading(one)]
        for one in apart:
            told[_heading(one)].append(_short(one, lang))
        told[MAY].append(_done(_without(rule, apart), policy, language))
        told[MUST] += [phrase(duty, lang) for duty in rule.duties]
    for rule in policy.prohibitions:
        told[MUST_NOT].append(_done(rule, policy, language))
    told[MUST] += [phrase(duty, lang) for duty in policy.obligations]
    if policy.permissions and policy.prohibitions:
        told[BESIDES].append(language.conflicts[policy.conflict])
    told[BESIDES].append(language.closing)
    return told


def _heading(condition: Condition) -> str:
    return APART.get(condition.left, "") if isinstance(condition, Constraint) and condition.every is None else ""


def _without(rule: Rule, apart: list[Condition]) -> Rule:
    """Return a rule without what stands elsewhere."""
    left = tuple(one for one in rule.constraints if one not in apart)
    refined = tuple(one for one in rule.refinements if one not in apart)
    return replace(rule, constraints=left, refinements=refined, duties=())


def _done(rule: Rule, policy: Policy, language: Language) -> str:
    """Return what is done under which conditions; the whole sentence where it is somebody's, or of something else."""
    if set(rule.assignees) - {policy.assignee} or rule.remedies or set(rule.targets) - {policy.target}:
        return phrase(rule, language.code)
    done = language.either.join(language.actions[action] for action in rule.actions)
    said = _DONE[LANGUAGES.index(language.code)].format(action=done)
    if rule.conditions:
        opening = language.provided if rule.kind is RuleKind.PERMISSION else language.where
        said += opening + language.joint.join(phrase(one, language.code) for one in rule.conditions)
    return said


def _short(condition: Condition, lang: str) -> str:
    assert isinstance(condition, Constraint), "only single constraints stand apart"
    shape = _SHORT.get((condition.left, condition.operator))
    if shape is None:
        return phrase(condition, lang)
    right = ", ".join(map(_moment, show_all(condition.right).split(", ")))
    return shape[LANGUAGES.index(lang)].format(right=right)


def _moment(text: str) -> str:
    """Return an instant as people write it; anything else as it is."""
    day, mark, time = text.partition("T")
    return f"{day} {time[:-1]} UTC" if mark and time.endswith("Z") and day[:4].isdecimal() else text
