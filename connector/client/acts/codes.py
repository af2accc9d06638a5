"""Codes of the national infrastructure (标识): asked of the node, listed, resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import TRADERS, Act, Field
from connector.client.acts.columns import Column
from contracts.credential.kinds import LEVELS

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

CODE: dict[str, Shape] = {
    "code": "text", "kind": "text", "holder": "text", "about": "text", "title": "text", "subject": "text",
    "place": "text", "by": "text", "assigned": "text", "level": "text",
}  # fmt: skip
# `node` and `space` (its exchange) where another node than ours assigned it
RESOLVED: dict[str, Shape] = {**CODE, "url": "text", "name": "text", "node?": "text", "space?": "text"}
# how far it is proven whose a code is
WORDS = {str(level): words for level, (words, _) in enumerate(LEVELS)}
EXAMPLE = "611000000000000000X3100K3Q9ZT7L5"
HOLDERS = f"{TRADERS} exchange regulator"


def _level(row: Any) -> str:
    return WORDS.get(row["level"], str(row["level"]))


COLUMNS = (
    Column("CODE", "code"),
    Column("KIND", "kind"),
    Column("ABOUT", "about"),
    Column("HOLDER", "holder", long=True),
    Column("SUBJECT", _level),
    Column("ASSIGNED", "assigned", is_moment=True),
    Column("TITLE", "title"),
)
FIRST = Field("first", ("Leave out", "跳过"), "leave out so many, the newest", "--first", "number", 0, least=0)


def _lines(row: Any) -> list[str]:
    names = ("kind", "about", "title", "holder", "subject", "place", "assigned", "by", "name", "url", "node", "space")
    told = {**row, "subject": f"{row['subject']} ({_level(row)})"}
    return [row["code"], *(f"    {name}: {told[name]}" for name in names if told.get(name))]


ACTS = (
    Act(
        "code request",
        "POST codes",
        help="Register our connector at the node, or a product or resource of ours, and get its code; again: the same.",
        says=("Register {product}{resource} at the node.", "向功能节点登记 {product}{resource}。"),
        answer=CODE,
        example={"product": "rainfall"},
        fields=(
            Field("product", ("Product", "数据产品"), "a product of ours", "--product", default=None, of="product"),
            Field("resource", ("Resource", "数据资源"), "a data resource of ours", "--resource", default=None),
        ),
        does="codes.request",
        roles=HOLDERS,
        rehearse=True,
        lines=_lines,
    ),
    Act(
        "code list",
        "GET codes",
        help="List the codes that the node has assigned to us, newest first.",
        says=("List our codes.", "列出本方标识编码。"),
        answer={"codes": [CODE]},
        example={},
        fields=(FIRST,),
        does="codes.page",
        roles=HOLDERS,
        table=COLUMNS,
        none="the node has assigned nothing to us: `penstock code request`",
    ),
    Act(
        "code registered",
        "GET registrations",
        help="List what the node has registered of all its members, newest first.",
        says=("List what the node has registered.", "列出功能节点已登记的标识。"),
        answer={"codes": [CODE]},
        example={"kind": "product"},
        fields=(
            Field("kind", ("Kind", "类别"), "connector, platform, product or resource", "--kind", default=""),
            FIRST,
        ),
        handler="node.registered",
        table=COLUMNS,
        none="nothing is registered",
    ),
    Act(
        "code resolve",
        "GET registrations/{id}",
        help="Ask the node what a code is of, whose it is, and where that one answers; other nodes are asked "
        "for what it has not assigned.",
        says=("Resolve the code {id}.", "解析标识编码 {id}。"),
        answer=RESOLVED,
        example={"id": EXAMPLE},
        fields=(Field("id", ("Code", "标识编码"), "the 32 to 65 characters of a code"),),
        handler="node.resolve",
        lines=_lines,
    ),
)
