"""Members of a space: admitted, suspended, expelled; who of them may judge, and who runs the space besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import EXCHANGE, READ, Act, Field
from connector.client.acts.columns import Column

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

MEMBER: dict[str, Shape] = {"did": "text", "name": "text", "role": "text", "region": "text"}
ADMITTED: Shape = {
    **MEMBER, "url": "text", "origin": "text", "address": "text", "logKey": "text", "delivery": "text",
    "aggregate": "text", "possession": "text",
}  # fmt: skip
PROVEN: dict[str, Shape] = {"level": "digits", "name?": "text", "code?": "text", "credential?": "text"}
APPLICATION: dict[str, Shape] = {
    **MEMBER, "message": "text", "proven": PROVEN, "state": "text", "reason": "text", "due": "text",
}  # fmt: skip
MOVED: Shape = {"did": "text", "state": "text", "reason": "text"}
REREAD: Shape = {"did": "text", "changed": ["text"], "role": "text"}
BUYER = {"did": "did:web:buyer.example"}
DID = Field("did", ("Member (DID)", "成员 DID"), "the member's did:web")
REASON = Field("reason", ("Reason", "原因"), "why, in words that the member reads", "--reason")


MEMBERS = (
    Column("STATE", "state"),
    Column("ROLE", "role"),
    Column("REGION", "region"),
    Column("NAME", "name"),
    Column("DID", "did"),
    Column(
        "SPEAKS",
        lambda row: f"the Dataspace Protocol alone; source `{row['source']}`" if "source" in row else "",
        rare=True,
    ),
)


def _moved(done: Any) -> list[str]:
    return [f"{done['did']} is {done['state']}"]


def _reread(done: Any) -> list[str]:
    return [f"{done['did']} ({done['role']}) changed: {', '.join(done['changed']) or 'nothing'}"]


def _turn(act: str, operator: str, help_: str, says: tuple[str, str], reason: str) -> Act:
    """Return one of the moves of a member: they share a route."""
    rereads = act == "reread"
    return Act(
        f"member {act}",
        f"POST members/{{act={act}}}",
        help=help_,
        says=says,
        answer=REREAD if rereads else MOVED,
        example=BUYER | {"reason": reason},
        fields=(DID, REASON),
        handler="members.turn",
        roles=EXCHANGE,
        operator=operator,
        rehearse=True,
        verb=f"exchange member {act}",
        lines=_reread if rereads else _moved,
    )


def _post(post: str, path: str, act: str, who: str, help_: str, says: tuple[str, str], then: str) -> Act:
    """Return what puts a member on a post of the space, on chain, or takes it off."""
    return Act(
        f"{post} {act}",
        f"POST {path}/{{act={act}}}",
        help=help_,
        says=says,
        answer={"did": "text", post: "truth", "tx": "text"},
        example={"did": f"did:web:{who}.example"},
        fields=(DID,),
        handler="members.appoint" if post == "arbitrator" else "members.depute",
        roles=EXCHANGE,
        operator=f"{act}-{post}",
        rehearse=True,
        verb=f"exchange {post} {act}",
        lines=lambda done: [f"{done['did']} {then} (transaction {done['tx']})"],
    )


ACTS = (
    Act(
        "member admit",
        "POST members",
        help="Admit DID, who has applied, as a member after reading its document; with --invite one who has not.",
        says=("Admit {did} as a member.", "接纳 {did} 为成员。"),
        answer=ADMITTED,
        example=BUYER,
        fields=(
            Field("did", ("Participant (DID)", "参与方 DID"), "the participant's did:web"),
            Field(
                "invite",
                ("Without an application", "未经申请"),
                "admit it though it has not applied",
                "--invite",
                "truth",
                None,
            ),
        ),
        handler="management.admit",
        roles=EXCHANGE,
        operator="admit",
        makes=True,
        rehearse=True,
        verb="exchange admit",
        lines=lambda row: [f"{row['name']} ({row['role']}, {row['region']}) is a member"],
    ),
    Act(
        "application refuse",
        "POST applications/refusals",
        help="Refuse an application for membership; the applicant may apply again.",
        says=("Refuse the application of {did}: {reason}", "拒绝 {did} 的申请:{reason}"),
        answer=APPLICATION,
        example=BUYER | {"reason": "no contact address"},
        fields=(
            Field("did", ("Applicant (DID)", "申请方 DID"), "the applicant's did:web"),
            Field("reason", ("Reason", "原因"), "why, in words that the applicant reads", "--reason"),
        ),
        handler="applications.refuse",
        roles=EXCHANGE,
        operator="reject",
        rehearse=True,
        verb="exchange reject",
        lines=lambda row: [f"{row['name']}: {row['state']}, {row['reason']}"],
    ),
    Act(
        "member list",
        "GET members",
        help="List the members and their states.",
        says=("List the members.", "列出成员。"),
        answer={"members": [{**MEMBER, "state": "text", "speaks?": "text", "source?": "text"}]},
        example={},
        handler="members.page",
        roles=EXCHANGE,
        operator=READ,
        verb="exchange member list",
        table=MEMBERS,
        none="there are no members yet",
    ),
    _turn(
        "suspend",
        "suspend-member",
        "Suspend a member: nobody negotiates with it or gives it keys until it is resumed.",
        ("Suspend the member {did}: {reason}", "暂停成员 {did}:{reason}"),
        "fees are open",
    ),
    _turn(
        "resume",
        "resume-member",
        "Let a suspended member in again.",
        ("Let the member {did} in again: {reason}", "恢复成员 {did}:{reason}"),
        "fees are paid",
    ),
    _turn(
        "revoke",
        "expel-member",
        "Expel a member for good, on chain too; it does not come back under the same account.",
        ("Expel the member {did} for good: {reason}", "永久除名成员 {did}:{reason}"),
        "sold what was leased",
    ),
    _turn(
        "reread",
        "reread-member",
        "Take over what a member's own documents say now: its role, on chain too, its name, region and BLS key.",
        ("Take over what {did} says of itself: {reason}", "更新成员 {did} 的信息:{reason}"),
        "it sells from now on",
    ),
    _post(
        "deputy",
        "deputies",
        "name",
        "second",
        "Let a member's account run the space on chain as we do: admit, suspend, revoke, name.",
        ("Let {did} run the space on chain, too.", "任命 {did} 为副交易所。"),
        "runs the space on chain, too",
    ),
    _post(
        "deputy",
        "deputies",
        "dismiss",
        "second",
        "End that a member's account runs the space on chain; the last exchange stays.",
        ("End that {did} runs the space on chain.", "解任副交易所 {did}。"),
        "runs the space no more",
    ),
    _post(
        "arbitrator",
        "arbitrators",
        "name",
        "judge",
        "Name a member as arbitrator of the space.",
        ("Name {did} as arbitrator of the space.", "任命 {did} 为仲裁员。"),
        "may judge",
    ),
    _post(
        "arbitrator",
        "arbitrators",
        "dismiss",
        "judge",
        "Dismiss an arbitrator of the space; channels that name it keep it.",
        ("Dismiss the arbitrator {did}.", "解任仲裁员 {did}。"),
        "judges no more",
    ),
)
