"""What is said of rules that do not apply: a row a reason, in English and Chinese (simplified)."""
# ruff: noqa: RUF001 -- Chinese sentences are written with Chinese punctuation

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.idle import NOT_KNOWN, NOT_MET, OTHER_ACTION, OTHER_PARTY, OTHER_TARGET, UNSURE_PARTY, UNSURE_TARGET
from policy.model import RuleKind
from policy.words.speak import language_of, phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.idle import IdleRule, Why

_WHY: Mapping[str, tuple[str, str]] = {
    OTHER_ACTION: ("it is about another action: {about}", "涉及其他操作：{about}"),
    OTHER_TARGET: ("it is about another asset: {about}", "涉及其他资产：{about}"),
    OTHER_PARTY: ("it is for another party: {about}", "针对其他当事方：{about}"),
    UNSURE_TARGET: ("nobody says whether the asset is in {about}", "不清楚该资产是否属于 {about}"),
    UNSURE_PARTY: ("nobody says whether the asker is in {about}", "不清楚请求方是否属于 {about}"),
    NOT_MET: ("it does not hold that {about}", "条件不成立：{about}"),
    NOT_KNOWN: ("nobody can say whether {about}", "无法判断是否满足：{about}"),
}
_KINDS: Mapping[RuleKind, tuple[str, str]] = {
    RuleKind.PERMISSION: ("the permission", "许可"),
    RuleKind.PROHIBITION: ("the prohibition", "禁止"),
    RuleKind.OBLIGATION: ("the obligation", "义务"),
}
_LINE = ("{kind} {id} does not apply: {why}", "{kind} {id} 不适用：{why}")
_JOINT = ("; ", "；")
_CODES = ("en", "zh")


def idle(rule: IdleRule, lang: str = "en") -> str:
    """Say of a rule that it does not apply, and why."""
    at = _CODES.index(language_of(lang).code)
    why = _JOINT[at].join(_said(one, lang) for one in rule.why)
    return _LINE[at].format(kind=_KINDS[rule.kind][at], id=rule.id, why=why)


def idle_json(rule: IdleRule, lang: str = "en") -> dict[str, object]:
    """Write the rule as `{"id", "kind", "path", "why": [{"code", "text"}]}`."""
    why = [{"code": one.code, "text": _said(one, lang)} for one in rule.why]
    return {"id": rule.id, "kind": rule.kind.value, "path": rule.path, "why": why}


def _said(why: Why, lang: str) -> str:
    language = language_of(lang)
    at = _CODES.index(language.code)
    if why.condition is not None:
        about = phrase(why.condition, lang)
    elif why.code == OTHER_ACTION:
        about = language.either.join(language.actions[action] for action in why.about)
    else:
        about = language.either.join(why.about)
    return _WHY[why.code][at].format(about=about)
