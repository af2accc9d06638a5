"""Nodes of several spaces: the one above a node, those below it, and what is reported upward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.members import REASON

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

ABOVE: dict[str, Shape] = {"did": "text", "name": "text", "exchange": "text", "state": "text"}
BELOW: dict[str, Shape] = {**ABOVE, "region": "text", "reason": "text", "moved": "text"}
# what was reported, absent where somebody who is below did not report
REPORT: dict[str, Shape] = {
    "node": "text", "name": "text", "side": "text", "number": "digits", "trouble": "text", "came?": "text",
    "sent?": "text", "from?": "text", "until?": "text", "connectors?": "digits", "platforms?": "digits",
    "products?": "digits", "resources?": "digits", "members?": "digits", "live?": "digits", "suspended?": "digits",
    "instructions?": "digits", "transfers?": "digits",
}  # fmt: skip
NODE = {"did": "did:web:node.example"}
DID = Field("did", ("Node (DID)", "节点 DID"), "the node's did:web")
NODES = (
    Column("STATE", "state"),
    Column("REGION", "region"),
    Column("NAME", "name"),
    Column("DID", "did"),
    Column("SINCE", "moved", is_moment=True),
    Column("EXCHANGE", "exchange", long=True),
    Column("REASON", "reason", rare=True),
)


REPORTS = (
    Column("SIDE", "side"),
    Column("REPORT", "number", is_count=True),
    Column("UNTIL", "until", is_moment=True),
    Column("PRODUCTS", "products", is_count=True),
    Column("INSTRUCTIONS", "instructions", is_count=True),
    Column("TRANSFERS", "transfers", is_count=True),
    Column("NAME", "name", long=True),
    Column("NODE", "node", long=True),
    Column("FROM", "from", long=True, is_moment=True),
    *(
        Column(name.upper(), name, long=True, is_count=True)
        for name in ("members", "live", "suspended", "connectors", "platforms", "resources")
    ),
    Column("TROUBLE", "trouble", rare=True),
)


def _above(row: Any) -> list[str]:
    waits = ": its operator types `penstock node below accept`" if row["state"] == "asked" else ""
    return [f"{row['name']} ({row['did']}) is above; we are {row['state']} there{waits}"]


def _below(row: Any) -> list[str]:
    return [f"{row['name']} ({row['did']}) is {row['state']}"]


def _reported(row: Any) -> list[str]:
    counts = ", ".join(f"{row[name]} {name}" for name in ("connectors", "products", "instructions", "transfers"))
    return [f"report {row['number']}, until {row['until']}: {counts}", *filter(None, [row["trouble"]])]


ACTS = (
    Act(
        "node above",
        "POST above",
        help="Name the node above this one by address or DID, and ask it to take us; again: ask how we stand there.",
        says=("Put the node {address} above.", "以 {address} 为上级节点。"),
        answer=ABOVE,
        example={"address": "https://node.example"},
        fields=(Field("address", ("Address", "地址"), "the address of the node above, or its DID"),),
        does="office.above",
        roles="node",
        rehearse=True,
        lines=_above,
    ),
    Act(
        "node detach",
        "POST detached",
        help="Have no node above this one any more.",
        says=("Have no node above.", "解除上级节点。"),
        answer={"did": "text", "state": "text"},
        example={},
        does="office.detach",
        roles="node",
        rehearse=True,
        lines=lambda done: [f"{done['did']} is not above any more"],
    ),
    Act(
        "node below list",
        "GET below",
        help="List the nodes below this one: those that ask to be, those accepted, those cut off.",
        says=("List the nodes below.", "列出下级节点。"),
        answer={"nodes": [BELOW]},
        example={},
        does="office.below",
        roles="node",
        table=NODES,
        none="no node has asked to be below this one",
    ),
    Act(
        "node below accept",
        "POST below/accepted",
        help="Accept a node below this one, once its exchange says anew that it is the node of its space.",
        says=("Accept the node {did} below.", "接纳下级节点 {did}。"),
        answer=BELOW,
        example=NODE,
        fields=(DID,),
        does="office.accept",
        roles="node",
        rehearse=True,
        lines=_below,
    ),
    Act(
        "node below cut",
        "POST below/cut",
        help="Have nothing to do with a node below this one any more, until it is accepted again.",
        says=("Cut off the node {did}: {reason}", "切断下级节点 {did}:{reason}"),
        answer=BELOW,
        example={**NODE, "reason": "it was replaced"},
        fields=(DID, REASON),
        does="office.cut_below",
        roles="node",
        rehearse=True,
        lines=_below,
    ),
    Act(
        "node report",
        "POST reports",
        help="Report to the node above now what no report has counted yet; a node does so by itself every day, too.",
        says=("Report to the node above.", "向上级节点上报。"),
        answer=REPORT,
        example={},
        does="office.report",
        roles="node",
        lines=_reported,
    ),
    Act(
        "node reports",
        "GET reports",
        help="List what this node reported upward, what those below reported, and what is missing or contradicts.",
        says=("List the reports.", "列出上报记录。"),
        answer={"reports": [REPORT]},
        example={},
        does="office.reported",
        roles="node",
        table=REPORTS,
        none="nothing was reported: `penstock node above`, then `penstock node report`",
    ),
)
