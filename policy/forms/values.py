"""Values in a document: text, numbers, names and typed values, each in the one form that says the same.

JSON numbers and the typed text that RDF makes of them are one value, and so are text and `xsd:string`; every other
datatype stays, with its prefix `xsd:`. What is no value of its kind is left as it is: the parser refuses it with its
path.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from policy.forms.json_text import MAX_SAFE_INTEGER
from policy.vocabulary.names import XSD

if TYPE_CHECKING:
    from policy.forms.names import Names

LISTED = frozenset({"@list", "@set"})
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,15}")
_DOUBLE = re.compile(r"[+-]?([0-9]{1,400}(\.[0-9]{0,400})?|\.[0-9]{1,400})([eE][+-]?[0-9]{1,4})?")


def items(value: object) -> list[object]:
    """List the values of a key: one, or all of a list, `{"@list": …}` or `{"@set": …}`, which nest to no effect."""
    found: list[object] = []
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Mapping) and len(item) == 1 and item.keys() <= LISTED:
            pending += item.values()
        elif isinstance(item, list):
            pending += reversed(item)
        else:
            found.append(item)
    return found


def alone(values: list[object]) -> object:
    """Give the only value, or the list; an empty list stays one."""
    return values[0] if len(values) == 1 else values


def actions(values: list[object]) -> object:
    """Give the names of actions like other values, and a list where one of them is an object."""
    return values if any(isinstance(item, Mapping) for item in values) else alone(values)


def reference(value: object) -> object:
    """Take the IRI out of `{"@id": iri}` (or `uid`, `id`)."""
    if isinstance(value, Mapping) and len(value) == 1:
        for key in ("@id", "uid", "id"):
            if isinstance(value.get(key), str):
                return value[key]
    return value


def term(value: object, names: Names) -> object:
    """Read a name in its one form."""
    text = reference(value)
    return names.term(text) if isinstance(text, str) else value


def link(value: object, names: Names) -> object:
    """Read an IRI, written out."""
    text = reference(value)
    return names.iri(text) if isinstance(text, str) else value


def name(value: object, names: Names) -> object:
    """Read text that may as well be an IRI, such as a currency."""
    plain = datum(value, names)
    return names.term(plain) if isinstance(plain, str) else term(plain, names)


def text(value: object, names: Names) -> object:
    """Read plain text; a datatype adds nothing to it."""
    plain = datum(value, names)
    return plain["@value"] if isinstance(plain, Mapping) and set(plain) == {"@value", "@type"} else plain


def datum(value: object, names: Names) -> object:
    """Read a value that something is compared with."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_SAFE_INTEGER:
        return int(value)
    if not isinstance(value, Mapping):
        return value
    if isinstance(reference(value), str):
        return {"@id": names.iri(str(reference(value)))}
    if "@value" not in value or not set(value) <= {"@value", "@type"}:
        return value
    return _typed(value["@value"], value.get("@type"), value, names)


def annotation(value: object, names: Names, key: str) -> object:
    """Read what somebody says about the policy; anything but a plain value is left as it is."""
    read = link if key in names.links else datum
    found = [read(item, names) for item in items(value)]
    return alone([{"@id": item} if read is link and isinstance(item, str) else item for item in found])


def _typed(plain: object, datatype: object, written: object, names: Names) -> object:
    if datatype is None:
        return datum(plain, names) if not isinstance(plain, Mapping | list) else written
    if not isinstance(datatype, str) or not isinstance(plain, str | int | float):
        return written
    iri = names.iri(datatype)
    lexical = plain if isinstance(plain, str) else _lexical(plain)
    if not iri.startswith(XSD):
        return {"@value": lexical, "@type": iri}
    name = iri.removeprefix(XSD)
    native = _NATIVE[name](lexical) if name in _NATIVE else None
    return {"@value": lexical, "@type": f"xsd:{name}"} if native is None else native


def _lexical(value: float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _integer(lexical: str) -> object:
    return int(lexical) if _INTEGER.fullmatch(lexical) and abs(int(lexical)) <= MAX_SAFE_INTEGER else None


def _double(lexical: str) -> object:
    number = float(lexical) if _DOUBLE.fullmatch(lexical) else math.inf
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() and abs(number) <= MAX_SAFE_INTEGER else number


# datatype of XML Schema -> what JSON writes for it; None where JSON has no such value
_NATIVE: Mapping[str, Callable[[str], object]] = {
    "string": lambda lexical: lexical,
    "boolean": {"true": True, "false": False}.get,
    "integer": _integer,
    "double": _double,
}
