"""The wallet: what we have and what moved it; money brought in, taken home, and collected from the channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import EXCHANGE, FORWARD, FRESH, READ, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.money import AMOUNT as LABEL
from connector.client.acts.money import TYPED, bare, money

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

MOVEMENT: Shape = {
    "at": "text", "kind": "text", "peer": "text", "title": "text", "agreement": "text", "in": "digits", "out": "digits",
    "balance": "digits", "block": "number", "tx": "text",
}  # fmt: skip
CLOSING: Shape = {
    "channel": "text", "agreement": "text", "title": "text", "peer": "text", "deposit": "digits", "free": "digits",
    "at": "text",
}  # fmt: skip
WALLET: dict[str, Shape] = {
    "currency": "text", "address": "text", "balance": "digits", "withdrawable": "digits",
    "deposits": {"channels": "number", "held": "digits", "free": "digits"},
    "owed": {"byUs": "digits", "toUs": "digits"}, "earned": "digits", "closing": [CLOSING], "lapses": ["object"],
    "days": [{"day": "text", "amount": "digits"}], "first": "number", "next": "number?", "movements": [MOVEMENT],
}  # fmt: skip
# kind of a movement → what a person reads of it
KINDS = {
    "credit": "credited by the exchange",
    "deposit": "paid into a channel",
    "withdrawn": "collected from channels",
    "payout": "given back to be paid out",
    "refund": "refunded",
    "transfer": "transferred",
}
CLOSING_SHOWN = 5


def lines(told: Any) -> list[str]:
    """Return what a person reads of a wallet."""
    code = told["currency"]

    def amount(value: str) -> str:
        return money(value, code)

    held, owed = told["deposits"], told["owed"]
    collect = "" if told["withdrawable"] == "0" else ": penstock wallet collect"
    head = [
        f"balance       {amount(told['balance']):>18}  on chain, account {told['address']}",
        f"to collect    {amount(told['withdrawable']):>18}  in the channels program{collect}",
        f"in channels   {amount(held['held']):>18}  of {held['channels']} open channels, {amount(held['free'])} free",
        f"we owe        {amount(owed['byUs']):>18}  by vouchers that are not claimed yet",
        f"owed to us    {amount(owed['toUs']):>18}  by vouchers that are not claimed yet",
        f"earned        {amount(told['earned']):>18}  claimed on chain, before the exchange's share",
    ]
    due = [
        f"lapses        {one['money']:>18}  {one['at']} unless claimed: {one['title']} of {one['peer']}"
        for one in told["lapses"]
    ]
    back = [one for one in told["closing"] if one["free"] != "0"]
    closing = [
        f"comes back    {amount(one['free']):>18}  at the latest {one['at']}: {one['title']} with {one['peer']}"
        for one in back[:CLOSING_SHOWN]
    ]
    rest = len(back) - CLOSING_SHOWN
    closing += [f"  and {rest} more channels"] if rest > 0 else []
    rows = [_line(one, amount) for one in told["movements"]]
    more = [f"older ones: penstock wallet --first {told['next']}"] if told["next"] is not None else []
    return [*head, *due, *closing, "", *(rows or ["nothing has moved the balance yet"]), *more]


def _line(one: Any, amount: Any) -> str:
    """Return a movement: when, how much, what is left, what for, with whom."""
    sign, value = ("+", one["in"]) if one["in"] != "0" else ("-", one["out"])
    about = " ".join(filter(None, [one["title"], one["peer"]]))
    when = one["at"][:19].replace("T", " ")
    return f"{when}  {sign}{amount(value):>16} {amount(one['balance']):>18}  {KINDS[one['kind']]}: {about or 'ours'}"


def _collected(done: Any) -> list[str]:
    came, left = (money(done[name], done["currency"]) for name in ("collected", "balance"))
    return [f"collected {came}; the balance is {left}"]


REQUEST: Shape = {
    "reference": "text", "id": "text", "member": "text", "kind": "text", "amount": "digits", "currency": "text",
    "state": "text", "tx": "text", "reason": "text", "created": "text", "updated": "text",
}  # fmt: skip
ID = Field("id", ("Id", "编号"), "an id of your own; the same again changes nothing", "--id", default=FRESH)
AMOUNT = Field("amount", LABEL, "amount " + TYPED, kind="money", least=1)
REFERENCE = Field("reference", ("Reference", "参考号"), "the reference that both sides show", sent="id")
FIRST = Field("first", ("Leave out", "跳过"), "leave out so many", "--first", "number", 0, least=0)
MAY = {"reference": "PS-ABCD-EFGH-IJKL-MNOP"}


def _what(row: Any) -> str:
    return "bring in" if row["kind"] == "add" else "take home"


def _request(row: Any) -> list[str]:
    """Return what a person reads of a request about money."""
    head = f"{row['reference']}  {_what(row)} {money(row['amount'], row['currency'])}: {row['state']}"
    return [head + (f", {row['reason']}" if row["reason"] else "")]


def _added(row: Any) -> list[str]:
    paid = f"pay {money(row['amount'], row['currency'])} to the exchange and name {row['reference']}"
    return [*_request(row), *([f"next: {paid}; it credits you then"] if row["state"] == "asked" else [])]


REQUESTS = (
    Column("REFERENCE", "reference"),
    Column("ASKED", "created", is_moment=True),
    Column("WHAT", _what),
    Column("AMOUNT", lambda row: money(row["amount"], row["currency"]), is_count=True),
    Column("STATE", "state"),
    Column("MOVED", "updated", long=True, is_moment=True),
    Column("TRANSACTION", "tx", long=True),
    Column("REASON", "reason", rare=True),
)
# those of all members, as the exchange has them
ASKED = (*REQUESTS[:-1], Column("MEMBER", "member"), REQUESTS[-1])


def _next(found: Any) -> list[str]:
    """Return what the exchange does about each request, as it is typed."""
    lines = []
    for row in found["requests"]:
        if row["state"] == "asked":
            paid = f"--reference {row['reference']}"
            lines.append(f"  when paid: penstock exchange credit {row['member']} {bare(row['amount'])} {paid}")
        if row["state"] == "returned":
            lines.append(f"  pay it out, then: penstock exchange request pay {row['reference']}")
    return lines


ACTS = (
    Act(
        "wallet show",
        "GET wallet",
        help="Show what we have on chain and in channels, what is owed and earned, and every movement of the balance.",
        says=("Show the wallet.", "显示钱包。"),
        answer=WALLET,
        example={},
        fields=(
            Field(
                "first",
                ("Leave out", "跳过"),
                "leave out so many movements, the newest",
                "--first",
                "number",
                0,
                least=0,
            ),
        ),
        does="wallet.page",
        verb="wallet",
        lines=lines,
    ),
    Act(
        "wallet collect",
        "POST wallet/collections",
        help="Move what lies for us in the channels program into the balance: shares, and what came back.",
        says=("Move what lies in the channels program into the balance.", "将通道合约中的款项转入余额。"),
        answer={"collected": "digits", "balance": "digits", "currency": "text"},
        example={},
        does="wallet.collect",
        rehearse=True,
        lines=_collected,
    ),
    Act(
        "wallet add",
        "POST cash#{kind=add}",
        help="Ask the exchange to credit money that we bring in; it shows the reference to pay it under.",
        says=("Bring in {amount}.", "充值 {amount}。"),
        answer=REQUEST,
        example={"amount": "125000"},
        fields=(AMOUNT, ID),
        handler=FORWARD,
        rehearse=True,
        lines=_added,
    ),
    Act(
        "wallet withdraw",
        "POST wallet/withdrawals",
        help="Give units back to their issuer, on chain, and ask the exchange to pay them out.",
        says=("Take home {amount}.", "提现 {amount}。"),
        answer=REQUEST,
        example={"amount": "25000"},
        fields=(AMOUNT, ID),
        does="wallet.withdraw",
        rehearse=True,
        lines=_request,
    ),
    Act(
        "wallet requests",
        "GET cash",
        help="List what we asked the exchange to credit and to pay out, the newest first.",
        says=("List what we asked to be credited and paid out.", "列出本方充值与提现申请。"),
        answer={"requests": [REQUEST]},
        example={},
        fields=(FIRST,),
        handler=FORWARD,
        table=REQUESTS,
        none="nothing was asked for yet",
    ),
    Act(
        "request list",
        "GET requests",
        help="List what members ask to be credited and to be paid out, the oldest first.",
        says=("List what members ask to be credited and paid out.", "列出成员的充值与提现申请。"),
        answer={"requests": [REQUEST]},
        example={},
        fields=(
            FIRST,
            Field("every", ("All", "全部"), "those that are answered, too", "--all", "truth", None),
        ),
        does="cash.waiting",
        roles=EXCHANGE,
        operator=READ,
        verb="exchange request list",
        table=ASKED,
        lines=_next,
        none="no request waits",
    ),
    Act(
        "request pay",
        "POST requests/{reference}/payment",
        help="Note that a payout has been paid to its member, outside the chain.",
        says=("Note that the payout {reference} has been paid.", "登记提现 {reference} 已支付。"),
        answer=REQUEST,
        example=MAY,
        fields=(REFERENCE,),
        does="cash.pay",
        roles=EXCHANGE,
        operator="credit",
        rehearse=True,
        verb="exchange request pay",
        lines=_request,
    ),
    Act(
        "request refuse",
        "POST requests/{reference}/refusal",
        help="Refuse to credit what a member asked for; it reads the reason.",
        says=("Refuse the request {reference}: {reason}", "拒绝充值申请 {reference}:{reason}"),
        answer=REQUEST,
        example={**MAY, "reason": "no such payment has come"},
        fields=(REFERENCE, Field("reason", ("Reason", "原因"), "why; the member reads it", "--reason")),
        does="cash.refuse",
        roles=EXCHANGE,
        operator="credit",
        rehearse=True,
        verb="exchange request refuse",
        lines=_request,
    ),
)
