"""Data services of ours on the exchange's list: what became of them, rolled back, withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import FORWARD, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.shape import LIMIT

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

TIDES = {"id": "service:tide-forecast"}
ID = Field("id", ("Service", "服务编号"), "the service's id")
ROW = {"id": "text", "title": "text", "provider": "text", "state": "text", "reason": "text", "since": "text"}
SERVICE: Shape = {
    "id": "text", "space": "text", "title": "text", "provider": "text", "service": "object", "state": "text",
    "kind": "text", "tier": "text", "price": "text", "limits": [LIMIT], "review": "object?",
}  # fmt: skip


SERVICES = (
    Column("ID", "id"),
    Column("STATE", "state"),
    Column("SINCE", "since", is_moment=True),
    Column("PROVIDER", "provider", long=True),
    Column("TITLE", "title"),
    Column("REASON", "reason", rare=True),
)


def lines(row: Any) -> list[str]:
    """Return what a person reads of a service that was handed in."""
    told = [f"{row['title']}  {row['price']}  {row['state']}", *(f"  · {one['en']}" for one in row["limits"])]
    return [*told, f"next: the exchange reads it: penstock exchange review {row['id']}"]


def _as_in(row: Any, asked: Any) -> list[str]:
    return [f"{row['title']}: as in version {asked['version']}, {row['price']}: {row['state']}"]


ACTS = (
    Act(
        "service offer",
        "POST services",
        help="Hand a service in; the exchange's operator reads it, and then it is found beside the products.",
        says=("Hand a service in to the space {space}.", "向空间 {space} 提交服务。"),
        answer=SERVICE,
        example={"service": TIDES, "space": "main"},
        fields=(
            Field("service", ("Service (JSON)", "服务(JSON)"), "the service (docs/exchange.md)", None, "document"),
            Field("space", ("Space", "空间"), "list it in this space of the exchange", "--space", default="main"),
        ),
        handler=FORWARD,
        rehearse=True,
        lines=lines,
    ),
    Act(
        "service list",
        "GET services",
        help="List our services in every state, with why they are in it.",
        says=("List our services.", "列出本方服务。"),
        answer={"services": [ROW]},
        example={},
        fields=(
            Field("first", ("Leave out", "跳过"), "leave out so many, the oldest", "--first", "number", 0, least=0),
        ),
        handler=FORWARD,
        table=SERVICES,
        none="no service is handed in",
    ),
    Act(
        "service roll-back",
        "POST services/{id}/roll-back",
        help="Offer a service of ours as it was; a version whose review stands is listed at once.",
        says=("Offer the service {id} as in version {version}: {reason}", "将服务 {id} 恢复至版本 {version}:{reason}"),
        answer=SERVICE,
        example=TIDES | {"version": "1", "reason": "the new price was wrong"},
        fields=(
            ID,
            Field("version", ("Version", "版本号"), "number of the version to go back to", kind="digits", least=1),
            Field("reason", ("Reason", "原因"), "why; it goes into the log", "--reason"),
        ),
        handler=FORWARD,
        rehearse=True,
        echo=_as_in,
    ),
    Act(
        "service withdraw",
        "POST services/{id}/withdrawal",
        help="Take a service of ours off the list; its id is not used again.",
        says=("Take the service {id} off the list. {reason}", "撤下服务 {id}。{reason}"),
        answer={"id": "text", "state": "text"},
        example=TIDES,
        fields=(ID, Field("reason", ("Reason", "原因"), "why, for the record", "--reason", default="")),
        handler=FORWARD,
        rehearse=True,
        lines=lambda row: [f"{row['id']}: {row['state']}"],
    ),
)
