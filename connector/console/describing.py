"""What a listed or offered dataset says of itself, as pages show it: files, columns, qualities, rules in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog import masks
from catalog.about import in_language
from catalog.codes import FREQUENCIES, SECURITY_GRADES
from catalog.dataset import dataset_from_json
from catalog.errors import CatalogError
from catalog.quality import QUALITIES
from connector.console import language
from connector.console.facts import drawn, facts, sentence
from connector.enforcement.keeping import keeping
from connector.runtime.errors import Absent, from_reason
from contracts import price_words
from contracts.tariff import Tariff
from policy.errors import PolicyError
from policy.model import atoms
from policy.parse import parse
from policy.purposes import SCHEME, label
from policy.words.headings import headed
from policy.words.speak import explain, phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalog.about import About
    from catalog.profile import FileProfile
    from contracts.canonical import JsonObject

# of a product with many files; the rest is said to be more
COLUMNS_SHOWN = 200
FILES_SHOWN = 50
# how a permission says for what it is
PURPOSE, ALLOWING = "purpose", frozenset({"isA", "eq", "isAnyOf"})


def described(document: object, chosen: str = "", sampled: str = "", least: str = "") -> JsonObject:
    """Return a dataset as a page shows it: its columns are the rows of the table; empty where it cannot be read.

    With `chosen`, a file of it, the rows are that file's alone; raises Absent for what is none. `file` is the one shown
    first where none is chosen: the one that is `sampled`, or the longest table. `least` is the weakest tier in which
    its space lets it be delivered, empty where nobody says.
    """
    try:
        dataset = dataset_from_json(document)
    except CatalogError as fault:
        return {"readable": str(fault), "said": {}, "rows": [], "files": [], "more": 0}
    if chosen and chosen not in [file.path for file in dataset.files]:
        raise Absent(f"there is no file `{chosen[:100]}` in this product", "choose one of those on its page")
    rows = [
        {"file": file.path, "name": column.name, "kind": column.kind, "nulls": column.nulls}
        | {"distinct": column.distinct, "minimum": column.minimum, "maximum": column.maximum, "hint": column.hint}
        | {"masked": masks.words(column.hint)}
        | {"bars": [list(bar) for bar in column.bars]}
        | _meant(dataset.about, file.path, column.name)
        for file in dataset.files
        if chosen in ("", file.path)
        for column in file.columns
    ]
    files = [_file(file, dataset.about) for file in dataset.files]
    shown = chosen or sampled or max(dataset.files, key=lambda file: (bool(file.columns), file.rows or 0)).path
    if len(rows) > COLUMNS_SHOWN:  # those of the file that is shown are not among the rest
        rows.sort(key=lambda row: row["file"] != shown)
    words = _in_languages(dataset.about.description, dataset.description)
    frequency = FREQUENCIES[dataset.frequency]
    return {
        "readable": "",
        "description": words,
        "titles": _in_languages(dataset.about.title, dataset.title),
        "said": {"licence": dataset.about.licence, "contact": dict(dataset.about.contact)}
        | {"citation": dataset.about.citation}
        | {"relations": [{"from": one.source, "to": one.target} for one in dataset.about.relations]},
        "keywords": list(dataset.keywords),
        "bytes": str(dataset.size),
        "tableRows": str(dataset.rows),
        "grade": graded(dataset.grade, least),
        "frequency": {"en": frequency.en, "zh": frequency.zh},
        "region": dataset.region,
        "facts": facts(dataset),
        "file": shown,
        "first": {lang: sentence(text) for lang, text in words.items()},
        "drawn": drawn(dataset),
        "files": files[:FILES_SHOWN],
        "packing": None if dataset.packing is None else dataset.packing.json(),
        "application": None if dataset.application is None else dataset.application.json(),
        "rows": rows[:COLUMNS_SHOWN],
        "more": max(0, len(rows) - COLUMNS_SHOWN),
    }


def graded(grade: int, least: str = "") -> dict[str, str]:
    """Return a security grade in words, and the `least` tier that it is delivered in, where not every tier will do."""
    told = SECURITY_GRADES[grade]
    asks = language.WORDS.get(f"least.{least}")
    ends = [f" · {one}" for one in asks] if asks else ["", ""]
    return {"en": told.en + ends[0], "zh": told.zh + ends[1]}


def _file(file: FileProfile, about: About) -> JsonObject:
    said = about.tables.get(file.path)
    told = {"path": file.path, "bytes": str(file.size), "rows": file.rows, "columns": len(file.columns)}
    return told | {"kind": file.media_type, "title": said.title if said else "", "note": file.note}


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


def terms(policy: Mapping[str, Any], product: str) -> dict[str, dict[str, list[str]]]:
    """Return a policy in words under headings, by language; nothing of one that cannot be read, which `rules` says."""
    try:
        read = parse({"@type": "Set", "target": product, **policy})
    except PolicyError:
        return {}
    return {lang: headed(read, lang) for lang in language.LANGUAGES}


def kept(policy: Mapping[str, Any], product: str, tier: str) -> list[dict[str, Any]]:
    """Return each condition, duty and prohibition of a policy in words, with how far it is kept in a tier."""
    try:
        read = parse({"@type": "Set", "target": product, **policy})
    except PolicyError:
        return []
    return [
        {"kept": one.kept.name.lower(), "words": {lang: phrase(one.node, lang) for lang in language.LANGUAGES}}
        | {"how": dict(zip(language.LANGUAGES, one.kept.value, strict=True))}
        for one in keeping(read, tier)
    ]


def qualities(told: Mapping[str, Any]) -> list[JsonObject]:
    """Return the qualities that were measured, in their order, each with its words and its basis points."""
    return [{"key": one.key, "en": one.en, "zh": one.zh, "bps": told[one.key]} for one in QUALITIES if one.key in told]


def purposes() -> list[JsonObject]:
    """Return the terms of the purpose scheme, with their labels by language."""
    return [{"iri": iri, **{lang: label(iri, lang) for lang in language.LANGUAGES}} for iri in SCHEME]


def permitted(policy: Mapping[str, Any], product: str) -> list[str]:
    """Return the purposes that a policy's permissions name, in its order: what a buyer chooses first from."""
    try:
        read = parse({"@type": "Set", "target": product, **policy})
    except PolicyError:
        return []
    named = [
        str(one)
        for rule in read.permissions
        for atom in atoms(rule.conditions)
        if atom.left == PURPOSE and atom.operator in ALLOWING
        for one in atom.right
    ]
    return [one for one in dict.fromkeys(named) if one in SCHEME]


def tariff(told: Mapping[str, Any], minor: str | None = None) -> Tariff:
    """Return a tariff, perhaps at another price."""
    return Tariff.from_json({**told, **({} if minor is None else {"minor": minor})})


def price(told: Mapping[str, Any], minor: str | None = None) -> dict[str, str]:
    """Return a tariff in words, by language, perhaps at another price; of what is free that it is."""
    read = tariff(told, minor)
    if read.minor == 0 and not read.period:
        return {lang: language.say(lang, "unit.free") for lang in language.LANGUAGES}
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
