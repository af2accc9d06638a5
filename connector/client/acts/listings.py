"""Listings as the exchange's operators have them: looked through, reviewed, suspended; and what the market comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import EXCHANGE, READ, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.money import money
from connector.client.acts.shape import LANGUAGES

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

LISTED: Shape = {"id": "text", "state": "text"}
WAITING: Shape = {
    "id": "text", "title": "text", "provider": "text", "edition?": "text", "tier?": "text", "state": "text",
    "reason": "text?", "since": "text", "alike?": ["object"],
}  # fmt: skip
DOUBT: Shape = {
    "what": "text", "weight": "text", "file": "text", "column": "text", "said": "text", "found": "text",
    "words": LANGUAGES,
}  # fmt: skip
AGAIN: Shape = {"what": "text", "said": "digits", "seen": "digits"}
LOOKED: Shape = {"files": "digits", "pieces": "digits", "bytes": "digits", "again": [AGAIN]}
EXCERPT: Shape = {
    "piece": "digits", "file": "text", "at": "digits", "bytes": "digits", "columns": ["text"], "rows": [["text"]],
}  # fmt: skip
# of each piece that is read, and as many as are shown of it
ROWS_SHOWN, ROWS_MAX = 5, 20
INDICATOR: Shape = {
    "key": "text", **LANGUAGES, "value": "text", "unit": "text", "formula": "text", "source": "text",
    "national": "text", "beside": "text",
}  # fmt: skip
FLIGHTS = {"product": "nyc-flights-2013"}
PRODUCT = ("Product or service", "产品或服务")


def _alike(row: Any) -> str:
    """Return the products of others whose titles look like this one's."""
    return "; ".join(f"{one['id']} ({one['title']}) of {one['provider']}" for one in row.get("alike", ()))


def _told(one: Any, which: str) -> str:
    """Return a grade, or basis points as people read them."""
    return one[which] if one["what"] == "grade" else f"{int(one[which]) / 100:.1f} %"


def _reviewed(row: Any) -> list[str]:
    """Return what a review opened, and what of the description its pieces speak against."""
    lines = [f"{row['title']}: {row['opened']} pieces opened, {row['bound']}: {row['state']}"]
    if "looked" in row:
        looked = row["looked"]
        lines.append(f"looked into {looked['pieces']} pieces of {looked['files']} tables ({looked['bytes']} bytes)")
        lines += [
            f"  {one['what']}: {_told(one, 'seen')} in them, said {_told(one, 'said')}" for one in looked["again"]
        ]
        lines += [f"{one['weight']}: {one['words']['en']}" for one in row["doubts"]]
        lines += [f"and {row['more']} more doubts"] if row["more"] != "0" else []
    return lines


def _excerpts(found: Any) -> list[str]:
    """Return the rows of the pieces that were opened, a line each."""
    lines = [f"{found['title']}: {found['opened']} pieces opened"]
    for one in found["pieces"]:
        lines.append(f"piece {one['piece']}: {one['file']} from byte {one['at']} on, {one['bytes']} bytes")
        lines += ["    " + " | ".join(row) for row in (one["columns"], *one["rows"]) if row]
    return lines + ([f"and {found['more']} more pieces"] if found["more"] != "0" else [])


LISTINGS = (
    Column("ID", "id", is_id=True),
    Column("TIER", lambda row: row.get("tier", "service")),
    Column("SINCE", "since", is_moment=True),
    Column("STATE", "state", long=True),
    Column("EDITION", "edition", long=True, is_id=True),
    Column("PROVIDER", "provider"),
    Column("TITLE", "title"),
    Column("REASON", "reason", rare=True),
    Column("LOOKS LIKE", _alike, rare=True),
)
# indicators that are amounts
MONEY = frozenset({"turnover"})


def _figure(row: Any, currency: str) -> str:
    if row["key"] in MONEY:
        return money(row["value"], currency)
    return f"{row['value']} {row['unit']}".rstrip()


def _indicators(found: Any) -> list[str]:
    from catalog.indicators import NONE  # noqa: PLC0415  # loaded for this answer

    lines = [f"chain read up to block {found['block']}"]
    for row in found["indicators"]:
        beside = f"   national: {row['national']}" if row["national"] else ""
        figure = _figure(row, found["currency"]) if row["value"] != NONE else "nothing to count yet"
        lines.append(f"{row['en']} · {row['zh']}: {figure}{beside}")
        lines.append(f"    {row['formula']}; from {row['source']}")
    return lines


def _move(move: str, help_: str, says: tuple[str, str], why: Field, **more: str) -> Act:
    """Return one of the moves that are the operator's word alone: they share a route."""
    return Act(
        f"listing {move}",
        f"POST listings/{{product}}/moves#{{move={move}}}",
        help=help_,
        says=says,
        answer=LISTED,
        example=FLIGHTS | more,
        fields=(Field("product", PRODUCT, "the listed product's id", sent="id", of="listing"), why),
        handler="exchange.move",
        roles=EXCHANGE,
        operator=f"{move}-listing",
        rehearse=True,
        verb=f"exchange {move}",
        lines=lambda row: [f"{row['id']}: {row['state']}"],
    )


def _why(help_: str, option: str | None = "--reason", **more: Any) -> Field:
    return Field("reason", ("Reason", "原因"), help_, option, **more)


ACTS = (
    Act(
        "listing list",
        "GET listings",
        help="List products by the state of their listing, the oldest first: what is submitted waits for a review.",
        says=("List the listings.", "列出上架申请与产品。"),
        answer={"listings": [WAITING]},
        example={"state": "listed"},
        fields=(
            Field(
                "state", ("State", "状态"), "submitted, reviewed, listed, suspended, withdrawn or refused", "--state",
                default="submitted",
            ),
            Field("first", ("Leave out", "跳过"), "leave out so many, the oldest", "--first", "number", 0, least=0),
            Field(
                "kind", ("Kind", "种类"), "data services instead of products", "--services", default=None,
                flag="service",
            ),
        ),
        handler="exchange.queue",
        roles=EXCHANGE,
        operator=READ,
        verb="exchange listings",
        table=LISTINGS,
        none="no listing is {state}",
    ),
    Act(
        "listing review",
        "POST listings/{product}/review",
        help="Open pieces drawn after registration, check them, and list the product; "
        "list a service that you have read.",
        says=("Review {product} and list it.", "审核并上架 {product}。"),
        answer={
            "id": "text", "title": "text", "state": "text", "opened": "number", "seed?": "text", "bound": "text",
            "looked?": LOOKED, "doubts?": [DOUBT], "more?": "digits",
        },
        example=FLIGHTS,
        fields=(
            Field("product", PRODUCT, "the submitted product's id", sent="id", of="listing"),
            Field(
                "version", ("Version", "版本号"), "the version that you have read; no other is listed", "--version",
                "digits", default=None,
            ),
            Field(
                "despite", ("Despite doubts", "不顾疑点"), "list it although its pieces speak against its words",
                "--despite", "truth", default=None,
            ),
        ),
        handler="management.review",
        roles=EXCHANGE,
        operator="review",
        rehearse=True,
        verb="exchange review",
        lines=_reviewed,
    ),
    Act(
        "listing read",
        "POST listings/{product}/readings",
        help="Read the beginning of each piece that a review draws; nothing of it is kept, and the log says that "
        "it was read.",
        says=("Read drawn pieces of {product}.", "查看 {product} 的抽样数据片。"),
        answer={
            "id": "text", "title": "text", "edition": "text", "opened": "number", "pieces": [EXCERPT], "more": "digits",
        },
        example=FLIGHTS,
        fields=(
            Field("product", PRODUCT, "the submitted or listed product's id", sent="id", of="listing"),
            Field(
                "rows", ("Rows", "行数"), "so many rows of each piece", "--rows", "number", ROWS_SHOWN, least=1,
                most=ROWS_MAX,
            ),
        ),
        does="reviewer.read",
        roles=EXCHANGE,
        operator="read-listing",
        verb="exchange read",
        lines=_excerpts,
        form=False,
    ),
    _move(
        "suspend",
        "Suspend a listing: nobody finds it until it is resumed. Agreements that were made go on.",
        ("Suspend the listing {product}: {reason}", "暂停上架 {product}:{reason}"),
        _why("why, in words that the provider reads"),
        reason="complaint under review",
    ),
    _move(
        "resume",
        "List a suspended product again.",
        ("List {product} again.", "恢复上架 {product}。"),
        _why("nothing, for it is listed again", None, default=""),
    ),
    _move(
        "refuse",
        "Refuse a product that was submitted or suspended; its provider may hand it in again, changed.",
        ("Refuse {product}: {reason}", "拒绝 {product}:{reason}"),
        _why("what the provider can change"),
        reason="the description names nobody to ask",
    ),
    Act(
        "indicator list",
        "GET indicators",
        help="Show what this market comes to: each figure with its formula, its source, "
        "and the national survey's value.",
        says=("Show what this market comes to.", "显示市场指标。"),
        answer={"block": "digits", "currency": "text", "indicators": [INDICATOR]},
        example={},
        does="indicators.look",
        roles=EXCHANGE,
        operator=READ,
        verb="exchange indicators",
        lines=_indicators,
    ),
)  # fmt: skip
