"""A dataset of somebody's Dataspace Protocol catalogue in our model, as far as it goes.

Law: what is read is read strictly or not at all: a member that is none we understand counts as not told, and what is
not told stays empty; nothing is guessed. Texts are shown as `catalog.printable` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from catalog import codes
from catalog.classes import DIMENSIONS
from catalog.dataset import (
    DCAT,
    DCT,
    DESCRIPTION_CHARACTERS_MAX,
    EU_FREQUENCIES,
    EU_FREQUENCY,
    ID_CHARACTERS_MAX,
    KEYWORD_CHARACTERS_MAX,
    KEYWORDS_MAX,
    TITLE_CHARACTERS_MAX,
)
from catalog.document import COUNT_MAX, items, members, text
from catalog.errors import CatalogError
from catalog.found import PLAIN
from catalog.printable import printable
from contracts.namespace import NS
from contracts.tariff import Tariff
from policy import regions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROVIDER_CHARACTERS_MAX = 512
ADDRESS_CHARACTERS_MAX = 2_048
FORMATS_MAX = 16
FORMAT_CHARACTERS_MAX = 256
_FREQUENCIES = {EU_FREQUENCY + code: key for key, code in EU_FREQUENCIES.items()}
_GRADES = {code.number: str(grade) for grade, code in codes.SECURITY_GRADES.items()}
_TIER_OF = {format_: tier.key for tier in codes.TIERS.values() for format_ in tier.formats if tier.key == "plain"}


@dataclass(frozen=True, slots=True)
class Foreign:
    """What such a catalogue tells of one dataset; empty is what it does not tell.

    `base` is the provider's protocol address, `policy` the first of its `offers` as it stands there, `price` minor
    units as a decimal text, `tariff` the price in our own terms where they were told, `grade` a digit, `rows` and
    `size` counts as decimal texts.
    """

    id: str
    provider: str
    base: str
    title: str
    policy: Mapping[str, Any]
    description: str = ""
    keywords: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    offers: int = 1
    price: str = ""
    tariff: Mapping[str, Any] = field(default_factory=dict)
    region: str = ""
    frequency: str = ""
    grade: str = ""
    rows: str = ""
    size: str = ""
    classes: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """Return our JSON of it; `from_json` reads it back."""
        return {
            "kind": PLAIN,
            **{name: getattr(self, name) for name in _TEXTS},
            **{name: list(getattr(self, name)) for name in _LISTS},
            "offers": str(self.offers),
            **{name: dict(getattr(self, name)) for name in _OBJECTS},
        }

    @property
    def searchable(self) -> str:
        """Return the text a search looks through besides the title."""
        return "\n".join((self.description, " ".join(self.keywords)))

    @property
    def priced_in(self) -> Tariff | None:
        """Return the tariff, None where none was told."""
        return Tariff.from_json(dict(self.tariff)) if self.tariff else None


_TEXTS: Mapping[str, int] = {
    "id": ID_CHARACTERS_MAX,
    "provider": PROVIDER_CHARACTERS_MAX,
    "base": ADDRESS_CHARACTERS_MAX,
    "title": TITLE_CHARACTERS_MAX,
    "description": DESCRIPTION_CHARACTERS_MAX,
    "price": 40,
    "region": 32,
    "frequency": 32,
    "grade": 1,
    "rows": 20,
    "size": 20,
}
_LISTS = {"keywords": (KEYWORDS_MAX, KEYWORD_CHARACTERS_MAX), "formats": (FORMATS_MAX, FORMAT_CHARACTERS_MAX)}
_LISTS["tiers"] = (len(codes.TIERS), 16)
_OBJECTS = ("policy", "tariff", "classes")
_KEYS = frozenset({"kind", "offers", *_TEXTS, *_LISTS, *_OBJECTS})


def from_json(document: object) -> Foreign:
    """Read `Foreign.json`; raises CatalogError for what it would not have written."""
    told = members(document, "product", required=_KEYS, allowed=_KEYS)
    said: dict[str, Any] = {name: text(told[name], name, limit=most) for name, most in _TEXTS.items()}
    for name, (count, most) in _LISTS.items():
        said[name] = tuple(text(one, name, limit=most) for one in items(told[name], name, limit=count))
    said |= {name: members(told[name], name) for name in _OBJECTS}
    foreign = Foreign(**said, offers=_number(told["offers"]))
    return _checked(foreign)


def read(dataset: Mapping[str, Any], provider: str, base: str, price: str, tariff: Mapping[str, Any]) -> Foreign:
    """Return what a valid Dataset of a catalogue tells; raises CatalogError when it is too large to be kept.

    `price` and `tariff` are what its first offer says, empty where it says nothing.
    """
    key = text(dataset.get("@id"), "@id", limit=ID_CHARACTERS_MAX)
    told = {name: _said(dataset, name) for name in ("title", "description", "keyword", "spatial")}
    title = printable(next(iter(told["title"]), ""), TITLE_CHARACTERS_MAX) or printable(key, TITLE_CHARACTERS_MAX)
    words = (printable(word, KEYWORD_CHARACTERS_MAX) for word in told["keyword"][:KEYWORDS_MAX])
    formats = tuple(dict.fromkeys(str(way["format"])[:FORMAT_CHARACTERS_MAX] for way in dataset["distribution"]))
    return _checked(
        Foreign(
            id=key,
            provider=text(provider, "participantId", limit=PROVIDER_CHARACTERS_MAX),
            base=text(base, "endpointURL", limit=ADDRESS_CHARACTERS_MAX),
            title=title,
            policy=dict(dataset["hasPolicy"][0]),
            description=printable(next(iter(told["description"]), ""), DESCRIPTION_CHARACTERS_MAX),
            keywords=tuple(dict.fromkeys(filter(None, words))),
            formats=formats[:FORMATS_MAX],
            tiers=_tiers(dataset, formats),
            offers=len(dataset["hasPolicy"]),
            price=price,
            tariff=tariff,
            region=_one(told["spatial"], regions.is_code),
            frequency=_FREQUENCIES.get(_link(dataset.get(DCT + "accrualPeriodicity")), ""),
            grade=_GRADES.get(str(dataset.get(NS + "grade")), ""),
            rows=_count(dataset.get(NS + "rows")),
            size=_count(dataset.get(NS + "byteSize") or dataset.get(DCAT + "byteSize")),
            classes=_classes(dataset),
        )
    )


def _checked(foreign: Foreign) -> Foreign:
    """Refuse codes that are in no table."""
    if not foreign.id or not foreign.title or not foreign.provider:
        raise CatalogError("a product needs an id, a title and a provider", path="id")
    known: Mapping[str, Callable[[str], bool]] = {
        "region": regions.is_code,
        "frequency": codes.FREQUENCIES.__contains__,
        "grade": "12345".__contains__,
    }
    for name, accepts in known.items():
        value = getattr(foreign, name)
        if value and not accepts(value):
            raise CatalogError(f"unknown {name} `{value}`", path=name)
    if not set(foreign.tiers) <= set(codes.TIERS):
        raise CatalogError("unknown tier", path="tiers")
    if any(_count(getattr(foreign, name)) != getattr(foreign, name) for name in ("rows", "size", "price")):
        raise CatalogError("a count is a decimal number", path="rows")
    if foreign.classes != _known_classes(foreign.classes):
        raise CatalogError("unknown class", path="classes")
    return foreign


def _said(dataset: Mapping[str, Any], name: str) -> list[str]:
    """Return the texts of a DCAT or Dublin Core member, whichever of its spellings is there."""
    spellings = (name, f"dct:{name}", f"dcterms:{name}", DCT + name, f"dcat:{name}", DCAT + name)
    value = next((dataset[one] for one in spellings if one in dataset), None)
    found = [_value(one) for one in (value if isinstance(value, list) else [value])]
    return [one for one in found if one]


def _value(value: object) -> str:
    """Return a text that stands for itself or as a JSON-LD value or link; empty for anything else."""
    if isinstance(value, dict):
        value = value.get("@value", value.get("@id"))
    return value if isinstance(value, str) else ""


def _link(value: object) -> str:
    return _value(value[0] if isinstance(value, list) and value else value)


def _one(values: list[str], accepts: Any) -> str:
    return next((value for value in values if accepts(value)), "")


def _tiers(dataset: Mapping[str, Any], formats: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tiers of the ways of delivery that we know, in the table's order."""
    own = dataset.get(NS + "tier")
    told = set(map(str, own)) if isinstance(own, list) else set()
    told |= {_TIER_OF[format_] for format_ in formats if format_ in _TIER_OF}
    return tuple(key for key in codes.TIERS if key in told)


def _classes(dataset: Mapping[str, Any]) -> dict[str, str]:
    return _known_classes({name: dataset[NS + name] for name in DIMENSIONS if NS + name in dataset})


def _known_classes(told: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: code
        for name, code in told.items()
        if name in DIMENSIONS and isinstance(code, str) and DIMENSIONS[name].words(code) is not None
    }


def _count(value: object) -> str:
    """Return a count as its canonical decimal text, empty for anything else."""
    number = value if isinstance(value, str) else str(value) if type(value) is int else ""
    fits = number.isascii() and number.isdecimal() and len(number) <= 19
    return str(int(number)) if fits and int(number) <= COUNT_MAX else ""


def _number(value: object) -> int:
    number = _count(value)
    if not number:
        raise CatalogError("`offers` is no number", path="offers")
    return int(number)
