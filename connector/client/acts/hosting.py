"""Hosting: a provider delegates an edition to a host, the host keeps and sells it, the provider reads what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import FRESH, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.members import REASON
from connector.client.acts.money import TYPED, money
from connector.client.acts.projects import percent

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

DELEGATION: dict[str, Shape] = {
    "id": "text", "role": "text", "provider": "text", "host": "text", "product": "text", "title": "text",
    "edition": "text", "tier": "text", "acts": ["text"], "price": "digits", "floor": "digits", "currency": "text",
    "share": "number", "until": "text", "licence": "text", "state": "text", "reason": "text",
}  # fmt: skip
DID: dict[str, Shape] = {
    "entry": "number", "at": "text", "act": "text", "event": "text", "part": "text", "told": "text",
}  # fmt: skip
AUDITED: dict[str, Shape] = {
    "delegation": "text", "host": "text", "entries": "number", "later": "number", "agreements": "number",
    "currency": "text", "released": "digits", "claimed": "digits", "ours": "digits",
    "findings": [{"code": "text", "about": "text", "text": "text"}],
}  # fmt: skip
PROVIDERS = "provider"
ID = Field("delegation", ("Delegation", "委托"), "its id in `hosting list`", sent="id", of="delegation")
TIDES = {"delegation": "tides-hosted"}


def lines(one: Any) -> list[str]:
    """Return what a person reads of a delegation."""
    why = f", {one['reason']}" if one["reason"] else ""
    return [
        f"{one['id']}  {one['title']}  ({one['state']}{why}) until {one['until']}",
        f"  provider {one['provider']}, product {one['product']}, tier {one['tier']}",
        f"  host     {one['host']}, share {percent(one['share'])} %",
        f"  asks     {money(one['price'], one['currency'])}, no less than {money(one['floor'], one['currency'])}",
        f"  may      {', '.join(one['acts'])}",
        f"  edition {one['edition'][:16]}…, on chain as licence {one['licence'][:16]}…",
    ]


def _given(done: Any) -> list[str]:
    return [
        *lines(done),
        f"  the host takes it up: penstock hosting accept {done['id']} --from {done['provider']}",
    ]


def _audited(done: Any) -> list[str]:
    paid, ours = (money(done[name], done["currency"]) for name in ("claimed", "ours"))
    told = [
        f"{done['host']}: {done['agreements']} agreements, {paid} claimed on chain, {ours} of it ours",
        f"read {done['entries']} entries of its log",
    ]
    if done["later"]:
        told.append(f"{done['later']} on chain are newer than its log shows yet: ask again in a while")
    told += [f"  {one['code']}  {one['about'][:16]}…  {one['text']}" for one in done["findings"]]
    return told if done["findings"] else [*told, "nothing that does not fit the delegation"]


ACTS = (
    Act(
        "hosting delegate",
        "POST hosting",
        help="Delegate the edition of a product on offer to a host: it keeps and sells it, within these bounds.",
        says=(
            "Delegate {product} to the host {host}, with {share} per cent.",
            "将 {product} 委托 {host} 托管,分成 {share}%。",
        ),
        answer=DELEGATION,
        example={
            "product": "tides",
            "host": "did:web:host.example",
            "share": "10",
            "until": "2027-12-31T00:00:00Z",
            "floor": "4.00",
            "delegation": "tides-hosted",
        },
        fields=(
            Field("product", ("Product", "产品"), "the product of ours", of="product"),
            Field("host", ("Host (DID)", "托管方 DID"), "who keeps and sells it", "--to"),
            Field("share", ("Its share (%)", "分成(%)"), "its share of what is paid, per cent", "--share"),
            Field(
                "floor",
                ("Lowest price", "最低价"),
                "the least it may agree to; default: the asked price, " + TYPED,
                "--floor",
                "coins",
                None,
            ),
            Field(
                "acts",
                ("What it may do, one a line", "可为事项,每行一个"),
                "list, negotiate, sign, deliver or compute; default: all that its tier has; may be repeated",
                "--act",
                "texts",
                [],
            ),
            Field("until", ("Until", "截止时间"), "until when it signs, RFC 3339 with a time zone", "--until"),
            Field(
                "delegation",
                ("Id", "编号"),
                "the id under which the host sells; repeat it to delegate once",
                "--id",
                default=FRESH,
                sent="id",
            ),
        ),
        does="hosting.delegate",
        roles=PROVIDERS,
        makes=True,
        rehearse=True,
        lines=_given,
    ),
    Act(
        "hosting accept",
        "POST hosting/{delegation}/acceptance",
        help="Take up a delegation as its host: sign it, take bytes and keys, and offer the product.",
        says=("Host {delegation} for {provider}.", "为 {provider} 托管 {delegation}。"),
        answer=DELEGATION,
        example=TIDES | {"provider": "did:web:provider.example"},
        fields=(
            Field("delegation", ("Delegation", "委托"), "its id, as its provider says it", sent="id"),
            Field("provider", ("Provider (DID)", "提供方 DID"), "who delegates", "--from"),
        ),
        does="hosting.accept",
        roles=PROVIDERS,
        rehearse=True,
        lines=lines,
    ),
    Act(
        "hosting list",
        "GET hosting",
        help="List the delegations that we gave or took, newest first.",
        says=("List the delegations.", "列出托管委托。"),
        answer={"delegations": [DELEGATION]},
        example={},
        fields=(
            Field("first", ("Leave out", "跳过"), "leave out so many, the newest", "--first", "number", 0, least=0),
        ),
        does="hosting.page",
        roles=PROVIDERS,
        table=(
            Column("ID", "id"),
            Column("ROLE", "role"),
            Column("STATE", "state"),
            Column("UNTIL", "until", is_moment=True),
            Column("TITLE", "title"),
            Column("HOST", "host", long=True),
            Column("PROVIDER", "provider", long=True),
            Column("REASON", "reason", rare=True),
        ),
        none="nothing is hosted: `penstock hosting delegate`",
    ),
    Act(
        "hosting show",
        "GET hosting/{delegation}",
        help="Show a delegation: what the host may do, within which bounds, and how it stands.",
        says=("Show the delegation {delegation}.", "显示委托 {delegation}。"),
        answer=DELEGATION,
        example=TIDES,
        fields=(ID,),
        does="hosting.show",
        roles=PROVIDERS,
        lines=lines,
    ),
    Act(
        "hosting revoke",
        "POST hosting/{delegation}/revocation",
        help="Revoke a delegation on chain: its host sells no more, and buyers' connectors refuse it.",
        says=("Revoke the delegation {delegation}: {reason}", "撤销委托 {delegation}:{reason}"),
        answer=DELEGATION | {"told": "truth"},
        example=TIDES | {"reason": "the contract with the host is over"},
        fields=(ID, REASON),
        does="hosting.revoke",
        roles=PROVIDERS,
        rehearse=True,
        lines=lambda done: [
            *lines(done),
            "  its host has been told" if done["told"] else "  its host is away: it reads the chain when it is back",
        ],
    ),
    Act(
        "hosting log",
        "GET hosting/{delegation}/done",
        help="Show what the host of a delegation did for us, as its log discloses it to us.",
        says=("Show what the host did under {delegation}.", "显示托管方在委托 {delegation} 下的行为。"),
        answer={"delegation": "text", "host": "text", "entries": "number", "acts": [DID]},
        example=TIDES,
        fields=(ID,),
        does="hosting.log",
        roles=PROVIDERS,
        table=(
            Column("AT", "at", is_moment=True),
            Column("ACT", "act"),
            Column("EVENT", "event"),
            Column("PART", "part", is_id=True),
            Column("TOLD", "told"),
            Column("ENTRY", "entry", long=True),
        ),
        none="its log discloses nothing of this delegation to us",
    ),
    Act(
        "hosting audit",
        "GET hosting/{delegation}/check",
        help="Hold what the host did against the delegation, its log and the chain.",
        says=("Audit what the host did under {delegation}.", "审计托管方在委托 {delegation} 下的行为。"),
        answer=AUDITED,
        example=TIDES,
        fields=(ID,),
        does="hosting.audit",
        roles=PROVIDERS,
        lines=_audited,
    ),
)
