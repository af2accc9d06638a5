"""An exchange's operators who check each other: put on their posts, and what one proposed and another has to let be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.client.acts.act import EXCHANGE, READ, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.money import bare
from connector.client.acts.shape import LANGUAGES

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

ASKED: dict[str, Shape] = {
    "id": "text", "act": "text", "operator": "text", "post": "text", "path": "object", "body": "object?",
    "state": "text", "other": "text", "reason": "text", "since": "text", "until": "text", "awaits": "text",
    **LANGUAGES, "result": "object?",
}  # fmt: skip
NAME = Field("name", ("Operator", "管理员"), "what the operator is called")
ID = Field("id", ("Act", "操作编号"), "the act's id", metavar="ID", of="act")
PROPOSED = {"id": "5f0c9d3e8f5e"}


def done(row: Any) -> str:
    """Return what a person reads of an act that another operator has answered."""
    return f"{row['en']} · {row['zh']}: {row['state']}"


def _checked(found: Any) -> list[str]:
    return [f"{found['en']} · {found['zh']}"]


def _awaits(row: Any) -> str:
    return f"{row['awaits']} until {row['until']}" if row["state"] == "waiting" else ""


def _with(row: Any) -> str:
    """Return what an act is done with, an amount of it as people write it."""
    told = row["path"] | (row["body"] or {})
    amount = {"amount": bare(told["amount"])} if str(told.get("amount", "")).isdecimal() else {}
    return json.dumps(told | amount, ensure_ascii=False)


OPERATORS = (Column("STATE", "state"), Column("POST", "post"), Column("NAME", "name"))
PENDING = (
    Column("ID", "id", is_id=True),
    Column("WHAT", lambda row: f"{row['en']} · {row['zh']}"),
    Column("BY", "operator"),
    Column("WAITS FOR", _awaits, is_moment=True, rare=True),
    Column("STATE", "state", long=True),
    Column("POST", "post", long=True),
    Column("SINCE", "since", long=True, is_moment=True),
    Column("OTHER", "other", long=True),
    Column("REASON", "reason", long=True),
    Column("WITH", _with),
)


ACTS = (
    Act(
        "operator add",
        "POST operators",
        help="Put somebody on a post; the key is told once. When all three are filled they check each other.",
        says=("Put {name} on the post {post}.", "任命 {name} 担任 {post}。"),
        answer={"operator": "text", "post": "text", "url": "text", "key?": "text", "file?": "text"},
        example={"name": "Li Wei", "post": "security"},
        fields=(NAME, Field("post", ("Post", "岗位"), "system, security or audit", "--post")),
        handler="operators.add",
        roles=EXCHANGE,
        operator="add-operator",
        makes=True,
        verb="exchange operator add",
        typed='"Li Wei" --post security --to li-wei.key',
        form=False,
    ),
    Act(
        "operator list",
        "GET operators",
        help="List the operators, and say whether three check each other.",
        says=("List the operators.", "列出管理员。"),
        answer={"operators": [{"name": "text", "post": "text", "state": "text"}], "checked": "truth", **LANGUAGES},
        example={},
        does="operators.page",
        roles=EXCHANGE,
        operator=READ,
        verb="exchange operator list",
        table=OPERATORS,
        lines=_checked,
    ),
    Act(
        "operator dismiss",
        "POST operators/dismissals",
        help="Take somebody off a post; their key opens nothing any more.",
        says=("Take {name} off the post: {reason}", "解任 {name}:{reason}"),
        answer={"name": "text", "post": "text", "state": "text"},
        example={"name": "Li Wei", "reason": "left the company"},
        fields=(NAME, Field("reason", ("Reason", "原因"), "why, in words that the other operators read", "--reason")),
        handler="operators.dismiss",
        roles=EXCHANGE,
        operator="dismiss-operator",
        verb="exchange operator dismiss",
        form=False,
        lines=lambda row: [f"{row['name']} is {row['state']}"],
    ),
    Act(
        "act list",
        "GET acts",
        help="List what operators did, by default what waits for another's assent.",
        says=("List what operators did.", "列出管理员的操作。"),
        answer={"acts": [ASKED]},
        example={},
        fields=(
            Field(
                "state", ("State", "状态"), "waiting, assented, done, failed, refused or lapsed", "--state",
                default="waiting",
            ),
        ),
        does="acts.page",
        roles=EXCHANGE,
        operator=READ,
        verb="exchange pending",
        table=PENDING,
        none="no act is {state}",
    ),
    Act(
        "act assent",
        "POST acts/{id}/assent",
        help="Assent to an act of another operator; it is done at once. Only the operator that it waits for can.",
        says=("Assent to the act {id}.", "同意操作 {id}。"),
        answer=ASKED,
        example=PROPOSED,
        fields=(ID,),
        handler="operators.assent",
        roles=EXCHANGE,
        verb="exchange assent",
        form=False,
    ),
    Act(
        "act dissent",
        "POST acts/{id}/dissent",
        help="Refuse an act that waits for your assent.",
        says=("Refuse the act {id}: {reason}", "不同意操作 {id}:{reason}"),
        answer=ASKED,
        example=PROPOSED | {"reason": "no contract with them yet"},
        fields=(ID, Field("reason", ("Reason", "原因"), "why not, in words that who proposed it reads", "--reason")),
        handler="operators.dissent",
        roles=EXCHANGE,
        verb="exchange dissent",
        lines=lambda row: [done(row)],
    ),
)  # fmt: skip
