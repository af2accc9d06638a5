"""Saying a policy or a reason in a language; all wording is in the tables of en.py and zh.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import PolicyError
from policy.model import Condition, Constraint, Duty, Policy, Rule, RuleKind
from policy.purposes import SCHEME, label
from policy.values import show
from policy.words.en import ENGLISH
from policy.words.zh import CHINESE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.decision import Reason
    from policy.words.language import Language

LANGUAGES: Mapping[str, Language] = {ENGLISH.code: ENGLISH, CHINESE.code: CHINESE}


def explain(policy: Policy, lang: str = "en") -> list[str]:
    """Explain a policy in sentences: what it is, each rule, and that nothing else is permitted."""
    language = _language(lang)
    sentences = [_head(policy, language)]
    sentences += [_rule(rule, language) for rule in policy.permissions + policy.prohibitions]
    sentences += [language.obligation.format(duty=_duty(duty, language)) for duty in policy.obligations]
    return [*sentences, language.closing]


def reason(given: Reason, lang: str = "en") -> str:
    """Say one reason of a decision."""
    language = _language(lang)
    facts = given.named_facts()
    wanted = _listed(facts.get("wanted", ""), language)
    shown = {name: _fact(name, value, language) for name, value in facts.items()}
    pattern = language.conditions.get((facts.get("operand", ""), facts.get("operator", "")), "")
    return language.reasons[given.code].format(condition=pattern.format(right=wanted, unit=""), **shown)


def _language(lang: str) -> Language:
    if lang not in LANGUAGES:
        raise PolicyError("bad-value", "", f"no words in language `{lang}`", f"use {' or '.join(sorted(LANGUAGES))}")
    return LANGUAGES[lang]


def _fact(name: str, value: str, language: Language) -> str:
    if name == "action":
        return language.actions[value]
    if name == "duty":
        return language.duties[value]
    if name == "terms":
        return language.terms.format(terms=value) if value else ""
    if name == "operand":
        return language.operands[value]
    return _listed(value, language) if value else language.nothing


def _listed(text: str, language: Language) -> str:
    items = text.split(", ")
    return language.listing.join(label(item, language.code) if item in SCHEME else item for item in items)


def _head(policy: Policy, language: Language) -> str:
    return language.heads[policy.kind].format(
        id=policy.id or language.anonymous,
        assigner=policy.assigner or language.anybody,
        assignee=policy.assignee or language.anybody,
        target=policy.target or language.anything,
    )


def _rule(rule: Rule, language: Language) -> str:
    permits = rule.kind is RuleKind.PERMISSION
    pattern = language.permission if permits else language.prohibition
    said = pattern.format(
        who=rule.assignee or language.anybody,
        action=language.actions[rule.action],
        target=rule.target or language.anything,
    )
    if rule.constraints:
        opening = language.provided if permits else language.where
        said += opening + language.joint.join(_condition(part, language) for part in rule.constraints)
    said += language.stop
    for duty in rule.duties:
        said += language.first.format(duty=_duty(duty, language))
    return said


def _condition(condition: Condition, language: Language) -> str:
    if isinstance(condition, Constraint):
        right = _listed(show(condition.right), language)
        return language.conditions[condition.left, condition.operator].format(right=right, unit=condition.unit)
    pattern, joint = language.logical[condition.operator]
    return pattern.format(parts=joint.join(_condition(part, language) for part in condition.parts))


def _duty(duty: Duty, language: Language) -> str:
    said = language.duties[duty.action]
    for constraint in duty.constraints:
        said += language.terms.format(terms=_condition(constraint, language))
    return said
