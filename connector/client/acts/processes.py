"""Negotiations and transfers, as the operator sees them: what they wait for, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import NULL, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.shape import PROCESS

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.client.acts.shape import Shape

MOMENT_CHARACTERS = 19  # of an ISO 8601 moment: to the second
REASON_CHARACTERS = 80  # of a reason in the list; `--long` and `show` have all of it
# who said an offer → what that is
ASKS = {"consumer": "the buyer asks", "provider": "the provider offers"}
ONE = {"id": "urn:uuid:3f0c9d3e-8f5e-4b0e-9c55-2f9a7b1d6e10"}
ID = Field("id", ("Process", "进程编号"), "the id of a negotiation or transfer of ours", metavar="ID", of="process")
TRANSFER = Field("id", ("Transfer", "传输编号"), "the id of a transfer of ours", metavar="ID", of="process")


def lines(one: Any) -> list[str]:
    """Return one process as `what  value` lines, without what is empty."""
    said = {
        one["kind"]: one["id"],
        "state": _state(one),
        "turn": one["turn"],
        "until": _moment(one["deadline"]),
        "next step": _moment(one["due"]),
        "reason": one["reason"],
        "peer": f"{one['peer']}, as {'buyer' if one['role'] == 'provider' else 'provider'}",
        "its id": one["peerPid"],
        "about": one["about"],
        "moved": _moment(one["updated"]),
    }
    if sent := one["message"]:
        tried = f"tried {sent['attempts']} times, next {_moment(sent['due'])}, until {_moment(sent['deadline'])}"
        said["under way"] = f"{sent['kind']} to {sent['url']}, {tried}"
    width = max(map(len, said))
    return [f"{name.ljust(width)}  {value}" for name, value in said.items() if value] + _rounds(one)


def _rounds(one: Any) -> list[str]:
    """Return what was offered in a negotiation, one after the other, each with what it changed."""
    told = []
    for said in one.get("rounds", ()):
        told.append(f"round {said['number']}  {_moment(said['at'])}  {ASKS[said['who']]}")
        told += [f"  {change['en']}" for change in said["differences"]]
        if tried := said.get("tried"):
            told.append(f"  after a list was tried: {tried['id']}, answered under {tried['agreement']}")
            told += [f"    answer, sha-256: {one}" for one in tried["answers"]]
    return told


def _more(found: Any) -> list[str]:
    """Return where to go on, or that there is nothing."""
    if found["next"]:
        return [f"more: --after {found['next']}"]
    return [] if found["processes"] else ["no negotiation or transfer is like that"]


def _state(one: Any) -> str:
    """Return the state, with the one that a message of ours leads to once the peer has taken it."""
    state = one["state"] or "-"
    return f"{state} > {one['pending']}" if one["pending"] else state


def _moment(at: str | None) -> str:
    return (at or "")[:MOMENT_CHARACTERS].replace("T", " ")


PROCESSES = (
    Column("KIND", "kind"),
    Column("STATE", _state),
    Column("TURN", "turn"),
    Column("UNTIL", "deadline", is_moment=True),
    Column("ID", "id", is_id=True),
    Column("NEXT STEP", "due", long=True, is_moment=True),
    Column("MOVED", "updated", long=True, is_moment=True),
    Column("PEER", "peer", long=True),
    Column("ITS ID", "peerPid", long=True),
    Column("ABOUT", "about", long=True),
    Column("REASON", "reason", characters=REASON_CHARACTERS),
)


def _reason(usual: str) -> Field:
    return Field("reason", ("Reason", "原因"), "why, in words that the peer reads", "--reason", default=usual)


def _act(
    act: str,
    help_: str,
    says: tuple[str, str],
    *fields: Field,
    answer: Shape = PROCESS,
    rehearse: bool = True,
    lines: Callable[[Any], list[str]] = lines,
    **more: str,
) -> Act:
    """Return one of the acts on a process."""
    return Act(
        f"process {act}",
        f"POST processes/{{id}}/{act}",
        help=help_,
        says=says,
        answer=answer,
        example=ONE | more,
        fields=fields,
        handler=f"processes.{act}",
        rehearse=rehearse,
        verb=f"admin {act}",
        lines=lines,
    )


ACTS = (
    Act(
        "process list",
        "GET processes",
        help="List negotiations and transfers, what has moved last first.",
        says=("List negotiations and transfers.", "列出协商与传输进程。"),
        answer={"next": "text?", "processes": [PROCESS]},
        example={"turn": "peer"},
        fields=(
            Field("kind", ("Kind", "种类"), "negotiation or transfer", "--kind", default=""),
            Field("state", ("State", "状态"), "only those in this state, such as REQUESTED", "--state", default=""),
            Field(
                "turn", ("Turn", "轮到"), "whose turn it is: ours, peer or nobody (at the end)", "--turn", default=""
            ),
            Field("rows", ("Rows", "行数"), "how many at most", "--rows", "number", default=50),
            Field("after", ("After", "续页"), "the `next` of the page before", "--after", default=""),
        ),
        handler="processes.page",
        verb="admin list",
        table=PROCESSES,
        none="nothing is negotiated or transferred",
        lines=_more,
    ),
    Act(
        "process show",
        "GET processes/{id}",
        help="Show one process: state, whose turn, until when, what went wrong, what is under way.",
        says=("Show the process {id}.", "显示进程 {id}。"),
        answer=PROCESS,
        example=ONE,
        fields=(ID,),
        handler="processes.show",
        verb="admin show",
        lines=lines,
    ),
    _act(
        "retry",
        "Deliver what is under way, take the step that is held, or ask the peer for its state.",
        ("Do what can be done now of the process {id}.", "立即推进进程 {id}。"),
        ID,
        answer={**PROCESS, "did": "text"},
        rehearse=False,
        lines=lambda done: [done["did"], *lines(done)],
    ),
    _act(
        "assent",
        "Let a negotiation that waits for you be answered: within your limits, or within these rules.",
        ("Assent to the negotiation {id}.", "同意继续协商 {id}。"),
        ID,
        Field(
            "rules",
            ("Rules", "规则"),
            "how far you go in this one: a change of its rules (openings=5), or a policy as JSON",
            "--rules",
            default=NULL,
        ),
    ),
    _act(
        "terminate",
        "End a negotiation or transfer and tell the peer why.",
        ("End the process {id}: {reason}", "终止进程 {id}:{reason}"),
        ID,
        _reason("ended by the operator"),
        reason="wrong product",
    ),
    _act(
        "suspend",
        "Pause a transfer; nothing is served under it until it is resumed.",
        ("Pause the transfer {id}: {reason}", "暂停传输 {id}:{reason}"),
        TRANSFER,
        _reason("paused by the operator"),
        reason="maintenance",
    ),
    _act("resume", "Start a suspended transfer again.", ("Resume the transfer {id}.", "恢复传输 {id}。"), TRANSFER),
    _act(
        "complete",
        "Say that a transfer is done.",
        ("Say that the transfer {id} is done.", "声明传输 {id} 已完成。"),
        TRANSFER,
    ),
    Act(
        "negotiation begin",
        "POST negotiations",
        help="Begin a negotiation on an offer of anybody.",
        says=("Negotiate with {provider} at {base}.", "与 {provider}({base})开始协商。"),
        answer={"id": "text"},
        example={
            "provider": "did:web:provider.example",
            "base": "https://provider.example/dsp",
            "offer": {"@id": "urn:uuid:3f0c9d3e-8f5e-4b0e-9c55-2f9a7b1d6e10"},
            "mandate": {"bid": 400, "limit": 420, "rounds": 4},
        },
        fields=(
            Field("provider", ("Provider (DID)", "提供方 DID"), "who offers it, a DID", None),
            Field("base", ("DSP address", "DSP 地址"), "where its protocol is spoken", None),
            Field("offer", ("Offer (JSON)", "要约(JSON)"), "the offer, as its catalogue has it", None, "document"),
            Field(
                "mandate",
                ("Mandate (JSON)", "授权范围(JSON)"),
                "what may be agreed to: `bid`, `limit` and `rounds`, whole numbers",
                None,
                "document",
            ),
        ),
        handler="management.negotiate",
        roles="buyer",
        makes=True,
        verb=None,
    ),
    Act(
        "transfer begin",
        "POST transfers",
        help="Begin a pull under an agreement of ours.",
        says=("Pull {format} under the agreement {agreement}.", "依据合约 {agreement} 开始传输({format})。"),
        answer={"id": "text"},
        example={"agreement": "5b1f0c", "format": "HttpData-PULL"},
        fields=(
            Field(
                "agreement",
                ("Agreement", "合约"),
                "the agreement's digest, or its id in the protocol",
                None,
                of="agreement",
            ),
            Field("format", ("Format", "格式"), "the format of a distribution of it", None),
        ),
        handler="management.transfer",
        roles="buyer",
        makes=True,
        verb=None,
    ),
)
