"""What stands in a message of these interfaces, field by field, and how it is read.

Law: what is taken is read leniently: every spelling and both forms of time that the texts have, and members that nobody
knows are left alone. What is there must be of its kind and length; a fault names its field, and has a return code of
NDI-TR-2025-05.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from contracts.check_character import passes
from contracts.errors import ContractError
from contracts.sm2.signature import DER_BYTES_MAX, of_der

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONTRACT_CHARACTERS: Final = 47
NODE_CHARACTERS: Final = 32
# an identifier that is no code of the infrastructure: a DID, or a URN of ours
NAMED_CHARACTERS_MAX: Final = 512
TEXT_CHARACTERS_MAX: Final = 4096
# digits of a signature: r, s and v of secp256k1, or r and s of SM2 (`contracts.ndi.proof`)
SIGNATURE_HEX: Final = (130, 128)
# of the longest, one of SM2 in DER, after `0x`
SIGNATURE_CHARACTERS_MAX: Final = 2 + 2 * DER_BYTES_MAX
LISTED_MAX: Final = 512
# times of the dictionary have no zone: they are Beijing's
BEIJING: Final = timezone(timedelta(hours=8))
DICTIONARY_TIME: Final = "%Y%m%d%H%M%S"


class Code(StrEnum):
    """The return codes of NDI-TR-2025-05."""

    SUCCESS = "10000"
    EMPTY = "11001"
    FORM = "11003"
    LONG = "11004"
    MISSING = "11005"
    UNPROVEN = "12001"
    EXPIRED = "12002"
    UNLISTED = "12003"
    UNAVAILABLE = "12005"
    TOTAL = "12006"
    BEYOND = "12007"
    DAILY = "12008"
    CERTIFICATE = "12009"
    BUSY = "12010"
    UNKNOWN = "13000"


class FieldError(ContractError):
    """A field is missing, too long, or not of its kind; `returned` is the return code, `path` says where."""

    def __init__(self, returned: Code, path: str, problem: str, hint: str = "") -> None:
        super().__init__("interface", f"`{path}` {problem}", hint)
        self.returned, self.path = returned, path


def _text(value: Any, path: str, longest: int) -> str:
    if not isinstance(value, str):
        raise FieldError(Code.FORM, path, "is text")
    if len(value) > longest:
        raise FieldError(Code.LONG, path, f"has at most {longest} characters")
    return value


def _number_text(value: Any, path: str, longest: int) -> str:
    """Read what is text by the tables, and a number by those who think of codes as numbers."""
    return str(value) if type(value) is int and 0 <= value <= 99 else _text(value, path, longest)


def _contract(value: Any, path: str, longest: int) -> str:
    code = _text(value, path, longest)
    if len(code) != CONTRACT_CHARACTERS or not passes(code):
        raise FieldError(
            Code.FORM, path, f"is {CONTRACT_CHARACTERS} characters, of which the last one checks the others"
        )
    return code


def _named(value: Any, path: str, longest: int) -> str:
    """Read a code of the infrastructure, or a name that is none; codes have their check character."""
    name = _text(value, path, NAMED_CHARACTERS_MAX)
    if name.startswith(("did:", "urn:")):
        return name
    if len(name) > longest:
        raise FieldError(Code.LONG, path, f"has at most {longest} characters, or is a DID or a URN")
    if len(name) == NODE_CHARACTERS and name.isalnum() and name.isupper() and not passes(name):
        raise FieldError(Code.FORM, path, "has a wrong check character")
    return name


def _time(value: Any, path: str, longest: int) -> datetime:
    told = _text(value, path, longest)
    try:
        if len(told) == len("YYYYMMDDHHMMSS") and told.isdecimal():
            return datetime.strptime(told, DICTIONARY_TIME).replace(tzinfo=BEIJING).astimezone(UTC)
        found = datetime.fromisoformat(told)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise FieldError(Code.FORM, path, "is a date and time with its zone (ISO 8601), or 14 digits of Beijing's")


def _signature(value: Any, path: str, longest: int) -> bytes:
    told = _text(value, path, longest).removeprefix("0x")
    try:
        raw = bytes.fromhex(told)
        return raw if len(told) in SIGNATURE_HEX else of_der(raw)
    except ValueError:
        hint = "130 hex digits: r, s and v of secp256k1; 128: r and s of SM2; 140 or so: these in DER"
        raise FieldError(Code.FORM, path, "is no signature in hex", hint) from None


def _object(value: Any, path: str, longest: int) -> dict[str, Any]:
    del longest
    if not isinstance(value, dict):
        raise FieldError(Code.FORM, path, "is an object")
    return value


def _list(value: Any, path: str, longest: int) -> list[Any]:
    if not isinstance(value, list):
        raise FieldError(Code.FORM, path, "is a list")
    if len(value) > longest:
        raise FieldError(Code.LONG, path, f"has at most {longest} items")
    return value


TEXT, CODE, CONTRACT, NAMED = "text", "code", "contract", "identifier"
TIME, SIGNATURE, OBJECT, LIST, ANY = "time", "signature", "object", "list", "JSON"
READ: Final[Mapping[str, Callable[[Any, str, int], Any]]] = {
    TEXT: _text,
    CODE: _number_text,
    CONTRACT: _contract,
    NAMED: _named,
    TIME: _time,
    SIGNATURE: _signature,
    OBJECT: _object,
    LIST: _list,
    ANY: lambda value, _path, _longest: value,
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its documented name, kind, longest form, and what else is read for it.

    `of` are the fields of an object, or of each item of a list. `values` are the only ones there are.
    """

    name: str
    kind: str = TEXT
    longest: int = TEXT_CHARACTERS_MAX
    required: bool = True
    also: tuple[str, ...] = ()
    of: tuple[Field, ...] = field(default=())
    values: tuple[str, ...] = ()

    def read(self, value: Any, path: str) -> Any:
        """Return what a value of this field says; raises FieldError."""
        if self.required and value == "":
            raise FieldError(Code.MISSING, path, "is empty")
        found = READ[self.kind](value, path, self.longest)
        if self.kind == CODE and self.values:
            found = found.zfill(len(self.values[0]))
        if self.values and found not in self.values:
            raise FieldError(Code.FORM, path, f"is one of {', '.join(self.values)}")
        if self.kind == OBJECT and self.of:
            return read(self.of, found, path)
        if self.kind == LIST and self.of:
            return [read(self.of, one, f"{path}/{at}") for at, one in enumerate(found)]
        return found


def read(fields: tuple[Field, ...], document: Any, path: str = "") -> dict[str, Any]:
    """Return the fields of an object by their documented names; what is optional and absent is not in it."""
    if not isinstance(document, dict):
        raise FieldError(Code.FORM, path or "/", "is an object")
    found: dict[str, Any] = {}
    for one in fields:
        where = f"{path}/{one.name}".lstrip("/")
        told = next((name for name in (one.name, *one.also) if document.get(name) is not None), None)
        if told is not None:
            found[one.name] = one.read(document[told], where)
        elif one.required:
            raise FieldError(Code.MISSING, where, "is missing")
    return found
