"""Saying a policy or a reason in a language; all wording is in the tables of sentences.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from policy.errors import PolicyError
from policy.hierarchy import HIERARCHIES
from policy.model import Condition, Constraint, Duty, Policy, Rule, RuleKind
from policy.purposes import SCHEME, label
from policy.values import show_all
from policy.vocabulary.operands import OPERANDS
from policy.words.sentences import CHINESE, ENGLISH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policy.words.language import Language

LANGUAGES: Mapping[str, Language] = {ENGLISH.code: ENGLISH, CHINESE.code: CHINESE}


def explain(policy: Policy, lang: str = "en") -> list[str]:
    """Explain a policy in sentences: what it is, each rule, what wins, and that nothing else is permitted."""
    language = language_of(lang)
    sentences = [_head(policy, language)]
    sentences += [_rule(rule, language) for rule in policy.permissions + policy.prohibitions]
    sentences += [_duty(duty, language.obligations[duty.mode], language).strip() for duty in policy.obligations]
    if policy.permissions and policy.prohibitions:
        sentences.append(language.conflicts[policy.conflict])
    return [*sentences, language.closing]


class Explained(Protocol):
    """A reason as it is said: a code of the reasons' table, and its facts by their names."""

    @property
    def code(self) -> str:
        """Return the row of the table."""

    def named_facts(self) -> dict[str, str]:
        """Return the facts as the row names them."""


def reason(given: Explained, lang: str = "en") -> str:
    """Say one reason of a decision."""
    language = language_of(lang)
    facts = given.named_facts()
    shown = {name: _fact(name, value, language) for name, value in facts.items()}
    condition = ""
    if "wanted" in facts:
        condition = _compared(facts["operand"], facts["operator"], facts["wanted"], "", language)
    return language.reasons[given.code].format(condition=condition, **shown)


def phrase(node: Rule | Duty | Condition, lang: str = "en") -> str:
    """Say a rule, a duty or a condition by itself."""
    language = language_of(lang)
    if isinstance(node, Rule):
        return _rule(node, language)
    return (
        _duty(node, language.modes[node.mode], language).strip()
        if isinstance(node, Duty)
        else _condition(node, language)
    )


def language_of(lang: str) -> Language:
    """Find the tables of a language; PolicyError when there are none."""
    if lang not in LANGUAGES:
        raise PolicyError("bad-value", "", f"no words in language `{lang}`", f"use {' or '.join(sorted(LANGUAGES))}")
    return LANGUAGES[lang]


def _fact(name: str, value: str, language: Language) -> str:
    if name == "action":
        return language.actions[value]
    if name == "duty":
        return _done(value, language)
    if name == "terms":
        return language.terms.format(terms=value) if value else ""
    if name == "operand":
        return language.operands[value]
    return _listed(value, language) if value else language.nothing


def _listed(text: str, language: Language) -> str:
    items = text.split(", ")
    return language.listing.join(label(item, language.code) if item in SCHEME else item for item in items)


def _head(policy: Policy, language: Language) -> str:
    rules = policy.permissions + policy.prohibitions
    return language.heads[policy.kind].format(
        id=policy.id or language.anonymous,
        assigner=policy.assigner or _everywhere([rule.assigners for rule in rules], language.somebody, language),
        assignee=policy.assignee or _everywhere([rule.assignees for rule in rules], language.somebody, language),
        target=policy.target or _everywhere([rule.targets for rule in rules], language.anything, language),
    )


def _everywhere(places: Sequence[tuple[str, ...]], nobody: str, language: Language) -> str:
    """Name what all rules name; with rules that differ, each says it itself."""
    return _any_of(places[0], nobody, language) if len(set(places)) == 1 else nobody


def _rule(rule: Rule, language: Language) -> str:
    permits = rule.kind is RuleKind.PERMISSION
    pattern = language.permission if permits else language.prohibition
    said = pattern.format(
        who=_any_of(rule.assignees, language.anybody, language),
        action=_any_of([language.actions[action] for action in rule.actions], "", language),
        target=_any_of(rule.targets, language.anything, language),
    )
    if rule.assigners:
        said += language.by.format(assigner=_any_of(rule.assigners, "", language))
    if rule.conditions:
        opening = language.provided if permits else language.where
        said += opening + language.joint.join(_condition(part, language) for part in rule.conditions)
    said += language.stop
    said += "".join(_duty(duty, language.modes[duty.mode], language) for duty in rule.duties)
    return said + "".join(_duty(duty, language.remedy, language) for duty in rule.remedies)


def _any_of(names: Sequence[str], nobody: str, language: Language) -> str:
    return language.either.join(names) or nobody


def _condition(condition: Condition, language: Language) -> str:
    if isinstance(condition, Constraint):
        wanted = show_all(condition.right)
        said = _compared(condition.left, condition.operator, wanted, condition.unit, language)
        return said + _period(condition, language)
    pattern, joint = language.logical[condition.operator]
    return pattern.format(parts=joint.join(_condition(part, language) for part in condition.parts))


def _compared(left: str, operator: str, wanted: str, unit: str, language: Language) -> str:
    right = _listed(wanted, language)
    own = language.conditions.get((left, operator))
    if own is not None:
        return own.format(right=right, unit=unit)
    patterns = language.places if OPERANDS[left].type in HIERARCHIES else language.measures
    return patterns[operator].format(operand=language.operands[left], right=right, unit=unit and f" {unit}")


def _duty(duty: Duty, pattern: str, language: Language) -> str:
    said = _done(duty.action, language)
    if duty.assignee is not None:
        said = language.bound.format(duty=said, assignee=duty.assignee)
    if duty.target is not None:
        said = language.upon.format(duty=said, target=duty.target)
    if duty.parties:
        said += language.terms.format(terms=language.listing.join(iri for _function, iri in duty.parties))
    for term in duty.terms:
        said += language.terms.format(terms=_term(term, language))
    said = pattern.format(duty=said)
    return said + "".join(_duty(one, language.consequence, language) for one in duty.consequences)


def _term(term: Constraint, language: Language) -> str:
    """Say a term of a duty; an amount stands for itself."""
    if (term.left, term.operator) != ("payAmount", "eq"):
        return _condition(term, language)
    return f"{show_all(term.right)} {term.unit}" + _period(term, language)


def _period(term: Constraint, language: Language) -> str:
    return "" if term.every is None else language.every.format(every=term.every)


def _done(action: str, language: Language) -> str:
    return language.duties.get(action) or language.duty.format(action=language.actions[action])
