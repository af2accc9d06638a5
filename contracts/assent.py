"""A reviewer's assent to a program of a buyer: which one, over which rows, what it tells, for whom, and until when.

    {v, program, statement, tells: [[name, least, most]…], parameters?: […], product, provider, buyer, reviewer,
     until, why}

Law: (1) it is signed by the account of the reviewer whom the terms of the product name, and of nobody else (decision
0286). (2) What is run by it differs from it in nothing: a statement by no character, because spaces within a text mean
something; numbers by no bit. Without `parameters` these are free. (3) It has one spelling: a number is the shortest
text of its double, and a document with another member is none.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from contracts import instants, signature
from contracts.canonical import canonical, load, sha
from contracts.decimals import read_hex
from contracts.engine import DIGEST
from contracts.errors import ContractError
from contracts.joint import is_did
from contracts.labels import H

VERSION: Final = 1
CODE: Final = "assent"
# in the place of a buyer: whoever asks, but for the reviewer
ANY: Final = "any"
# a file of it, with its signature: a statement, 16 numbers and 256 parameters are some 16 KiB
ASSENT_BYTES_MAX: Final = 32 << 10
STATEMENT_CHARACTERS_MAX: Final = 8_192
WHY_CHARACTERS_MAX: Final = 500
TELLS_MAX: Final = 16
PARAMETERS_MAX: Final = 256
ID_CHARACTERS_MAX: Final = 512
_FREE: Final = "parameters"
_NEEDED: Final = frozenset(
    {"v", "program", "statement", "tells", "product", "provider", "buyer", "reviewer", "until", "why"}
)
_SIGNED: Final = frozenset({"document", "signature"})

Told = tuple[str, float, float]


class Wanted(NamedTuple):
    """What is to be run: a program by its digest, its rows, numbers and parameters, of what, by whom and for whom."""

    program: str
    statement: str
    tells: tuple[Told, ...]
    parameters: tuple[float, ...]
    product: str
    provider: str
    buyer: str


@dataclass(frozen=True, slots=True)
class Assent:
    """An assent; `tells` are a name, a least and a greatest number each, `until` is UTC in whole seconds.

    `program` is `sha-256:` and the digest of its bytes; `parameters` are None where they are free. `buyer` is ANY where
    it is for whoever asks, as fits a program that many buy (decision 0314).
    """

    program: str
    statement: str
    tells: tuple[Told, ...]
    parameters: tuple[float, ...] | None
    product: str
    provider: str
    buyer: str
    reviewer: str
    until: datetime
    why: str

    def __post_init__(self) -> None:
        if not DIGEST.fullmatch(self.program):
            raise _wrong("`program` is `sha-256:` and the digest of its bytes")
        if not 0 < len(self.statement) <= STATEMENT_CHARACTERS_MAX or self.statement != self.statement.strip():
            raise _wrong(f"`statement` has 1 to {STATEMENT_CHARACTERS_MAX} characters, and no spaces around it")
        if not 0 < len(self.tells) <= TELLS_MAX or len(self.parameters or ()) > PARAMETERS_MAX:
            raise _wrong(f"a program tells 1 to {TELLS_MAX} numbers, and takes at most {PARAMETERS_MAX} parameters")
        dids = ("provider", "reviewer") if self.buyer == ANY else ("provider", "buyer", "reviewer")
        if odd := next((one for one in dids if not is_did(getattr(self, one))), None):
            raise _wrong(f"`{odd}` is the DID of a member")
        if self.reviewer == self.buyer:
            raise _wrong("nobody assents to a program of its own", "name another member as the reviewer")
        if not 0 < len(self.product) <= ID_CHARACTERS_MAX:
            raise _wrong(f"the id of a product has 1 to {ID_CHARACTERS_MAX} characters")
        if not 0 < len(self.why.strip()) <= WHY_CHARACTERS_MAX or not self.why.isprintable():
            raise _wrong(f"`why` has 1 to {WHY_CHARACTERS_MAX} printable characters", "say what was looked at")
        if self.until.tzinfo is not UTC or self.until.microsecond:
            raise _wrong("`until` is an instant in UTC with whole seconds")

    def json(self) -> dict[str, Any]:
        """Return the JSON value that is signed and shown."""
        told: dict[str, Any] = {
            "v": VERSION,
            "program": self.program,
            "statement": self.statement,
            "tells": [[name, number(least), number(most)] for name, least, most in self.tells],
            "product": self.product,
            "provider": self.provider,
            "buyer": self.buyer,
            "reviewer": self.reviewer,
            "until": instants.show(self.until),
            "why": self.why,
        }
        return told if self.parameters is None else told | {_FREE: list(map(number, self.parameters))}

    @property
    def digest(self) -> bytes:
        """Return the 32 bytes that its reviewer signs, and by which it is named."""
        return H("program-assent", canonical(self.json()))

    def words(self, parameters: tuple[float, ...]) -> str:
        """Return in words what is run by it with these parameters: by them a run is decided, and named in logs."""
        numbers = {"tells": self.json()["tells"], _FREE: list(map(number, parameters))}
        about = json.dumps(numbers, ensure_ascii=False, sort_keys=True)
        return f"reviewed program {self.program} {about} by assent {self.digest.hex()}: {self.statement}"

    def statement_digest(self, parameters: tuple[float, ...]) -> str:
        """Return the digest (hex) by which a log names such a run."""
        return sha({"query": " ".join(self.words(parameters).split())}).hex()

    def refusal(self, wanted: Wanted, reviewer: str, at: datetime | None) -> str:
        """Return why a run is not by it at a moment, empty where it is; its signature is asked for beside this.

        Of no moment (None) it is not asked whether it is over.
        """
        if self.reviewer != reviewer:
            return f"it is by {self.reviewer}, and the terms name the reviewer {reviewer}"
        if self.buyer == ANY and wanted.buyer == reviewer:
            return "nobody assents to a program of its own"
        for name in (
            ("provider", "product", "program") if self.buyer == ANY else ("provider", "product", "buyer", "program")
        ):
            if (ours := getattr(self, name)) != (theirs := getattr(wanted, name)):
                return f"it is for the {name} {ours}, not for {theirs}"
        if self.statement != wanted.statement:
            return "it is for other rows: the statement differs"
        if _spelt(self.tells) != _spelt(wanted.tells):
            return "it is for other numbers: what is told, or between what it lies, differs"
        if self.parameters is not None and list(map(number, self.parameters)) != list(map(number, wanted.parameters)):
            return "it is for other parameters"
        if at is not None and at >= self.until:
            return f"it was good until {instants.show(self.until)}"
        return ""


@dataclass(frozen=True, slots=True)
class Signed:
    """An assent with the reviewer's signature (65 bytes)."""

    assent: Assent
    signature: bytes

    def json(self) -> dict[str, Any]:
        """Return the JSON object that is handed on."""
        return {"document": self.assent.json(), "signature": self.signature.hex()}

    def is_by(self, account: bytes) -> bool:
        """Say whether an account (20 bytes) has signed it."""
        return signature.is_by(account, self.assent.digest, self.signature)


def number(value: float) -> str:
    """Return a number as an assent spells it: `10.0`; raises ContractError for none that is finite."""
    if not math.isfinite(value):
        raise _wrong("a number of an assent is finite")
    return repr(float(value))


def from_json(value: Any) -> Assent:
    """Read an assent strictly; raises ContractError."""
    if not isinstance(value, Mapping) or set(value) - {_FREE} != _NEEDED:
        raise _wrong(f"an assent has exactly the members {', '.join(sorted(_NEEDED))}, and may have {_FREE}")
    if value["v"] != VERSION or type(value["v"]) is not int:
        raise ContractError("version", f"assents of version `{value['v']}` are unknown here", "use version 1")
    texts = ("program", "statement", "product", "provider", "buyer", "reviewer", "until", "why")
    if odd := next((name for name in texts if not isinstance(value[name], str)), None):
        raise _wrong(f"`{odd}` is a text")
    said = {name: value[name] for name in texts if name != "until"}
    until, told = instants.read(value["until"], "until", CODE), value["tells"]
    if not isinstance(told, list) or not all(
        isinstance(one, list) and len(one) == 3 and isinstance(one[0], str) for one in told
    ):
        raise _wrong("`tells` is a list of a name, a least and a greatest number each")
    tells = tuple((name, read_number(least), read_number(most)) for name, least, most in told)
    parameters = numbers(value[_FREE]) if _FREE in value else None
    return Assent(**said, tells=tells, parameters=parameters, until=until)


def signed_from_json(value: Any) -> Signed:
    """Read an assent with its signature strictly; raises ContractError."""
    if not isinstance(value, Mapping) or set(value) != _SIGNED:
        raise _wrong("a signed assent has exactly the members document, signature")
    signed = read_hex(value["signature"], "signature", signature.SIGNATURE_BYTES)
    return Signed(from_json(value["document"]), signed)


def read(content: bytes) -> Signed:
    """Read the file of a signed assent; raises ContractError."""
    return signed_from_json(load(content, max_bytes=ASSENT_BYTES_MAX))


def numbers(value: Any) -> tuple[float, ...]:
    """Read parameters as they are spelled; raises ContractError."""
    if not isinstance(value, list):
        raise _wrong(f"`{_FREE}` is a list of numbers, as texts, or is left out")
    return tuple(map(read_number, value))


def read_number(told: Any) -> float:
    """Read a number as an assent spells it; raises ContractError."""
    try:
        found = float(told) if isinstance(told, str) else math.nan
    except ValueError:
        found = math.nan
    if not math.isfinite(found) or number(found) != told:
        raise _wrong(f"`{str(told)[:40]}` is no number as an assent spells it", "such as `10.0`")
    return found


def _spelt(tells: tuple[Told, ...]) -> list[tuple[str, str, str]]:
    return [(name, number(least), number(most)) for name, least, most in tells]


def _wrong(message: str, hint: str = "") -> ContractError:
    return ContractError(CODE, message, hint)
