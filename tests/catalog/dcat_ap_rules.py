"""What DCAT-AP 3.0 asks of each class, as a table, and a reader that holds a graph to it.

Written from the specification (SEMIC, DCAT-AP 3.0.1, "Quick reference of classes and properties" and "Controlled
vocabularies to be used"): property, least, most, and what its values must be. `RECOMMENDED` has least 0 there; here it
says which of them we promise.
"""

from __future__ import annotations

import rdflib
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF, SKOS, XSD

VCARD = rdflib.Namespace("http://www.w3.org/2006/vcard/ns#")
EU = "http://publications.europa.eu/resource/authority/"
MANY = 10_000


def literal(_, value):
    return isinstance(value, rdflib.Literal)


def resource(_, value):
    return not isinstance(value, rdflib.Literal)


def typed(kind):
    return lambda graph, value: resource(graph, value) and (value, RDF.type, kind) in graph


def dated(_, value):
    return isinstance(value, rdflib.Literal) and value.datatype in (XSD.date, XSD.dateTime, XSD.gYear)


def size(_, value):
    return isinstance(value, rdflib.Literal) and value.datatype == XSD.nonNegativeInteger and int(value) >= 0


def of(vocabulary):
    return lambda _, value: isinstance(value, rdflib.URIRef) and value.startswith(EU + vocabulary + "/")


def media(_, value):
    return str(value).startswith("http://www.iana.org/assignments/media-types/")


# class → rows of (property, least, most, what a value is)
MANDATORY = {
    DCAT.Catalog: (
        (DCTERMS.title, 1, MANY, literal),
        (DCTERMS.description, 1, MANY, literal),
        (DCTERMS.publisher, 1, 1, typed(FOAF.Agent)),
    ),
    DCAT.Dataset: (
        (DCTERMS.title, 1, MANY, literal),
        (DCTERMS.description, 1, MANY, literal),
        (DCTERMS.publisher, 0, 1, typed(FOAF.Agent)),
        (DCAT.distribution, 0, MANY, typed(DCAT.Distribution)),
        (DCAT.contactPoint, 0, MANY, typed(VCARD.Kind)),
        (DCAT.theme, 0, MANY, typed(SKOS.Concept)),
        (DCAT.keyword, 0, MANY, literal),
        (DCTERMS.accessRights, 0, 1, of("access-right")),
        (DCTERMS.accrualPeriodicity, 0, 1, of("frequency")),
        (DCTERMS.language, 0, MANY, of("language")),
        (DCTERMS.issued, 0, 1, dated),
        (DCTERMS.modified, 0, 1, dated),
        (DCTERMS.temporal, 0, MANY, typed(DCTERMS.PeriodOfTime)),
        (DCTERMS.spatial, 0, MANY, typed(DCTERMS.Location)),
        (DCTERMS.identifier, 0, MANY, literal),
        (DCTERMS.provenance, 0, MANY, typed(DCTERMS.ProvenanceStatement)),
    ),
    DCAT.Distribution: (
        (DCAT.accessURL, 1, MANY, resource),
        (DCAT.accessService, 0, MANY, typed(DCAT.DataService)),
        (DCAT.byteSize, 0, 1, size),
        (DCAT.mediaType, 0, 1, media),
        (DCTERMS.format, 0, 1, of("file-type")),
        (DCTERMS.license, 0, 1, typed(DCTERMS.LicenseDocument)),
        (DCTERMS.description, 0, MANY, literal),
    ),
    DCAT.DataService: (
        (DCTERMS.title, 1, MANY, literal),
        (DCAT.endpointURL, 1, MANY, resource),
        (DCTERMS.publisher, 0, 1, typed(FOAF.Agent)),
        (DCAT.servesDataset, 0, MANY, resource),
        (DCTERMS.conformsTo, 0, MANY, typed(DCTERMS.Standard)),
    ),
    FOAF.Agent: ((FOAF.name, 1, MANY, literal),),
    SKOS.Concept: ((SKOS.prefLabel, 1, MANY, literal),),
    DCTERMS.PeriodOfTime: ((DCAT.startDate, 1, 1, dated), (DCAT.endDate, 1, 1, dated)),
}
# what the profile recommends of a class, and is there whenever somebody said or measured it
RECOMMENDED = {
    DCAT.Dataset: (
        DCTERMS.accessRights, DCAT.contactPoint, DCAT.distribution, DCAT.keyword, DCTERMS.publisher, DCTERMS.spatial,
        DCTERMS.temporal, DCAT.theme, DCTERMS.language, DCTERMS.modified,
    ),
    DCAT.Distribution: (DCTERMS.description, DCTERMS.format, DCTERMS.license, DCAT.byteSize, DCAT.mediaType),
    DCAT.Catalog: (DCAT.dataset, FOAF.homepage, DCTERMS.modified, DCAT.themeTaxonomy),
    DCAT.DataService: (DCTERMS.publisher, DCAT.servesDataset, DCTERMS.conformsTo),
}  # fmt: skip


def wrong(graph: rdflib.Graph) -> list[str]:
    """Return what a graph lacks or has too much or wrongly."""
    return [
        f"{subject} {verb}: {found}"
        for kind, rows in MANDATORY.items()
        for subject in graph.subjects(RDF.type, kind)
        for verb, least, most, is_so in rows
        if not least <= len(found := list(graph.objects(subject, verb))) <= most
        or not all(is_so(graph, value) for value in found)
    ]


def missing(graph: rdflib.Graph) -> list[str]:
    """Return what of the recommended is said of nobody."""
    return [
        f"{subject} {verb}"
        for kind, verbs in RECOMMENDED.items()
        for subject in graph.subjects(RDF.type, kind)
        for verb in verbs
        if graph.value(subject, verb) is None
    ]
