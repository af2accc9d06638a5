"""Connectors that are there, and members that leave: a member's own plan, and the exchange's answer to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import EXCHANGE, FORWARD, READ, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.shape import LANGUAGES

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

ITEMS_SHOWN = 20
ITEM: dict[str, Shape] = {"kind": "text", "id": "text", "until": "text?"}
LEAVING: Shape = {
    "did": "text", "state": "text", "answer": "text", "reason": "text", "until": "text",
    "items": [{**ITEM, **LANGUAGES}],
}  # fmt: skip
CONNECTOR: Shape = {
    "did": "text", "name": "text", "role": "text", "member": "text", "state": "text", "seen": "text?",
    "version?": "text", "capabilities?": ["text"], "alarms?": "digits", "queues?": "object", **LANGUAGES,
}  # fmt: skip
DID = Field("did", ("Member (DID)", "成员 DID"), "the member's did:web", metavar="DID")
WHEN = "when it ends, RFC 3339; default: as early as agreements allow"
UNTIL = Field("until", ("End", "截止时间"), WHEN, "--until", default="")
SINGER = {"did": "did:web:provider.example"}
DONE = "leaving.answer"


def lines(row: Any) -> list[str]:
    """Return what a person reads of a plan that was handed in."""
    head = f"{row['did']}: {row['state']}, ends {row['until']}: {row['reason']}"
    return [head, *([f"  answer: {row['answer']}"] if row["answer"] else []), *_items(row["items"])]


def planned(found: Any) -> list[str]:
    """Return what a person reads of a plan that nobody handed in."""
    return [*_items(found["items"]), f"the membership ends {found['until']}"]


def _items(items: Any) -> list[str]:
    told = [
        f"  {one['kind']:<8} {one['id'][:40]:<40} {one['until'] or 'at once'}"
        + (f"  {one['en']}" if "en" in one else "")
        for one in items[:ITEMS_SHOWN]
    ]
    return told + ([f"  and {len(items) - ITEMS_SHOWN} more"] if len(items) > ITEMS_SHOWN else [])


def _plans(found: Any) -> list[str]:
    """Return what each plan says of what is under way."""
    return [line for row in found["leavings"] for line in [f"{row['did']}:", *_items(row["items"])] if row["items"]]


LEAVINGS = (
    Column("DID", "did"),
    Column("STATE", "state"),
    Column("ENDS", "until", is_moment=True),
    Column("ITEMS", lambda row: str(len(row["items"])), is_count=True),
    Column("REASON", "reason"),
    Column("ANSWER", "answer", rare=True),
)
CONNECTORS = (
    Column("STATE", "state"),
    Column("SEEN", lambda row: row["seen"] or "never", is_moment=True),
    Column("MEMBER", "member"),
    Column("VERSION", "version"),
    Column("ALARMS", lambda row: "" if row.get("alarms", "0") == "0" else row["alarms"], is_count=True, rare=True),
    Column("DID", "did"),
    Column("NAME", "name", long=True),
    Column("ROLE", "role", long=True),
    Column("CAPABILITIES", lambda row: " ".join(row.get("capabilities", ())), long=True),
)


def _heard(row: Any) -> list[str]:
    news = [f"{count} new of the saved search {name}" for name, count in row.get("news", {}).items()]
    return [f"the exchange has heard us: we are {row['standing']}", *news]


ACTS = (
    Act(
        "heartbeat send",
        "POST heartbeat",
        help="Tell the exchange now that we are there, and learn how we stand; "
        "the server does so every minute by itself.",
        says=("Tell the exchange now that we are there.", "立即向平台发送心跳。"),
        answer={"standing": "text", "news?": {"*": "number"}},
        example={},
        does="pulse.beat",
        verb="admin heartbeat",
        lines=_heard,
    ),
    Act(
        "connector list",
        "GET connectors",
        help="List the members' connectors by their newest word: version, what they can do, and who is not heard of.",
        says=("List the members' connectors.", "列出各成员的连接器。"),
        answer={"connectors": [CONNECTOR]},
        example={},
        does="heartbeats.page",
        roles=EXCHANGE,
        operator=READ,
        verb="exchange connectors",
        table=CONNECTORS,
        none="there are no members yet",
    ),
    Act(
        "leaving plan",
        "GET leaving/plan",
        help="Only show what would become of everything.",
        says=("Show what would become of everything if we left.", "显示退出后各项的处置计划。"),
        answer={"reason": "text", "until": "text", "items": [ITEM]},
        example={},
        fields=(UNTIL,),
        handler="leaving.plan",
        verb="leave --plan",
        lines=planned,
    ),
    Act(
        "leaving ask",
        "POST leaving",
        help="Hand in the plan by which we leave: products off the list, agreements served to their end, keys erased.",
        says=("Leave the space: {reason}", "退出空间:{reason}"),
        answer=LEAVING,
        example={"reason": "we merge with the harbour office"},
        fields=(Field("reason", ("Reason", "原因"), "why, in words that the operator reads", "--reason"), UNTIL),
        handler="leaving.leave",
        makes=True,
        rehearse=True,
        verb="leave",
        lines=lines,
    ),
    Act(
        "leaving show",
        "GET leaving",
        help="Only see what became of the plan.",
        says=("Show what became of our plan to leave.", "显示本方退出计划的结果。"),
        answer=LEAVING,
        example={},
        does="departing.status",
        verb="leave --status",
        lines=lines,
    ),
    Act(
        "leaving stay",
        "POST leaving/stay",
        help="Take back a plan that was not answered.",
        says=("Take our plan to leave back.", "撤回本方的退出计划。"),
        answer=LEAVING,
        example={},
        handler=FORWARD,
        rehearse=True,
        verb="leave --stay",
        lines=lines,
    ),
    Act(
        "leaving list",
        "GET leavings",
        help="List the plans that are asked for or under way.",
        says=("List the plans of members that leave.", "列出成员的退出计划。"),
        answer={"leavings": [LEAVING]},
        example={},
        does="leaving.page",
        roles=EXCHANGE,
        operator=READ,
        verb="exchange leaving list",
        table=LEAVINGS,
        lines=_plans,
        none="nobody leaves",
    ),
    Act(
        "leaving approve",
        "POST leavings/{act=approve}",
        help="Approve a plan: what the member lists is off the catalogue, and its membership ends when the plan does.",
        says=("Let {did} leave as it planned.", "批准 {did} 的退出计划。"),
        answer=LEAVING,
        example=SINGER,
        fields=(DID, Field("reason", ("Reason", "原因"), "nothing, for it is approved", None, default="")),
        handler=DONE,
        roles=EXCHANGE,
        operator="approve-leaving",
        rehearse=True,
        verb="exchange leaving approve",
        lines=lines,
    ),
    Act(
        "leaving refuse",
        "POST leavings/{act=refuse}",
        help="Refuse a plan; the member may hand in another.",
        says=("Refuse the plan of {did} to leave: {reason}", "退回 {did} 的退出计划:{reason}"),
        answer=LEAVING,
        example=SINGER | {"reason": "a dispute is open"},
        fields=(DID, Field("reason", ("Reason", "原因"), "what the member can change", "--reason")),
        handler=DONE,
        roles=EXCHANGE,
        operator="refuse-leaving",
        rehearse=True,
        verb="exchange leaving refuse",
        lines=lines,
    ),
)
