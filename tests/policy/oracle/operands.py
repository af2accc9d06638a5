"""The left operands and actions as the oracle knows them: the kind of an operand's values, what an action is a kind of.

Ordered kinds compare as numbers do; identifiers lie in a hierarchy. `ALIASES` are other names of the same operand.
"""

from __future__ import annotations

ODRL = "http://www.w3.org/ns/odrl/2/"
PROFILE = "https://w3id.org/penstock/ns/profile#"

ORDERED = {"instant", "number", "count", "amount", "duration", "version"}

CLOCK = {"dateTime": "instant", "timeWindow": "window"}
COUNTED = {
    "count": "count",
    "absoluteSize": "amount",
    "relativeSize": "amount",
    "percentage": "amount",
    "privacyBudget": "amount",
    "payAmount": "amount",
    "meteredTime": "duration",
    "elapsedTime": "duration",
    "timeInterval": "duration",
    "delayPeriod": "duration",
    "frequency": "rate",
}
ASKED = {
    "purpose": "purpose",
    "spatial": "region",
    "recipient": "party",
    "language": "language",
    "media": "term",
    "fileFormat": "media",
    "networkAddress": "network",
    "version": "version",
    "resolution": "number",
    "absolutePosition": "term",
    "absoluteSpatialPosition": "term",
    "relativeSpatialPosition": "term",
    "relativeTemporalPosition": "number",
    "absoluteTemporalPosition": "duration",
    "relativePosition": "number",
    "deliveryChannel": "term",
    "industry": "term",
    "product": "term",
    "systemDevice": "term",
    "virtualLocation": "term",
    "spatialCoordinates": "term",
    "physicalAddress": "term",
    "dataRecord": "term",
    "dataField": "term",
    "application": "term",
    "algorithm": "term",
    "machineLearningModel": "term",
    "executionEnv": "term",
    "encryptMode": "term",
    "deliveryMethod": "term",
    "role": "term",
    "connector": "term",
    "securityLevel": "term",
    "memberRole": "term",
    "legalForm": "term",
    "country": "region",
    "identityLevel": "number",
    "certification": "term",
    "mandate": "term",
    "environmentState": "term",
    "artifactState": "term",
    "dataClass": "term",
    "jsonPath": "term",
    "replaceWith": "term",
    "logLevel": "term",
    "notificationLevel": "term",
    "computeFunction": "term",
    "query": "term",
}
KINDS = {**CLOCK, **COUNTED, **ASKED, "event": "event", "unitOfCount": "term"}
ALIASES = {
    "time": "dateTime",
    "region": "spatial",
    "dataSize": "absoluteSize",
    "device": "systemDevice",
    "system": "systemDevice",
    "dateRecord": "dataRecord",
    "machineLearningModels": "machineLearningModel",
}

# what can be done, each below what it is a kind of
ACTIONS = {
    "use": None,
    "transfer": None,
    "sell": "transfer",
    "give": "transfer",
    "read": "use",
    "present": "use",
    "display": "present",
    "print": "present",
    "reproduce": "use",
    "extract": "reproduce",
    "distribute": "use",
    "modify": "use",
    "delete": "use",
    "anonymize": "use",
    "compensate": "use",
    "inform": "use",
    "obtainConsent": "use",
    "reviewPolicy": "use",
    "acceptTracking": "use",
    "nextPolicy": "use",
    "grantUse": "use",
    "desensitize": "use",
    "access": "use",
    "storage": "use",
    "process": "use",
    "jointDevelop": "use",
    "compute": "use",
    "download": "reproduce",
    "policyTransmit": "nextPolicy",
    "delivery": "distribute",
    "logRecordSend": "inform",
    "alert": "inform",
    "replace": "modify",
}


def operand(name):
    """Give the one name of an operand, however it was written."""
    for prefix in (ODRL, "odrl:", PROFILE, "penstock:"):
        name = name.removeprefix(prefix)
    return ALIASES.get(name, name)


def action(name):
    """Give the one name of an action; None for one that nobody knows."""
    for prefix in (ODRL, "odrl:", PROFILE, "penstock:"):
        name = name.removeprefix(prefix)
    name = {"plicyTransmit": "policyTransmit"}.get(name, name)
    return name if name in ACTIONS else None


def is_kind_of(name, wider):
    """Whether an action is another or lies below it."""
    while name is not None and name != wider:
        name = ACTIONS[name]
    return name is not None
