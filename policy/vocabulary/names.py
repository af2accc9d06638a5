"""Names: ODRL's namespace, our profile's, and what others call the same thing.

A term of ODRL may be written bare, prefixed or as its whole IRI; so may a term of our profile. Terms of other
vocabularies mean something only through a row of ALIASES.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from policy.vocabulary import catenax

if TYPE_CHECKING:
    from collections.abc import Mapping

ODRL = "http://www.w3.org/ns/odrl/2/"
XSD = "http://www.w3.org/2001/XMLSchema#"
PROFILE = "https://w3id.org/penstock/ns/profile"
TERMS = PROFILE + "#"
IDS_CODE = "https://w3id.org/idsa/code/"
IDS_CORE = "https://w3id.org/idsa/core/"
VCARD = "http://www.w3.org/2006/vcard/ns#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
CC = "http://creativecommons.org/ns#"

# The only JSON-LD contexts whose terms mean what the tables here say.
CONTEXTS = frozenset(
    {"https://w3id.org/dspace/2025/1/context.jsonld", "http://www.w3.org/ns/odrl.jsonld", PROFILE + "/context.jsonld"}
    | catenax.CONTEXTS
)
# A policy may name our profile, Catena-X's or ODRL's own; with another its terms could mean something else.
PROFILES = frozenset({PROFILE, ODRL, ODRL.rstrip("/"), ODRL + "core", ODRL + "ODRL22"}) | catenax.PROFILES

PREFIXES: Mapping[str, str] = {
    "odrl:": ODRL,
    "penstock:": TERMS,
    "idsc:": IDS_CODE,
    "ids:": IDS_CORE,
    "vcard:": VCARD,
    "skos:": SKOS,
    "cc:": CC,
    catenax.PREFIX: catenax.NAMESPACE,
}
# Other names of left operands: what is deprecated, how TC609-6-2025-14 writes it, and the International Data Spaces.
OPERAND_ALIASES: Mapping[str, str] = {
    "device": "systemDevice",
    "system": "systemDevice",
    "time": "dateTime",
    "region": "spatial",
    "dataSize": "absoluteSize",
    "dateRecord": "dataRecord",
    "machineLearningModels": "machineLearningModel",
    VCARD + "hasGeo": "spatial",
    VCARD + "hasRole": "role",
    SKOS + "concept": "dataClass",
    IDS_CODE + "CONNECTOR": "connector",
    IDS_CODE + "SECURITY_LEVEL": "securityLevel",
    IDS_CODE + "ROLE": "role",
    IDS_CODE + "APPLICATION": "application",
    IDS_CODE + "state": "environmentState",
    IDS_CODE + "STATE": "environmentState",
    IDS_CORE + "artifact_state": "artifactState",
    IDS_CODE + "ARTIFACT_STATE": "artifactState",
    IDS_CODE + "JSON_PATH": "jsonPath",
    IDS_CODE + "REPLACE_WITH": "replaceWith",
    IDS_CODE + "LOG_LEVEL": "logLevel",
    IDS_CODE + "NOTIFICATION_LEVEL": "notificationLevel",
    IDS_CODE + "MPC_FUNCTION": "computeFunction",
    IDS_CODE + "QUERY": "query",
}
# Other names of actions: what ODRL's vocabulary deprecates with a `skos:exactMatch`, and what others write.
# `plicyTransmit` stands so in the copies of TC609-6-2025-14 that could be read.
ACTION_ALIASES: Mapping[str, str] = {
    "append": "modify",
    "appendTo": "modify",
    "copy": "reproduce",
    "export": "transform",
    "license": "grantUse",
    "pay": "compensate",
    "write": "modify",
    "writeTo": "modify",
    "plicyTransmit": "policyTransmit",
    catenax.ACCESS: "access",
    CC + "Attribution": "attribute",
    CC + "Reproduction": "reproduce",
    IDS_CODE + "USE": "use",
    IDS_CODE + "READ": "read",
    IDS_CODE + "DISTRIBUTE": "distribute",
    IDS_CODE + "REPLACE": "replace",
    IDS_CODE + "DELETE": "delete",
    IDS_CODE + "log": "logRecordSend",
    IDS_CODE + "LOG": "logRecordSend",
    IDS_CODE + "NOTIFY": "inform",
    IDS_CODE + "MPC": "compute",
}


def local_name(term: str) -> str:
    """Strip ODRL's namespace or its usual prefix; any other name is returned as it is."""
    for prefix in (ODRL, "odrl:"):
        if term.startswith(prefix):
            return term[len(prefix) :]
    return term


def term_name(term: str) -> str:
    """Strip ODRL's and our profile's namespace or prefix, and write out a known prefix of another vocabulary."""
    head, colon, rest = term.partition(":")
    term = PREFIXES.get(head + colon, head + colon) + rest
    for namespace in (ODRL, TERMS):
        if term.startswith(namespace):
            return term[len(namespace) :]
    return term


def operand_name(term: str) -> str:
    """Give the canonical short name of a left operand; the name itself when nobody knows it."""
    name = catenax.canonical(term_name(term))
    return OPERAND_ALIASES.get(name, name)


@lru_cache(maxsize=1024)
def action_name(term: str) -> str:
    """Give the canonical short name of an action; the name itself when nobody knows it."""
    name = catenax.canonical(term_name(term))
    return ACTION_ALIASES.get(name, name)
