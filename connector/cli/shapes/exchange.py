"""What an exchange's operators ask for and do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.cli.shapes.journey import LEAVING
from connector.client.acts.members import APPLICATION
from connector.client.acts.shape import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.client.acts.shape import Shape

_LISTED = {"id": "text", "state": "text"}
_ACT = {
    "id": "text", "act": "text", "operator": "text", "post": "text", "path": "object", "body": "object?",
    "state": "text", "other": "text", "reason": "text", "since": "text", "until": "text", "awaits": "text",
    **LANGUAGES, "result": "object?",
}  # fmt: skip

EXCHANGE: Mapping[str, Shape] = {
    "exchange connectors": {
        "connectors": [
            {
                "did": "text", "name": "text", "role": "text", "member": "text", "state": "text", "seen": "text?",
                "version?": "text", "capabilities?": ["text"], "alarms?": "digits", "queues?": "object", **LANGUAGES,
            }
        ],
    },
    "exchange pending": {"acts": [_ACT]},
    "exchange assent": _ACT,
    "exchange dissent": _ACT,
    "exchange applications": {"applications": [{**APPLICATION, "overdue": "truth"}]},
    "exchange listings": {
        "listings": [
            {
                "id": "text", "title": "text", "provider": "text", "edition": "text", "tier": "text", "state": "text",
                "reason": "text?", "since": "text", "alike": ["object"],
            }
        ],
    },
    "exchange suspend": _LISTED,
    "exchange resume": _LISTED,
    "exchange refuse": _LISTED,
    "exchange indicators": {
        "block": "digits",
        "indicators": [
            {
                "key": "text", **LANGUAGES, "value": "text", "unit": "text", "formula": "text", "source": "text",
                "national": "text", "beside": "text",
            }
        ],
    },
    "exchange review": {
        "id": "text", "title": "text", "state": "text", "opened": "number", "seed?": "text", "bound": "text",
    },
    "exchange operator add": {"operator": "text", "post": "text", "url": "text", "key?": "text", "file?": "text"},
    "exchange operator list": {
        "operators": [{"name": "text", "post": "text", "state": "text"}], "checked": "truth", **LANGUAGES,
    },
    "exchange operator dismiss": {"name": "text", "post": "text", "state": "text"},
    "exchange leaving list": {"leavings": [LEAVING]},
    "exchange leaving approve": LEAVING,
    "exchange leaving refuse": LEAVING,
}  # fmt: skip
