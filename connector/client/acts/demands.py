"""Demands: what is looked for and not found, from its first word to the agreement that met it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import FORWARD, FRESH, NULL, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.money import TYPED, money

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

DEMAND: dict[str, Shape] = {
    "id": "text", "title": "text", "description": "text", "where": ["text"], "purpose": "text", "place": "text",
    "most": "digits?", "unit": "text", "currency": "text", "until": "text", "member": "text", "state": "text",
    "product?": "text", "agreement?": "text", "reason?": "text", "matches?": ["object"],
}  # fmt: skip
ID = Field("id", ("Demand", "需求编号"), "the demand's id", of="demand")
WEATHER = {"id": "weather-sz"}
POSTED = (
    Field("title", ("Title", "标题"), "what is looked for, in words"),
    Field("until", ("Until", "截止时间"), "when it ends, RFC 3339 with a time zone", "--until"),
    Field("description", ("Description", "说明"), "more words", "--description", default=""),
    Field(
        "where", ("Conditions, one a line", "条件,每行一个"), "a condition as of `find`; may be repeated", "--where",
        "texts", default=[],
    ),
    Field(
        "purpose", ("Purpose", "用途"), "what it is to be used for, a term of the purpose scheme", "--purpose",
        default="",
    ),
    Field("place", ("Place of use", "使用地"), "where it is to be used, ISO 3166 or GB/T 2260", "--in", default=""),
    Field(
        "most", ("Highest price", "最高价"), "highest price per unit, " + TYPED, "--most", "money",
        default=NULL, least=0,
    ),
    Field(
        "unit", ("Unit", "计价单位"),
        "the unit of that price: byte, row, piece, opening, call, query, epsilon, scanned, second, match, flat",
        "--unit", default="byte",
    ),
    Field("currency", ("Currency", "币种"), "currency of that price; default: the space's", "--currency", default=""),
    Field("id", ("Id", "编号"), "an id of your own; repeat it to post once", "--id", default=FRESH),
)  # fmt: skip


def _at_most(demand: Any) -> str:
    """Return the highest price, empty where none was said."""
    return f"{money(demand['most'], demand['currency'])} per {demand['unit']}" if demand.get("most") else ""


def lines(demand: Any) -> list[str]:
    """Return what a person reads of a demand, and of what meets it."""
    score = f"{demand['score']:>3}  " if "score" in demand else ""
    ended = "".join(f", {name} {demand[name]}" for name in ("product", "agreement", "reason") if demand.get(name))
    most = f", for {_at_most(demand)} at most" if demand.get("most") else ""
    told = [f"{score}{demand['id']}  {demand['title']}{most}  ({demand['state']}{ended}) until {demand['until']}"]
    for one in demand.get("matches", ()):
        told.append(f"  {one['score']:>3}  {one['product']}  {one['title']}  ({one['tier']}) of {one['provider']}")
        told += [f"         {reason['points']:>2} of {reason['of']}: {reason['en']}" for reason in one["reasons"]]
    return told if demand.get("matches", True) else [*told, "  nothing listed meets it yet"]


DEMANDS = (
    Column("ID", "id"),
    Column("STATE", "state"),
    Column("AT MOST", _at_most, rare=True),
    Column("UNTIL", "until", is_moment=True),
    Column("PRODUCT", "product", rare=True),
    Column("AGREEMENT", "agreement", is_id=True, rare=True),
    Column("MEMBER", "member", long=True),
    Column("PURPOSE", "purpose", long=True),
    Column("PLACE", "place", long=True),
    Column("WHERE", lambda demand: " ".join(demand.get("where", ())), long=True),
    Column("TITLE", "title"),
    Column("DESCRIPTION", "description", long=True),
    Column("REASON", "reason", rare=True),
)
# those that a product meets
MET = (Column("SCORE", "score", is_count=True), *DEMANDS)


def _move(move: str, help_: str, says: tuple[str, str], *fields: Field, **more: str) -> Act:
    """Return one of the moves of a demand: they share a route."""
    return Act(
        f"demand {move}",
        f"POST demands/{{id}}/{{move={move}}}",
        help=help_,
        says=says,
        answer=DEMAND,
        example=WEATHER | more,
        fields=(ID, *fields),
        handler=FORWARD,
        rehearse=True,
        lines=lines,
    )


ACTS = (
    Act(
        "demand post",
        "POST demands",
        help="Say what you look for; what is listed already and meets it is shown at once.",
        says=("Look for {title} until {until}.", "发布需求:{title},截至 {until}。"),
        answer=DEMAND,
        example={"title": "hourly weather Shenzhen", "until": "2027-12-31T00:00:00Z", "purpose": "Research"},
        fields=POSTED,
        handler=FORWARD,
        rehearse=True,
        lines=lines,
    ),
    Act(
        "demand list",
        "GET demands",
        help="List demands that are looking, newest first; with --for the best matches of a product first.",
        says=("List the demands.", "列出需求。"),
        answer={"demands": [DEMAND]},
        example={},
        fields=(
            Field("first", ("Leave out", "跳过"), "leave out so many, the newest", "--first", "number", 0, least=0),
            Field("mine", ("Your own", "仅本方"), "your own, whatever became of them", "--mine", "truth", None),
        ),
        handler=FORWARD,
        typed="--for nyc-weather-2013",
        table=DEMANDS,
        none="no demand",
    ),
    Act(
        "demand match",
        "GET matches/{product}",
        help="List the demands that a listed product meets, best first.",
        says=("List the demands that the product {product} meets.", "列出产品 {product} 可满足的需求。"),
        answer={"demands": [{**DEMAND, "score": "number", "reasons": ["object"]}]},
        example={"product": "nyc-weather-2013"},
        fields=(Field("product", ("Product", "产品"), "those that this listed product meets", "--for", sent="id"),),
        handler=FORWARD,
        verb="demand list --for",
        table=MET,
        none="no demand",
    ),
    Act(
        "demand show",
        "GET demands/{id}",
        help="Show a demand; your own with what meets it now, and why.",
        says=("Show the demand {id}.", "显示需求 {id}。"),
        answer=DEMAND,
        example=WEATHER,
        fields=(ID,),
        handler=FORWARD,
        lines=lines,
    ),
    _move(
        "negotiate",
        "Say that you negotiate about PRODUCT for it; others are shown it no longer.",
        ("Say that {product} is negotiated for the demand {id}.", "声明正就产品 {product} 洽谈需求 {id}。"),
        Field("product", ("Product", "产品"), "the listed product that is being negotiated"),
        product="sz-weather-2026",
    ),
    _move(
        "meet",
        "Say which agreement met it; the exchange looks for its licence.",
        ("Say that the agreement {agreement} met the demand {id}.", "声明合约 {agreement} 已满足需求 {id}。"),
        Field(
            "agreement",
            ("Agreement", "合约"),
            "the agreement (its digest) that met it; its licence is on chain",
            of="agreement",
        ),
        agreement="3ede552c3183aa6c…",
    ),
    _move(
        "reopen",
        "Look on after a negotiation that came to nothing.",
        ("Look on for the demand {id}. {reason}", "重新开放需求 {id}。{reason}"),
        Field("reason", ("Reason", "原因"), "why the negotiation came to nothing", "--reason", default=""),
    ),
    _move(
        "withdraw",
        "Look no longer.",
        ("Withdraw the demand {id}. {reason}", "撤回需求 {id}。{reason}"),
        Field("reason", ("Reason", "原因"), "why, for the record", "--reason", default=""),
    ),
)
