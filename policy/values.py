"""Values: how the text in a policy or a request becomes a typed value, strict and in one canonical form.

A value is written as text, a JSON number, `{"@value": text or number, "@type": datatype}` or `{"@id": iri}`. A datatype
given in a policy must fit the operand's type; one given in a request is not looked at, its text is.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from policy import purposes, regions
from policy.calendar import duration, rate, week_window
from policy.errors import PolicyError
from policy.vocabulary.names import XSD, local_name
from policy.vocabulary.operands import CODES, COUNTED_FOR, OPERANDS, ValueType

if TYPE_CHECKING:
    from policy.model import Scalar

MAX_VALUE_CHARS = 2048
MAX_DECIMALS = 18
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+)?")
_COUNT = re.compile(r"0|[1-9][0-9]{0,11}")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?")
_VERSION = re.compile(r"v?[0-9]{1,9}(\.[0-9]{1,9}){0,7}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}")
_MEDIA = re.compile(r"[a-z]+/([a-z0-9][a-z0-9!#$&^_.+-]{0,126}|\*)")
_IANA_MEDIA = re.compile(r"https?://www\.iana\.org/assignments/media-types/")
_ABSOLUTE_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x20]+")

_TEXT = frozenset({"string", "anyURI"})
_WHOLE = frozenset({"integer", "nonNegativeInteger", "positiveInteger", "int", "long", "short"})
_NUMERIC = _WHOLE | {"decimal", "float", "double"}
_DATATYPES: Mapping[ValueType, frozenset[str]] = {
    ValueType.INSTANT: frozenset({"dateTime", "dateTimeStamp"}),
    ValueType.COUNT: _WHOLE,
    ValueType.NUMBER: _NUMERIC | {"string"},
    ValueType.MONEY: _NUMERIC | {"string"},
    ValueType.DURATION: frozenset({"duration", "dayTimeDuration", "yearMonthDuration", "string"}),
    ValueType.LANGUAGE: _TEXT | {"language"},
    ValueType.CODE: _TEXT | _WHOLE,
    ValueType.VERSION: _TEXT | {"decimal"},
    ValueType.TERM: _TEXT | _NUMERIC | {"token", "boolean"},
}


def is_iri(text: str) -> bool:
    """Whether the text has the form of an absolute IRI (a scheme and no blanks)."""
    return _ABSOLUTE_IRI.fullmatch(text) is not None


def read_value(left: str, value: object, path: str) -> Scalar:
    """Read one right operand of a left operand; PolicyError when it is not in the form of its type."""
    kind = OPERANDS[left].type
    if isinstance(value, Mapping):
        _check_object(kind, value, path)
    text = plain(value)
    if text is None:
        raise PolicyError("bad-type", path, "a value is text, a number, or an object with @value or @id")
    if not 1 <= len(text) <= MAX_VALUE_CHARS:
        raise PolicyError("bad-value", path, f"a value has 1 to {MAX_VALUE_CHARS} characters")
    read = scalar(left, text)
    if read is None:
        raise _refusal(left, kind, text, path)
    return read


def scalar(left: str, text: str) -> Scalar | None:
    """Read the text of a value of an operand; None when it is not in the form of its type."""
    return _READERS[OPERANDS[left].type](left, text)


def plain(value: object) -> str | None:
    """Take the text out of a JSON value; None when it holds none (null, a list, a number that is not finite)."""
    if isinstance(value, Mapping):
        value = value.get("@value", value.get("@id"))
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**MAX_DECIMALS else None
    if isinstance(value, float) and abs(value) < 10**MAX_DECIMALS:
        return f"{Decimal(repr(value)):f}"
    return None


def read_instant(value: object, path: str) -> datetime:
    """Read an RFC 3339 instant (seconds may be left out); UTC. A value without a zone is refused."""
    text = value if isinstance(value, str) else ""
    read = instant(text)
    if read is None:
        raise _no_instant(text, path)
    return read


def instant(text: str) -> datetime | None:
    """Read an RFC 3339 instant as UTC; None when it is none, or has no zone."""
    match = _INSTANT.fullmatch(text)
    if match is None or match["zone"] is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def number(text: str) -> Fraction | None:
    """Read a decimal number; None when it is none."""
    return Fraction(text) if _NUMBER.fullmatch(text) else None


def show(value: Scalar) -> str:
    """Write a typed value in the form it is read from."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, tuple):
        return ".".join(map(str, value))
    return _decimal(value) if isinstance(value, Fraction) else str(value)


def show_all(values: tuple[Scalar, ...]) -> str:
    """Write typed values, joined by `, `."""
    return ", ".join(map(show, values))


def _decimal(amount: Fraction) -> str:
    """Write an amount without loss; what was read from a decimal has one."""
    digits = 0
    while (amount * 10**digits).denominator != 1:
        digits += 1
        assert digits <= MAX_DECIMALS
    sign = "-" if amount < 0 else ""
    whole, rest = divmod(abs(int(amount * 10**digits)), 10**digits)
    return f"{sign}{whole}.{rest:0{digits}d}" if digits else f"{sign}{whole}"


def _check_object(kind: ValueType, value: Mapping[str, object], path: str) -> None:
    if set(value) == {"@id"}:
        return
    if "@value" not in value or not set(value) <= {"@value", "@type", "@language"}:
        raise PolicyError("unknown-term", path, "a value object has @value and @type, or @id alone")
    datatype = value.get("@type", XSD + "string")
    if not isinstance(datatype, str):
        raise PolicyError("bad-type", path, "@type of a value is not text")
    known = _DATATYPES.get(kind, _TEXT)
    if "@type" in value and datatype.removeprefix(XSD).removeprefix("xsd:") not in known:
        wanted = ", ".join(f"xsd:{name}" for name in sorted(known))
        raise PolicyError("bad-value", path, f"datatype `{datatype[:80]}` does not fit", f"use one of {wanted}")


def _count(_left: str, text: str) -> int | None:
    return int(text) if _COUNT.fullmatch(text) else None


def _money(_left: str, text: str) -> Fraction | None:
    return None if text.startswith("-") else number(text)


def _version(_left: str, text: str) -> tuple[int, ...] | None:
    """Read dotted numbers; trailing zeros do not tell versions apart."""
    if _VERSION.fullmatch(text) is None:
        return None
    parts = [int(part) for part in text.removeprefix("v").split(".")]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def _purpose(_left: str, text: str) -> str | None:
    """Read an IRI or a label; what lies below our scheme's base but not in the scheme is a slip of the pen."""
    try:
        return purposes.resolve(text)
    except PolicyError:
        return None if text.startswith(purposes.BASE) else text


def _region(_left: str, text: str) -> str | None:
    if regions.is_code(text):
        return regions.canonical(text)
    return text if is_iri(text) else None


def _party(_left: str, text: str) -> str | None:
    return text if is_iri(text) else None


def _term(left: str, text: str) -> str | None:
    name = local_name(text)
    return None if left == "unitOfCount" and name not in COUNTED_FOR else name


def _language(_left: str, text: str) -> str | None:
    return text.lower() if _LANGUAGE.fullmatch(text) else None


def _media(_left: str, text: str) -> str | None:
    name = _IANA_MEDIA.sub("", text).lower()
    return name if _MEDIA.fullmatch(name) else (text if is_iri(text) else None)


def _network(_left: str, text: str) -> str | None:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        return None


def _code(left: str, text: str) -> str | None:
    names = CODES[left]
    return names.get(text) or (text if text in names.values() else None)


_READERS: Mapping[ValueType, Callable[[str, str], Scalar | None]] = {
    ValueType.INSTANT: lambda _left, text: instant(text),
    ValueType.NUMBER: lambda _left, text: number(text),
    ValueType.COUNT: _count,
    ValueType.MONEY: _money,
    ValueType.DURATION: lambda _left, text: duration(text),
    ValueType.RATE: lambda _left, text: rate(text),
    ValueType.WINDOW: lambda _left, text: week_window(text),
    ValueType.VERSION: _version,
    ValueType.PURPOSE: _purpose,
    ValueType.REGION: _region,
    ValueType.PARTY: _party,
    ValueType.TERM: _term,
    ValueType.LANGUAGE: _language,
    ValueType.MEDIA: _media,
    ValueType.NETWORK: _network,
    ValueType.CODE: _code,
}
assert set(_READERS) == set(ValueType)
# type -> (error code, what the text is not, how it is written)
_FORMS: Mapping[ValueType, tuple[str, str, str]] = {
    ValueType.NUMBER: ("bad-value", "a number", "write a decimal number such as 12.5"),
    ValueType.COUNT: ("bad-value", "a count", "write a whole number from 0, without sign"),
    ValueType.MONEY: ("bad-value", "an amount", "write a decimal number such as 12.50"),
    ValueType.DURATION: ("bad-value", "a duration", "write it as P30D or PT1H30M (ISO 8601)"),
    ValueType.RATE: ("bad-value", "a rate", "write 100/PT1M for a hundred in any minute"),
    ValueType.WINDOW: ("bad-value", "a weekly window", "write it as `Mo-Fr 09:00-17:00 Asia/Shanghai`"),
    ValueType.VERSION: ("bad-value", "a version", "write dotted numbers such as 1.4"),
    ValueType.PURPOSE: ("unknown-purpose", "in the purpose scheme", f"use a purpose below {purposes.BASE}"),
    ValueType.REGION: ("unknown-region", "a region", "use a code such as US, US-NY, CN-44 or 440300, or an IRI"),
    ValueType.PARTY: ("bad-value", "a party", "use the party's IRI, such as its DID"),
    ValueType.TERM: ("bad-value", "known here", f"write one of {', '.join(sorted(COUNTED_FOR))}"),
    ValueType.LANGUAGE: ("bad-value", "a language tag", "write it as zh or en-GB (BCP 47)"),
    ValueType.MEDIA: ("bad-value", "a media type", "write it as text/csv or text/*"),
    ValueType.NETWORK: ("bad-value", "a network", "write it as 10.1.0.0/16 or 2001:db8::/32"),
}


def _refusal(left: str, kind: ValueType, text: str, path: str) -> PolicyError:
    if kind is ValueType.INSTANT:
        return _no_instant(text, path)
    if kind is ValueType.CODE:
        names = ", ".join(f"{code} {name}" for code, name in CODES[left].items())
        return PolicyError("bad-value", path, f"`{text[:80]}` is no `{left}`", f"use one of {names}")
    code, what, hint = _FORMS[kind]
    return PolicyError(code, path, f"`{text[:80]}` is not {what}", hint)


def _no_instant(text: str, path: str) -> PolicyError:
    if _DATE.fullmatch(text):
        return PolicyError("no-time-zone", path, f"`{text}` has no time zone", "write it as 2026-01-31T18:00:00+08:00")
    if _INSTANT.fullmatch(text):
        return PolicyError("bad-value", path, f"`{text}` is not in the calendar")
    return PolicyError("bad-value", path, f"`{text[:80]}` is not an instant", "write it as 2026-01-31T18:00:00+08:00")
