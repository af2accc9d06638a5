"""A data resource: what somebody holds, apart from any product made of it, with who owns it and who looks after it.

A resource may have several products or none. Its code is of the national infrastructure (`catalog.identifiers`): made
here it is a local one, and says so, until a node assigns it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from catalog import classes, identifiers
from catalog.codes import SECURITY_GRADES
from catalog.document import members, text
from catalog.errors import CatalogError
from catalog.identifiers import LOCAL_MARK, RANDOM_CHARACTERS, Kind
from contracts.check_character import ALPHABET
from policy import regions

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT_CHARACTERS_MAX = {"id": 64, "title": 256, "description": 4_000, "owner": 200, "steward": 200, "code": 65}
NEEDED = ("id", "title", "owner", "steward")
# the first four digits of GB/T 2260 for a place that is not in its tables
NOWHERE = "0000"
_REGION = re.compile(r"\d{6}")
_PROVINCE = re.compile(r"CN-(\d{2})")


@dataclass(frozen=True, slots=True)
class Resource:
    """`owner` has the say over it, `steward` answers for it day by day; `grade` is its security grade 1 to 5."""

    id: str
    title: str
    description: str
    owner: str
    steward: str
    grade: int
    classes: Mapping[str, str] = field(default_factory=dict)
    code: str = ""

    def json(self) -> dict[str, Any]:
        """Return the JSON form."""
        texts = {name: getattr(self, name) for name in TEXT_CHARACTERS_MAX}
        return texts | {"grade": self.grade, "classes": dict(self.classes)}


def from_json(document: object) -> Resource:
    """Read a resource strictly; raises CatalogError, also for a code that is none of a resource."""
    keys = frozenset({*TEXT_CHARACTERS_MAX, "grade", "classes"})
    facts = members(document, "resource", required=keys, allowed=keys)
    texts = {name: text(facts[name], name, limit=limit) for name, limit in TEXT_CHARACTERS_MAX.items()}
    if missing := [name for name in NEEDED if not texts[name].strip()]:
        raise CatalogError(f"a resource needs its {missing[0]}", path=missing[0])
    grade, classed = facts["grade"], members(facts["classes"], "classes")
    if type(grade) is not int or grade not in SECURITY_GRADES:
        raise CatalogError("`grade` is no security grade", path="grade", hint="1 to 5")
    told = {name: text(code, f"classes/{name}") for name, code in classed.items()}
    classes.require(told)
    if texts["code"]:
        require_code(texts["code"], Kind.RESOURCE)
    return Resource(**texts, grade=grade, classes=told)


def require_code(code: str, kind: Kind) -> identifiers.Identifier:
    """Return the identifier that a code is, if it is of this kind; raises CatalogError."""
    found = identifiers.read(code)
    if found.kind is not kind:
        raise CatalogError(f"`{code}` is the code of a {identifiers.KINDS[found.kind][0]}", path="code")
    return found


def local_code(kind: Kind, subject: str, region: str, named: str) -> str:
    """Return the local code of something that is called `named` by its owner, empty without a subject's code.

    The same name gives the same code. `region` is a code of GB/T 2260, or of anything else, which counts as nowhere.
    """
    if not subject:
        return ""
    place = place_of(region)
    number = int.from_bytes(hashlib.sha256(f"{kind}:{subject}:{named}".encode()).digest())
    drawn = ""
    for _ in range(RANDOM_CHARACTERS - len(LOCAL_MARK)):
        number, digit = divmod(number, len(ALPHABET))
        drawn += ALPHABET[digit]
    return str(identifiers.made(kind, subject, place, drawn))


def place_of(region: str) -> str:
    """Return the place of a code: the first four digits of a code of GB/T 2260, or of a province; else nowhere."""
    if _REGION.fullmatch(region):
        return region[:4]
    province = _PROVINCE.fullmatch(regions.canonical(region))
    return province[1] + "00" if province else NOWHERE
