"""Listed products and services, and a catalogue of them, as DCAT-AP 3.0 has data sets and data services: JSON-LD.

Law: (1) what the profile asks for and recommends has its row in docs/formats.md; what we cannot know is left out, and
nothing is guessed. (2) Terms of the profile's controlled vocabularies stand where it asks for them, ours beside them.
(3) Addresses that strangers wrote become IRIs or are left out, so that a reader of Turtle reads all of a page.
`catalog.turtle` writes the same as Turtle.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from catalog import csvw
from catalog.about import LANGUAGES, UNDETERMINED, WEB
from catalog.classes import DIMENSIONS
from catalog.codes import SECURITY_GRADES, SERVICE_TYPES
from catalog.dataset import APPLICATION, DCAT, DCT, EU_FREQUENCIES, EU_FREQUENCY, dataset_from_json
from catalog.describe import MEDIA_TYPES, PARQUET
from catalog.hints import GRADE_OF_HINT
from contracts.namespace import NS
from policy.vocabulary.names import ODRL, XSD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from catalog.about import About
    from catalog.dataset import Dataset
    from catalog.profile import FileProfile

    View = Mapping[str, Any]

FOAF = "http://xmlns.com/foaf/0.1/"
ADMS = "http://www.w3.org/ns/adms#"
PROV = "http://www.w3.org/ns/prov#"
VCARD = "http://www.w3.org/2006/vcard/ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
HYDRA = "http://www.w3.org/ns/hydra/core#"
IANA = "http://www.iana.org/assignments/media-types/"
PREFIXES: Mapping[str, str] = {
    "dcat": DCAT, "dct": DCT, "foaf": FOAF, "adms": ADMS, "prov": PROV, "xsd": XSD, "odrl": ODRL, "penstock": NS,
    "vcard": VCARD, "rdfs": RDFS, "csvw": csvw.CSVW, "skos": SKOS, "hydra": HYDRA,
}  # fmt: skip
# the controlled vocabularies of the EU's Publications Office that the profile takes terms from
EU = "http://publications.europa.eu/resource/authority/"
EU_THEMES = EU + "data-theme"
EU_LANGUAGES: Mapping[str, str] = {"en": EU + "language/ENG", "zh": EU + "language/ZHO"}
# what is listed is shown to members and read under an agreement, whatever its grade
EU_ACCESS = EU + "access-right/RESTRICTED"
EU_FILE_TYPES: Mapping[str, str] = {
    MEDIA_TYPES[".csv"]: "CSV",
    PARQUET: "PARQUET",
    MEDIA_TYPES[".json"]: "JSON",
    MEDIA_TYPES[".txt"]: "TXT",
    MEDIA_TYPES[".zip"]: "ZIP",
}
# of a topic, and of a section of industries, the theme of the same name; what has none is not forced into one
EU_THEME_OF: Mapping[tuple[str, str], str] = {
    ("topic", "A0100"): "SOCI", ("topic", "A0200"): "ECON", ("topic", "B0300"): "TRAN", ("topic", "B0500"): "ECON",
    ("topic", "C0200"): "HEAL", ("topic", "D0000"): "GOVE",
    **{("industry", section): theme for sections, theme in (
        ("A", "AGRI"), ("D", "ENER"), ("G", "TRAN"), ("IM", "TECH"), ("BCFHJKL", "ECON"), ("N", "ENVI"),
        ("PR", "EDUC"), ("Q", "HEAL"), ("S", "GOVE"), ("T", "INTR"), ("O", "SOCI"),
    ) for section in sections},
}  # fmt: skip
# the themes that are mapped to, as the vocabulary calls them
EU_THEME_NAMES: Mapping[str, str] = {
    "AGRI": "Agriculture, fisheries, forestry and food",
    "ECON": "Economy and finance",
    "EDUC": "Education, culture and sport",
    "ENER": "Energy",
    "ENVI": "Environment",
    "GOVE": "Government and public sector",
    "HEAL": "Health",
    "INTR": "International issues",
    "SOCI": "Population and society",
    "TECH": "Science and technology",
    "TRAN": "Transport",
}
DSP = "https://w3id.org/dspace/2025/1/"
DSP_PATH = "/dsp"
SERVED = ("Delivery by the Dataspace Protocol", "按数据空间协议交付")
# a table's newest and oldest day is told of what is public enough for its columns' drawings (decision 0142)
TOLD_GRADE_MAX = 2
MOMENTS = frozenset({"date", "time"})
DAY_CHARACTERS = 10
# what an IRI may hold besides letters and digits (RFC 3987); the rest is written in per cent
_IRI = "!#$%&'()*+,-./:;=?@[]_~"


def dcat_ap(view: View) -> dict[str, Any]:
    """Return a listing as a `dcat:Dataset`, with a context of its own; `at` and `name` are the provider's."""
    dataset = dataset_from_json(view["dataset"])
    about, header, subject = dataset.about, view["header"], product_iri(dataset.id)
    found: dict[str, Any] = {
        "@context": dict(PREFIXES),
        "@id": subject,
        "@type": "dcat:Dataset",
        "dct:identifier": view.get("code") or dataset.id,
        "dct:title": tagged(about.title) or dataset.title,
        "dct:description": tagged(about.description) or dataset.description or dataset.title,
        "dcat:keyword": list(dataset.keywords),
        "dct:publisher": _agent(view),
        "dct:accrualPeriodicity": {"@id": EU_FREQUENCY + EU_FREQUENCIES[dataset.frequency], "@type": "dct:Frequency"},
        "dcat:theme": list(_themes(dataset.classes)),
        "dct:accessRights": {"@id": EU_ACCESS, "@type": "dct:RightsStatement"},
        "penstock:grade": SECURITY_GRADES[dataset.grade].number,
        "odrl:hasPolicy": {"@type": "odrl:Offer", "@id": NS + "offer/" + quote(str(view["offer"]["id"]), safe="")},
        "dcat:version": str(header.get("edition", "")),
        "dcat:distribution": _distributions(view, dataset, subject),
    }
    if languages := [EU_LANGUAGES[lang] for lang in LANGUAGES if lang in {*about.title, *about.description}]:
        found["dct:language"] = [{"@id": one, "@type": "dct:LinguisticSystem"} for one in languages]
    if dataset.region:
        found["dct:spatial"] = {"@type": "dct:Location", "dct:identifier": dataset.region}
    if period := _period(dataset):
        found["dct:temporal"] = {"@type": "dct:PeriodOfTime"} | period
    if "sealedAt" in header:
        at = {"@value": header["sealedAt"], "@type": "xsd:dateTime"}
        found |= {"dct:modified": at} | ({"dct:issued": at} if header.get("edition") == "1" else {})
    if origin := dataset.classes.get("origin"):
        found["dct:provenance"] = {"@type": "dct:ProvenanceStatement", "rdfs:label": _labels("origin", origin)}
    if dataset.application is not None:
        labels = _labels("form", APPLICATION)
        concept = {"@type": "skos:Concept", "skos:prefLabel": labels, "dct:title": labels}
        found |= {"dct:type": {"@id": f"{NS}form/{APPLICATION}", **concept}}
        found |= {"penstock:program": dataset.application.program}
    found |= _said(about, view, subject)
    if view.get("resource"):
        found["prov:wasDerivedFrom"] = _resource(view["resource"])
    return found


def data_service(view: View) -> dict[str, Any]:
    """Return a listed service as a `dcat:DataService`; what it costs and permits by our names."""
    service = view["service"]
    found: dict[str, Any] = {
        "@context": dict(PREFIXES),
        "@id": NS + "service/" + quote(view["id"], safe=""),
        "@type": "dcat:DataService",
        "dct:identifier": view["id"],
        "dct:title": view["title"],
        "dct:description": service["description"] or view["title"],
        "dcat:keyword": list(service["keywords"]),
        "dct:type": {"@id": f"{NS}service-type/{SERVICE_TYPES[service['type']].number}"},
        "dct:publisher": _agent(view),
        "dcat:theme": list(_themes(service["classes"])),
        "dct:accessRights": {"@id": EU_ACCESS, "@type": "dct:RightsStatement"},
        "penstock:grade": SECURITY_GRADES[service["grade"]].number,
        "dcat:servesDataset": [{"@id": product_iri(key)} for key in service["serves"]],
        NS + "price": view["price"],
    }
    for name, of in (("endpointURL", "endpoint"), ("endpointDescription", "documentation")):
        if service[of]:
            found[f"dcat:{name}"] = {"@id": iri(service[of])}
    if service["region"]:
        found["dct:spatial"] = {"@type": "dct:Location", "dct:identifier": service["region"]}
    return found


def catalogue(
    faces: Sequence[Mapping[str, Any]], *, address: str, title: str, publisher: View, total: int, after: int | None
) -> dict[str, Any]:
    """Return a page of a `dcat:Catalog`: these `faces` of its `total`, `after` the first of the next page if any."""
    plain = [{name: value for name, value in one.items() if name != "@context"} for one in faces]
    found: dict[str, Any] = {
        "@context": dict(PREFIXES),
        "@id": iri(address),
        "@type": "dcat:Catalog",
        "dct:title": title,
        "dct:description": f"What is listed at {title}, as its members see it.",
        "dct:publisher": _agent(publisher),
        "dcat:themeTaxonomy": {"@id": EU_THEMES, "@type": "skos:ConceptScheme", "dct:title": "Data theme"},
        "foaf:homepage": {"@id": iri(address.partition("/exchange")[0]), "@type": "foaf:Document"},
        "hydra:totalItems": total,
        "dcat:dataset": [one for one in plain if one["@type"] == "dcat:Dataset"],
    }
    if moments := [one["dct:modified"]["@value"] for one in plain if "dct:modified" in one]:
        found["dct:modified"] = {"@value": max(moments), "@type": "xsd:dateTime"}
    if services := [one for one in plain if one["@type"] == "dcat:DataService"]:
        found["dcat:service"] = services
    if after is not None:
        onward = {"@id": f"{iri(address)}?first={after}"}
        found["hydra:view"] = {"@type": "hydra:PartialCollectionView", "hydra:next": onward}
    return found


def product_iri(key: str) -> str:
    """Return what a product is called."""
    return NS + "product/" + quote(key, safe="")


def iri(address: str) -> str:
    """Return an address as an IRI: what none may hold is written in per cent."""
    return quote(address.strip(), safe=_IRI)


def tagged(told: Mapping[str, str]) -> list[dict[str, str]]:
    """Return words by language as JSON-LD has them; words that tell no language have no tag."""
    return [
        {"@value": said} | ({} if lang == UNDETERMINED else {"@language": lang}) for lang, said in sorted(told.items())
    ]


def _agent(view: View) -> dict[str, Any]:
    return {"@id": iri(view["provider"]), "@type": "foaf:Agent", "foaf:name": view.get("name") or view["provider"]}


def _said(about: About, view: View, subject: str) -> dict[str, Any]:
    """Return what a provider says besides; where nobody is named who may be asked, the provider is."""
    found: dict[str, Any] = {}
    if about.licence:
        found["dct:license"] = _licence(about.licence, subject)
    told, at = about.contact, view.get("at")
    if told or at:
        found["dcat:contactPoint"] = {"@type": "vcard:Kind"}
        found["dcat:contactPoint"] |= {"vcard:fn": told["name"]} if "name" in told else {}
        found["dcat:contactPoint"] |= (
            {"vcard:hasEmail": {"@id": iri("mailto:" + told["email"])}} if "email" in told else {}
        )
        found["dcat:contactPoint"] |= {"vcard:hasURL": {"@id": iri(told["url"])}} if "url" in told else {}
    if at and not told:
        found["dcat:contactPoint"] |= {"vcard:fn": _agent(view)["foaf:name"], "vcard:hasURL": {"@id": iri(at)}}
    if about.citation:
        found["dct:bibliographicCitation"] = about.citation
    return found


def _licence(said: str, subject: str) -> dict[str, Any]:
    """Return a licence: an address is one, a text is a document of this product's."""
    address = said.strip()
    named = address.startswith(WEB) and not any(map(str.isspace, address))
    told = {"@id": iri(address)} if named else {"@id": subject + "#licence", "rdfs:label": said}
    return {"@type": "dct:LicenseDocument"} | told


def _resource(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "dcat:Resource",
        "dct:identifier": resource["code"] or resource["id"],
        "dct:title": resource["title"],
        "dct:rightsHolder": {"@type": "foaf:Agent", "foaf:name": resource["owner"]},
        "dcat:contactPoint": {"@type": "foaf:Agent", "foaf:name": resource["steward"]},
    }


def _distributions(view: View, dataset: Dataset, subject: str) -> list[dict[str, Any]]:
    """Return a distribution for each file; what all of them share is told in the first and named in the others."""
    found = [_distribution(view, dataset, subject, file) for file in dataset.files]
    if view.get("at"):
        service = {"@id": iri(view["at"] + DSP_PATH)}
        for one in found:
            one["dcat:accessService"] = service
        found[0]["dcat:accessService"] = service | {
            "@type": "dcat:DataService",
            "dct:title": tagged(dict(zip(LANGUAGES, SERVED, strict=True))),
            "dcat:endpointURL": service,
            "dct:conformsTo": {"@id": DSP, "@type": "dct:Standard"},
            "dct:accessRights": {"@id": EU_ACCESS},
            "dct:publisher": {"@id": iri(view["provider"])},
            "dcat:servesDataset": {"@id": subject},
        }
    return found


def _distribution(view: View, dataset: Dataset, subject: str, file: FileProfile) -> dict[str, Any]:
    ways = dict.fromkeys(way.format for way in dataset.distributions)
    at = view.get("at")
    found = {
        "@id": f"{subject}#file/{quote(file.path, safe='')}",
        "@type": "dcat:Distribution",
        "dct:title": file.path,
        "dct:description": _words_of(dataset, file),
        "dcat:accessURL": {"@id": iri(at + DSP_PATH if at else view["provider"])},
        "dcat:mediaType": {"@id": IANA + iri(file.media_type), "@type": "dct:MediaType"},
        "dcat:byteSize": {"@value": str(file.size), "@type": "xsd:nonNegativeInteger"},
        "penstock:delivery": [{"@id": iri(way if "://" in way else NS + "format/" + way)} for way in ways],
    }
    if file.media_type in EU_FILE_TYPES:
        kind = EU + "file-type/" + EU_FILE_TYPES[file.media_type]
        found["dct:format"] = {"@id": kind, "@type": "dct:MediaTypeOrExtent"}
    if dataset.about.licence:
        found["dct:license"] = {"@id": _licence(dataset.about.licence, subject)["@id"]}
    return found | csvw.schema(dataset.about, file, tagged)


def _words_of(dataset: Dataset, file: FileProfile) -> str:
    """Return what a file is: what its provider calls the table, else what was measured."""
    if file.path in dataset.about.tables and (title := dataset.about.tables[file.path].title):
        return title
    return f"{file.rows} rows of {len(file.columns)} columns" if file.columns else f"{file.size} bytes"


def _period(dataset: Dataset) -> dict[str, Any]:
    """Return the first and the last day that the tables' columns of days and moments have, of no person."""
    if dataset.grade > TOLD_GRADE_MAX:
        return {}
    timed = [
        column
        for file in dataset.files
        for column in file.columns
        if column.kind in MOMENTS and column.hint not in GRADE_OF_HINT
    ]
    days = [(_day(column.minimum), _day(column.maximum)) for column in timed]
    ends = [(first, last) for first, last in days if first and last]
    if not ends:
        return {}
    told = {"startDate": min(first for first, _ in ends), "endDate": max(last for _, last in ends)}
    return {f"dcat:{name}": {"@value": day, "@type": "xsd:date"} for name, day in told.items()}


def _day(told: str | None) -> str:
    try:
        return date.fromisoformat((told or "")[:DAY_CHARACTERS]).isoformat()
    except ValueError:
        return ""


def _themes(classes: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the concepts of a class: ours, and the theme of the EU's vocabulary that is the same, once each."""
    for name, code in classes.items():
        labels = _labels(name, code)
        yield {"@id": f"{NS}{name}/{code}", "@type": "skos:Concept", "skos:prefLabel": labels, "dct:title": labels}
    wider = {line: name for name, code in classes.items() for line in DIMENSIONS[name].line(code)}
    themes = (EU_THEME_OF.get((name, line)) for line, name in wider.items())
    for theme in dict.fromkeys(filter(None, themes)):
        label = {"@value": EU_THEME_NAMES[theme], "@language": "en"}
        yield {"@id": f"{EU_THEMES}/{theme}", "@type": "skos:Concept", "skos:prefLabel": label}


def _labels(name: str, code: str) -> list[dict[str, str]]:
    labels = DIMENSIONS[name].words(code) or (code, code)
    return [{"@value": label, "@language": lang} for label, lang in zip(labels, LANGUAGES, strict=True)]
