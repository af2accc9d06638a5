"""The management interface itself, as a document for programs."""

from __future__ import annotations

from connector.client.acts.act import Act

ACTS = (
    Act(
        "interface show",
        "GET openapi.json",
        help="Show the management interface as an OpenAPI document.",
        says=("Show the management interface as a document.", "显示管理接口文档。"),
        answer={"openapi": "text", "*": "any"},
        example={},
        handler="openapi.page",
        verb=None,
    ),
)
