"""Agreements: ended, shown as licences that anybody checks, and passed on by sub-licences."""

from __future__ import annotations

from typing import Any

from connector.client.acts.acquisitions import SAID
from connector.client.acts.act import NULL, TRADERS, Act, Field
from connector.client.acts.money import TYPED
from connector.client.acts.shape import TURNED


def turned(done: Any) -> list[str]:
    """Return what a person reads of an agreement that was suspended, resumed or ended."""
    return [f"agreement  {done['agreement']}", f"state      {done['state']}"]


def answered(told: Any) -> list[str]:
    """Return what a person reads of a call: its status and type, and its answer."""
    signed = [f"receipt {told['receipt']['call']}, signed by its provider"] if "receipt" in told else []
    return [f"{told['status']} {told['type']}", told["body"], *signed]


def asked(done: Any) -> list[str]:
    """Return what a person reads of an amendment that was asked for, and how it goes on."""
    return [
        f"agreement    {done['agreement']}, which stands until both have signed",
        f"negotiation  {done['negotiation']}",
        f"next: penstock admin show {done['negotiation']}",
    ]


AGREED = Field("agreement", ("Agreement", "合约"), "digest of an agreement of ours", sent="id", of="agreement")
ACTS = (
    Act(
        "agreement call",
        "POST agreements/{agreement}/calls",
        help="Call the interface that was bought: PATH as its provider names it, with a query and a body.",
        says=("Call {method} {path} under the agreement {agreement}.", "依据合约 {agreement} 调用 {method} {path}。"),
        answer={
            "agreement": "text",
            "status": "number",
            "type": "text",
            "body": "text",
            "encoding": "text",
            "receipt?": "object",
        },
        example={"agreement": "5b1f0c", "path": "/rain/2026-11-22", "method": "GET"},
        fields=(
            AGREED,
            Field("path", ("Path", "路径"), "the path, from the interface on"),
            Field("method", ("Method", "方法"), "GET, HEAD, POST, PUT, PATCH or DELETE", "--method", default="GET"),
            Field("query", ("Query", "查询参数"), "name=value; may be repeated", "--query", "pairs", NULL),
            Field("body", ("Body (JSON)", "请求体(JSON)"), "what is sent, as JSON", "--body", default=NULL),
            Field("purpose", ("Purpose", "用途"), "default: that of the agreement", "--purpose", default=NULL),
            SAID,
            Field(
                "receipt", ("Receipt", "回执"), "have the provider sign what it answered", "--receipt", "truth", False
            ),
            Field(
                "sealed",
                ("Sealed", "加密应答"),
                "have the answer sealed to a key of this call, with its receipt",
                "--sealed",
                "truth",
                False,
            ),
        ),
        does="calling.call",
        roles="buyer",
        rehearse=True,
        verb="call",
        lines=answered,
    ),
    Act(
        "agreement hangup",
        "POST agreements/{agreement}/calls/end",
        help="End the transfer that runs for calls: the provider signs what it served, and the next call begins one.",
        says=("End the calls under the agreement {agreement}.", "结束合约 {agreement} 下的调用。"),
        answer={"agreement": "text", "ended": "number"},
        example={"agreement": "5b1f0c"},
        fields=(AGREED,),
        does="calling.hang_up",
        roles="buyer",
        rehearse=True,
        verb="admin hangup",
    ),
    Act(
        "agreement revoke",
        "POST agreements/{agreement}/revoke",
        help="End an agreement, or take a sub-licence back: what runs under it is cut off at once, "
        "and the other party is told.",
        says=("End the agreement {agreement}: {reason}", "终止合约 {agreement}:{reason}"),
        answer=TURNED,
        example={"agreement": "5b1f0c", "reason": "the data subject has objected"},
        fields=(
            Field(
                "agreement",
                ("Agreement", "合约"),
                "the digest of an agreement of ours, or of a sub-licence",
                sent="id",
                metavar="AGREEMENT",
                of="agreement",
            ),
            Field(
                "reason",
                ("Reason", "原因"),
                "why, in words that the peer reads",
                "--reason",
                default="revoked by the operator",
            ),
        ),
        handler="agreements.revoke",
        roles=TRADERS,
        rehearse=True,
        verb="admin revoke",
        lines=turned,
    ),
    Act(
        "agreement amend",
        "POST agreements/{agreement}/amendments",
        help="Ask the other party to change AGREEMENT, or answer the change that it asks for with another: a new "
        "agreement in its place, once both have signed.",
        says=(
            "Change the agreement {agreement}: until {until}, price {price}.",
            "变更合约 {agreement}:截至 {until},价格 {price}。",
        ),
        answer={"agreement": "text", "negotiation": "text"},
        example={"agreement": "5b1f0c", "until": "2027-12-31T00:00:00Z"},
        fields=(
            AGREED,
            Field("until", ("Until", "截止时间"), "another end, RFC 3339 with a time zone", "--until", default=NULL),
            Field(
                "price", ("Price", "价格"), "another price per unit or period, " + TYPED, "--price", "money", NULL, 0
            ),
            Field(
                "rules",
                ("Rules", "规则"),
                "other rules: a change of those on the table (purpose=A,openings=20,onward=yes), or a policy as JSON",
                "--rules",
                default=NULL,
            ),
        ),
        handler="agreements.amend",
        roles=TRADERS,
        makes=True,
        rehearse=True,
        verb="amend",
        lines=asked,
    ),
    Act(
        "agreement licence",
        "GET agreements/{agreement}/licence",
        help="Export an agreement as a licence that anybody checks offline: both signatures, and the chain's state "
        "of it.",
        says=("Show the agreement {agreement} as a licence.", "以许可证形式显示合约 {agreement}。"),
        answer="object",
        example={"agreement": "5b1f0c"},
        fields=(
            Field("agreement", ("Agreement", "合约"), "digest of an agreement of ours", sent="id", of="agreement"),
        ),
        handler="agreements.licence",
        roles=TRADERS,
        verb="chain licence",
        typed="5b1f0c -o licence.json",
    ),
    Act(
        "agreement contract",
        "GET agreements/{agreement}/contract",
        help="Export an agreement as a digital contract in the fields of TC609-6-2025-14, with all that was signed.",
        says=("Show the agreement {agreement} as a digital contract.", "以数字合约形式显示合约 {agreement}。"),
        answer="object",
        example={"agreement": "5b1f0c"},
        fields=(
            Field("agreement", ("Agreement", "合约"), "digest of an agreement of ours", sent="id", of="agreement"),
        ),
        does="registration.contract",
        roles=TRADERS,
        verb="contract",
        typed="5b1f0c -o contract.json",
    ),
    Act(
        "agreement sublicense",
        "POST agreements/{agreement}/sublicences",
        help="Sign a sub-licence under AGREEMENT for a member; all uses below draw on its counters, too.",
        says=(
            "Grant {to} a sub-licence under the agreement {agreement} until {until}.",
            "依据合约 {agreement} 向 {to} 授予分许可,截至 {until}。",
        ),
        answer={"digest": "text", "provider": "text", "product": "text", "chain": ["object"]},
        example={"agreement": "5b1f0c", "to": "did:web:lab.example", "until": "2027-06-30T00:00:00Z"},
        fields=(
            Field(
                "agreement",
                ("Agreement", "合约"),
                "the digest of an agreement of which we are the buyer",
                sent="id",
                of="agreement",
            ),
            Field("to", ("Member (DID)", "成员 DID"), "DID of the member that it is for", "--to"),
            Field("until", ("Until", "截止时间"), "its end, RFC 3339 with a time zone", "--until"),
            Field("purpose", ("Purpose", "用途"), "a narrower purpose; default: as agreed", "--purpose", default=NULL),
            Field(
                "onward", ("Pass on", "可转授"), "let the child pass it on in turn", "--onward", "truth", default=False
            ),
        ),
        handler="agreements.sublicense",
        roles="buyer",
        makes=True,
        rehearse=True,
        verb="sublicense",
        typed="5b1f0c --to did:web:lab.example --until 2027-06-30T00:00:00Z --out lab.json",
    ),
)
