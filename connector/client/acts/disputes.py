"""Disputes: filed by a party, held and ruled on by the arbitrator of the channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import NULL, READ, TRADERS, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.money import TYPED, bare

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

CASE: dict[str, Shape] = {
    "id": "text", "filer": "text", "payer": "text", "payee": "text", "arbitrator": "text", "state": "text",
    "ruling": "object?", "channelId": "text", "accountHash": "text", "tx": "text?", "filed": "text",
}  # fmt: skip
JUDGED: Shape = {**CASE, "proposed": "object"}
ID = Field("id", ("Dispute", "争议编号"), "the dispute's id: the digest of its bundle", metavar="ID", of="dispute")
EXAMPLE = {"id": "5b1f0c"}
DISPUTES = (
    Column("ID", "id", is_id=True),
    Column("FILED", "filed", is_moment=True),
    Column("STATE", "state"),
    Column("BY", "filer"),
    Column("PAYER", "payer", long=True),
    Column("PAYEE", "payee", long=True),
    Column("ARBITRATOR", "arbitrator", long=True),
    Column("CHANNEL", "channelId", long=True),
    Column("TRANSACTION", "tx", long=True),
    Column("RULING", lambda case: case["ruling"]["finding"] if case["ruling"] else "", long=True),
)


def filed(case: Any) -> list[str]:
    """Return what a person reads of a case that was filed just now."""
    return [f"filed as {case['id']}", _verdict(case), f"next: penstock dispute show {case['id']}"]


def held(case: Any) -> list[str]:
    """Return what a person reads of a channel that stands still."""
    return [f"channel {case['channelId']} stands still until {case['until']}"]


def _shown(case: Any) -> list[str]:
    lines = [f"{name}: {case[name]}" for name in ("id", "state", "channelId", "payer", "payee", "arbitrator")]
    return [*lines, _verdict(case), *_ruled(case)]


def _verdict(case: Any) -> str:
    said = case["proposed"]
    return f"the verifier: {said['finding']}, at fault: {said['atFault']} ({said['reason']})"


def _ruled(case: Any) -> list[str]:
    if case["ruling"] is None:
        return ["not ruled on yet"]
    ruling = case["ruling"]
    said = f"ruled: {ruling['finding']}, at fault: {ruling['atFault']} ({ruling['reason']})"
    parts = ruling["division"]
    if parts is None:
        return [said, "the channel is left as it is"]
    payees, payer, short = (bare(parts[name]) for name in ("toPayees", "toPayer", "shortfall"))
    moved = f"of the unclaimed rest {payees} to the payees, {payer} to the payer"
    late = f"claimed before the ruling and owed to the payer: {short}"
    return [said, f"{moved} (transaction {case['tx']})", *([late] if parts["shortfall"] != "0" else [])]


ACTS = (
    Act(
        "dispute file",
        "POST disputes",
        help="File at the exchange what is to be ruled on: a dispute bundle, an equivocation, two heads of one log.",
        says=("File at the exchange what is to be ruled on.", "向平台提交争议材料,请求裁决。"),
        answer=JUDGED,
        example={"bundle": {"v": 1}},
        fields=(
            Field("bundle", ("Bundle (JSON)", "材料(JSON)"), "the bundle or the proof", None, "document", sent="*"),
        ),
        handler="disputes.file",
        roles=TRADERS,
        makes=True,
        rehearse=True,
        typed="bundle.json",
        lines=filed,
    ),
    Act(
        "dispute list",
        "GET disputes",
        help="List the disputes that concern us, as a party or as the arbitrator.",
        says=("List the disputes that concern us.", "列出与本方有关的争议。"),
        answer={"disputes": [CASE]},
        example={},
        does="cases.page",
        operator=READ,
        table=DISPUTES,
        none="no dispute concerns us",
    ),
    Act(
        "dispute show",
        "GET disputes/{id}",
        help="Show a dispute: its parties, what the verifier says of its bundle, the ruling.",
        says=("Show the dispute {id}.", "显示争议 {id}。"),
        answer={**CASE, "proposed": "object", "bundle": "object"},
        example=EXAMPLE,
        fields=(ID,),
        handler="disputes.show",
        operator=READ,
        lines=_shown,
    ),
    Act(
        "dispute hold",
        "POST disputes/{id}/hold",
        help="Freeze the channel of a dispute while it is judged, as its arbitrator; "
        "once, and no longer than was agreed.",
        says=("Freeze the channel of the dispute {id} for {seconds} seconds.", "冻结争议 {id} 的通道 {seconds} 秒。"),
        answer={"id": "text", "channelId": "text", "until": "text?"},
        example=EXAMPLE | {"seconds": 259_200},
        fields=(ID, Field("seconds", ("Seconds", "秒数"), "for how many seconds", None, "number", least=1)),
        handler="disputes.hold",
        rehearse=True,
        typed="5b1f0c --days 3 --data regulator",
        lines=held,
    ),
    Act(
        "dispute rule",
        "POST disputes/{id}/ruling",
        help="Rule on a dispute as its arbitrator: what the bundle proves, executed by the channels program in one "
        "call.\n\n--award is needed, and taken, only where no hash decides: when the content is not as described.",
        says=("Rule on the dispute {id}. {reason}", "裁决争议 {id}。{reason}"),
        answer=CASE,
        example=EXAMPLE,
        fields=(
            ID,
            Field(
                "award", ("Award", "判归收款方金额"),
                "what the payees keep of that window, " + TYPED, "--award", "money", default=NULL, least=0,
            ),
            Field(
                "reason", ("Reason", "理由"), "why, in words; default: what the verifier says", "--reason", default="",
            ),
        ),
        handler="disputes.rule",
        rehearse=True,
        typed="5b1f0c --data regulator",
        lines=_ruled,
    ),
)  # fmt: skip
