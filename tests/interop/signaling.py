"""What Penstock says in Data Plane Signaling, held against the published schemas, where they are at hand."""

from __future__ import annotations

import json
import os
from functools import cache

import jsonschema_rs

from tests.protocol import published

PUBLISHED = "https://w3id.org/dspace-sig/v1.0/"
FOLDER = "dps-schemas/specifications/schemas"
STATUS = "DataFlowStatusMessage"
# what a data plane answers to each message, and what it says by each word
ANSWERS = {"prepare": STATUS, "start": STATUS, "resume": STATUS, "status": "DataFlowStatusResponseMessage"}
WORDS = {"prepared": STATUS, "started": STATUS, "completed": STATUS, "errored": STATUS}
# what a control plane says
MESSAGES = {
    "prepare": "DataFlowPrepareMessage",
    "start": "DataFlowStartMessage",
    "started": "DataFlowStartedNotificationMessage",
    "suspend": "DataFlowSuspendMessage",
    "resume": "DataFlowResumeMessage",
    "terminate": "DataFlowTerminateMessage",
}
REGISTRATION, AGREEMENT = "DataPlaneRegistrationMessage", "AgreementResponse"
held: set[str] = set()  # what was held so far, in this process


def folder():
    return published.resources().parents[4] / FOLDER


def hold(kind, document):
    """Raise AssertionError unless a document is valid; of a kind without a schema, or where none are, say nothing."""
    if kind in _validators():
        faults = [fault.message for fault in _validators()[kind].iter_errors(document)]
        assert not faults, (kind, document, faults)
        held.add(kind)


@cache
def _validators():
    if not folder().is_dir():
        assert not os.environ.get("PENSTOCK_CI"), f"no reference schemas at `{folder()}`; set PENSTOCK_REFERENCE"
        return {}
    known = published.schemas(AssertionError)
    for path in folder().glob("*.schema.json"):
        # they refer to each other by an address that their own `$id` does not say
        known[PUBLISHED + path.name] = json.loads(path.read_text()) | {"$id": PUBLISHED + path.name}
    registry = jsonschema_rs.Registry(list(known.items()), draft=jsonschema_rs.Draft201909)
    return {
        path.name.partition(".")[0]: jsonschema_rs.Draft201909Validator(
            {"$ref": PUBLISHED + path.name}, registry=registry
        )
        for path in folder().glob("*.schema.json")
    }
