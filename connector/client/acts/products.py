"""Products: previewed, published, found, shown, and offered as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import FORWARD, NULL, READ, Act, Field
from connector.client.acts.brief import BRIEF, FLIGHTS
from connector.client.acts.columns import Column
from connector.client.acts.described import lines as described
from connector.client.acts.money import money
from connector.client.acts.shape import BILLED, LANGUAGES, PUBLISHED

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

PREVIEW: Shape = {
    "dryRun": "truth", "title": "text", "tier": "text", "bytes": "digits", "rows": "digits", "grade": "number",
    "billed": BILLED,
    "files": [{"path": "text", "bytes": "digits", "rows": "digits?", "columns": ["text"]}], "because": ["text"],
    "policy": "object", "words": {"en": ["text"], "zh": ["text"]}, "tariff": "object", "price": LANGUAGES,
}  # fmt: skip
VERSION: Shape = {
    "number": "number", "edition": "text", "title": "text", "since": "text", "reviewed": "truth",
    "differences": ["object"],
}  # fmt: skip
ID = Field("id", ("Product", "产品编号"), "the listed product's id", metavar="ID", of="product")
LISTED = Field("product", ("Product", "产品编号"), "the listed product's id", sent="id", of="product")


def shown(row: Any) -> list[str]:
    """Return what a person reads of a listed product."""
    tier = row["tier"] or ("a service" if "service" in row else "delivery unknown")
    words = row.get("words", {})
    whole = f", all of it {words['whole']['sum']}" if words.get("whole") else ""
    lines = [f"{row['title']}  {row['price']}{whole}  ({tier}) in {row.get('space', 'another exchange')}"]
    lines += [f"  {row['unpaid']} orders to give money back were not carried out in time"] if row.get("unpaid") else []
    lines += described(row.get("dataset") or {}, words, row.get("sample"))
    if words:  # who it is from, and what proves it
        lines.append(f"  of {row['provider']}, edition {row['header']['edition']} ({row['edition'][:16]})")
        measured = ", ".join(f"{one['en']} {one['bps'] / 100:g} %" for one in words["qualities"])
        lines += [f"  quality {row['quality']['letter']}: {measured}"] if measured else []
        if row["state"] == "listed":
            lines.append(f"next: penstock quote {row['id']}")
    told = row.get("service", {})
    lines += [
        f"  {name}: {told[name]}" for name in ("description", "type", "endpoint", "documentation") if told.get(name)
    ]
    return lines + [f"  · {one['en']}" for one in row.get("limits", ())]


def differences(found: Any) -> list[str]:
    """Return what a person reads of what differs between two versions."""
    return [f"    {one['en']}" for one in found["differences"]]


VERSIONS = (
    Column("VERSION", "number", is_count=True),
    Column("SINCE", "since", is_moment=True),
    Column("REVIEWED", lambda row: "yes" if row["reviewed"] else "no"),
    Column("EDITION", "edition", long=True, is_id=True),
    Column("TITLE", "title"),
)


def _changed(found: Any) -> list[str]:
    told = [row for row in found["versions"] if row["differences"]]
    return [line for row in told for line in (f"version {row['number']} changed:", *differences(row))]


def _as_in(done: Any, asked: Any) -> list[str]:
    return [f"{done['title']}: as in version {asked['version']}, edition {done['number']}"]


def _priced(done: Any) -> list[str]:
    if done["unchanged"]:
        return [f"{done['title']}: nothing changed: the price is {done['price']['en']}"]
    return [f"{done['title']}: {done['was']['en']} → {done['price']['en']}; what was agreed before keeps its price"]


def _off(done: Any) -> list[str]:
    return [
        f"{done['title']}: {done['state']}, its listing is {done['listing']}",
        f"{done['agreements']} agreements go on to their end",
    ]


ORDERS = (
    Column("AGREED", "agreed", is_moment=True),
    Column("BUYER", "peer"),
    Column("STATE", "state"),
    Column("BYTES", "bytes", is_count=True),
    Column("PAID", "sum", is_count=True),
    Column("OPENED", lambda row: "" if row["openings"] is None else str(row["openings"]), is_count=True, rare=True),
    Column("PRICE", "price", long=True),
    Column("CLAIMED", lambda row: money(row["claimed"], row["currency"]), long=True, is_count=True),
    Column("AGREEMENT", "agreement", is_id=True),
)


def _orders(found: Any) -> list[str]:
    total = f"{len(found['orders'])} orders of {found['buyers']} buyers, {found['bytes']} bytes delivered"
    return [f"{total}, paid: {', '.join(found['sums'])}"]


SOLD: Shape = {
    "agreement": "text", "product": "text", "title": "text", "role": "text", "peer": "text", "tier": "text",
    "state": "text", "payment": "text", "price": "text", "quantity": "digits", "amount": "digits", "agreed": "text",
    "claimed": "digits", "deposit": "digits", "attested": "text", "currency": "text", "bytes": "digits",
    "sum": "text", "openings": "number?",
}  # fmt: skip
OURS = Field("product", ("Product", "产品编号"), "the id of a product of ours", metavar="PRODUCT", sent="id")
ACTS = (
    Act(
        "product publish",
        "POST products",
        help="Publish files as a product: profiled, under a policy, sealed, registered, submitted.",
        says=("Publish {title} at {price} per {unit}.", "发布产品 {title},报价 {price}/{unit}。"),
        answer=PUBLISHED,
        example=FLIGHTS,
        fields=BRIEF,
        handler="management.publish",
        roles="provider",
        makes=True,
        verb="publish",
        form=False,
    ),
    Act(
        "publication begin",
        "POST publications",
        help="Begin to publish a product; where it stands is asked for by its id.",
        says=("Begin to publish {title}.", "开始发布产品 {title}。"),
        answer={"id": "text", "price": LANGUAGES},
        example=FLIGHTS,
        fields=BRIEF,
        handler="management.begin_publication",
        roles="provider",
        begins=True,
        verb=None,
        form=False,
    ),
    Act(
        "publication show",
        "GET publications/{id}",
        help="Show a product when it is submitted, or after `wait` seconds how far it is.",
        says=("Show how far the publication {id} is.", "显示产品 {id} 的发布进度。"),
        answer={"id": "text", "state": "text", "progress?": "object", "*": "any"},
        example={"id": "tides"},
        fields=(
            Field("id", ("Product", "产品编号"), "the product's id", of="product"),
            Field("wait", ("Seconds", "秒数"), "wait so many seconds for its end", None, "number", None, least=0),
        ),
        handler="management.publication",
        roles="provider",
        verb=None,
    ),
    Act(
        "product preview",
        "POST previews",
        help="Say what publishing would offer; nothing is kept.",
        says=("Say what publishing {title} would offer.", "预览产品 {title} 的发布内容。"),
        answer=PREVIEW,
        example=FLIGHTS,
        fields=BRIEF,
        handler="management.preview_product",
        roles="provider",
        verb="publish --dry-run",
        form=False,
    ),
    Act(
        "product find",
        "GET find",
        help="Find listed products.",
        says=("Find listed products with {q}.", "查找包含 {q} 的挂牌产品。"),
        answer={"found": "number", "looked": "number", "products": ["object"], "counts?": "object"},
        example={"q": "weather", "where": ["grade=1,2", "rows=1000.."]},
        fields=(
            Field("q", ("Words", "关键词"), "words to look for", default=""),
            Field(
                "where",
                ("Conditions, one a line", "条件,每行一个"),
                "only what is so: facet=value,value or measure=from..to, such as grade=1,2 or rows=1000..",
                "--where",
                "texts",
                default=[],
            ),
            Field(
                "purpose",
                ("Purpose", "用途"),
                "only what may be used for it: a purpose",
                "--for",
                default=None,
                sent="for",
            ),
            Field(
                "place", ("Place of use", "使用地"), "and there, ISO 3166 or GB/T 2260", "--in", default=None, sent="in"
            ),
            Field("like", ("Like", "相似于"), "what is similar to this listed product", "--like", default=None),
            Field("first", ("Leave out", "跳过"), "leave out so many, the best", "--first", "number", 0, least=0),
            Field("counts", ("Counts", "计数"), "count what was found by facet", "--counts", "truth", default=None),
        ),
        handler="management.find",
        operator=READ,
        verb="find",
    ),
    Act(
        "product show",
        "GET offers/{id}",
        help="Show what the exchange shows us of a product, with sample rows if they are for us.",
        says=("Show the listed product {id}.", "显示挂牌产品 {id}。"),
        answer={"id": "text", "title": "text", "price": "text", "tier": "text", "provider": "text", "*": "any"},
        example={"id": "tides"},
        fields=(ID,),
        handler="management.offer",
        lines=shown,
    ),
    Act(
        "product price",
        "POST products/{product}/price",
        help="Ask another price for a product of ours from now on; it needs no review, and what was agreed keeps its.",
        says=("Ask {amount} for the product {product}.", "将产品 {product} 的报价改为 {amount}。"),
        answer={
            "id": "text",
            "title": "text",
            "was": LANGUAGES,
            "price": LANGUAGES,
            "floor": "digits",
            "unchanged": "truth",
        },
        example={"product": "tides", "amount": "4.20"},
        fields=(
            OURS,
            Field(
                "amount",
                ("Price", "报价"),
                "the price per unit or period as people write it, 4.20 or 4.20 CNY",
                kind="coins",
            ),
            Field(
                "floor",
                ("Lowest price", "最低价"),
                "lowest price to agree to, such as 4; default: as it is now",
                "--floor",
                "coins",
                default=NULL,
            ),
        ),
        does="shop.price",
        roles="provider",
        rehearse=True,
        verb="price",
        lines=_priced,
    ),
    Act(
        "product unpublish",
        "POST products/{product}/unpublication",
        help="Take a product of ours off the list and offer it no more; what was sold is served to its end.",
        says=("Take the product {product} off the list: {reason}", "将产品 {product} 下架:{reason}"),
        answer={"id": "text", "title": "text", "state": "text", "listing": "text", "agreements": "number"},
        example={"product": "tides", "reason": "a better one has its place"},
        fields=(OURS, Field("reason", ("Reason", "原因"), "why; the exchange and the log have it", "--reason")),
        does="shop.unpublish",
        roles="provider",
        rehearse=True,
        verb="unpublish",
        lines=_off,
    ),
    Act(
        "product orders",
        "GET products/{product}/orders",
        help="Show who bought a product of ours, when, how much was delivered and paid, and the revenue in all.",
        says=("Show the orders of the product {product}.", "显示产品 {product} 的订单。"),
        answer={
            "id": "text",
            "title": "text",
            "orders": [SOLD],
            "buyers": "number",
            "bytes": "digits",
            "revenue": {"*": "digits"},
            "sums": ["text"],
        },
        example={"product": "tides"},
        fields=(OURS,),
        does="shop.orders",
        roles="provider",
        verb="orders",
        table=ORDERS,
        lines=_orders,
        none="nobody has bought it yet",
    ),
    Act(
        "version list",
        "GET products/{product}/versions",
        help="List the versions of a product, the newest first, each with what it changed.",
        says=("List the versions of the product {product}.", "列出产品 {product} 的版本。"),
        answer={"versions?": [VERSION], "differences?": ["object"]},
        example={"product": "nyc-flights-2013"},
        fields=(
            LISTED,
            Field(
                "old", ("From", "旧版本"), "say what differs from this version", None, "number", None, 1, sent="from"
            ),
            Field("new", ("To", "新版本"), "to that one", None, "number", None, 1, sent="to"),
        ),
        handler=FORWARD,
        table=VERSIONS,
        none="it has no version yet",
        lines=_changed,
    ),
    Act(
        "version roll-back",
        "POST products/{product}/roll-back",
        help="Offer and list a product of ours as it was; a version that was reviewed is listed at once.",
        says=(
            "Offer the product {product} as in version {version}: {reason}",
            "将产品 {product} 恢复至版本 {version}:{reason}",
        ),
        answer=PUBLISHED,
        example={"product": "nyc-flights-2013", "version": "2", "reason": "the new prices were wrong"},
        fields=(
            LISTED,
            Field("version", ("Version", "版本号"), "number of the version to go back to", kind="digits", least=1),
            Field("reason", ("Reason", "原因"), "why; it goes into the log", "--reason"),
        ),
        handler="management.roll_back",
        roles="provider",
        rehearse=True,
        echo=_as_in,
    ),
)
