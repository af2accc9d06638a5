"""The kinds of columns: how a value of ours becomes a value of SQL and comes back equal.

Law: `decode(encode(v)) == v` for every value `encode` accepts, and `encode` refuses everything else; NULL is None in
every kind. (JSON knows fewer types than Python: there a tuple comes back as a list, an enum as its value.)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from connector.store.errors import BadStatement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# SQL integers are 64 bit; larger numbers (token amounts) are of the kind `amount`
INT_MAX = 2**63 - 1
# no amount on any chain is wider than 256 bit; this also bounds what int() must parse back
AMOUNT_DIGITS_MAX = 78
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# a dataclass or a datetime inside a document would come back as something else: refuse instead
_STRICT_JSON = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of column; `decode` is None where SQL already gives our value, `ordered` where SQL's `<` is ours.

    What is `wrapped` besides (`connector.store.wrapping`) is compared with nothing in SQL.
    """

    sql: str
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any] | None
    ordered: bool
    wrapped: bool = False


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    if not isinstance(value, str):
        raise BadStatement(f"a text column got `{type(value).__name__}`")
    return str.__str__(value)  # of a state its text: SQLite would look for another way first


def _int(value: Any) -> int:
    if type(value) is int and -INT_MAX - 1 <= value <= INT_MAX:
        return value
    if isinstance(value, bool) or not isinstance(value, int) or not -INT_MAX - 1 <= value <= INT_MAX:
        raise BadStatement(f"an int column got `{value!r}`: it takes integers of 64 bit, use `amount` for larger ones")
    return int(value)


def _blob(value: Any) -> bytes:
    if type(value) is bytes:
        return value
    if not isinstance(value, bytes | bytearray | memoryview):
        raise BadStatement(f"a blob column got `{type(value).__name__}`")
    return bytes(value)


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value, option=_STRICT_JSON).decode()
    except TypeError as error:
        raise BadStatement(f"a json column got a value that is not JSON: {error}") from error


def _amount(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 10**AMOUNT_DIGITS_MAX:
        raise BadStatement(
            f"an amount column got `{value!r}`: it takes whole minor units of {AMOUNT_DIGITS_MAX} digits"
        )
    return str(value)


def _time(value: Any) -> int:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise BadStatement(f"a time column got `{value!r}`: it takes datetimes with a time zone")
    return (value - EPOCH) // MICROSECOND


def _from_time(value: int) -> datetime:
    return EPOCH + value * MICROSECOND


KINDS: Mapping[str, Kind] = {
    "text": Kind("TEXT", _text, None, ordered=True),
    "int": Kind("INTEGER", _int, None, ordered=True),
    "blob": Kind("BLOB", _blob, None, ordered=True),
    "secret": Kind("BLOB", _blob, None, ordered=False, wrapped=True),
    "json": Kind("TEXT", _json, orjson.loads, ordered=False),
    "amount": Kind("TEXT", _amount, int, ordered=False),
    "time": Kind("INTEGER", _time, _from_time, ordered=True),
}

# for hand-written SQL, where no column tells the kind: the Python type decides
_LOOSE: Mapping[type, Callable[[Any], Any]] = {
    str: _text,
    int: _int,
    bool: int,
    bytes: _blob,
    datetime: _time,
    float: float,
    type(None): lambda value: value,
}


def encode_loose(value: Any) -> Any:
    """Encode a parameter of hand-written SQL by its Python type (an amount must be given as its decimal text)."""
    encode = _LOOSE.get(str if isinstance(value, str) else type(value))  # a state is a text, too
    if encode is None:
        raise BadStatement(f"a parameter of type `{type(value).__name__}` is not understood; encode it by hand")
    return encode(value)
