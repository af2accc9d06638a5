"""What a space gives out, and takes back: settlement tokens, attestations, revocations on chain."""

from __future__ import annotations

from connector.client.acts.act import EXCHANGE, Act, Field
from connector.client.acts.money import AMOUNT, TYPED, money

ATTESTED = {
    "v": "number", "heads": [{"origin": "text", "size": "digits", "root": "text"}],
    "signers": [{"name": "text", "key": "text"}], "signature": "text",
}  # fmt: skip

ACTS = (
    Act(
        "credit issue",
        "POST credits",
        help="Issue settlement tokens to a member (against money received outside).",
        says=(
            "Issue settlement tokens to {did}: {amount}.",
            "向 {did} 发行结算凭证:{amount}。",
        ),
        answer={"did": "text", "amount": "digits", "currency": "text"},
        example={"did": "did:web:buyer.example", "amount": "100000"},
        fields=(
            Field("did", ("Member (DID)", "成员 DID"), "the member to credit"),
            Field("amount", AMOUNT, "amount " + TYPED, kind="money", least=1),
            Field("id", ("Id", "编号"), "an id of your own; the same issues once", None, default=None),
            Field(
                "reference",
                ("Reference of the request", "申请参考号"),
                "the reference under which the member asked for it and paid: it is credited once",
                "--reference",
                default=None,
            ),
        ),
        handler="management.credit",
        roles=EXCHANGE,
        operator="credit",
        rehearse=True,
        verb="exchange credit",
        lines=lambda done: [f"credited {money(done['amount'], done['currency'])} to {done['did']}"],
    ),
    Act(
        "grant revoke",
        "POST revocations",
        help="Revoke something that the space gave out, on chain, for everybody to see.",
        says=("Revoke {subject} on chain: {reason}", "在链上吊销 {subject}:{reason}"),
        answer={"subject": "text", "reason": "text", "tx": "text"},
        example={"subject": "5b1f0c", "reason": "the key is lost"},
        fields=(
            Field(
                "subject",
                ("Digest of what is revoked", "吊销对象的摘要"),
                "the SHA-256 of what the space gave out, such as a credential",
            ),
            Field("reason", ("Reason", "原因"), "why; the chain keeps the digest of the words", "--reason"),
        ),
        handler="members.revoke",
        roles=EXCHANGE,
        operator="revoke",
        rehearse=True,
        verb="exchange revoke",
        lines=lambda done: [f"{done['subject']} is revoked (transaction {done['tx']})"],
    ),
    Act(
        "attestation collect",
        "POST attestations",
        help="Collect the witnesses' BLS signatures over all final heads into one attestation.",
        says=("Collect the witnesses' attestation.", "收集见证。"),
        answer=ATTESTED,
        example={},
        handler="management.attest",
        roles=EXCHANGE,
        operator="attest",
        rehearse=True,
        verb="exchange attest",
        lines=lambda done: [f"{len(done['signers'])} witnesses attest {len(done['heads'])} heads"],
    ),
)
