"""Acquisitions: quoted, begun within a mandate, followed, read as they come, and opened; demands that are pursued."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.client.acts.act import NULL, Act, Field
from connector.client.acts.money import TYPED, bare
from connector.client.acts.shape import QUOTE

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

FINAL = ("complete", "failed")  # states of an acquisition that goes on no more

ACQUISITION: dict[str, Any] = {
    "id": "text", "product": "text", "title": "text", "tier": "text", "state": "text", "price": "text",
    "most": "text?",
    "cap": "digits?", "agreement": "text?", "channel": "text?", "transfer": "text?", "mark": "text",
    "negotiation": "object?", "turn": "object?", "reason": "text?",
    "renamed": {"*": "text"},
    "progress": {
        "text": "text", "rows": "number", "rowsHeld": "number", "keysHeld": "number", "windows": "number",
        "bytes": "digits", "bytesHeld": "digits", "sealedBytes": "digits", "paid": "digits", "sum": "text",
        "bytesPerSecond": "digits?", "secondsLeft": "digits?",
    },
}  # fmt: skip
OPENED: Shape = {
    "id": "text", "acquisition": "text", "purpose": "text", "number": "number", "charged": "number", "bytes": "number",
    "files": ["text"], "renamed": {"*": "text"},
    # where several were joined: each, the first under no name; `blind` and the statement make the digest in the log
    "joined?": [{"name": "text", "acquisition": "text", "number": "number", "bytes": "number", "blind": "text"}],
    # where a statement was asked
    "answer?": {
        "columns": ["text"], "rows": [["any"]], "rowCount": "number", "tables": ["text"], "to": "text?",
        "confined": ["text"], "seconds": "text",
    },
}  # fmt: skip
PURSUIT: Shape = {
    "id": "text", "state": "text", "product": "text", "acquisition": "text", "tried": ["text"], "reason": "text",
}  # fmt: skip
CATALOGUE: Shape = {"did": "text", "participantId": "text", "base": "text", "datasets": ["object"]}
# what a quote is of, where it is not of one unit
ALL = "all"
MINE = {"id": "3f0c9d3e-8f5e-4b0e-9c55-2f9a7b1d6e10"}
ID = Field("id", ("Acquisition", "获取编号"), "the id of an acquisition of ours", of="acquisition")
PRODUCT = Field("product", ("Product", "产品编号"), "product id, as `find` prints it")
DEMAND = Field("demand", ("Demand", "需求编号"), "the demand's id", sent="id")
PURPOSE = Field("purpose", ("Purpose", "用途"), "a term of the purpose scheme", "--purpose")
SAID = Field(
    "said", ("Said besides", "其他自述"),
    "what else a policy asks of the use, such as application=NAME (docs/policy.md); may be repeated", "--say", "pairs",
    default=None,
)  # fmt: skip


def _amount(name: str, words: tuple[str, str], help_: str, option: str, least: int = 0) -> Field:
    return Field(name, words, help_, option, "money", NULL, least)


# what a buyer lets its connector do by itself, in minor units: connector.consumer.mandate looks at every member
LIMITS = (
    Field(
        "limit", ("Highest price", "最高价"), "most to agree to per unit or period, " + TYPED, "--max-price",
        "money", least=0,
    ),
    PURPOSE,
    SAID,
    _amount("cap", ("Most in all", "总额上限"), "most to agree to in all", "--max-total"),
)  # fmt: skip
MANDATE = (
    *LIMITS,
    _amount("bid", ("First bid", "首次出价"), "first bid per unit; default: asked price, if within", "--bid"),
    Field(
        "need", ("Rules needed", "所需规则"),
        "the least rules to agree to: a change of those offered (purpose=A,openings=20,onward=yes), or a file",
        "--need", default=NULL,
    ),
    Field(
        "prefer", ("Rules preferred", "优先规则"),
        "the rules to ask for first, likewise; default: those offered, or those needed", "--prefer", default=NULL,
    ),
    Field(
        "tried", ("Tried", "试算编号"),
        "the id of a list that was tried at the same provider (`penstock try`): the request names its answers",
        "--tried", default=NULL,
    ),
    _amount("deposit", ("Deposit", "押金"), "what is paid in; default: the whole price", "--deposit"),
    _amount(
        "exposure", ("Exposure", "敞口"), "most to owe for keys not yet released; default: as agreed", "--exposure",
        least=1,
    ),
    Field(
        "to",
        ("Where to", "去向"),
        "open everything into this directory in the same pass; `-` is a stream, `null` keeps nothing",
        "--to",
        default=NULL,
    ),
    Field("keep", ("Keep", "保留副本"), "keep the sealed replica, too", "--keep", "truth", default=None),
    Field("overwrite", ("Overwrite", "覆盖"), "replace files that are there already", "--overwrite", "truth", None),
    Field(
        "licence", ("Sub-licence (JSON)", "分许可(JSON)"), "a sub-licence that you were given", "--licence", "document",
        NULL,
    ),
    Field(
        "provider",
        ("Provider (DID)", "提供方 DID"),
        "whose it is, by DID, if it is listed nowhere and you were told",
        "--provider",
        default=NULL,
    ),
    Field(
        "at",
        ("Address of its connector", "对方连接器地址"),
        "where a connector that is no member answers, of whatever make, or its DID (--provider is then its name); "
        "`ndi+` before it: by the interfaces of docs/ndi.md, `ndi+platform+`: by these through the platform",
        "--at",
        default=NULL,
    ),
)  # fmt: skip
# the members of a mandate that the command has an option for, when it pursues a demand
PURSUED = (*LIMITS, *(replace(one, option=None, least=None) for one in MANDATE[len(LIMITS) :]))


def mandate(parts: tuple[Field, ...]) -> Field:
    """Return the field of what may be agreed to and paid, with these members."""
    return Field("mandate", ("Mandate", "授权范围"), "what may be agreed to and paid", None, "parts", parts=parts)


def _why(usual: str) -> Field:
    return Field("reason", ("Reason", "原因"), "why, in words that the peer reads", "--reason", default=usual)


def _turn(verb: str, help_: str, says: tuple[str, str], *fields: Field) -> Act:
    """Return one of the acts on an acquisition under way; `penstock transfer` asks for it."""
    return Act(
        f"acquisition {verb}",
        f"POST acquisitions/{{id}}/{verb}",
        help=help_,
        says=says,
        answer=ACQUISITION,
        example=MINE,
        fields=(ID, *fields),
        does=f"pausing.{verb}",
        roles="buyer",
        rehearse=True,
        verb=None,
    )


def _quoted(told: Any, asked: Any) -> list[str]:
    columns = f", the columns {', '.join(told['columns'])} alone" if told["columns"] else ""
    what = "all of it" if told["of"] == ALL else f"one {told['of']}"
    by = f" --provider {asked['provider']}" if asked["provider"] else ""
    product, asks = shlex.quote(told["product"]), bare(told["asked"])
    most = f" --max-total {bare(told['amount'])}" if told["of"] == ALL else ""
    return [
        f"{told['title']} ({told['tier']}) of {told['provider']}: {told['price']}",
        f"{what}: {told['sum']}; {told['bytes']} bytes in {told['pieces']} pieces{columns}",
        f"  {told['billed']['words']['en']}",
        f"next: penstock get {product} --max-price {asks}{most}{by} --purpose TERM",
    ]


ACTS = (
    Act(
        "quote show",
        "GET quotes/{product}",
        help="Say what PRODUCT costs at the asked price, worked out of its own pieces; nothing is agreed.",
        says=("Say what {product} costs.", "显示产品 {product} 的价格。"),
        answer=QUOTE,
        example={"product": "nyc-flights-2013"},
        fields=(
            replace(PRODUCT, sent="id"),
            Field(
                "provider",
                ("Provider (DID)", "提供方 DID"),
                "whose it is, by DID, if it is listed nowhere and you were told",
                "--provider",
                default=None,
            ),
        ),
        does="quotes.total",
        roles="buyer",
        verb="quote",
        echo=_quoted,
    ),
    Act(
        "catalogue read",
        "GET catalogue",
        help="Read the catalogue of a connector anywhere, page after page, with those nested in it.",
        says=("Read the catalogue of {peer} {base}.", "读取 {peer} {base} 的目录。"),
        answer={"catalogues": [CATALOGUE], "unread": [{"did": "text", "at": "text", "why": "text"}]},
        example={"peer": "did:web:provider.example"},
        fields=(
            Field("peer", ("Whose (DID)", "所属方 DID"), "whose it is, a DID", None, default=None),
            Field("base", ("Address", "地址"), "where it is, an address", None, default=None),
            Field(
                "start",
                ("From", "起始链接"),
                "go on at this link of the catalogue",
                "--from",
                default=None,
                sent="from",
            ),
        ),
        handler="catalogue.foreign",
        verb=None,
    ),
    Act(
        "acquisition begin",
        "POST acquisitions",
        help="Get PRODUCT: negotiate within the limit, sign, deposit, pull. Repeat with the same id to resume.",
        says=(
            "Get {product} at {mandate_limit} per unit at most.",
            "获取产品 {product},单价不超过 {mandate_limit}。",
        ),
        answer={**ACQUISITION, "earlier?": "text?"},
        example=MINE | {"product": "nyc-flights-2013", "mandate": {"limit": "420", "purpose": "AirTrafficResearch"}},
        fields=(
            PRODUCT,
            Field("id", ("Id", "编号"), "your id; the same again resumes", "--id"),
            mandate(MANDATE),
        ),
        handler="management.acquire",
        roles="buyer",
        makes=True,
        verb="get",
        form=False,
    ),
    Act(
        "acquisition foresee",
        "POST foresights",
        help="Say what getting PRODUCT would cost, or why it would be refused before anything is signed.",
        says=("Say what getting {product} would come to.", "预判获取产品 {product} 的结果。"),
        answer=QUOTE,
        example={"product": "nyc-flights-2013", "mandate": {"limit": "420", "purpose": "AirTrafficResearch"}},
        fields=(PRODUCT, mandate(MANDATE)),
        does="prospects.foresee",
        roles="buyer",
        verb=None,
        form=False,
    ),
    Act(
        "acquisition show",
        "GET acquisitions/{id}",
        help="Show an acquisition; with `wait` and `after` only when it has moved on.",
        says=("Show how far the acquisition {id} is.", "显示获取 {id} 的进度。"),
        answer=ACQUISITION,
        example=MINE,
        fields=(
            ID,
            Field("wait", ("Seconds", "秒数"), "wait so many seconds for a move", None, "number", None, least=0),
            Field("after", ("After", "标记"), "the `mark` of the view before", None, default=None),
        ),
        handler="management.acquisition",
        roles="buyer",
        verb=None,
    ),
    _turn(
        "pause",
        "Let it rest, at any point of its journey: nothing more is negotiated, paid in or signed until it is resumed.",
        ("Pause the acquisition {id}: {reason}", "暂停获取 {id}:{reason}"),
        _why("paused"),
    ),
    _turn("resume", "Go on with one that rests.", ("Resume the acquisition {id}.", "恢复获取 {id}。")),
    _turn(
        "cancel",
        "Give it up for good; what is not spent of its deposit comes back when the channel is settled.",
        ("Give up the acquisition {id}: {reason}", "放弃获取 {id}:{reason}"),
        _why("cancelled"),
    ),
    Act(
        "acquisition read",
        "GET acquisitions/{id}/plain",
        help="Read what is got to a stream while it is bought: the file, or a tar archive of several.",
        says=("Read what the acquisition {id} brings.", "读取获取 {id} 的明文。"),
        answer="text",
        example=MINE,
        fields=(ID,),
        handler="pipe.read",
        roles="buyer",
        verb=None,
        media="application/octet-stream",
    ),
    Act(
        "replica open",
        "POST openings",
        help="Open what was got: a decision, a count, and evidence each time.",
        says=(
            "Open what the acquisition {acquisition} brought, for {purpose}.",
            "为 {purpose} 打开获取 {acquisition} 的副本。",
        ),
        answer=OPENED,
        example={"id": "first", "acquisition": MINE["id"], "purpose": "AirTrafficResearch", "to": "/srv/out"},
        fields=(
            Field("acquisition", ("Acquisition", "获取编号"), "the id that `get` printed", of="acquisition"),
            Field("purpose", ("Purpose", "用途"), "what for, a term of the purpose scheme", "--purpose"),
            SAID,
            Field("id", ("Id", "编号"), "opening id; repeat it to ask again", "--id"),
            Field(
                "to",
                ("Folder", "目录"),
                "write the opened files into this directory; with --query: all rows into "
                "this new .csv or .parquet file",
                "--to",
                default=NULL,
            ),
            Field(
                "query",
                ("Statement", "查询语句"),
                "instead of files: what one SELECT over its tables finds, read in a process of its own",
                "--query",
                default=None,
            ),
            Field(
                "joined",
                ("Joined with", "合并读取"),
                "with --query: what another ORDER of yours brought, under a NAME in the statement, as NAME=ORDER; each "
                "must permit to be joined (`aggregate`), or nothing is read; may be repeated",
                "--with",
                "pairs",
                default=None,
            ),
            Field("within", ("Seconds", "秒数"), "seconds for that", "--within", "number", None, least=1),
            Field(
                "overwrite", ("Overwrite", "覆盖"), "replace files that are there already", "--overwrite", "truth", None
            ),
            Field(
                "packed",
                ("Packed", "保留归档"),
                "leave small files in the archives that they came in",
                "--packed",
                "truth",
                None,
            ),
        ),
        handler="management.open_replica",
        typed="ID --purpose AirTrafficResearch --to out",
        roles="buyer",
        makes=True,
        rehearse=True,
        verb="open",
        form=False,
    ),
    Act(
        "demand pursue",
        "POST pursuits",
        help="Negotiate and get what matches it best, within these limits, the next one if that fails; again: say how "
        "far.",
        says=("Get what meets the demand {demand} best.", "获取最符合需求 {demand} 的产品。"),
        answer=PURSUIT,
        example={"demand": "weather-sz", "mandate": {"limit": "900", "purpose": "Research"}},
        fields=(DEMAND, mandate(PURSUED)),
        does="pursuits.begin",
        typed="weather-sz --max-price 900 --purpose Research",
        roles="buyer",
        makes=True,
        form=False,
    ),
    Act(
        "pursuit show",
        "GET pursuits/{demand}",
        help="Show how the pursuit of a demand stands.",
        says=("Show how the pursuit of the demand {demand} stands.", "显示需求 {demand} 的跟进情况。"),
        answer=PURSUIT,
        example={"demand": "weather-sz"},
        fields=(DEMAND,),
        does="pursuits.show",
        roles="buyer",
        verb=None,
    ),
)
