"""Accounts of the console: who may sign in, made and removed by the owner of the data directory alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import Act, Field
from connector.client.acts.columns import Column

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

ACCOUNT: dict[str, Shape] = {
    "name": "text", "roles": ["text"], "operator": "truth", "title": "text", "subject": "text", "locked": "text?",
    "created": "text",
}  # fmt: skip
NAME = Field("name", ("Account", "账户"), "the account's name", metavar="NAME")
NAMED = Field("name", ("Account", "账户"), "the account's name", sent="id", metavar="NAME")
ADA = {"name": "ada"}


def _made(made: Any) -> list[str]:
    lines = [f"account   {made['name']} ({', '.join(made['roles'])})", f"password  {made['password']}"]
    if made["codes"]:
        lines.append(f"codes     {made['codes']}")
    return [*lines, "shown this once: hand them over by a safe way"]


ACCOUNTS = (
    Column("NAME", "name"),
    Column("MAY", lambda row: "act" if row["operator"] else "look"),
    Column("ROLES", lambda row: ", ".join(row["roles"])),
    Column("TITLE", "title", rare=True),
    Column("SUBJECT", "subject", long=True),
    Column("LOCKED UNTIL", "locked", rare=True),
    Column("CREATED", "created", long=True, is_moment=True),
)


ACTS = (
    Act(
        "account add",
        "POST accounts",
        help="Make an account; its password is drawn and shown this once.",
        says=("Make the account {name}.", "创建账户 {name}。"),
        answer={**ACCOUNT, "password": "text", "codes": "text?"},
        example=ADA | {"operator": True},
        fields=(
            NAME,
            Field(
                "roles", ("Roles, one a line", "角色,每行一个"),
                "a role to look through; may be repeated; default: all of ours", "--role", "texts", default=[],
            ),
            Field(
                "operator", ("May act", "可操作"), "may act, not only look; needs one-time codes", "--operator",
                "truth", default=False,
            ),
            Field(
                "title", ("Title", "职务"), 'its role, for policies that ask for one, such as "risk manager"',
                "--title", default=None,
            ),
            Field(
                "subject", ("Subject", "主体标识"), "who it is at the OpenID provider (`oidc`): its `sub` there",
                "--subject", default=None,
            ),
        ),
        handler="accounts.add",
        makes=True,
        verb="admin account add",
        typed="ada --operator",
        form=False,
        lines=_made,
    ),
    Act(
        "account list",
        "GET accounts",
        help="List the accounts.",
        says=("List the accounts.", "列出账户。"),
        answer={"accounts": [ACCOUNT]},
        example={},
        does="accounts.page",
        verb="admin account list",
        table=ACCOUNTS,
        none="there is no account yet",
    ),
    Act(
        "account link",
        "POST accounts/{name}/link",
        help="Give out a link by which NAME signs in once, without password or code, within a day.",
        says=("Give out a link by which {name} signs in once.", "为 {name} 生成一次性登录链接。"),
        answer={"name": "text", "url": "text", "expires": "text"},
        example=ADA,
        fields=(NAMED,),
        handler="accounts.link",
        makes=True,
        verb="admin account link",
        form=False,
        lines=lambda made: [made["url"], f"good once, until {made['expires']}"],
    ),
    Act(
        "account remove",
        "POST accounts/{name}/removal",
        help="Remove an account; its sessions end at once.",
        says=("Remove the account {name}.", "删除账户 {name}。"),
        answer=ACCOUNT,
        example=ADA,
        fields=(NAMED,),
        does="accounts.remove",
        verb="admin account remove",
        form=False,
        lines=lambda gone: [f"removed {gone['name']}"],
    ),
)  # fmt: skip
