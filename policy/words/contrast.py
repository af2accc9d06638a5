"""Saying how policies differ and what was found in them; all wording is in comparing.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.duties import FULFILLED
from policy.model import Conflict, Rule, RuleKind
from policy.purposes import label
from policy.values import show
from policy.words.comparing import CHINESE, ENGLISH
from policy.words.speak import language_of, phrase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policy.compare.compare import Comparison
    from policy.compare.diff import Change, Part
    from policy.compare.example import Example
    from policy.compare.findings import Finding
    from policy.words.comparing import Comparing
    from policy.words.language import Language

COMPARING: Mapping[str, Comparing] = {table.code: table for table in (ENGLISH, CHINESE)}


def relation(found: Comparison, lang: str = "en") -> list[str]:
    """Say how two policies lie to each other, with an example of each difference."""
    language, table = language_of(lang), COMPARING[lang]
    said = [table.relations[found.relation].format(reason=found.reason)]
    for pattern, example in ((table.only_first, found.forward), (table.only_second, found.backward)):
        if example is not None:
            said.append(pattern.format(example=_example(example, language, table)))
    return said


def differences(changes: Sequence[Change], lang: str = "en") -> list[str]:
    """Say each change in a sentence."""
    language, table = language_of(lang), COMPARING[lang]
    return [_change(change, language, table) for change in changes] or [table.equal]


def finding(found: Finding, lang: str = "en") -> tuple[str, str]:
    """Say what is wrong, and what to change."""
    language, (text, hint) = language_of(lang), COMPARING[lang].findings[found.code]
    facts = found.named_facts()
    if "duty" in facts:
        facts["duty"] = language.actions[facts["duty"]]
    if "operand" in facts:
        facts["operand"] = language.operands[facts["operand"]]
    if "other" in facts:
        facts["other"] = f"`{facts['other']}`"
    return text.format(**facts), hint


def case(example: Example, lang: str = "en") -> str:
    """Say who may do what, in the case that an example shows."""
    return _example(example, language_of(lang), COMPARING[lang])


def _change(change: Change, language: Language, table: Comparing) -> str:
    pattern = table.changes[change.subject, change.turn]
    parts = {
        name: "" if part is None else _part(part, change, language)
        for name, part in (("before", change.before), ("after", change.after))
    }
    return pattern.format(rule=_rule(change.rule, language, table), **parts)


def _rule(rule: Rule | None, language: Language, table: Comparing) -> str:
    if rule is None:
        return table.policy
    pattern = table.permission if rule.kind is RuleKind.PERMISSION else table.prohibition
    return pattern.format(action=language.either.join(language.actions[action] for action in rule.actions))


def _part(part: Part, change: Change, language: Language) -> str:
    if isinstance(part, Conflict):
        return language.conflicts[part]
    if not isinstance(part, tuple):
        return phrase(part, language.code)
    nothing = {"targets": language.anything, "assignees": language.anybody}.get(change.subject, "")
    names = [language.actions[name] for name in part] if change.subject == "actions" else part
    return language.either.join(names) or nothing


def _example(example: Example, language: Language, table: Comparing) -> str:
    request, world = example.request, example.worlds[0]
    action, now = language.actions[request.action], show(world.now)
    said = table.example.format(who=request.assignee, action=action, target=request.target, now=now)
    for operand in sorted(set(request.context) & set(language.operands)):
        value = language.listing.join(label(text, language.code) for text in request.given(operand))
        said += table.given.format(operand=language.operands[operand], value=value)
    for operand, counter in sorted(
        {operand: counter for (_, operand), counter in (world.counters or {}).items()}.items()
    ):
        value = str(len(counter)) if isinstance(counter, tuple) else show(counter)
        said += table.taken.format(operand=language.operands[operand], value=value)
    undone = sorted(duty for duty, status in world.duties.items() if status != FULFILLED)
    return said + (table.undone.format(duties=language.listing.join(undone)) if undone else "")
