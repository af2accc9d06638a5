"""What a listed or offered dataset says of itself, as pages show it: files, columns, qualities, rules in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.about import in_language
from catalog.codes import FREQUENCIES, SECURITY_GRADES
from catalog.dataset import dataset_from_json
from catalog.errors import CatalogError
from connector.console import language
from connector.runtime.errors import from_reason
from contracts import price_words
from contracts.tariff import Tariff
from policy.errors import PolicyError
from policy.parse import parse
from policy.purposes import SCHEME, label
from policy.words.speak import explain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalog.about import About
    from contracts.canonical import JsonObject

# of a product with many files; the rest is said to be more
COLUMNS_SHOWN = 200
FILES_SHOWN = 50


def described(document: object) -> JsonObject:
    """Return a dataset as a page shows it: its columns are the rows of the table; empty where it cannot be read."""
    try:
        dataset = dataset_from_json(document)
    except CatalogError as fault:
        return {"readable": str(fault), "said": {}, "rows": [], "files": [], "more": 0}
    rows = [
        {"file": file.path, "name": column.name, "kind": column.kind, "nulls": column.nulls}
        | {"distinct": column.distinct, "minimum": column.minimum, "maximum": column.maximum, "hint": column.hint}
        | {"bars": [list(bar) for bar in column.bars]}
        | _meant(dataset.about, file.path, column.name)
        for file in dataset.files
        for column in file.columns
    ]
    files = [{"path": file.path, "bytes": str(file.size), "rows": file.rows} for file in dataset.files]
    grade, frequency = SECURITY_GRADES[dataset.grade], FREQUENCIES[dataset.frequency]
    return {
        "readable": "",
        "description": _in_languages(dataset.about.description, dataset.description),
        "titles": _in_languages(dataset.about.title, dataset.title),
        "said": {"licence": dataset.about.licence, "contact": dict(dataset.about.contact)}
        | {"citation": dataset.about.citation}
        | {"relations": [{"from": one.source, "to": one.target} for one in dataset.about.relations]},
        "keywords": list(dataset.keywords),
        "bytes": str(dataset.size),
        "tableRows": str(dataset.rows),
        "grade": {"en": grade.en, "zh": grade.zh},
        "frequency": {"en": frequency.en, "zh": frequency.zh},
        "region": dataset.region,
        "files": files[:FILES_SHOWN],
        "rows": rows[:COLUMNS_SHOWN],
        "more": max(0, len(rows) - COLUMNS_SHOWN),
    }


def _in_languages(told: Mapping[str, str], plain: str) -> dict[str, str]:
    """Return words for each language of the console: those in it, else those that there are."""
    return {lang: in_language(told, lang) or plain for lang in language.LANGUAGES}


def _meant(about: About, table: str, column: str) -> JsonObject:
    """Return what a column means, by language, and its unit; nothing for one that nobody described."""
    said = about.tables[table].columns.get(column) if table in about.tables else None
    if said is None:
        return {**dict.fromkeys(language.LANGUAGES, ""), "meaning": "", "unit": ""}
    return {**_in_languages(said.words, ""), "meaning": in_language(said.words, "en"), "unit": said.unit}


def rules(policy: Mapping[str, Any], product: str) -> dict[str, list[str]]:
    """Return a policy in sentences, by language; what cannot be read is said to be so."""
    try:
        read = parse({"@type": "Set", "target": product, **policy})
    except PolicyError as fault:
        return {lang: [str(fault)] for lang in language.LANGUAGES}
    return {lang: explain(read, lang) for lang in language.LANGUAGES}


def purposes() -> list[JsonObject]:
    """Return the terms of the purpose scheme, with their labels by language."""
    return [{"iri": iri, **{lang: label(iri, lang) for lang in language.LANGUAGES}} for iri in SCHEME]


def tariff(told: Mapping[str, Any], minor: str | None = None) -> Tariff:
    """Return a tariff, perhaps at another price."""
    return Tariff.from_json({**told, **({} if minor is None else {"minor": minor})})


def price(told: Mapping[str, Any], minor: str | None = None) -> dict[str, str]:
    """Return a tariff in words, by language, perhaps at another price."""
    read = tariff(told, minor)
    return {lang: price_words.price(read, lang) for lang in language.LANGUAGES}


def prices(listing: Mapping[str, Any]) -> dict[str, str]:
    """Return the price of what is listed, in every language; of what was found elsewhere as its source tells it."""
    if "service" in listing:
        return price(listing["service"]["tariff"])
    if "terms" not in listing["offer"]:
        return {lang: str(listing["price"]) for lang in language.LANGUAGES}
    return price(listing["offer"]["terms"]["tariff"], listing["offer"]["ask"])


def failure(reason: str | None) -> JsonObject | None:
    """Return a kept reason in words and with what to do, None where nothing failed."""
    if not reason:
        return None
    fault = from_reason(reason)
    return {"text": str(fault), "hint": fault.hint}
