"""Verifiable credentials (DCP 1.0.1): what we hold and ask for, what peers have shown, what an exchange issues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import EXCHANGE, READ, TRADERS, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.members import REASON

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

HELD: dict[str, Shape] = {
    "credential": "text", "type": "text", "issuer": "text", "profile": "text", "name": "text", "from": "text",
    "until": "text", "state": "text",
}  # fmt: skip
REQUEST: dict[str, Shape] = {
    "request": "text", "issuer": "text", "types": ["text"], "state": "text", "reason": "text", "created": "text",
}  # fmt: skip
OFFER: dict[str, Shape] = {"issuer": "text", "credential": "text", "type": "text", "reason": "text"}
SHOWN: dict[str, Shape] = {"peer": "text", "type": "text", "issuer": "text", "until": "text", "claims": "object"}
ISSUED: dict[str, Shape] = {
    "credential": "text", "holder": "text", "type": "text", "profile": "text", "state": "text", "reason": "text",
    "issued": "text", "until": "text",
}  # fmt: skip
OFFERED: dict[str, Shape] = {"holder": "text", "type": "text", "reason": "text"}
GRANTED: dict[str, Shape] = {"holder": "text", "type": "text", "claims": "object", "by": "text"}
CLIENT: dict[str, Shape] = {"client": "text", "endpoint": "text", "created": "text"}
TYPE = Field("kind", ("Type", "类型"), "its type, such as AuditCredential", sent="type", metavar="TYPE")
HOLDER = Field("holder", ("Holder (DID)", "持有人 DID"), "the did:web of whom it is")
NAME = Field("client", ("Client", "客户端"), "its name, one word")
PEER = "did:web:peer.example"
IDENTIFIER = "urn:uuid:8247b87d-8d72-47e1-8128-9ce47e3d829d"


def _request(done: Any) -> list[str]:
    return [
        f"asked {done['issuer']} for {', '.join(done['types'])}: {done['state']}",
        f"request {done['request']}; what was issued comes by itself: `penstock credential list`",
    ]


def _claims(row: Any) -> str:
    return ", ".join(f"{name}={value}" for name, value in row["claims"].items())


SHOWN_COLUMNS = (
    Column("PEER", "peer"),
    Column("TYPE", "type"),
    Column("ISSUER", "issuer"),
    Column("UNTIL", "until", is_moment=True),
    Column("CLAIMS", _claims, long=True),
)


def _client(done: Any) -> list[str]:
    return [
        f"client {done['client']} gets tokens at {done['endpoint']}",
        f"its secret, told this once: {done['secret']}",
    ]


ACTS = (
    Act(
        "credential list",
        "GET credentials",
        help="List the credentials that were issued to us.",
        says=("List our credentials.", "列出我方持有的凭证。"),
        answer={"credentials": [HELD]},
        example={},
        does="identity_hub.held",
        table=(
            Column("TYPE", "type"),
            Column("ISSUER", "issuer"),
            Column("STATE", "state"),
            Column("UNTIL", "until", is_moment=True),
            Column("CREDENTIAL", "credential", is_id=True),
            Column("PROFILE", "profile", long=True),
            Column("NAME", "name", long=True),
        ),
        none="no credential was issued to us: `penstock credential request`",
    ),
    Act(
        "credential request",
        "POST credentials/requests",
        help="Ask an issuer, by default the exchange of our space, for credentials; before they end it is asked again.",
        says=("Ask {issuer} for the credentials {types}.", "向 {issuer} 申请凭证 {types}。"),
        answer=REQUEST,
        example={"types": ["MembershipCredential"], "issuer": PEER, "profile": "vc11-sl2021/jwt"},
        fields=(
            Field(
                "types",
                ("Types", "类型"),
                "which types; without one, all that it issues",
                kind="texts",
                default=[],
                metavar="TYPE",
            ),
            Field("issuer", ("Issuer (DID)", "签发方 DID"), "who issues them", "--issuer", default=None),
            Field(
                "profile",
                ("Profile", "规范"),
                "vc11-sl2021/jwt (the default) or vc20-bssl/jwt",
                "--profile",
                default=None,
            ),
        ),
        does="identity_hub.request",
        lines=_request,
    ),
    Act(
        "credential requests",
        "GET credentials/requests",
        help="List what we asked issuers for.",
        says=("List our requests for credentials.", "列出我方的凭证申请。"),
        answer={"requests": [REQUEST]},
        example={},
        does="identity_hub.requests",
        table=(
            Column("CREATED", "created", is_moment=True),
            Column("STATE", "state"),
            Column("TYPES", lambda row: ", ".join(row["types"])),
            Column("ISSUER", "issuer"),
            Column("REASON", "reason"),
            Column("REQUEST", "request", long=True),
        ),
        none="no issuer was asked for anything: `penstock credential request`",
    ),
    Act(
        "credential offers",
        "GET credentials/offers",
        help="List what issuers offer us; what we hold already is asked for again by itself.",
        says=("List the credentials offered to us.", "列出签发方提供的凭证。"),
        answer={"offers": [OFFER]},
        example={},
        does="identity_hub.offers",
        table=(
            Column("ISSUER", "issuer"),
            Column("TYPE", "type"),
            Column("REASON", "reason"),
            Column("CREDENTIAL", "credential", long=True),
        ),
        none="no issuer offers us anything",
    ),
    Act(
        "credential drop",
        "DELETE credentials/{credential}",
        help="Forget a credential that we hold: it is shown to nobody any more.",
        says=("Forget the credential {credential}.", "删除凭证 {credential}。"),
        answer=HELD,
        example={"credential": "5f" * 32},
        fields=(
            Field("credential", ("Credential", "凭证"), "its id in `credential list`", sent="id", of="credential"),
        ),
        does="identity_hub.drop",
        lines=lambda done: [f"forgotten: {done['type']} of {done['issuer']}"],
    ),
    Act(
        "credential shown",
        "GET credentials/shown",
        help="List the credentials that peers have shown us, as far as we ask for any (`trust`).",
        says=("List what peers have shown.", "列出对方出示的凭证。"),
        answer={"shown": [SHOWN]},
        example={},
        does="verifier.page",
        roles=TRADERS,
        table=SHOWN_COLUMNS,
        none="no peer has shown anything: `trust.required` and `trust.asked` say what each is asked for",
    ),
    Act(
        "credential forget",
        "DELETE credentials/shown/{peer}",
        help="Forget what a peer has shown us; it is asked again when it calls, and shows what it still has.",
        says=("Forget what {peer} has shown.", "删除 {peer} 出示过的凭证。"),
        answer={"shown": [SHOWN]},
        example={"peer": PEER},
        fields=(Field("peer", ("Peer (DID)", "对方 DID"), "whose: its did:web", sent="id"),),
        does="verifier.forget",
        roles=TRADERS,
        lines=lambda done: [f"forgotten: {one['type']} of {one['peer']}" for one in done["shown"]],
    ),
    Act(
        "credential client add",
        "POST credentials/clients",
        help="Let a connector of ours, such as an EDC, get its tokens here; one that is known gets a new secret.",
        says=("Let {client} get tokens in our name.", "允许 {client} 以我方名义获取令牌。"),
        answer={**CLIENT, "secret": "text"},
        example={"client": "edc"},
        fields=(NAME,),
        does="identity_hub.add_client",
        makes=True,
        form=False,
        lines=_client,
    ),
    Act(
        "credential client list",
        "GET credentials/clients",
        help="List the connectors of ours that get tokens here.",
        says=("List who gets tokens in our name.", "列出可以我方名义获取令牌的客户端。"),
        answer={"clients": [CLIENT]},
        example={},
        does="identity_hub.clients",
        table=(Column("CLIENT", "client"), Column("ENDPOINT", "endpoint"), Column("SINCE", "created", is_moment=True)),
        none="no other connector gets tokens here: `penstock credential client add`",
    ),
    Act(
        "credential client remove",
        "DELETE credentials/clients/{client}",
        help="Give a connector no token any more; those that it has end within minutes.",
        says=("Give {client} no token any more.", "不再向 {client} 发放令牌。"),
        answer=CLIENT,
        example={"client": "edc"},
        fields=(Field("client", ("Client", "客户端"), "its name", sent="id"),),
        does="identity_hub.remove_client",
        lines=lambda done: [f"{done['client']} gets no token any more"],
    ),
    Act(
        "credential issued",
        "GET issued",
        verb="exchange credential list",
        help="List the credentials that were issued here, newest first.",
        says=("List the credentials issued here.", "列出本所签发的凭证。"),
        answer={"credentials": [ISSUED]},
        example={},
        fields=(
            Field("holder", ("Holder (DID)", "持有人 DID"), "of this holder alone", "--holder", default=None),
            Field("first", ("Leave out", "跳过"), "leave out so many, the newest", "--first", "number", 0, least=0),
        ),
        does="issuer.page",
        roles=EXCHANGE,
        operator=READ,
        table=(
            Column("ISSUED", "issued", is_moment=True),
            Column("TYPE", "type"),
            Column("HOLDER", "holder"),
            Column("STATE", "state"),
            Column("UNTIL", "until", is_moment=True),
            Column("REASON", "reason", rare=True),
            Column("CREDENTIAL", "credential"),
            Column("PROFILE", "profile", long=True),
        ),
        none="no credential was issued here",
    ),
    Act(
        "credential grants",
        "GET issued/grants",
        verb="exchange credential grants",
        help="List what was granted by name, beside what every member may have.",
        says=("List the credentials granted by name.", "列出按名授予的凭证。"),
        answer={"grants": [GRANTED]},
        example={},
        does="issuer.grants",
        roles=EXCHANGE,
        operator=READ,
        table=(
            Column("HOLDER", "holder"),
            Column("TYPE", "type"),
            Column("BY", "by"),
            Column("CLAIMS", _claims, long=True),
        ),
        none="nothing was granted by name",
    ),
    Act(
        "credential grant",
        "POST issued/grants",
        verb="exchange credential grant",
        help="Let somebody, a member or not, ask for a credential of a type; a member may have its membership anyway.",
        says=("Let {holder} have a {kind}.", "授予 {holder} 凭证 {kind}。"),
        answer=GRANTED,
        example={"holder": PEER, "kind": "AuditCredential", "claims": {"level": "3"}},
        fields=(
            HOLDER,
            TYPE,
            Field(
                "claims",
                ("Claims", "声明"),
                "what it says of its holder, such as level=3; may be repeated",
                "--claims",
                "pairs",
                default={},
            ),
        ),
        does="issuer.grant",
        roles=EXCHANGE,
        operator="grant-credential",
        rehearse=True,
        lines=lambda done: [f"{done['holder']} may ask for a {done['type']}: `penstock credential request`"],
    ),
    Act(
        "credential offer",
        "POST issued/offers",
        verb="exchange credential offer",
        help="Tell somebody that it may ask for a credential: a member for its membership, others for what was "
        "granted. A connector that has one of the type asks for it anew by itself.",
        says=("Offer {holder} a {kind}: {reason}", "向 {holder} 提供凭证 {kind}:{reason}"),
        answer=OFFERED,
        example={"holder": PEER, "kind": "MembershipCredential", "reason": "you are a member now"},
        fields=(HOLDER, TYPE, REASON),
        does="issuer.offer",
        roles=EXCHANGE,
        operator="grant-credential",
        rehearse=True,
        lines=lambda done: [f"{done['holder']} is told that it may have the credential {done['type']}"],
    ),
    Act(
        "credential withdraw",
        "POST issued/grants/withdrawal",
        verb="exchange credential withdraw",
        help="Take back what was granted by name: none is issued any more, and those that hold are revoked.",
        says=("Take the {kind} back from {holder}: {reason}", "收回 {holder} 的凭证 {kind}:{reason}"),
        answer=GRANTED,
        example={"holder": PEER, "kind": "AuditCredential", "reason": "the audit is over"},
        fields=(HOLDER, TYPE, REASON),
        does="issuer.withdraw",
        roles=EXCHANGE,
        operator="revoke-credential",
        rehearse=True,
        lines=lambda done: [f"{done['holder']} has no {done['type']} any more"],
    ),
    Act(
        "credential revoke",
        "POST issued/{credential}/revocation",
        verb="exchange credential revoke",
        help="Revoke a credential for good; whoever looks at its status list sees it within a minute.",
        says=("Revoke the credential {credential}: {reason}", "吊销凭证 {credential}:{reason}"),
        answer=ISSUED,
        example={"credential": IDENTIFIER, "reason": "its holder's key was stolen"},
        fields=(
            Field("credential", ("Credential", "凭证"), "its id in `exchange credential list`", sent="id"),
            REASON,
        ),
        does="issuer.revoke",
        roles=EXCHANGE,
        operator="revoke-credential",
        rehearse=True,
        lines=lambda done: [f"{done['credential']} of {done['holder']} is {done['state']}"],
    ),
)
