"""The published schemas of the Dataspace Protocol 2025-1, where they are at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema_rs

ROOT = Path(__file__).parents[2]
PUBLISHED = "https://w3id.org/dspace/2025/1/"
RESOURCES = "dsp-schemas/artifacts/src/main/resources"

# our document type -> the published schema, and which examples show it
PUBLISHED_OF = {
    "ContractRequestMessage": "negotiation/contract-request-message-schema.json",
    "ContractOfferMessage": "negotiation/contract-offer-message-schema.json",
    "ContractAgreementMessage": "negotiation/contract-agreement-message-schema.json",
    "ContractAgreementVerificationMessage": "negotiation/contract-agreement-verification-message-schema.json",
    "ContractNegotiationEventMessage": "negotiation/contract-negotiation-event-message-schema.json",
    "ContractNegotiationTerminationMessage": "negotiation/contract-negotiation-termination-message-schema.json",
    "ContractNegotiation": "negotiation/contract-negotiation-schema.json",
    "ContractNegotiationError": "negotiation/contract-negotiation-error-schema.json",
    "TransferRequestMessage": "transfer/transfer-request-message-schema.json",
    "TransferStartMessage": "transfer/transfer-start-message-schema.json",
    "TransferCompletionMessage": "transfer/transfer-completion-message-schema.json",
    "TransferSuspensionMessage": "transfer/transfer-suspension-message-schema.json",
    "TransferTerminationMessage": "transfer/transfer-termination-message-schema.json",
    "TransferProcess": "transfer/transfer-process-schema.json",
    "TransferError": "transfer/transfer-error-schema.json",
    "CatalogRequestMessage": "catalog/catalog-request-message-schema.json",
    "DatasetRequestMessage": "catalog/dataset-request-message-schema.json",
    "Catalog": "catalog/catalog-schema.json",
    "Dataset": "catalog/dataset-schema.json",
    "CatalogError": "catalog/catalog-error-schema.json",
    "VersionResponse": "common/protocol-version-schema.json",
}


def resources():
    base = Path(os.environ.get("PENSTOCK_REFERENCE", "../shared/reference"))
    return (base if base.is_absolute() else ROOT / base) / RESOURCES


def schemas(absent):
    """Return address → schema; `absent` is called when there are none."""
    if not resources().is_dir():
        absent(f"no reference schemas at `{resources()}`; set PENSTOCK_REFERENCE")
    found = {}
    for path in resources().glob("*/*-schema.json"):
        # the published transfer schemas miss a slash in three references
        schema = json.loads(path.read_text().replace("#definitions/", "#/definitions/"))
        found[schema["$id"]] = schema
    return found


def validators(found):
    """Return document type → validator of those schemas."""
    registry = jsonschema_rs.Registry(list(found.items()), draft=jsonschema_rs.Draft201909)
    return {
        kind: jsonschema_rs.Draft201909Validator({"$ref": PUBLISHED + name}, registry=registry)
        for kind, name in PUBLISHED_OF.items()
    }
