"""Money: channels settled, orders listed, bills and monthly statements shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import FRESH, NULL, TRADERS, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.money import AMOUNT, TYPED, money

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

CHANNEL = {"channel": "text", "agreement": "text", "bill": "text"}
PREVIEW: dict[str, Shape] = {
    "withdrawable": "digits",
    "currency": "text",
    "channels": [{**CHANNEL, "newest": "digits", "claimed": "digits", "short": "digits"}],
}
ORDER: Shape = {
    "agreement": "text", "product": "text", "title": "text", "role": "text", "peer": "text", "tier": "text",
    "state": "text", "payment": "text", "price": "text", "quantity": "digits", "amount": "digits", "agreed": "text",
    "claimed": "digits", "deposit": "digits", "attested": "text", "refunded?": "digits", "currency": "text",
}  # fmt: skip
AGREEMENT = Field(
    "agreement",
    ("Agreement", "合约"),
    "agreement digest; default: all that can be settled",
    default=NULL,
    of="agreement",
)


def _given_back(row: Any) -> str:
    return money(row["refunded"], row["currency"]) if row.get("refunded", "0") != "0" else ""


BILLS = (
    Column("AGREEMENT", "agreement", is_id=True),
    Column("AGREED", "agreed", long=True, is_moment=True),
    Column("STATE", "state"),
    Column("AMOUNT", lambda row: money(row["amount"], row["currency"]), is_count=True),
    Column("GIVEN BACK", _given_back, is_count=True, rare=True),
    Column("CLAIMED", lambda row: money(row["claimed"], row["currency"]), long=True, is_count=True),
    Column("DEPOSIT", lambda row: money(row["deposit"], row["currency"]), long=True, is_count=True),
    Column("SIDE", lambda row: "sold" if row["role"] == "provider" else "bought"),
    Column("PEER", "peer", long=True),
    Column("TIER", "tier", long=True),
    Column("ATTESTED", "attested", rare=True),
    Column("PRICE", "price"),
    Column("PRODUCT", "product", long=True),
    Column("TITLE", "title"),
)


def _refunded(done: Any) -> list[str]:
    given, all_, paid = (money(done[name], done["currency"]) for name in ("amount", "refunded", "paid"))
    return [f"refunded {given} to {done['peer']}, {all_} of {paid} paid; transaction {done['tx']}"]


ACTS = (
    Act(
        "settlement make",
        "POST settlements",
        help="Settle as the payee: claim the newest voucher, close the channel, withdraw the shares.",
        says=("Settle what can be settled of {agreement}.", "结算 {agreement} 可结算的款项。"),
        answer={
            "withdrawn": "digits",
            "currency": "text",
            "shown": "text",
            "channels": [{**CHANNEL, "settled": "digits", "shares": {"*": "digits"}, "fault?": "object"}],
        },
        example={},
        fields=(AGREEMENT,),
        handler="management.settle",
        verb="settle",
    ),
    Act(
        "settlement preview",
        "GET settlements",
        help="Say what settling would do now.",
        says=("Say what settling {agreement} would do now.", "预览 {agreement} 的结算。"),
        answer=PREVIEW,
        example={},
        fields=(AGREEMENT,),
        does="settlements.preview",
        verb=None,
    ),
    Act(
        "bill list",
        "GET bills",
        help="List orders, bought and sold, the newest first: how far each is and what it came to.",
        says=("List orders, bought and sold.", "列出买卖订单。"),
        answer={"orders": [ORDER]},
        example={},
        fields=(
            Field("first", ("Leave out", "跳过"), "leave out so many, the newest", "--first", "number", 0, least=0),
        ),
        handler="bills.page",
        roles=TRADERS,
        table=BILLS,
        none="no order",
    ),
    Act(
        "bill show",
        "GET bills/{key}",
        help="Show the signed bill of an agreement, or the statement of a month; every line is priced again first.",
        says=("Show the bill or statement {key}.", "显示账单或对账单 {key}。"),
        answer="object",
        example={"key": "3ede552c3183aa6c…"},
        fields=(
            Field(
                "key", ("Agreement or month", "合约或月份"), "an agreement's digest, or a month: 2026-11", sent="id",
                metavar="AGREEMENT|MONTH", of="agreement",
            ),
        ),
        does="bills.show",
        roles=TRADERS,
        typed="3ede552c3183aa6c… --to bill.html",
    ),
    Act(
        "bill refund",
        "POST bills/{agreement}/refunds",
        help="Give back a part of what was paid under AGREEMENT: a transfer on chain that names it.",
        says=(
            "Refund {amount} under {agreement}: {reason}",
            "就合约 {agreement} 退款 {amount}:{reason}",
        ),
        answer={
            "agreement": "text", "amount": "digits", "refunded": "digits", "paid": "digits", "tx": "text",
            "peer": "text", "reason": "text", "currency": "text",
        },
        example={"agreement": "3ede552c3183aa6c…", "amount": "1250", "reason": "March is missing"},
        fields=(
            Field("agreement", ("Agreement", "合约"), "the digest of an agreement that we sold under", sent="id"),
            Field("amount", AMOUNT, "amount " + TYPED, kind="money", least=1),
            Field("reason", ("Reason", "原因"), "why; the buyer reads it", "--reason"),
            Field("id", ("Id", "编号"), "an id of your own; the same again changes nothing", "--id", default=FRESH),
        ),
        does="refunds.give",
        roles="provider",
        rehearse=True,
        lines=_refunded,
    ),
)  # fmt: skip
