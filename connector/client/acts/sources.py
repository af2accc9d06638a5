"""Sources of an exchange: other exchanges and catalogues whose products are found here, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import EXCHANGE, READ, Act, Field
from connector.client.acts.columns import Column

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

SOURCE: Shape = {
    "name": "text", "kind": "text", "address": "text", "did": "text", "state": "text", "reason": "text",
    "products": "number", "left": "number", "told": ["text"], "read": "text?", "due": "text?", "whole": "truth",
    "member": "object?", "most": "number", "created": "text", "failures": "number",
}  # fmt: skip
RIVER = {"name": "river"}
NAME = Field("name", ("Source", "来源名称"), "what you call the source", sent="id")
REASON = Field("reason", ("Reason", "原因"), "why, for the record", "--reason")
OF_MEMBER = (
    Field(
        "name", ("Admit it as the member", "作为成员接纳,名称"),
        "admit it as a member of this name, that speaks the protocol alone", "--member", default="",
    ),
    Field("region", ("The member's region", "成员所在地区"), "where that member is, ISO 3166", "--region", default=""),
)  # fmt: skip
ADDED = (
    Field("name", ("Name", "名称"), "what to call it: a-z, 0-9 and hyphens"),
    Field("address", ("Address", "地址"), "its DID, or the address of the exchange or of the catalogue"),
    Field(
        "kind", ("Kind", "种类"), "exchange, or dsp for any catalogue of the protocol", "--kind", default="exchange",
    ),
    Field(
        "most", ("Products at most", "产品数量上限"), "how many products it may bring", "--most", "number",
        default=None, least=1,
    ),
    Field(
        "member", ("Member", "成员"), "whose it is: `name` and `region`", None, "parts",
        default=None, parts=OF_MEMBER,
    ),
)  # fmt: skip


def _why(row: Any) -> str:
    """Return why it is in its state, and when it is tried again."""
    return str(row["reason"]) + (f"; next try {row['due']}" if row["state"] == "failing" else "")


def _member(row: Any) -> str:
    return f"{row['member']['name']} ({row['member']['region']})" if row["member"] else ""


def lines(row: Any) -> list[str]:
    """Return what a person reads of a source."""
    read = f"read to the end {row['read']}" if row["read"] else "never read to the end"
    told = [f"{row['name']}  {row['state']}  {row['products']} products, {read}  ({row['kind']} {row['address']})"]
    if row["left"]:
        told.append(f"  {row['left']} left out")
    if row["reason"]:
        told.append(f"  {_why(row)}")
    if row["member"]:
        told.append(f"  of the member {_member(row)}")
    return told


SOURCES = (
    Column("NAME", "name"),
    Column("STATE", "state"),
    Column("PRODUCTS", "products", is_count=True),
    Column("LEFT OUT", lambda row: str(row["left"] or ""), is_count=True, rare=True),
    Column("READ TO THE END", lambda row: row["read"] or "never", is_moment=True),
    Column("KIND", "kind", long=True),
    Column("DID", "did", long=True),
    Column("AT MOST", "most", long=True, is_count=True),
    Column("DUE", "due", long=True, is_moment=True),
    Column("FAILURES", "failures", long=True, is_count=True),
    Column("ADDRESS", "address"),
    Column("MEMBER", _member, rare=True),
    Column("REASON", lambda row: _why(row) if row["reason"] else "", rare=True),
)


def _whole(row: Any) -> list[str]:
    return [*lines(row), *(f"  left out: {line}" for line in row["told"])]


def _turn(act: str, help_: str, says: tuple[str, str], *fields: Field, **more: str) -> Act:
    """Return one of the moves of a source: they share a route."""
    return Act(
        f"source {act}",
        f"POST sources/{{name}}/{{act={act}}}",
        help=help_,
        says=says,
        answer=SOURCE,
        example=RIVER | more,
        fields=(NAME, *fields),
        handler="federation.turn",
        roles=EXCHANGE,
        operator=f"{act}-source",
        verb=f"exchange source {act}",
        lines=lines,
    )


ACTS = (
    Act(
        "source add",
        "POST sources",
        help="Harvest another exchange, or any catalogue of the Dataspace Protocol, from now on.",
        says=("Harvest {address} as the source {name}.", "采集 {address},来源名称为 {name}。"),
        answer=SOURCE,
        example=RIVER | {"address": "https://river.example"},
        fields=ADDED,
        handler="federation.add",
        roles=EXCHANGE,
        operator="add-source",
        makes=True,
        verb="exchange source add",
        lines=lines,
    ),
    Act(
        "source list",
        "GET sources",
        help="List the sources: what they brought, how fresh it is, and what is wrong with them.",
        says=("List the sources.", "列出来源。"),
        answer={"sources": [SOURCE]},
        example={},
        handler="federation.page",
        roles=EXCHANGE,
        operator=READ,
        verb="exchange source list",
        table=SOURCES,
        none="no source is harvested",
    ),
    Act(
        "source show",
        "GET sources/{name}",
        help="Show a source, with what of it was left out and why.",
        says=("Show the source {name}.", "显示来源 {name}。"),
        answer=SOURCE,
        example=RIVER,
        fields=(NAME,),
        handler="federation.show",
        roles=EXCHANGE,
        operator=READ,
        verb="exchange source show",
        lines=_whole,
    ),
    _turn(
        "harvest",
        "Read a source now instead of when it is due.",
        ("Read the source {name} now.", "立即采集来源 {name}。"),
    ),
    _turn(
        "pause",
        "Read a source no more until it is resumed; what it brought stays, with its age.",
        ("Pause the source {name}.", "暂停来源 {name}。"),
    ),
    _turn(
        "suspend",
        "Read a source no more and show nothing that it alone brought, until it is resumed.",
        ("Suspend the source {name}: {reason}", "停用来源 {name}:{reason}"),
        REASON,
        reason="complaints about what it lists",
    ),
    _turn("resume", "Read a paused or suspended source again.", ("Resume the source {name}.", "恢复来源 {name}。")),
    _turn("drop", "Forget a source with all that only it brought.", ("Drop the source {name}.", "移除来源 {name}。")),
)
