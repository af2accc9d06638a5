"""Authorities to sign: which of our accounts signs for us, how far and until when, and what a peer shows of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import TRADERS, Act, Field
from connector.client.acts.agreements import AGREED
from connector.client.acts.columns import Column
from connector.client.acts.money import TYPED, money

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

BOUNDS: dict[str, Shape] = {
    "roles": ["text"], "most": "digits", "daily": "digits?", "currency": "text", "products": ["text"],
    "purposes": ["text"], "since": "text", "until": "text",
}  # fmt: skip
AUTHORITY: dict[str, Shape] = {"authority": "text", "name": "text", "state": "text", "reason": "text", **BOUNDS}
SIGNED: dict[str, Shape] = {"agreement": "text", "role": "text", "amount": "digits", "at": "text"}
WHICH = Field("authority", ("Authority", "授权"), "its digest in `authority list`", sent="id", of="authority")
SOME = {"authority": "5f" * 32}


def _purpose(iri: str) -> str:
    return iri.rpartition("#")[2]


def _amounts(one: Any) -> str:
    each = f"{money(one['most'], one['currency'])} an agreement"
    return each if one["daily"] is None else f"{each}, {money(one['daily'], one['currency'])} in 24 hours"


def _bounds(one: Any) -> list[str]:
    return [
        f"  up to     {_amounts(one)}",
        f"  as        {', '.join(one['roles'])}",
        f"  products  {', '.join(one['products']) or 'any'}",
        f"  purposes  {', '.join(map(_purpose, one['purposes'])) or 'any'}",
        f"  from      {one['since']} until {one['until']}",
    ]


def lines(one: Any) -> list[str]:
    """Return what a person reads of an authority."""
    why = f": {one['reason']}" if one["reason"] else ""
    signed = [
        f"  signed    {row['agreement'][:16]}…  {row['at']}  {row['role']}, {money(row['amount'], one['currency'])}"
        for row in one.get("signed", ())
    ]
    return [f"{one['authority']}  {one['name']} ({one['state']}{why})", *_bounds(one), *signed]


def _asked(told: Any) -> list[str]:
    ended = f"  revoked since, {told['revoked']}" if told["revoked"] else "  not revoked since, as its principal says"
    return [
        f"agreement {told['agreement'][:16]}… was signed for {told['principal']} at {told['signed']}",
        f"  under its authority {told['authority'][:16]}…, by the person {told['person'][:16]}…",
        *_bounds(told),
        ended,
    ]


ACTS = (
    Act(
        "authority grant",
        "POST authorities",
        help="Let an account of ours sign agreements for us, up to an amount each, until an end. Once one was granted, "
        "accounts sign within their authority alone.",
        says=(
            "Let {name} sign for us up to {most} an agreement until {until}.",
            "授权 {name} 代表我方签署,单份合约上限 {most},截至 {until}。",
        ),
        answer=AUTHORITY,
        example={"name": "ada", "most": "50000", "until": "2027-12-31T00:00:00Z"},
        fields=(
            Field("name", ("Account", "账户"), "the account", metavar="NAME"),
            Field("most", ("Up to", "单份上限"), "the most of one agreement, " + TYPED, "--up-to", "money", least=0),
            Field(
                "daily", ("In 24 hours", "24 小时上限"), "the most of all in 24 hours, " + TYPED, "--per-day",
                "money", None, 0,
            ),
            Field(
                "roles", ("Roles, one a line", "角色,每行一个"),
                "provider, buyer or service; default: those of ours that trade; may be repeated", "--role", "texts", [],
            ),
            Field(
                "products", ("Products, one a line", "产品,每行一个"), "these alone; default: any; may be repeated",
                "--product", "texts", [],
            ),
            Field(
                "purposes", ("Purposes, one a line", "用途,每行一个"),
                "for these, or narrower ones, alone; default: any; may be repeated", "--purpose", "texts", [],
            ),
            Field("until", ("Until", "截止时间"), "until when, RFC 3339 with a time zone", "--until"),
        ),
        does="authorities.grant",
        roles=TRADERS,
        makes=True,
        rehearse=True,
        form=False,
        lines=lines,
    ),
    Act(
        "authority list",
        "GET authorities",
        help="List who of our accounts may sign for us, and who might before, newest first.",
        says=("List who may sign for us.", "列出签署授权。"),
        answer={"authorities": [AUTHORITY]},
        example={},
        fields=(
            Field("first", ("Leave out", "跳过"), "leave out so many, the newest", "--first", "number", 0, least=0),
        ),
        does="authorities.page",
        roles=TRADERS,
        table=(
            Column("NAME", "name"),
            Column("STATE", "state"),
            Column("UP TO", _amounts),
            Column("ROLES", lambda row: ", ".join(row["roles"])),
            Column("UNTIL", "until", is_moment=True),
            Column("AUTHORITY", "authority", is_id=True),
            Column("PRODUCTS", lambda row: ", ".join(row["products"]), rare=True),
            Column("PURPOSES", lambda row: ", ".join(map(_purpose, row["purposes"])), rare=True),
            Column("REASON", "reason", rare=True),
        ),
        none="no authority was granted: every account that may act signs. `penstock authority grant`",
    ),
    Act(
        "authority show",
        "GET authorities/{authority}",
        help="Show an authority as it was signed, and what was signed under it, newest first.",
        says=("Show the authority {authority}.", "显示授权 {authority}。"),
        answer=AUTHORITY | {"document": "object", "signature": "text", "signed": [SIGNED]},
        example=SOME,
        fields=(WHICH,),
        does="authorities.show",
        roles=TRADERS,
        lines=lines,
    ),
    Act(
        "authority revoke",
        "POST authorities/{authority}/revocation",
        help="Revoke an authority: nothing more is signed under it, and what was signed before stands.",
        says=("Revoke the authority {authority}: {reason}", "撤销授权 {authority}:{reason}"),
        answer=AUTHORITY,
        example=SOME | {"reason": "ada has another post"},
        fields=(WHICH, Field("reason", ("Reason", "原因"), "why; it goes into the log", "--reason")),
        does="authorities.revoke",
        roles=TRADERS,
        rehearse=True,
        form=False,
        lines=lines,
    ),
    Act(
        "authority ask",
        "GET agreements/{agreement}/authority",
        help="Ask the other party of AGREEMENT under whose authority it signed, and check what it shows: "
        "its signature, the bounds, and both entries of its log.",
        says=("Ask under whose authority {agreement} was signed.", "查询对方签署合约 {agreement} 所依据的授权。"),
        answer={
            "agreement": "text", "authority": "text", "principal": "text", "person": "text", "signed": "text",
            "revoked": "text?", **BOUNDS,
        },
        example={"agreement": "5b1f0c"},
        fields=(AGREED,),
        does="authorities.ask",
        roles=TRADERS,
        lines=_asked,
    ),
)  # fmt: skip
