"""Complaints about the other party of an agreement: filed, answered, taken to the exchange, closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import FORWARD, FRESH, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.money import AMOUNT, TYPED, money

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

COMPLAINT: Shape = {
    "id": "text", "agreement": "text", "words": "text", "complainant": "text", "respondent": "text", "state": "text",
    "answer": "text", "reason": "text", "filed": "text", "turn?": "text", "due?": "text", "overdue?": "truth",
    "amount?": "digits", "given?": "digits", "currency?": "text",
}  # fmt: skip
CLOSE = "complaint close"
# as the exchange answers, with what our own look at the chain says was given back
SHOWN = "complaints.shown"
ID = Field("id", ("Complaint", "投诉编号"), "the complaint's id", of="complaint")
WORDS = Field("words", ("What you say", "内容"), "what is said to it; the other side reads it", "--words")
SHARE = ("Or a share of what was paid, as 30%", "或已付金额的比例,如 30%")
MARCH = {"id": "march-is-missing"}


def lines(row: Any) -> list[str]:
    """Return what a person reads of a complaint."""
    late = "OVERDUE since" if row.get("overdue") else "until"
    turn = f", {row['turn']} has to act {late} {row['due']}" if "due" in row else ""
    ordered = f": {_ordered(row)}" if "amount" in row else ""
    told = [f"{row['id']}  ({row['state']}{ordered}{turn})  {row['words']}"]
    told += [f"    {name}: {row[name]}" for name in ("complainant", "respondent", "agreement")]
    return told + [f"    {name}: {row[name]}" for name in ("answer", "reason") if row[name]]


def _ordered(row: Any) -> str:
    """Return what is to be given back, and what of it the chain shows."""
    if "amount" not in row:
        return ""
    given = f", {money(row['given'], row['currency'])} of it given back" if "given" in row else ""
    return money(row["amount"], row["currency"]) + given


COMPLAINTS = (
    Column("ID", "id"),
    Column("STATE", "state"),
    Column("TURN", "turn"),
    Column("DUE", lambda row: ("OVERDUE since " if row.get("overdue") else "") + row.get("due", ""), is_moment=True),
    Column("ORDERED", _ordered, rare=True),
    Column("FILED", "filed", long=True, is_moment=True),
    Column("COMPLAINANT", "complainant", long=True),
    Column("RESPONDENT", "respondent", long=True),
    Column("AGREEMENT", "agreement", long=True, is_id=True),
    Column("WORDS", "words"),
    Column("ANSWER", "answer", long=True),
    Column("REASON", "reason", long=True),
)


def _move(move: str, help_: str, says: tuple[str, str], words: str, verb: str = "") -> Act:
    """Return one of the moves of a complaint: they share a route."""
    return Act(
        f"complaint {move}",
        f"POST complaints/{{id}}/{{move={move}}}",
        help=help_,
        says=says,
        answer=COMPLAINT,
        example=MARCH | {"words": words},
        fields=(ID, WORDS),
        handler=FORWARD,
        rehearse=True,
        verb=verb,
        lines=lines,
    )


ACTS = (
    Act(
        "complaint file",
        "POST complaints",
        help="Complain about the other party of AGREEMENT; it has five working days to answer.",
        says=("Complain about the agreement {agreement}: {words}", "就合约 {agreement} 提出投诉:{words}"),
        answer=COMPLAINT,
        example={"agreement": "3ede552c3183aa6c…", "words": "no file of March is in it"},
        fields=(
            Field(
                "agreement", ("Agreement", "合约"), "the agreement's digest; its licence is on chain", of="agreement"
            ),
            Field("words", ("What is wrong", "问题说明"), "what is wrong", "--words"),
            Field("id", ("Id", "编号"), "an id of your own; repeat it to file once", "--id", default=FRESH),
        ),
        handler=FORWARD,
        rehearse=True,
        lines=lines,
    ),
    Act(
        "complaint list",
        "GET complaints",
        help="List the complaints that concern us, those first that are due first; an exchange sees all.",
        says=("List the complaints that concern us.", "列出与本方有关的投诉。"),
        answer={"complaints": [COMPLAINT]},
        example={},
        fields=(Field("first", ("Leave out", "跳过"), "leave out so many", "--first", "number", default=0, least=0),),
        handler=SHOWN,
        table=COMPLAINTS,
        none="no complaint concerns us",
    ),
    Act(
        "complaint show",
        "GET complaints/{id}",
        help="Show a complaint: who said what, whose turn it is, and until when.",
        says=("Show the complaint {id}.", "显示投诉 {id}。"),
        answer=COMPLAINT,
        example=MARCH,
        fields=(ID,),
        handler=SHOWN,
        lines=lines,
    ),
    _move(
        "answer",
        "Answer a complaint about us.",
        ("Answer the complaint {id}: {words}", "答复投诉 {id}:{words}"),
        "edition 3 has it",
    ),
    _move(
        "escalate",
        "Take a complaint of ours to the exchange: after an answer that does not help, or when none came in time.",
        ("Take the complaint {id} to the exchange: {words}", "将投诉 {id} 提交平台:{words}"),
        "edition 3 lacks it, too",
    ),
    Act(
        "complaint order",
        "POST complaints/{id}/{move=order}",
        help="Uphold a complaint and order AMOUNT, or a share of what was paid, to be given back, as the exchange; "
        "ordered again, another amount.",
        says=(
            "Order {amount}{share} to be given back by the complaint {id}: {words}",
            "就投诉 {id} 裁定退还 {amount}{share}:{words}",
        ),
        answer=COMPLAINT,
        example=MARCH | {"amount": "1250", "words": "the listing promised March"},
        fields=(
            ID,
            Field("amount", AMOUNT, "amount " + TYPED, kind="money", default=None, least=1),
            WORDS,
            Field(
                "share",
                SHARE,
                "instead of an amount, a share of what was paid, rounded down: 30%, 12.5%",
                "--share",
                default=None,
            ),
        ),
        handler=FORWARD,
        rehearse=True,
        lines=lines,
    ),
    Act(
        "complaint pay",
        "POST redress/{id}",
        help="Give back what a complaint about us orders: a transfer on chain that names it; what is paid stays paid.",
        says=("Give back what the complaint {id} orders.", "按投诉 {id} 的裁定退款。"),
        answer=COMPLAINT,
        example=MARCH,
        fields=(ID,),
        does="refunds.redress",
        roles="provider",
        rehearse=True,
        lines=lines,
    ),
    *(
        _move(move, help_, (f"{says} {{id}}: {{words}}", f"{chinese} {{id}}:{{words}}"), "edition 3 is whole", CLOSE)
        for move, help_, says, chinese in (
            ("settle", "Settle a complaint of ours.", "Settle the complaint", "和解投诉"),
            ("withdraw", "Withdraw a complaint of ours.", "Withdraw the complaint", "撤回投诉"),
            (
                "uphold",
                "Uphold a complaint, as the exchange, without an amount.",
                "Uphold the complaint",
                "支持投诉",
            ),
            ("dismiss", "Dismiss a complaint, as the exchange.", "Dismiss the complaint", "驳回投诉"),
        )
    ),
)
