"""The identifiers of the national data infrastructure (NDI-TR-2025-04).

    platform, connector   type 1 + subject 18 + place 4 + random 8 + check 1          32
    product, resource     the same [+ "•" + extension 1 to 32]                        32 to 65

The check character is ISO 7064 MOD 37-2 over 0-9A-Z*. `place` is a region (first four digits of GB/T 2260) or an
industry ("00" and a division of GB/T 4754).

Law: only a regional or industry node assigns the code of a product, a resource, a connector or a service node, or of a
contract (TC609-6-2025-14, B.2.2), which no node registers here. What is made here is a local one: its random part
begins with LOCAL_MARK, and it is shown as not yet assigned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from catalog.errors import CatalogError
from contracts.check_character import check_character, passes

if TYPE_CHECKING:
    from collections.abc import Mapping

RANDOM_CHARACTERS = 8
# a local code says so in its random part: a node draws eight characters, and gives this beginning to nobody
LOCAL_MARK = "ZZ"
JOINT = "•"
EXTENSION_CHARACTERS_MAX = 32
SUBJECT = re.compile(r"[0-9A-Z]{18}")
PLACE = re.compile(r"[0-9]{4}")
_EXTENSION = re.compile(rf"[0-9A-Za-z_.-]{{1,{EXTENSION_CHARACTERS_MAX}}}")
_SHORT = re.compile(r"([1-7])([0-9A-Z]{18})([0-9]{4})([0-9A-Z]{8})([0-9A-Z*])")


class Kind(StrEnum):
    """What a code of 32 characters is of: its first character."""

    GLOBAL_NODE = "1"
    REGIONAL_NODE = "2"
    INDUSTRY_NODE = "3"
    SERVICE_NODE = "4"
    CONNECTOR = "5"
    PRODUCT = "6"
    RESOURCE = "7"


# what a kind is called in English and 中文
KINDS: Mapping[Kind, tuple[str, str]] = {
    Kind.GLOBAL_NODE: ("global node", "全域功能节点"),
    Kind.REGIONAL_NODE: ("regional node", "区域功能节点"),
    Kind.INDUSTRY_NODE: ("industry node", "行业功能节点"),
    Kind.SERVICE_NODE: ("service node", "业务节点"),
    Kind.CONNECTOR: ("access connector", "接入连接器"),
    Kind.PRODUCT: ("data product", "数据产品"),
    Kind.RESOURCE: ("data resource", "数据资源"),
}
EXTENDED = frozenset({Kind.PRODUCT, Kind.RESOURCE})


@dataclass(frozen=True, slots=True)
class Identifier:
    """A code of 32 characters and its extension, empty for none."""

    kind: Kind
    subject: str
    place: str
    random: str
    extension: str = ""

    @property
    def local(self) -> bool:
        """Whether it was made here and no node has assigned it yet."""
        return self.random.startswith(LOCAL_MARK)

    def __str__(self) -> str:
        body = f"{self.kind}{self.subject}{self.place}{self.random}"
        return body + check_character(body) + (JOINT + self.extension if self.extension else "")


def made(kind: Kind, subject: str, place: str, random: str, extension: str = "") -> Identifier:
    """Make a local identifier; `random` are characters of ALPHABET, as many as LOCAL_MARK leaves."""
    _require(SUBJECT, subject, "subject", "the unified social credit code: 18 digits and capital letters")
    _require(PLACE, place, "place", "four digits: a region, or 00 and a division of GB/T 4754")
    if extension:
        _require(_EXTENSION, extension, "extension", f"at most {EXTENSION_CHARACTERS_MAX} letters and digits")
    if extension and kind not in EXTENDED:
        raise CatalogError(f"the code of a {KINDS[kind][0]} has no extension", path="extension")
    whole = LOCAL_MARK + random
    _require(re.compile(rf"[0-9A-Z]{{{RANDOM_CHARACTERS}}}"), whole, "random", "digits and capital letters")
    return Identifier(kind, subject, place, whole, extension)


def read(code: str) -> Identifier:
    """Read a code of 32 to 65 characters strictly; raises CatalogError, also for a wrong check character."""
    short, joint, extension = code.partition(JOINT)
    match = _SHORT.fullmatch(short)
    if match is None or (joint and not _EXTENSION.fullmatch(extension)):
        raise CatalogError(f"`{code[:80]}` is no identifier", path="code", hint="32 characters, perhaps • and more")
    kind = Kind(match[1])
    if joint and kind not in EXTENDED:
        raise CatalogError(f"the code of a {KINDS[kind][0]} has no extension", path="code")
    _require_check(short)
    return Identifier(kind, match[2], match[3], match[4], extension)


def _require(form: re.Pattern[str], told: str, path: str, hint: str) -> None:
    if not form.fullmatch(told):
        raise CatalogError(f"`{told[:40]}` is no {path}", path=path, hint=hint)


def _require_check(code: str) -> None:
    if not passes(code):
        right = check_character(code[:-1])
        raise CatalogError(f"`{code}` has a wrong check character", path="code", hint=f"it would end with `{right}`")
