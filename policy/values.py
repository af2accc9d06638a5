"""Right operands: how the text in a policy becomes a typed value, one reader a type, strict and in one form only.

A value is written as text, `{"@value": text, "@type": datatype}` or `{"@id": iri}`. A datatype, when given, must be
one the operand's type knows. JSON numbers are taken where the type is a count (the wire schema forbids them, ODRL
files have them).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING

from policy.errors import PolicyError
from policy.purposes import BASE, SCHEME
from policy.regions import is_code
from policy.vocabulary import XSD, ValueType

if TYPE_CHECKING:
    from policy.model import Scalar

MAX_VALUE_CHARS = 2048
MAX_MONEY_DECIMALS = 18
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?"
)
_COUNT = re.compile(r"0|[1-9][0-9]{0,11}")
_MONEY = re.compile(r"(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?")
_ABSOLUTE_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x20]+")

_DATATYPES: Mapping[ValueType, frozenset[str]] = {
    ValueType.INSTANT: frozenset({"dateTime", "dateTimeStamp"}),
    ValueType.COUNT: frozenset({"integer", "nonNegativeInteger", "positiveInteger", "int", "long"}),
    ValueType.MONEY: frozenset({"decimal", "string"}),
    ValueType.PURPOSE: frozenset({"anyURI", "string"}),
    ValueType.REGION: frozenset({"anyURI", "string"}),
    ValueType.PARTY: frozenset({"anyURI", "string"}),
}


def is_iri(text: str) -> bool:
    """Whether the text has the form of an absolute IRI (a scheme and no blanks)."""
    return _ABSOLUTE_IRI.fullmatch(text) is not None


def read_value(value_type: ValueType, value: object, path: str) -> Scalar:
    """Read one right operand of a type; PolicyError when it is not in the type's form."""
    return _READERS[value_type](_text(value_type, value, path), path)


def read_instant(value: object, path: str) -> datetime:
    """Read an RFC 3339 instant (seconds may be left out); UTC. A value without a zone is refused."""
    instant = _instant(value if isinstance(value, str) else "", path)
    assert instant.tzinfo is UTC
    return instant


def show(value: Scalar | tuple[Scalar, ...]) -> str:
    """Write a typed value in the form it is read from; lists joined by `, `."""
    if isinstance(value, tuple):
        return ", ".join(show(item) for item in value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return _decimal(value) if isinstance(value, Fraction) else str(value)


def _decimal(amount: Fraction) -> str:
    """Write an amount without loss; what was read from a decimal has one."""
    digits = 0
    while (amount * 10**digits).denominator != 1:
        digits += 1
        assert digits <= MAX_MONEY_DECIMALS
    whole, rest = divmod(int(amount * 10**digits), 10**digits)
    return f"{whole}.{rest:0{digits}d}" if digits else str(whole)


def _text(value_type: ValueType, value: object, path: str) -> str:
    if isinstance(value, Mapping):
        value = _unwrap(value_type, value, path)
    if isinstance(value, int) and not isinstance(value, bool) and value_type is ValueType.COUNT:
        value = str(value) if abs(value) < 10**12 else ""
    if not isinstance(value, str):
        raise PolicyError("bad-type", path, "a value is text, an object with @value or @id, or a list of these")
    if not value or len(value) > MAX_VALUE_CHARS:
        raise PolicyError("bad-value", path, f"a value has 1 to {MAX_VALUE_CHARS} characters")
    return value


def _unwrap(value_type: ValueType, value: Mapping[str, object], path: str) -> object:
    if set(value) == {"@id"}:
        return value["@id"]
    if "@value" not in value or not set(value) <= {"@value", "@type"}:
        raise PolicyError("unknown-term", path, "a value object has @value and @type, or @id alone")
    datatype = value.get("@type", XSD + "string")
    if not isinstance(datatype, str):
        raise PolicyError("bad-type", path, "@type of a value is not text")
    name = datatype.removeprefix(XSD).removeprefix("xsd:")
    if "@type" in value and name not in _DATATYPES[value_type]:
        wanted = ", ".join(f"xsd:{known}" for known in sorted(_DATATYPES[value_type]))
        raise PolicyError("bad-value", path, f"datatype `{datatype}` does not fit", f"use one of {wanted}")
    return value["@value"]


def _instant(text: str, path: str) -> datetime:
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise PolicyError("bad-value", path, f"`{text}` is not an instant", "write it as 2026-01-31T18:00:00+08:00")
    if match["zone"] is None:
        raise PolicyError("no-time-zone", path, f"`{text}` has no time zone", "add Z or an offset such as +08:00")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PolicyError("bad-value", path, f"`{text}` is not in the calendar") from None


def _count(text: str, path: str) -> int:
    if not _COUNT.fullmatch(text):
        raise PolicyError("bad-value", path, f"`{text}` is not a count", "write a whole number from 0, without sign")
    return int(text)


def _money(text: str, path: str) -> Fraction:
    if not _MONEY.fullmatch(text):
        raise PolicyError("bad-value", path, f"`{text}` is not an amount", "write a decimal number such as 12.50")
    return Fraction(text)


def _purpose(text: str, path: str) -> str:
    if text not in SCHEME:
        raise PolicyError("unknown-purpose", path, f"unknown purpose `{text}`", f"use a purpose below {BASE}")
    return text


def _region(text: str, path: str) -> str:
    if not is_code(text) and not is_iri(text):
        raise PolicyError(
            "unknown-region", path, f"unknown region `{text}`", "use an ISO 3166 code such as US or US-NY"
        )
    return text


def _party(text: str, path: str) -> str:
    if not is_iri(text):
        raise PolicyError("bad-value", path, f"`{text}` names no party", "use the party's IRI, such as its DID")
    return text


_READERS: Mapping[ValueType, Callable[[str, str], Scalar]] = {
    ValueType.INSTANT: _instant,
    ValueType.COUNT: _count,
    ValueType.MONEY: _money,
    ValueType.PURPOSE: _purpose,
    ValueType.REGION: _region,
    ValueType.PARTY: _party,
}
assert set(_READERS) == set(_DATATYPES) == set(ValueType)
