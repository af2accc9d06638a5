"""A DCAT dataset as one value: what it is called, which files it has, how it may be delivered. Two JSON forms.

`dataset_json` is ours, whole and strict in both directions; its keys are frozen by the test. `dcat_json` is the face in
a Dataspace Protocol catalogue, where terms beside the protocol's own are absolute IRIs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from catalog import classes
from catalog.about import NOTHING, About, about_from_json, about_json
from catalog.codes import FREQUENCIES, SECURITY_GRADES, require, tier
from catalog.document import items, members, text
from catalog.errors import CatalogError
from catalog.packing import Packing, packing_from_json
from catalog.profile import FileProfile, file_from_json, file_json
from contracts import application as applications
from contracts.errors import ContractError
from contracts.namespace import NS
from policy import regions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from contracts.application import Application

TITLE_CHARACTERS_MAX = 256
DESCRIPTION_CHARACTERS_MAX = 10_000
KEYWORDS_MAX = 64
KEYWORD_CHARACTERS_MAX = 64
FILES_MAX = 10_000
DISTRIBUTIONS_MAX = 16
ID_CHARACTERS_MAX = 256

# the member that says which program is sold, and what DCAT says that it is
APPLICATION = "application"
DCT = "http://purl.org/dc/terms/"
DCAT = "http://www.w3.org/ns/dcat#"
# DCAT-AP takes the frequency from the controlled vocabulary of the EU's Publications Office
EU_FREQUENCY = "http://publications.europa.eu/resource/authority/frequency/"
EU_FREQUENCIES: Mapping[str, str] = {
    "realTime": "CONT",
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "monthly": "MONTHLY",
    "quarterly": "QUARTERLY",
    "semiannual": "ANNUAL_2",
    "annual": "ANNUAL",
    "irregular": "IRREG",
    "historical": "NEVER",
}


@dataclass(frozen=True, slots=True)
class Distribution:
    """One way of delivery: a tier and a transfer format that keeps the tier's promise (`catalog.codes.TIERS`)."""

    tier: str
    format: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """A described dataset; `grade` is the security grade 1 to 5, `region` the place it is about, empty if none.

    `classes` says what it is about: dimension → code (`catalog.classes.DIMENSIONS`). `packing` is how small files are
    delivered together, where they are. `application` says of a program that is sold which one it is
    (`contracts.application`); None: it is data.
    """

    id: str
    title: str
    description: str
    keywords: tuple[str, ...]
    files: tuple[FileProfile, ...]
    distributions: tuple[Distribution, ...]
    grade: int
    region: str = ""
    frequency: str = "irregular"
    classes: Mapping[str, str] = field(default_factory=dict)
    about: About = NOTHING
    packing: Packing | None = None
    application: Application | None = None

    def __post_init__(self) -> None:
        """Refuse what the tables and limits do not know; raises CatalogError with the path of the fault."""
        text(self.id, "id", limit=ID_CHARACTERS_MAX)
        text(self.title, "title", limit=TITLE_CHARACTERS_MAX)
        text(self.description, "description", limit=DESCRIPTION_CHARACTERS_MAX)
        if not self.id or not self.title.strip():
            raise CatalogError("a dataset needs an id and a title", path="title")
        _bounded(self.keywords, "keywords", KEYWORDS_MAX)
        for keyword in self.keywords:
            text(keyword, "keywords", limit=KEYWORD_CHARACTERS_MAX)
        _check_files(self.files)
        _check_distributions(self.distributions)
        if self.grade not in SECURITY_GRADES:
            raise CatalogError(f"unknown security grade `{self.grade}`", path="grade", hint="1 to 5")
        require(FREQUENCIES, self.frequency, "frequency")
        classes.require(self.classes)
        if self.region and not regions.is_code(self.region):
            raise CatalogError(
                f"unknown region `{self.region}`", path="region", hint="ISO 3166, such as `DE` or `US-NY`"
            )

    @property
    def size(self) -> int:
        """All files' bytes."""
        return sum(file.size for file in self.files)

    @property
    def rows(self) -> int:
        """All tables' rows."""
        return sum(file.rows or 0 for file in self.files)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column's name, each once, in order: part of what a search looks through."""
        return tuple(dict.fromkeys(column.name for file in self.files for column in file.columns))


def distributions_of(tier_key: str) -> tuple[Distribution, ...]:
    """Return the ways of delivery that keep a tier's promise."""
    return tuple(Distribution(tier_key, format_) for format_ in tier(tier_key).formats)


def searchable(dataset: Dataset) -> str:
    """Return the text a search looks through besides the title."""
    names = " ".join(file.path for file in dataset.files)
    said = (dataset.description, " ".join(dataset.keywords), names, " ".join(dataset.columns))
    return "\n".join((*said, *filter(None, [dataset.about.searchable])))


def dataset_json(dataset: Dataset) -> dict[str, object]:
    """Return the whole dataset as JSON."""
    return {
        "id": dataset.id,
        "title": dataset.title,
        "description": dataset.description,
        "keywords": list(dataset.keywords),
        "files": [file_json(file) for file in dataset.files],
        "distributions": [{"tier": way.tier, "format": way.format} for way in dataset.distributions],
        "grade": dataset.grade,
        "region": dataset.region,
        "frequency": dataset.frequency,
        "classes": dict(dataset.classes),
        **({"about": about_json(dataset.about)} if dataset.about else {}),
        **({"packing": dataset.packing.json()} if dataset.packing else {}),
        **({APPLICATION: dataset.application.json()} if dataset.application else {}),
    }


def dataset_from_json(document: object) -> Dataset:
    """Read `dataset_json`'s form; anything missing, unknown, too long or not in a table raises CatalogError."""
    facts = members(document, "dataset", required=_KEYS, allowed=_KEYS | {"about", "packing", APPLICATION})
    grade = facts["grade"]
    if type(grade) is not int:
        raise CatalogError(f"unknown security grade `{grade}`", path="grade", hint="1 to 5")
    keywords = items(facts["keywords"], "keywords", limit=KEYWORDS_MAX)
    files = items(facts["files"], "files", limit=FILES_MAX)
    ways = items(facts["distributions"], "distributions", limit=DISTRIBUTIONS_MAX)
    return Dataset(
        id=text(facts["id"], "id"),
        title=text(facts["title"], "title"),
        description=text(facts["description"], "description"),
        keywords=tuple(text(word, f"keywords/{at}") for at, word in enumerate(keywords)),
        files=tuple(file_from_json(file, f"files/{at}") for at, file in enumerate(files)),
        distributions=tuple(_distribution(way, f"distributions/{at}") for at, way in enumerate(ways)),
        grade=grade,
        region=text(facts["region"], "region"),
        frequency=text(facts["frequency"], "frequency"),
        classes={name: text(code, f"classes/{name}") for name, code in _classes(facts["classes"]).items()},
        about=about_from_json(facts.get("about", {})),
        packing=None if facts.get("packing") is None else packing_from_json(facts["packing"], "packing"),
        application=_application(facts.get(APPLICATION)),
    )


def dcat_json(dataset: Dataset, *, offers: Sequence[dict[str, object]], service: str) -> dict[str, object]:
    """Return the Dataset of a DSP 2025-1 catalogue: `offers` are its policies, `service` the id of the data service.

    The protocol wants at least one offer and one distribution, and no `target` inside an offer.
    """
    assert offers, "a dataset in a catalogue has an offer"
    assert all("target" not in offer for offer in offers), "an offer inside a dataset has no target"
    formats = dict.fromkeys(way.format for way in dataset.distributions)
    return {
        "@id": dataset.id,
        "@type": "Dataset",
        "hasPolicy": list(offers),
        "distribution": [{"@type": "Distribution", "format": format_, "accessService": service} for format_ in formats],
        DCT + "title": dataset.title,
        DCT + "description": dataset.description,
        DCAT + "keyword": list(dataset.keywords),
        NS + "tier": list(dict.fromkeys(way.tier for way in dataset.distributions)),
        NS + "byteSize": str(dataset.size),
        NS + "rows": str(dataset.rows),
        NS + "grade": SECURITY_GRADES[dataset.grade].number,
        DCT + "accrualPeriodicity": {"@id": EU_FREQUENCY + EU_FREQUENCIES[dataset.frequency]},
        **({DCT + "spatial": dataset.region} if dataset.region else {}),
        **({DCT + "type": APPLICATION, NS + "program": dataset.application.json()} if dataset.application else {}),
        **{NS + name: code for name, code in dataset.classes.items()},
    }


_KEYS = frozenset(
    {"id", "title", "description", "keywords", "files", "distributions", "grade", "region", "frequency", "classes"}
)


def _classes(document: object) -> Mapping[str, object]:
    return members(document, "classes", required=frozenset(), allowed=frozenset(classes.DIMENSIONS))


def _application(document: object) -> Application | None:
    if document is None:
        return None
    try:
        return applications.read(document, APPLICATION)
    except ContractError as error:
        raise CatalogError(str(error), path=APPLICATION) from error


def _distribution(document: object, path: str) -> Distribution:
    keys = frozenset({"tier", "format"})
    facts = members(document, path, required=keys, allowed=keys)
    return Distribution(text(facts["tier"], f"{path}/tier"), text(facts["format"], f"{path}/format"))


def _check_files(files: tuple[FileProfile, ...]) -> None:
    _bounded(files, "files", FILES_MAX)
    paths = [file.path for file in files]
    if not paths:
        raise CatalogError("a dataset needs at least one file", path="files")
    if len(set(paths)) != len(paths):
        raise CatalogError("two files have one path", path="files", hint="rename one of them")


def _check_distributions(ways: tuple[Distribution, ...]) -> None:
    _bounded(ways, "distributions", DISTRIBUTIONS_MAX)
    if not ways:
        raise CatalogError("a dataset needs at least one way of delivery", path="distributions")
    for way in ways:
        if way.format not in tier(way.tier).formats:
            raise CatalogError(f"`{way.format}` cannot keep what tier `{way.tier}` promises", path="distributions")


def _bounded(values: Sequence[object], path: str, limit: int) -> None:
    if len(values) > limit:
        raise CatalogError(f"`{path}` has {len(values)} items, the limit is {limit}", path=path)
