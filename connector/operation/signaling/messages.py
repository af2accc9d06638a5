"""The messages of Data Plane Signaling 1.0, read and written (schemas of its specification).

Law: a member that has to be there and is not, or is of another kind, is named; what is not known is left alone. The id
of a flow is that of its process, so control planes that address a flow by the process find it.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from connector.operation.signaling.profiles import PROFILES
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.store.rows.signaling import FlowRow

TEXT_CHARACTERS_MAX: Final = 512
REASON_CHARACTERS_MAX: Final = 500
# what begins a flow has, all of them texts; `claims` is an object besides
BEGINNING: Final = (
    "messageId",
    "participantId",
    "counterPartyId",
    "dataspaceContext",
    "processId",
    "agreementId",
    "datasetId",
    "profile",
)
# what the profile was called before 1.0-RC3, as by Eclipse EDC 0.18
OLDER: Final = "transferType"
OBJECTS: Final = ("claims", "metadata", "dataAddress")


def beginning(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the message that begins a flow, every member of its kind; raises InvalidInput."""
    if "profile" not in body and OLDER in body:
        body = {**body, "profile": body[OLDER]}
    texts = {name: _text(body, name) for name in BEGINNING}
    if not isinstance(body.get("claims"), dict):
        raise InvalidInput("the message has no `claims`", "an object, which may be empty")
    if texts["profile"] not in PROFILES:
        raise InvalidInput(f"the profile `{texts['profile']}` is not served here", f"one of {', '.join(PROFILES)}")
    return texts | {name: _object(body, name) for name in OBJECTS}


def following(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a message about a flow that is there; raises InvalidInput."""
    reason = body.get("reason", "")
    if not isinstance(reason, str):
        raise InvalidInput("`reason` is no text")
    return {"dataAddress": _object(body, "dataAddress"), "reason": reason[:REASON_CHARACTERS_MAX]}


def status(row: FlowRow, address: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a `DataFlowStatusMessage`; `address` is said where somebody is to know it."""
    told: dict[str, Any] = {"messageId": str(uuid.uuid4()), "dataFlowId": row.id, "state": row.state}
    if address is not None:
        told["dataAddress"] = address
    return told | ({"error": row.reason} if row.reason else {})


def _text(body: Mapping[str, Any], name: str) -> str:
    found = body.get(name)
    if not isinstance(found, str) or not 0 < len(found) <= TEXT_CHARACTERS_MAX or not found.isprintable():
        raise InvalidInput(f"the message has no `{name}`, or it is no text of at most {TEXT_CHARACTERS_MAX} characters")
    return found


def _object(body: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    found = body.get(name)
    if found is not None and not isinstance(found, dict):
        raise InvalidInput(f"`{name}` is no object")
    return found
