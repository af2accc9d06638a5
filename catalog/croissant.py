"""A listed product as Croissant 1.1 has a data set (MLCommons): JSON-LD that loaders of machine learning read.

Law: (1) it says what the exchange shows the asker of a listing, and no value of the data. (2) A checksum is of what its
address serves, or is not there. What our pieces are known by is BLAKE3 of the sealed ones, and Croissant has SHA-256
alone: the one file with a checksum is the edition's public header, which commits to them, and the files are
`containedIn` it, for which Croissant asks no checksum. (3) Names are those of the specification's context; what it has
no name for stands under ours or schema.org's. `catalog.croissant_file` reads all of this back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from catalog import csvw
from catalog.about import UNDETERMINED, WEB
from catalog.dataset import EU_FREQUENCIES, EU_FREQUENCY, dataset_from_json
from catalog.hints import GRADE_OF_HINT
from contracts.canonical import sha
from contracts.namespace import NS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catalog.about import About, Meaning
    from catalog.dataset import Dataset
    from catalog.profile import FileProfile

    View = Mapping[str, Any]
    End = tuple[str, str]  # of a relation: file and column
    Columns = Mapping[str, Mapping[str, str]]  # file → column → type of its field

VERSION = "http://mlcommons.org/croissant/1.1"
EDITION = "edition"  # the `@id` of the sealed edition among the files
PRODUCT = NS + "product/"
REFERENCES = "penstock:references"
HEADER = "/sealed/{}/header"
# of the specification (section "Appendix 1: JSON-LD context"), and ours
CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "penstock": NS,
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
# kind of a column (`catalog.profile`) → type of a field; a field needs one, so what has none of its own is text
DATA_TYPES: Mapping[str, str] = {
    "integer": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "date": "sc:Date",
    "time": "sc:DateTime",
    "local-time": "sc:DateTime",
}
TEXT = "sc:Text"
SEALED = (
    "The public header of the sealed edition: it commits to every piece of the files below, which are delivered sealed"
    " and open under an agreement."
)


def croissant(view: View) -> dict[str, Any]:
    """Return a listing as a data set of Croissant; `at` and `name` of the view are the provider's address and name."""
    dataset = dataset_from_json(view["dataset"])
    about, header, at = dataset.about, view["header"], view.get("at") or ""
    refers, columns = _references(about), _columns(dataset)
    found: dict[str, Any] = {
        "@context": dict(CONTEXT),
        "@type": "sc:Dataset",
        "@id": PRODUCT + quote(dataset.id, safe=""),
        "name": worded(about.title) or dataset.title,
        "description": worded(about.description) or dataset.description or worded(about.title) or dataset.title,
        "conformsTo": VERSION,
        "identifier": view.get("code") or dataset.id,
        "url": PRODUCT + quote(dataset.id, safe=""),
        "keywords": list(dataset.keywords),
        "publisher": {"@type": "sc:Organization"} | _provider(view),
        "version": f"{header.get('edition', '1')}.0.0",
        "penstock:frequency": {"@id": EU_FREQUENCY + EU_FREQUENCIES[dataset.frequency]},
        "penstock:grade": dataset.grade,
        "distribution": [
            _edition(header, view.get("edition", ""), at),
            *(_file(file, about, columns) for file in dataset.files),
        ],
        "recordSet": [_table(file, about, columns, refers) for file in dataset.files if columns[file.path]],
    }
    found |= {"datePublished": header["sealedAt"]} if "sealedAt" in header else {}
    found |= {f"penstock:{name}": code for name, code in dataset.classes.items()}
    found |= {"spatialCoverage": {"@type": "sc:Place", "identifier": dataset.region}} if dataset.region else {}
    return found | _said(about, view) | _personal(dataset)


def worded(told: Mapping[str, str]) -> Any:
    """Return words by language as the context has them: words that tell no language are a plain text."""
    if set(told) == {UNDETERMINED}:
        return told[UNDETERMINED]
    return {"@none" if lang == UNDETERMINED else lang: said for lang, said in sorted(told.items())}


def _said(about: About, view: View) -> dict[str, Any]:
    """Return licence, citation and creator: who may be asked, else the provider."""
    found: dict[str, Any] = {}
    if about.licence:
        address = about.licence.strip()
        named = address.startswith(WEB) and not any(map(str.isspace, address))
        found["license"] = address if named else {"@type": "sc:CreativeWork", "name": "licence", "text": about.licence}
    if about.citation:
        found["citeAs"] = about.citation
    found["creator"] = {"@type": "sc:Organization"} | dict(about.contact or _provider(view))
    return found


def _provider(view: View) -> dict[str, str]:
    return {"@id": view["provider"], "name": view.get("name") or view["provider"]}


def _personal(dataset: Dataset) -> dict[str, Any]:
    """Return which columns hint at persons, by their names."""
    told = [
        f"{file.path}: {column.name} ({column.hint})"
        for file in dataset.files
        for column in file.columns
        if column.hint in GRADE_OF_HINT
    ]
    return {"rai:personalSensitiveInformation": told} if told else {}


def _edition(header: Mapping[str, Any], edition: str, at: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": EDITION,
        "name": f"{EDITION} {header.get('edition', '')}".strip(),
        "description": SEALED,
        "contentUrl": at + HEADER.format(edition),
        "encodingFormat": "application/json",
        "sha256": sha(dict(header)).hex(),
    }


def _file(file: FileProfile, about: About, columns: Columns) -> dict[str, Any]:
    """Return a file; what its provider calls it is said here where there is no table to say it of."""
    said = about.tables.get(file.path, csvw.UNSAID)
    title = {"description": said.title} if said.title and not columns[file.path] else {}
    return title | {
        "@type": "cr:FileObject",
        "@id": file_id(file.path),
        "name": file.path,
        "containedIn": {"@id": EDITION},
        "contentUrl": file.path,
        "contentSize": f"{file.size} B",
        "encodingFormat": file.media_type,
    }


def _columns(dataset: Dataset) -> Columns:
    """Return the columns of each file, each with its type: those measured, then others that words are said of."""
    found = {
        file.path: {column.name: DATA_TYPES.get(column.kind, TEXT) for column in file.columns} for file in dataset.files
    }
    for table, column in dataset.about.named:
        if table in found:
            found[table].setdefault(column, TEXT)
    return found


def _references(about: About) -> Mapping[End, Sequence[tuple[str, End]]]:
    """Return what each column refers to, and under which name that is said.

    A field of Croissant has one reference and none that leads back to it; what is beyond is said by a name of ours.
    """
    first: dict[End, End] = {}
    found: dict[End, list[tuple[str, End]]] = {}
    for one in about.relations:
        at, seen = one.target, {one.source}
        while at not in seen and at in first:
            seen.add(at)
            at = first[at]
        fits = one.source not in first and at not in seen
        if fits:
            first[one.source] = one.target
        found.setdefault(one.source, []).append(("references" if fits else REFERENCES, one.target))
    return found


def _table(
    file: FileProfile, about: About, columns: Columns, refers: Mapping[End, Sequence[tuple[str, End]]]
) -> dict[str, Any]:
    said = about.tables.get(file.path, csvw.UNSAID)
    title = {"description": said.title} if said.title else {}
    return {"@type": "cr:RecordSet", "@id": "table/" + _part(file.path), "name": file.path, **title} | {
        "field": [
            _field(file.path, name, kind, said.columns.get(name, csvw.SILENT), refers.get((file.path, name), ()))
            for name, kind in columns[file.path].items()
        ]
    }


def _field(path: str, name: str, kind: str, said: Meaning, refers: Sequence[tuple[str, End]]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": field_id(path, name),
        "name": name,
        "dataType": kind,
        "source": {"fileObject": {"@id": file_id(path)}, "extract": {"column": name}},
    }
    if said.words:
        found["description"] = worded(said.words)
    if said.unit:
        found["unitText"] = said.unit
    for called, end in refers:
        if called == REFERENCES:  # a text: a link would be followed
            found.setdefault(REFERENCES, []).append(field_id(*end))
        else:
            found[called] = {"field": {"@id": field_id(*end)}}
    return found


def file_id(path: str) -> str:
    """Return the `@id` of a file in such a document."""
    return "file/" + _part(path)


def field_id(path: str, column: str) -> str:
    """Return the `@id` of a column in such a document."""
    return f"column/{_part(path)}/{_part(column)}"


def _part(name: str) -> str:
    return quote(name, safe="")
