"""Deals that were made elsewhere and are filed afterwards (备案交易): filed, confirmed or contested, and graded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import FORWARD, FRESH, NULL, TRADERS, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.money import TYPED, money

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

DEAL: dict[str, Shape] = {
    "id": "text", "name": "text", "product": "text", "provider": "text", "consumer": "text", "signed": "text",
    "amount": "digits?", "currency": "text", "text": "text",
    "papers": [{"kind": "text", "name": "text", "digest": "text"}],
    "digest": "text", "by": "text", "state": "text", "reason": "text", "grade": "text",
    "meaning": {"en": "text", "zh": "text"},
    "words": [{"did": "text", "word": "text", "signature": "text"}], "updated": "text",
}  # fmt: skip
ID = Field("id", ("Filed deal", "备案交易"), "the filed deal's id", of="deal")
DEAL_ID = Field("deal", ("Filed deal", "备案交易"), "the filed deal's id", of="deal", sent="id")
MADE = {"name": "Tide gauges 2025", "other": "did:web:institute.example", "role": "provider"}
PAPER = "contract=contract.pdf=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def lines(deal: Any) -> list[str]:
    """Return what a person reads of a filed deal: its grade and why, both sides, and the papers that it names."""
    why = f", {deal['reason']}" if deal["reason"] else ""
    told = [f"{deal['id']}  {deal['name']}  ({deal['state']}{why}), grade {deal['grade']}: {deal['meaning']['en']}"]
    said = {one["did"]: one["word"] for one in deal["words"]}
    told += [f"    {side}: {deal[side]}  {said.get(deal[side], '')}".rstrip() for side in ("provider", "consumer")]
    amount = money(deal["amount"], deal["currency"]) if deal["amount"] is not None else ""
    told += [f"    {name}: {value}" for name, value in (("product", deal["product"]), ("amount", amount)) if value]
    told += [f"    made: {deal['signed']}", *(f"    {line}" for line in deal["text"].splitlines())]
    told += [f"    {one['kind']}: {one['name']}, sha256 {one['digest']}" for one in deal["papers"]]
    return [*told, f"    signed is {deal['digest']}"]


ACTS = (
    Act(
        "deal file",
        "POST deals",
        help="File a deal that was made elsewhere: who made it with whom, when, for how much, and what shows it. Of "
        "papers the SHA-256 is filed, and they stay with you; the other side confirms it, or says that it is not so.",
        says=("File the deal {name} with {other}.", "备案与 {other} 的交易“{name}”。"),
        answer=DEAL,
        example=MADE | {"signed": "2025-11-03T00:00:00Z", "papers": [PAPER]},
        fields=(
            Field("name", ("Name", "名称"), "what it is called"),
            Field("other", ("Other side", "对方"), "the other side: a DID, or the name of who is no member", "--with"),
            Field("role", ("We are its", "我方角色"), "our side of it: provider or consumer", "--as"),
            Field("signed", ("Made on", "成交时间"), "when it was made, RFC 3339 with a time zone", "--signed"),
            Field("product", ("Product", "产品"), "what it was about, an id or words", "--product", default=""),
            Field(
                "amount", ("Amount", "金额"), "what was to be paid, " + TYPED, "--amount", "money",
                default=NULL, least=0,
            ),
            Field(
                "currency", ("Currency", "币种"), "currency of that amount; default: the space's", "--currency",
                default="",
            ),
            Field("text", ("Words", "说明"), "more of it, in words", "--text", default=""),
            Field(
                "papers", ("Papers, one a line", "材料,每行一个"),
                "a paper as KIND=NAME=SHA256; contract, payment, delivery or other", None, "texts", default=[],
            ),
            Field("deal", ("Id", "编号"), "an id of your own; repeat it to file once", "--id", default=FRESH,
                  sent="id"),
        ),
        does="deal_filing.file",
        roles=TRADERS,
        makes=True,
        rehearse=True,
        lines=lines,
    ),
    Act(
        "deal list",
        "GET deals",
        help="List the filed deals that concern us, the last to move first; exchange and regulator see all.",
        says=("List the filed deals.", "列出备案交易。"),
        answer={"deals": [DEAL]},
        example={},
        fields=(
            Field("first", ("Leave out", "跳过"), "leave out so many, the newest", "--first", "number", 0, least=0),
        ),
        handler=FORWARD,
        table=(
            Column("ID", "id"),
            Column("GRADE", "grade"),
            Column("STATE", "state"),
            Column("MADE", "signed", is_moment=True),
            Column("NAME", "name"),
            Column("AMOUNT", lambda deal: money(deal["amount"], deal["currency"]) if deal["amount"] else "", rare=True),
            Column("PROVIDER", "provider", long=True),
            Column("CONSUMER", "consumer", long=True),
            Column("REASON", "reason", rare=True),
        ),
        none="no deal is filed",
    ),
    Act(
        "deal show",
        "GET deals/{id}",
        help="Show a filed deal: what both sides say of it, which papers it names, and its grade.",
        says=("Show the filed deal {id}.", "显示备案交易 {id}。"),
        answer=DEAL,
        example={"id": "tides-2025"},
        fields=(ID,),
        handler=FORWARD,
        lines=lines,
    ),
    Act(
        "deal confirm",
        "POST deals/{deal}/confirm",
        help="Say that a deal which the other side filed was made so.",
        says=("Confirm the filed deal {deal}.", "确认备案交易 {deal}。"),
        answer=DEAL,
        example={"deal": "tides-2025"},
        fields=(
            DEAL_ID,
            Field(
                "digest", ("Its digest", "摘要"), "confirm only what `deal show` says is signed", "--digest",
                default="",
            ),
        ),
        does="deal_filing.confirm",
        roles=TRADERS,
        rehearse=True,
        lines=lines,
    ),
    Act(
        "deal contest",
        "POST deals/{deal}/contest",
        help="Say that a deal which the other side filed was not made so, and why.",
        says=("Contest the filed deal {deal}: {reason}", "否认备案交易 {deal}:{reason}"),
        answer=DEAL,
        example={"deal": "tides-2025", "reason": "it was for half of that"},
        fields=(DEAL_ID, Field("reason", ("Reason", "原因"), "what is not so", "--reason")),
        does="deal_filing.contest",
        roles=TRADERS,
        rehearse=True,
        lines=lines,
    ),
    Act(
        "deal withdraw",
        "POST deals/{id}/{move=withdraw}",
        help="Take back a deal that you filed and the other side has not confirmed.",
        says=("Withdraw the filed deal {id}. {reason}", "撤回备案交易 {id}。{reason}"),
        answer=DEAL,
        example={"id": "tides-2025"},
        fields=(ID, Field("reason", ("Reason", "原因"), "why, for the record", "--reason", default="")),
        handler=FORWARD,
        roles=TRADERS,
        rehearse=True,
        lines=lines,
    ),
)  # fmt: skip
