"""Rules said as a change of others, in a few words: `purpose=Research|Teaching, until+=90d, openings=20, onward=yes`.

Law: what is not named stays as it was. A word replaces every condition of its kind, so a policy that says the same
thing in another way (inside `or`, or in a prohibition) is refused: nobody would see which of the two holds. A text that
begins with `{` is no change but a whole policy.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError
from policy.forms.document import read as read_form
from policy.model import atoms
from policy.offer import ONWARD
from policy.parse import parse
from policy.purposes import resolve
from policy.regions import is_code
from policy.values import show

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Rules = dict[str, Any]

# what is offered of a policy, and what names the document alone
OFFERED: Final = ("profile", "permission", "prohibition", "obligation", "conflict")
NAMING: Final = frozenset({"@context", "@type", "@id", "uid"})

TEXT_CHARACTERS_MAX = 65_536
OPENINGS_MAX = 1_000_000
DAYS_MAX = 36_500
ANY: Final = "any"
EITHER: Final = "|"
EXAMPLE: Final = "write it as `purpose=Research|Teaching, until+=90d, region=CN, openings=20, onward=yes`, or `any`"
_WORD = re.compile(r"\s*([a-z]+)\s*(\+=|-=|=)\s*([^,]*?)\s*")
_DAYS = re.compile(r"([0-9]{1,5})d")
LAST_SECOND = time(23, 59, 59, tzinfo=UTC)


def wanted(text: str, base: Mapping[str, Any]) -> Rules:
    """Return the rules that a text means beside `base`: a change of it, or a whole policy; raises PolicyError."""
    if len(text) > TEXT_CHARACTERS_MAX:
        raise PolicyError("too-large", "", f"rules of more than {TEXT_CHARACTERS_MAX} characters")
    return whole(text) if text.lstrip().startswith("{") else amended(base, text)


def whole(text: str) -> Rules:
    """Return the rules of a policy without what names it; raises PolicyError."""
    written = read_form(text.encode())
    if odd := sorted(set(written) - NAMING - set(OFFERED)):
        hint = "the offer names the product and both sides: write rules alone"
        raise PolicyError("misplaced", "/" + odd[0][:100], f"the rules name `{odd[0][:100]}`", hint)
    rules = {name: written[name] for name in OFFERED if name in written}
    parse({"@type": "Offer", **rules})
    return rules


def amended(base: Mapping[str, Any], text: str) -> Rules:
    """Return rules changed by the words of a text; raises PolicyError naming the word that is wrong."""
    rules = {name: base[name] for name in OFFERED if name in base}
    said: set[str] = set()
    for part in text.split(","):
        found = _WORD.fullmatch(part)
        if found is None or found[1] not in _WORDS:
            raise PolicyError("bad-syntax", "", f"`{part.strip()[:100]}` changes nothing that is known", EXAMPLE)
        name, how, value = found.groups()
        if name in said:
            raise PolicyError("duplicate", "", f"`{name}` is said twice", "say it once, several values with `|`")
        if how != "=" and name != "until":
            raise PolicyError("bad-syntax", "", f"`{name}{how}` adds to what is no day", f"write `{name}=`")
        said.add(name)
        rules = _WORDS[name](rules, how, value)
    parse({"@type": "Offer", **rules})
    return rules


def _purpose(rules: Rules, _how: str, value: str) -> Rules:
    names = [resolve(one.strip()) for one in value.split(EITHER)] if value != ANY else []
    return _said(rules, "purpose", _one_or_any(names, "isA"))


def _region(rules: Rules, _how: str, value: str) -> Rules:
    codes = [one.strip() for one in value.split(EITHER)] if value != ANY else []
    if strange := [one for one in codes if not is_code(one)]:
        raise PolicyError(
            "unknown-region", "", f"unknown region `{strange[0][:100]}`", "use an ISO 3166 code, or `any`"
        )
    return _said(rules, "spatial", _one_or_any(codes, "isPartOf"))


def _openings(rules: Rules, _how: str, value: str) -> Rules:
    if value == ANY:
        return _said(rules, "count", None)
    if not (value.isascii() and value.isdecimal() and len(value) <= len(str(OPENINGS_MAX))):
        raise PolicyError("bad-value", "", f"`openings={value[:100]}` is no number of openings", EXAMPLE)
    if not 0 < int(value) <= OPENINGS_MAX:
        raise PolicyError("bad-value", "", f"`openings={value}` is not between 1 and {OPENINGS_MAX}")
    return _said(rules, "count", ("lteq", str(int(value))))


def _until(rules: Rules, how: str, value: str) -> Rules:
    if how == "=":
        return _said(rules, "dateTime", None if value == ANY else ("lteq", show(_day(value))))
    found = _DAYS.fullmatch(value)
    if found is None or int(found[1]) > DAYS_MAX:
        raise PolicyError("bad-value", "", f"`until{how}{value[:100]}` is no number of days", "write it as until+=90d")
    before = last_day(rules)
    if before is None:
        raise PolicyError("missing", "", f"`until{how}{value}` moves a day that the rules do not say", "say until=DAY")
    days = timedelta(days=int(found[1]))
    try:
        after = before + days if how == "+=" else before - days
    except OverflowError as error:
        raise PolicyError("bad-value", "", f"`until{how}{value}` is beyond the calendar") from error
    return _said(rules, "dateTime", ("lteq", show(after)))


def _onward(rules: Rules, _how: str, value: str) -> Rules:
    if value not in ("yes", "no"):
        raise PolicyError("bad-value", "", f"`onward={value[:100]}` is neither yes nor no", EXAMPLE)
    kept = [one for one in _list(rules.get("prohibition")) if one.get("action") not in ONWARD or len(one) > 1]
    if value == "no":
        kept += [{"action": passing} for passing in ONWARD]
    rest = {name: said for name, said in rules.items() if name not in ("prohibition", "conflict")}
    return rest | ({"conflict": "prohibit", "prohibition": kept} if kept else {})


_WORDS: Mapping[str, Callable[[Rules, str, str], Rules]] = {
    "purpose": _purpose,
    "region": _region,
    "openings": _openings,
    "until": _until,
    "onward": _onward,
}


def last_day(rules: Mapping[str, Any]) -> datetime | None:
    """Return the last instant that every permission of some rules names by `dateTime lteq`, None where none does."""
    ends = [
        datetime.fromisoformat(str(one["rightOperand"]))
        for permission in _list(rules.get("permission"))
        for one in _list(permission.get("constraint"))
        if (one.get("leftOperand"), one.get("operator")) == ("dateTime", "lteq")
        and isinstance(one.get("rightOperand"), str)
    ]
    return max(ends) if ends and len(ends) == len(_list(rules.get("permission"))) else None


def openings(rules: Mapping[str, Any]) -> int | None:
    """Return how many openings some rules permit in all, None where some permission has no `count lteq`."""
    many = [
        int(one["rightOperand"])
        for permission in _list(rules.get("permission"))
        for one in _list(permission.get("constraint"))
        if (one.get("leftOperand"), one.get("operator")) == ("count", "lteq") and str(one["rightOperand"]).isdecimal()
    ]
    return max(many) if many and len(many) == len(_list(rules.get("permission"))) else None


def _said(rules: Rules, operand: str, atom: tuple[str, str | list[str]] | None) -> Rules:
    """Return rules whose permissions say this alone of an operand, or nothing."""
    permissions = []
    for permission in _list(rules.get("permission")):
        constraints = [one for one in _list(permission.get("constraint")) if one.get("leftOperand") != operand]
        if atom is not None:
            constraints.append({"leftOperand": operand, "operator": atom[0], "rightOperand": atom[1]})
        rest = {name: said for name, said in permission.items() if name != "constraint"}
        permissions.append(rest | ({"constraint": constraints} if constraints else {}))
    after = {**rules, "permission": permissions}
    policy = parse({"@type": "Offer", **after})
    told = [one.left for rule in (*policy.permissions, *policy.prohibitions) for one in atoms(rule.conditions)]
    if told.count(operand) > (len(permissions) if atom is not None else 0):
        text = f"the rules say `{operand}` in more than one way"
        raise PolicyError("misplaced", "/permission", text, "write the whole policy instead")
    return after


def _one_or_any(names: list[str], usual: str) -> tuple[str, str | list[str]] | None:
    if not names:
        return None
    return (usual, names[0]) if len(names) == 1 else ("isAnyOf", names)


def _list(value: Any) -> list[dict[str, Any]]:
    return [] if value is None else list(value) if isinstance(value, list | tuple) else [value]


def _day(value: str) -> datetime:
    """Return an instant; a day alone is its last second in UTC."""
    try:
        if len(value) == len("2027-12-31"):
            return datetime.combine(date.fromisoformat(value), LAST_SECOND)
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise PolicyError(
            "bad-value", "", f"`until={value[:100]}` is no day", "write it as until=2027-12-31"
        ) from error
    if moment.tzinfo is None:
        raise PolicyError("no-time-zone", "", f"`until={value}` has no time zone", "write it as until=2027-12-31")
    return moment
