"""The terms a policy is made of, by what stands behind each: the table that every form is brought to one form by.

KEYS          key -> the kind of its values; a key without a row is left as it is, for the parser to refuse by name
ANNOTATIONS   keys of other vocabularies that say something about a rule and cannot narrow it: inside rules dropped
PREFIXES      the prefixes that the known contexts and the usual files give

Nothing that could narrow a rule may have a row in ANNOTATIONS: no `dcterms:frequency`, `vcard:hasRole` or `valid`.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from policy.vocabulary import names
from policy.vocabulary.names import CC, IDS_CODE, IDS_CORE, ODRL, SKOS, TERMS, VCARD, XSD

if TYPE_CHECKING:
    from collections.abc import Mapping

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
DCTERMS = "http://purl.org/dc/terms/"
ELEMENTS = "http://purl.org/dc/elements/1.1/"
DSPACE = "https://w3id.org/dspace/2025/1/"

# Contexts whose terms mean what KEYS says. They are known by name; nothing is ever fetched.
CONTEXTS = names.CONTEXTS | {"https://www.w3.org/ns/odrl.jsonld", DSPACE + "odrl-profile.jsonld"}
# What these stand for decides what a rule says, so a document may repeat them and not change them.
PROTECTED: Mapping[str, str] = {"odrl": ODRL, "xsd": XSD, "rdf": RDF, "penstock": TERMS}
PREFIXES: Mapping[str, str] = {
    **PROTECTED,
    "cc": CC,
    "rdfs": RDFS,
    "dc": DCTERMS,
    "dct": DCTERMS,
    "dcterms": DCTERMS,
    "dcat": "http://www.w3.org/ns/dcat#",
    "dspace": DSPACE,
    "foaf": "http://xmlns.com/foaf/0.1/",
    "ids": IDS_CORE,
    "idsc": IDS_CODE,
    "schema": "http://schema.org/",
    "skos": SKOS,
    "vcard": VCARD,
}


class Kind(Enum):
    """What the values of a key are; each has one written form."""

    ID = auto()  # the node's own name: text
    CLASS = auto()  # the ODRL class alone, by its local name
    NODES = auto()  # rules and constraints: always a list of objects
    ACTION = auto()  # like TERM, or a list with objects that have a `value` and refinements
    TERM = auto()  # a name: local for ODRL's and our profile's, else a whole IRI
    THING = auto()  # a party, an asset, a parent: its IRI, or an object that describes it
    LINK = auto()  # an IRI and never what it stands for
    NAME = auto()  # text or an IRI, which are one here
    DATA = auto()  # values to compare with
    TEXT = auto()  # plain text


_PARTIES = (
    "assigner assignee attributedParty attributingParty compensatedParty compensatingParty consentedParty "
    "consentingParty contractedParty contractingParty informedParty informingParty trackedParty trackingParty"
)
KEYS: Mapping[str, Kind] = {
    name: kind
    for kind, names in (
        (Kind.ID, "@id"),
        (Kind.CLASS, "@type"),
        (Kind.NODES, "permission prohibition obligation duty remedy consequence failure constraint refinement"),
        (Kind.NODES, "and or xone andSequence"),
        (Kind.ACTION, "action"),
        (Kind.TERM, "value leftOperand operator conflict dataType function"),
        (Kind.THING, f"target output relation inheritFrom {_PARTIES}"),
        (Kind.LINK, "profile hasPolicy source"),
        (Kind.NAME, "unit mode every"),
        (Kind.DATA, "rightOperand rightOperandReference status"),
        (Kind.TEXT, "timestamp digest"),
    )
    for name in names.split()
}
# an empty list of these says nothing; `and` and its kin over nothing is for the parser to refuse
MAY_BE_EMPTY = frozenset(
    {"permission", "prohibition", "obligation", "duty", "remedy", "consequence", "constraint", "refinement"}
)
# in another spelling of ODRL's namespace a prohibition would be taken for somebody's remark
NEARLY_ODRL = "w3.org/ns/odrl"
# names for keys of KEYS in other vocabularies and in W3C's context
SYNONYMS: Mapping[str, str] = {
    "uid": "@id",
    "id": "@id",
    "type": "@type",
    RDF + "type": "@type",
    RDF + "value": "value",
    DSPACE + "timestamp": "timestamp",
    DCTERMS + "frequency": "every",
}

POLICY_CLASSES = frozenset({"Policy", "Set", "Offer", "Agreement", "Assertion", "Privacy", "Request", "Ticket"})
# an asset (else a party) of which no more is said than such a class is its IRI; of a collection the class is kept,
# since who is in one may be unknown
ASSETS = frozenset({"target", "output"})
ASSET_CLASSES = frozenset({"Asset"})
PARTY_CLASSES = frozenset({"Party"})
RULE_CLASSES = frozenset(
    {"Rule", "Permission", "Prohibition", "Duty", "Constraint", "LogicalConstraint", "AtomicConstraint"}
)

_ABOUT = (
    "creator contributor publisher title alternative description abstract issued created modified date identifier "
    "subject language replaces isReplacedBy isVersionOf hasVersion"
)
ANNOTATIONS = frozenset(
    {
        *(space + name for space in (DCTERMS, ELEMENTS) for name in _ABOUT.split()),
        *(RDFS + name for name in ("label", "comment", "seeAlso", "isDefinedBy")),
        *(SKOS + name for name in ("prefLabel", "altLabel", "definition", "note", "scopeNote", "example")),
        *(IDS_CORE + name for name in ("provider", "consumer", "pipEndpoint")),
        *(VCARD + name for name in ("fn", "given-name", "family-name", "hasEmail", "hasTelephone", "hasURL")),
        *(VCARD + name for name in ("organization-name", "hasCountryName")),
    }
)
