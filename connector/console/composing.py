"""Rules put together piece by piece: each condition, duty and prohibition is one, added or taken out.

Law: (1) nothing is kept between two pieces: the rules so far come with each question, as JSON, and are read like any
policy of a stranger. (2) What a piece would make unreadable, or nobody here could keep, is refused, and the rules stay
as they were. (3) There is one permission, to use: what narrows it stands in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.console import language
from connector.enforcement.keeping import DUTIES, keeping
from connector.enforcement.supply import SUPPLIED
from connector.runtime.errors import InvalidInput
from policy.errors import PolicyError
from policy.examples import EXAMPLES
from policy.parse import parse
from policy.templates import TEMPLATES, fill
from policy.vocabulary import registered
from policy.vocabulary.actions import ACTIONS
from policy.vocabulary.operands import OPERANDS
from policy.words.sentences import CHINESE, ENGLISH
from policy.words.speak import phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.canonical import JsonObject

# of the rules as JSON, in an address
CHARACTERS_MAX = 4_000
SEVERAL: Final = frozenset({"isAnyOf", "isNoneOf", "isAllOf"})
START: Final[JsonObject] = {"permission": [{"action": "use"}]}
MEMBERS: Final = frozenset({"permission", "prohibition", "conflict"})
# what is added, by the name of its button
CONDITION, DUTY, FORBID, TEMPLATE = "condition", "duty", "forbid", "template"
# actions that a page offers to forbid; each lies in a use or in passing on
FORBIDDEN: Final = (
    "distribute",
    "grantUse",
    "transfer",
    "sell",
    "print",
    "display",
    "derive",
    "aggregate",
    "reproduce",
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Where a piece stands in the rules: the member of the permission, or the prohibitions, and its place there."""

    member: str
    at: int


def read(text: str) -> JsonObject:
    """Return the rules so far, those of a start for no text; raises InvalidInput, PolicyError."""
    if not text:
        return START
    if len(text) > CHARACTERS_MAX:
        hint = "keep them in a file: `penstock publish --policy FILE`"
        raise InvalidInput(f"the rules have more than {CHARACTERS_MAX} characters", hint)
    try:
        rules = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"the rules are no JSON: {error}") from error
    if not isinstance(rules, dict) or set(rules) - MEMBERS:
        raise InvalidInput("these rules were not put together here", "start anew")
    read_policy(rules)
    permissions = rules.get("permission")
    if not isinstance(permissions, list) or len(permissions) != 1 or not isinstance(permissions[0], dict):
        raise InvalidInput("rules that are put together here have one permission", "start anew")
    lists = [permissions[0].get(name, []) for name in ("constraint", "duty")] + [rules.get("prohibition", [])]
    if not all(isinstance(one, list) for one in lists):
        raise InvalidInput("these rules were not put together here", "start anew")
    return rules


def read_policy(rules: Mapping[str, Any]) -> Any:
    """Return rules as a policy; raises PolicyError."""
    return parse({"@type": "Set", "target": "urn:penstock:product", **rules})


def added(rules: JsonObject, said: Mapping[str, str]) -> JsonObject:
    """Return the rules with what a form says besides; raises InvalidInput, PolicyError."""
    kind = said.get("add", "")
    if kind == CONDITION:
        return _with(rules, constraint=[_condition(said)])
    if kind == DUTY:
        return _with(rules, duty=[_duty(said)])
    if kind == FORBID:
        return _with(rules, prohibition=[{"action": said.get("action", "")}])
    if kind == TEMPLATE:
        name = said.get("template", "")
        wanted = [one.name for one in TEMPLATES[name].parameters] if name in TEMPLATES else []
        told = fill([name], dict(zip(wanted, [said.get("value", "")] * len(wanted), strict=True)))
        more = told["permission"][0]
        pieces = {"constraint": more.get("constraint", []), "duty": more.get("duty", [])}
        return _with(rules, **pieces, prohibition=told.get("prohibition", []))
    if kind:
        raise InvalidInput(f"`{kind[:40]}` is nothing that is added", "one of condition, duty, forbid, template")
    return rules


def dropped(rules: JsonObject, number: str) -> JsonObject:
    """Return the rules without the piece of a number, from 1, as `pieces` counts; raises InvalidInput."""
    places = _places(rules)
    if not (number.isascii() and number.isdecimal()) or not 1 <= int(number) <= len(places):
        raise InvalidInput(f"there is no rule {number[:20]}", "choose one of the list")
    gone = places[int(number) - 1]
    permission = dict(rules["permission"][0])
    lists = {
        "constraint": list(permission.get("constraint", [])),
        "duty": list(permission.get("duty", [])),
        "prohibition": list(rules.get("prohibition", [])),
    }
    del lists[gone.member][gone.at]
    return _made(permission, lists)


def pieces(rules: JsonObject, tier: str) -> list[JsonObject]:
    """Return each piece in words, by language, with how far it is kept in a tier."""
    return [
        {"number": number, "words": {lang: phrase(one.node, lang) for lang in language.LANGUAGES}}
        | {"how": dict(zip(language.LANGUAGES, one.kept.value, strict=True))}
        for number, one in enumerate(keeping(read_policy(rules), tier), 1)
    ]


def choices() -> JsonObject:
    """Return what may be added here: operands with their operators, duties, what is forbidden, templates."""
    operands = [
        {"key": name, "en": ENGLISH.operands[name], "zh": CHINESE.operands[name]}
        | {"operators": sorted(OPERANDS[name].operators)}
        for name in sorted({*SUPPLIED, *registered.operands()})
    ]
    operators = sorted({one for row in operands for one in row["operators"]})
    templates = [
        {"key": row.name, "en": row.en, "zh": row.zh, "asks": [one.example for one in row.parameters]}
        for row in TEMPLATES.values()
        if not row.instead[0] and len(row.parameters) <= 1
    ]
    return {
        "operands": operands,
        "operators": operators,
        "duties": [_named(action) for action in sorted(DUTIES) if action != "compensate"],
        "forbidden": [_named(action) for action in FORBIDDEN if action in ACTIONS],
        "templates": templates,
    }


def _named(action: str) -> JsonObject:
    return {"key": action, "en": ENGLISH.actions[action], "zh": CHINESE.actions[action]}


def _condition(said: Mapping[str, str]) -> JsonObject:
    left, operator, right = said.get("left", ""), said.get("operator", ""), said.get("right", "").strip()
    if not right:
        example = f"such as {EXAMPLES[left].right}" if left in EXAMPLES else ""
        raise InvalidInput("a condition compares with something", example)
    told = [one.strip() for one in right.split(",")] if operator in SEVERAL else right
    unit = said.get("unit", "").strip()
    return {"leftOperand": left, "operator": operator, "rightOperand": told} | ({"unit": unit} if unit else {})


def _duty(said: Mapping[str, str]) -> JsonObject:
    action, after = said.get("duty", ""), said.get("after", "").strip()
    if action not in DUTIES:
        raise InvalidInput(f"nobody here can `{action[:60]}`", "what can be done: " + ", ".join(sorted(DUTIES)))
    term = {"leftOperand": "delayPeriod", "operator": "lteq", "rightOperand": after}
    return {"action": action} | ({"constraint": [term]} if after else {})


def _with(rules: JsonObject, **more: list[JsonObject]) -> JsonObject:
    permission = dict(rules["permission"][0])
    lists = {name: [*permission.get(name, []), *more.get(name, [])] for name in ("constraint", "duty")}
    lists["prohibition"] = [*rules.get("prohibition", []), *more.get("prohibition", [])]
    return _made(permission, lists)


def _made(permission: JsonObject, lists: Mapping[str, list[JsonObject]]) -> JsonObject:
    kept = {name: lists[name] for name in ("constraint", "duty") if lists[name]}
    told: JsonObject = {"permission": [{"action": permission["action"]} | kept]}
    if lists["prohibition"]:
        told |= {"prohibition": lists["prohibition"], "conflict": "prohibit"}
    return told


def _places(rules: JsonObject) -> list[Piece]:
    permission = rules["permission"][0]
    found = [Piece(name, at) for name in ("constraint", "duty") for at in range(len(permission.get(name, [])))]
    return found + [Piece("prohibition", at) for at in range(len(rules.get("prohibition", [])))]


FAULTS: Final = (PolicyError, InvalidInput)
