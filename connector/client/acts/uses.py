"""Uses that run at members, as an exchange that watches is told of them, and what it stops of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import EXCHANGE, READ, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.shape import LANGUAGES

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

USE: Shape = {
    "use": "text", "member": "text", "agreement": "text", "product": "text", "action": "text", "since": "text",
    "seen": "text", "state": "text", **LANGUAGES,
}  # fmt: skip
STOP: Shape = {
    "stop": "text", "member": "text", "agreement": "text", "reason": "text", "state": "text", "overdue": "truth",
    "at": "text",
}  # fmt: skip
USES = (
    Column("STATE", "state"),
    Column("SINCE", "since", is_moment=True),
    Column("SEEN", "seen", is_moment=True, long=True),
    Column("MEMBER", "member"),
    Column("PRODUCT", "product"),
    Column("ACTION", "en"),
    Column("USE", "use"),
    Column("AGREEMENT", "agreement", long=True),
)
WHAT = Field("what", ("Use, stop or agreement", "使用、停止令或协议"), "a use, a stop or an agreement", metavar="WHAT")
EXAMPLE = {"what": "5f" * 32}


def _stops(found: Any) -> list[str]:
    """Return what a person reads of stops."""
    return [
        f"stop {row['stop']}: {row['state']}{' (overdue)' if row['overdue'] else ''}, {row['member']}, "
        f"agreement {row['agreement']}: {row['reason']}"
        for row in found["stops"]
    ]


ACTS = (
    Act(
        "use list",
        "GET uses",
        help="List the uses that run at members, as these tell where `space.watch_seconds` says so, and the stops.",
        says=("List the uses that run at members.", "列出各成员正在进行的使用。"),
        answer={"watched": "number", "uses": [USE], "stops": [STOP]},
        example={},
        does="watched_uses.page",
        roles=EXCHANGE,
        operator=READ,
        verb="exchange uses",
        table=USES,
        lines=_stops,
        none="no member told of a use that runs",
    ),
    Act(
        "use stop",
        "POST uses/stop",
        help="Stop a use that runs, or all under an agreement: whoever told of it uses nothing under it until allowed.",
        says=("Stop the use {what}: {reason}", "停止使用 {what}:{reason}"),
        answer={"stops": [STOP]},
        example=EXAMPLE | {"reason": "the source was attacked"},
        fields=(WHAT, Field("reason", ("Reason", "原因"), "why, in words that the member reads", "--reason")),
        does="watched_uses.stop",
        roles=EXCHANGE,
        operator="stop-use",
        rehearse=True,
        verb="exchange use stop",
        lines=_stops,
    ),
    Act(
        "use allow",
        "POST uses/allow",
        help="Allow again what was stopped: a stop, or all of an agreement; its member learns it when it tells next.",
        says=("Allow {what} again: {reason}", "恢复 {what}:{reason}"),
        answer={"stops": [STOP]},
        example=EXAMPLE | {"reason": "the source is safe"},
        fields=(WHAT, Field("reason", ("Reason", "原因"), "why, for the log", "--reason")),
        does="watched_uses.allow",
        roles=EXCHANGE,
        operator="allow-use",
        rehearse=True,
        verb="exchange use allow",
        lines=_stops,
    ),
)
