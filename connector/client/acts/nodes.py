"""A node: the logs that it collects of its space's members, and what they hold about a thing."""

from __future__ import annotations

from typing import Any

from connector.client.acts.act import Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.leavings import CONNECTOR, CONNECTORS
from connector.client.acts.members import DID, MOVED, REASON

LOG = {
    "member": "text", "name": "text", "origin": "text", "entries": "digits", "root": "text", "collected": "text",
    "trouble": "text",
}  # fmt: skip
ENTRY = {
    "member": "text", "name": "text", "log": "text", "index": "digits", "size": "digits", "type": "text",
    "time": "text", "part": "text", "link": ["text"], "entry": "text", "node?": "text",
}  # fmt: skip
UNHEARD = {"node": "text", "why": "text"}
LOGS = (
    Column("MEMBER", "member"),
    Column("NAME", "name"),
    Column("ENTRIES", "entries", is_count=True),
    Column("COLLECTED", "collected", is_moment=True),
    Column("TROUBLE", "trouble"),
    Column("LOG", "origin", long=True),
    Column("ROOT", "root", long=True, is_id=True),
)
TRACES = (
    Column("TIME", "time", is_moment=True),
    Column("NAME", "name"),
    Column("NODE", "node", rare=True),
    Column("EVENT", "type"),
    Column("ENTRY", "index", is_count=True),
    Column("PART", "part", long=True, is_id=True),
    Column("LOG", "log", long=True),
)


def _seen(found: Any) -> list[str]:
    told = f"about {found['about']}: prove an entry with `penstock log verify`, or from the node's copy of its log"
    return [told, *(f"{one['node']} gave no answer: {one['why']}" for one in found.get("unheard", ()))]


ACTS = (
    Act(
        "node collect",
        "POST collected",
        help="Read the log of every member on to its newest head now, and keep it; a node does so by itself, too.",
        says=("Collect the logs of all members now.", "立即汇集各成员的日志。"),
        answer={"logs": [LOG]},
        example={},
        does="office.collect",
        roles="node",
        table=LOGS,
        none="the space has no other member",
    ),
    Act(
        "node logs",
        "GET collected",
        help="List the members' logs as they were collected: how far, when, and what was wrong.",
        says=("List the collected logs.", "列出已汇集的日志。"),
        answer={"logs": [LOG]},
        example={},
        does="office.logs",
        roles="node",
        table=LOGS,
        none="nothing was collected yet: `penstock node collect`",
    ),
    Act(
        "node connectors",
        "GET heard",
        help="List the members' connectors by their newest word to the node, those not heard of longest first.",
        says=("List the members' connectors.", "列出各成员的连接器。"),
        answer={"connectors": [CONNECTOR]},
        example={},
        does="heartbeats.heard",
        roles="node",
        table=CONNECTORS,
        none="the space has no other member",
    ),
    Act(
        "node cut",
        "POST cut-off",
        help="Cut a member off: the exchange suspends it at once, for the reason given; the exchange lets it in again.",
        says=("Cut off {did}: {reason}", "切断 {did}:{reason}"),
        answer=MOVED,
        example={"did": "did:web:buyer.example", "reason": "its key was stolen"},
        fields=(DID, REASON),
        does="office.cut",
        roles="node",
        rehearse=True,
        lines=lambda done: [f"{done['did']} is {done['state']}"],
    ),
    Act(
        "node trace",
        "GET collected/{id}",
        help="List what the logs that the node has collected hold about a contract (by instruction or digest), a code, "
        "a product, an edition, a channel or a delivery.",
        says=("List what the collected logs hold about {id}.", "列出已汇集日志中关于 {id} 的记录。"),
        answer={"about": "text", "entries": [ENTRY], "unheard?": [UNHEARD]},
        example={"id": "5b1f0c"},
        fields=(
            Field("id", ("Instruction, digest, code or id", "指令编号、摘要、标识或编号"), "what it is about, whole"),
            Field("first", ("Leave out", "跳过"), "leave out so many", "--first", "number", 0, least=0),
            Field(
                "everywhere",
                ("Ask other nodes, too", "同时询问其他节点"),
                "ask the nodes of other spaces, too, through the node above",
                "--everywhere",
                "truth",
                default=None,
            ),
        ),
        handler="node.trace",
        table=TRACES,
        lines=_seen,
        none="the collected logs hold no more about it",
    ),
)
