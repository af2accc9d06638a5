"""JSON that is hashed: RFC 8785 out, a strict reading in.

Law: two readers of one byte string get the same value, or both refuse it. So duplicate keys, lone surrogates, NaN,
infinities, integers that a double cannot hold, deep nesting and oversize are refused before anything looks inside.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson
import rfc8785

from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping

# an object of JSON: name -> value (RFC 8259, section 4)
JsonObject: TypeAlias = dict[str, Any]

MAX_DOCUMENT_BYTES = 1 << 20
MAX_DEPTH_LEVELS = 64
MAX_SAFE_INTEGER = (1 << 53) - 1
# of a longer document the brackets are not counted: it has more of them than may nest, or few values to walk
COUNTED_BYTES_MAX = 1 << 16


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 form of a JSON value; `ContractError` if JSON cannot say it."""
    try:
        if type(value) is str or is_plain(value):
            try:
                return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
            except orjson.JSONEncodeError:
                pass  # too deep or a lone surrogate: the careful writer says which
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise ContractError("not-canonical", f"the value has no canonical JSON form: {error}") from error


def composed(members: Mapping[str, bytes]) -> bytes:
    """Return the RFC 8785 form of an object out of the forms of its members' values."""
    is_plainly_sorted = all(map(str.isascii, members))
    names = sorted(members) if is_plainly_sorted else sorted(members, key=lambda name: name.encode("utf-16-be"))
    return b"{%b}" % b",".join([b"%b:%b" % (canonical(name), members[name]) for name in names])


def is_plain(value: Any, levels: int = MAX_DEPTH_LEVELS) -> bool:
    """Say of a value that is no text (a text is) whether the fast writer is sure to write what RFC 8785 asks for.

    It sorts keys by code point where the RFC sorts by UTF-16 unit, and it has its own way with fractions and with
    integers beyond a double, so all of these are left to the careful one; and what nests deeper than `levels`.
    """
    kind = type(value)
    if kind is bool or value is None:
        return True
    if kind is int:
        return bool(-MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER)
    if levels == 0:
        return False
    if kind is dict:
        for key, item in value.items():
            # most items are texts: they cost no call
            if type(key) is not str or not key.isascii() or not (type(item) is str or is_plain(item, levels - 1)):
                return False
        return True
    if kind is not list and kind is not tuple:
        return False
    for item in value:  # noqa: SIM110 - `all(map(…))` would recurse on the C stack, which a deep value overflows
        if not (type(item) is str or is_plain(item, levels - 1)):
            return False
    return True


def sha(value: Any) -> bytes:
    """Return SHA-256 (32 bytes) of the canonical form."""
    return hashlib.sha256(canonical(value)).digest()


def values_at_most(document: bytes) -> int:
    """Return a number of values that a document does not exceed, without reading it: commas and opening brackets."""
    return sum(map(document.count, (b",", b"{", b"[")))


def load(
    document: bytes,
    *,
    max_bytes: int = MAX_DOCUMENT_BYTES,
    max_depth: int = MAX_DEPTH_LEVELS,
    max_values: int | None = None,
) -> Any:
    """Read a JSON document strictly; `ContractError` names the first thing that is wrong with it.

    `max_values` bounds what reading costs, see `values_at_most`.
    """
    if len(document) > max_bytes:
        raise ContractError("too-large", f"the document has {len(document)} bytes, at most {max_bytes} are read")
    if max_values is not None and values_at_most(document) > max_values:
        raise ContractError("too-many", f"the document has more than {max_values} values")
    try:
        value = orjson.loads(document)  # decides syntax, UTF-8, surrogates, NaN and infinities
    except orjson.JSONDecodeError as error:
        raise ContractError("not-json", f"the document is not JSON: {error}") from error
    is_long = len(document) > COUNTED_BYTES_MAX
    if is_long or document.count(b"{") + document.count(b"[") > max_depth:  # else it cannot be that deep
        _limit_depth(value, max_depth)
    if not _is_exact(document, value):  # the second reader looks at every key and integer
        value = json.loads(document, object_pairs_hook=_unique, parse_int=_safe_integer)
    return value


def _is_exact(document: bytes, value: Any) -> bool:
    """Say whether a document is sure to say each thing once and to have no integer beyond a double.

    What comes back byte for byte when written again has no key twice and no number that means another one.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER) == document
    except orjson.JSONEncodeError:
        return False  # deeper than it writes, or beyond 2^53 - 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        times = Counter(name for name, _ in pairs)
        twice = max(times, key=times.__getitem__)
        raise ContractError("duplicate-key", f"the key `{twice}` stands twice in one object")
    return found


def _safe_integer(digits: str) -> int:
    number = int(digits)  # of a few hundred digits: what no double can come near was refused as infinite
    if abs(number) > MAX_SAFE_INTEGER:
        raise ContractError("unsafe-integer", "an integer is beyond 2^53 - 1", "write it as a decimal string")
    return number


def _limit_depth(value: Any, levels: int) -> None:
    """Walk level by level, so that the check itself cannot be made to recurse."""
    layer = [value] if type(value) in (dict, list) else []
    for _ in range(levels):
        # what holds nothing is left out at once: a million numbers are looked at and not kept
        inner = [node.values() if type(node) is dict else node for node in layer]
        layer = [child for children in inner for child in children if type(child) in (dict, list)]
    if layer:
        raise ContractError("too-deep", f"the document nests deeper than {levels} levels")
