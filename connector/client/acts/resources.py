"""Data resources: what a participant holds, apart from the products made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import TRADERS, Act, Field
from connector.client.acts.columns import Column
from connector.runtime.limits import RESOURCES_MAX

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

RESOURCE: dict[str, Shape] = {
    "id": "text", "title": "text", "description": "text", "owner": "text", "steward": "text", "grade": "number",
    "classes": "object", "code": "text",
}  # fmt: skip
KEPT = (
    Field("id", ("Id", "编号"), "an id of your own; again to change it"),
    Field("title", ("Title", "名称"), "what it is called", "--title"),
    Field("owner", ("Owner", "权属方"), "who has the say over it", "--owner"),
    Field("steward", ("Steward", "管理责任人"), "who answers for it day by day", "--steward"),
    Field("description", ("Description", "说明"), "more words", "--description", default=""),
    Field("grade", ("Security grade", "安全级别"), "security grade", "--grade", "number", default=2, least=1, most=5),
    Field(
        "classes", ("Classes", "分类"), "what it is about, such as topic=B0300; may be repeated", "--class", "pairs",
        default={},
    ),
    Field("code", ("Code", "标识编码"), "the code that a node assigned; default: a local one", "--code", default=""),
)  # fmt: skip
FIRST = Field(
    "first", ("Leave out", "跳过"), "leave out so many", None, "number", default=None, least=0, most=RESOURCES_MAX
)


def _kept(row: Any) -> list[str]:
    return [f"{row['title']}: {row['code'] or 'no code, for `participant.subject` is not set'}"]


RESOURCES = (
    Column("ID", "id"),
    Column("OWNER", "owner"),
    Column("STEWARD", "steward"),
    Column("PRODUCTS", lambda row: ", ".join(row["products"]) or "no product"),
    Column("GRADE", "grade", long=True, is_count=True),
    Column("CODE", "code", long=True),
    Column("CLASSES", lambda row: " ".join(f"{name}={one}" for name, one in row["classes"].items()), long=True),
    Column("TITLE", "title"),
    Column("DESCRIPTION", "description", long=True),
)


ACTS = (
    Act(
        "resource add",
        "POST resources",
        help="Keep a data resource; products are made of it with `penstock publish --resource ID`.",
        says=("Keep the data resource {id}: {title}.", "登记数据资源 {id}:{title}。"),
        answer=RESOURCE,
        example={"id": "gauges", "title": "Tide gauges", "owner": "Harbour Office", "steward": "Li Wei"},
        fields=KEPT,
        does="resources.put",
        roles=TRADERS,
        makes=True,
        lines=_kept,
    ),
    Act(
        "resource list",
        "GET resources",
        help="List our data resources with their products.",
        says=("List our data resources.", "列出本方数据资源。"),
        answer={"resources": [{**RESOURCE, "products": ["text"]}]},
        example={},
        fields=(FIRST,),
        does="resources.page",
        roles=TRADERS,
        table=RESOURCES,
        none="no resource is kept",
    ),
)
