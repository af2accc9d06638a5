"""What the key of an agent may do, and what is left of its budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.acquisitions import LIMITS, MANDATE, PRODUCT, mandate
from connector.client.acts.act import Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.money import bare

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

SPENDING: dict[str, Shape] = {"what": "text", "id": "text", "most": "digits", "at": "text"}
AGENT: dict[str, Shape] = {
    "name": "text", "roles": ["text"], "scopes": ["text"], "until": "text", "ended": "truth", "budget": "digits",
    "taken": "digits", "left": "digits", "tools": ["text"], "spendings": [SPENDING],
}  # fmt: skip


PROPOSAL: dict[str, Shape] = {
    "id": "text", "by": "text", "product": "text", "limit": "digits", "cap": "digits?", "bid": "digits?",
    "purpose": "text", "why": "text", "state": "text", "reason": "text", "created": "text",
}  # fmt: skip
MINE = {"proposal": "6f1d3c520d4b4d399a5e2f6f1f2f7a10"}
ID = Field("proposal", ("Proposal", "提议"), "as `penstock agent proposals` shows it", sent="id", of="proposal")
# what an agent may propose of a mandate
PROPOSED = (*LIMITS, *(one for one in MANDATE if one.name == "bid"))
PROPOSALS = (
    Column("PROPOSAL", "id", is_id=True),
    Column("STATE", "state"),
    Column("PRODUCT", "product"),
    Column("UP TO", lambda row: bare(row["limit"])),
    Column("IN ALL", lambda row: "" if row["cap"] is None else bare(row["cap"]), rare=True),
    Column("PURPOSE", "purpose"),
    Column("BY", "by", long=True),
    Column("SAYS", "why", characters=40),
    Column("DECLINED", "reason", rare=True),
    Column("AT", "created", is_moment=True, long=True),
)


def proposed(one: Any) -> list[str]:
    """Return what a person reads of a proposal."""
    cap = "" if one["cap"] is None else f", {bare(one['cap'])} in all"
    why = f": {one['reason']}" if one["reason"] else ""
    return [
        f"{one['id']} ({one['state']}{why})",
        f"  {one['product']} at {bare(one['limit'])} at most{cap}, for {one['purpose']}",
        f"  {one['by']} says: {one['why']}",
    ]


def shown(agent: Any) -> list[str]:
    """Return what a person reads of an agent."""
    ended = " (ended)" if agent["ended"] else ""
    return [
        f"{agent['name']}: {', '.join(agent['scopes'])} for {', '.join(agent['roles'])}, until {agent['until']}{ended}",
        f"  budget  {bare(agent['budget'])}, {bare(agent['left'])} left",
        f"  tools   {', '.join(agent['tools']) or 'none'}",
        *(f"  {one['at']}  {one['what']} {one['id']}: at most {bare(one['most'])}" for one in agent["spendings"]),
    ]


ACTS = (
    Act(
        "agent show",
        "GET agent",
        help="Show what the key of an agent may do, and what was taken of its budget; with a key, its own.",
        says=("Show what the agent {name} may do.", "显示智能体 {name} 的权限与预算。"),
        answer=AGENT,
        example={"name": "assistant"},
        fields=(
            Field("name", ("Key", "密钥"), "the key's name; default: the key that asks", default=None, metavar="NAME"),
        ),
        handler="agents.show",
        lines=shown,
    ),
    Act(
        "agent propose",
        "POST agent/proposals",
        help="Propose a purchase: nothing is signed or paid until a person assents and so begins it.",
        says=("Propose to get {product}: {why}", "提议获取 {product}:{why}"),
        answer=PROPOSAL,
        example={
            "product": "nyc-flights-2013",
            "mandate": {"limit": "420", "purpose": "AirTrafficResearch"},
            "why": "it has the delays that you asked for",
        },
        fields=(PRODUCT, mandate(PROPOSED), Field("why", ("Why", "理由"), "what for, in words", "--why")),
        does="proposals.propose",
        roles="buyer",
        makes=True,
        lines=proposed,
    ),
    Act(
        "agent proposals",
        "GET agent/proposals",
        help="List what agents propose to get, the newest first, and what became of it.",
        says=("List what agents propose.", "列出智能体的提议。"),
        answer={"proposals": [PROPOSAL]},
        example={},
        does="proposals.page",
        roles="buyer",
        table=PROPOSALS,
        none="no agent has proposed anything",
    ),
    Act(
        "agent assent",
        "POST agent/proposals/{proposal}/assent",
        help="Assent to a proposal: the purchase begins, in your name and within the limits that it says.",
        says=("Assent to the proposal {proposal}.", "同意提议 {proposal}。"),
        answer=PROPOSAL,
        example=MINE,
        fields=(ID,),
        does="proposals.assent",
        roles="buyer",
        lines=lambda one: [*proposed(one), f"next: penstock transfer show {one['id']}"],
    ),
    Act(
        "agent decline",
        "POST agent/proposals/{proposal}/decline",
        help="Decline a proposal, with a reason that its agent reads.",
        says=("Decline the proposal {proposal}: {reason}", "拒绝提议 {proposal}:{reason}"),
        answer=PROPOSAL,
        example=MINE | {"reason": "too dear"},
        fields=(ID, Field("reason", ("Reason", "原因"), "why, in words", "--reason")),
        does="proposals.decline",
        roles="buyer",
        lines=proposed,
    ),
)
