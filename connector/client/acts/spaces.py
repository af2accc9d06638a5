"""Spaces of an exchange: what may be listed where, under which policies, and who sees what."""

from __future__ import annotations

import json
from typing import Any

from connector.client.acts.act import EXCHANGE, READ, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.shape import LANGUAGES, SPACE

LOOK = "spaces.look"
HEALTH = {"id": "health"}
ID = Field("id", ("Space", "空间编号"), "the space's id")
REASON = Field("reason", ("Reason", "原因"), "why, in words that members read", "--reason")
RULES = ("Rules (JSON)", "规则(JSON)"), "JSON file of its rules (docs/exchange.md)", "--rules", "document"
VERSION = {
    "version": "number", "name": "text", "description": "text", "rules": "object", "by": "text", "reason": "text",
    "since": "text", "state": "text",
}  # fmt: skip


def lines(row: Any) -> list[str]:
    """Return what a person reads of a space."""
    head = f"{row['id']}: {row['name']} ({row['state']}, version {row['version']} of its rules)"
    return [head, *filter(None, [row["description"]]), *(f"  {one['en']} · {one['zh']}" for one in row["words"])]


def _checked(found: Any) -> list[str]:
    return [f"{found['operators']['en']} · {found['operators']['zh']}"]


SPACES = (
    Column("ID", "id"),
    Column("STATE", "state"),
    Column("VERSION", "version", long=True, is_count=True),
    Column("NAME", "name"),
    Column("DESCRIPTION", "description"),
    Column("REASON", "reason", long=True),
    Column("RULES", lambda row: " · ".join(one["en"] for one in row["words"]), long=True),
)


def _versions(found: Any) -> list[str]:
    told = []
    for row in found["versions"]:
        told.append(f"version {row['version']} since {row['since']} by {row['by']}: {row['reason'] or 'made'}")
        told.append("    " + json.dumps({name: value for name, value in row["rules"].items() if value is not None}))
    return told or ["no rules were ever made: only the program's own table of grades holds (penstock space show)"]


ACTS = (
    Act(
        "space list",
        "GET spaces",
        help="List the spaces of our exchange, and say whether its operators check each other.",
        says=("List the spaces.", "列出空间。"),
        answer={"operators": {"checked": "truth", **LANGUAGES}, "spaces": [SPACE]},
        example={},
        handler=LOOK,
        operator=READ,
        table=SPACES,
        lines=_checked,
    ),
    Act(
        "space show",
        "GET spaces/{id}",
        help="Show a space with its rules in words.",
        says=("Show the space {id}.", "显示空间 {id}。"),
        answer=SPACE,
        example={"id": "main"},
        fields=(ID,),
        handler=LOOK,
        operator=READ,
        lines=lines,
    ),
    Act(
        "space rules",
        "GET spaces/{id}/rules",
        help="Show every version of a space's rules, the newest first, with who made it and why.",
        says=("Show the rules of the space {id}.", "显示空间 {id} 的规则。"),
        answer={"versions": [VERSION]},
        example={"id": "main"},
        fields=(ID,),
        handler=LOOK,
        operator=READ,
        lines=_versions,
    ),
    Act(
        "space create",
        "POST spaces",
        help="Make a space; without --rules nothing but the program's own table of grades restricts it.",
        says=("Make the space {id}: {name}", "创建空间 {id}:{name}"),
        answer=SPACE,
        example=HEALTH | {"name": "Health data"},
        fields=(
            ID,
            Field("name", ("Name", "名称"), "what people read", "--name"),
            Field("description", ("Description", "说明"), "what it is for", "--description", default=""),
            Field("rules", *RULES, default={}),
        ),
        handler="spaces.create",
        roles=EXCHANGE,
        operator="create-space",
        makes=True,
        rehearse=True,
        verb="exchange space create",
        typed='health --name "Health data" --rules health.json',
        lines=lines,
    ),
    Act(
        "space change",
        "POST spaces/{id}",
        help="Give a space another name, description or rules; "
        "what is listed and no longer keeps to them is suspended.",
        says=("Change the space {id}: {reason}", "变更空间 {id}:{reason}"),
        answer=SPACE,
        example=HEALTH | {"reason": "purpose must be said"},
        fields=(
            ID,
            REASON,
            Field("name", ("Another name", "新名称"), "another name", "--name", default=None),
            Field(
                "description", ("Another description", "新说明"), "another description", "--description", default=None
            ),
            Field("rules", *RULES, default=None),
        ),
        handler="spaces.change",
        roles=EXCHANGE,
        operator="change-space",
        rehearse=True,
        verb="exchange space change",
        typed='health --rules stricter.json --reason "purpose must be said"',
        lines=lines,
    ),
    Act(
        "space close",
        "POST spaces/{id}/closing",
        help="Wind a space up: nothing is handed in or found there any more; agreements go on.",
        says=("Wind up the space {id}: {reason}", "撤销空间 {id}:{reason}"),
        answer=SPACE,
        example=HEALTH | {"reason": "merged with main"},
        fields=(ID, REASON),
        handler="spaces.close",
        roles=EXCHANGE,
        operator="close-space",
        rehearse=True,
        verb="exchange space close",
        lines=lines,
    ),
)
