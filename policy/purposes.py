"""The purpose scheme: our own tree of purposes, each with a name in English and Chinese.

The scheme is data (purposes.json, one row a purpose, parents before children) and is read once. A purpose is meant by
its IRI; a narrower purpose is allowed wherever a broader one is.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE = "https://w3id.org/penstock/purpose#"


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose; `broader` is the IRI of its parent, `labels` its names by language."""

    iri: str
    broader: str | None
    labels: Mapping[str, str]


def _load() -> dict[str, Purpose]:
    document = json.loads(files("policy").joinpath("purposes.json").read_text(encoding="utf-8"))
    assert document["base"] == BASE
    scheme: dict[str, Purpose] = {}
    for name, broader, en, zh in document["purposes"]:
        parent = None if broader is None else BASE + broader
        assert BASE + name not in scheme, name
        assert parent is None or parent in scheme, name
        scheme[BASE + name] = Purpose(BASE + name, parent, {"en": en, "zh": zh})
    return scheme


SCHEME: Mapping[str, Purpose] = _load()


@cache
def ancestors(iri: str) -> frozenset[str]:
    """Collect the purpose itself and everything broader; KeyError outside the scheme."""
    purpose = SCHEME[iri]
    return frozenset({iri}) | (ancestors(purpose.broader) if purpose.broader is not None else frozenset())


def narrower(iri: str) -> frozenset[str]:
    """Collect the purpose itself and everything below it."""
    return frozenset(other for other in SCHEME if iri in ancestors(other))


def label(iri: str, lang: str = "en") -> str:
    """Name the purpose in a language; the IRI itself when the scheme does not hold it."""
    purpose = SCHEME.get(iri)
    return iri if purpose is None else purpose.labels[lang]


def resolve(text: str) -> str:
    """Find the IRI meant by an IRI, a name (`AirTrafficResearch`) or a label in any language, as a person types it."""
    if text in SCHEME:
        return text
    if BASE + text in SCHEME:
        return BASE + text
    for purpose in SCHEME.values():
        if text.casefold() in {name.casefold() for name in purpose.labels.values()}:
            return purpose.iri
    near = difflib.get_close_matches(text, [purpose.removeprefix(BASE) for purpose in SCHEME], n=1)
    perhaps = f"perhaps `{near[0]}`; " if near else ""
    known = f"{perhaps}`penstock purposes` lists them, by a name below {BASE}"
    raise PolicyError("unknown-purpose", "", f"unknown purpose `{text}`", known)
