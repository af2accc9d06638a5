"""Agreements: ended, shown as licences that anybody checks, and passed on by sub-licences."""

from __future__ import annotations

from typing import Any

from connector.client.acts.act import NULL, TRADERS, Act, Field
from connector.client.acts.shape import TURNED


def turned(done: Any) -> list[str]:
    """Return what a person reads of an agreement that was suspended, resumed or ended."""
    return [f"agreement  {done['agreement']}", f"state      {done['state']}"]


ACTS = (
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
