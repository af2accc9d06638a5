"""API keys of the management interface: for programs, with roles, scopes and an end; made and removed by the owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.money import TYPED, bare
from connector.runtime.limits import API_KEY_DAYS_MAX

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

KEY: dict[str, Shape] = {
    "name": "text", "roles": ["text"], "scopes": ["text"], "created": "text", "until": "text", "used": "text?",
    "ended": "truth", "budget": "digits?",
}  # fmt: skip
CI = {"name": "ci"}
DAYS = 90


def made(key: Any) -> list[str]:
    """Return what is told of a new key, but the key itself."""
    covers = f"{', '.join(key['scopes'])} for {', '.join(key['roles'])}"
    spends = "" if key["budget"] is None else f", an agent's: it spends {bare(key['budget'])} in all"
    return [f"key {key['name']}: {covers}, until {key['until']}{spends}"]


KEYS = (
    Column("NAME", "name"),
    Column("SCOPES", lambda row: ", ".join(row["scopes"])),
    Column("ROLES", lambda row: ", ".join(row["roles"]), long=True),
    Column("BUDGET", lambda row: "" if row["budget"] is None else bare(row["budget"]), rare=True),
    Column("UNTIL", "until", is_moment=True),
    Column("ENDED", lambda row: "ended" if row["ended"] else "", rare=True),
    Column("LAST USED", "used", is_moment=True),
    Column("CREATED", "created", long=True, is_moment=True),
)


ACTS = (
    Act(
        "api-key add",
        "POST api-keys",
        help="Make an API key for a program; it is told this once, and ends by itself.",
        says=("Make the API key {name}.", "创建 API 密钥 {name}。"),
        answer={**KEY, "url": "text", "key?": "text", "file?": "text"},
        example=CI | {"scopes": ["look"], "days": 30},
        fields=(
            Field("name", ("Key", "密钥"), "the key's name", metavar="NAME"),
            Field(
                "roles", ("Roles, one a line", "角色,每行一个"),
                "a role to act in; may be repeated; default: all of ours",
                "--role", "texts", default=[],
            ),
            Field(
                "scopes", ("Scopes, one a line", "权限范围,每行一个"),
                "look, act, or the first words of acts, such as product; may be repeated; default: look",
                "--scope", "texts", default=[],
            ),
            Field(
                "days", ("Days", "天数"), "in so many days it ends", "--days", "number", default=DAYS, least=1,
                most=API_KEY_DAYS_MAX,
            ),
            Field(
                "budget", ("Budget", "预算"),
                "for an agent (docs/agents.md): what may be spent with it in all, " + TYPED, "--budget", "money", None,
                least=0,
            ),
        ),
        does="api_keys.add",
        makes=True,
        verb="admin key add",
        typed="ci --scope look --days 30 --to ci.key",
        form=False,
        lines=made,
    ),
    Act(
        "api-key list",
        "GET api-keys",
        help="List the API keys, without anything secret.",
        says=("List the API keys.", "列出 API 密钥。"),
        answer={"keys": [KEY]},
        example={},
        does="api_keys.page",
        verb="admin key list",
        table=KEYS,
        none="there is no API key: `penstock admin key add`",
    ),
    Act(
        "api-key remove",
        "POST api-keys/{name}/removal",
        help="Remove an API key; it opens nothing from the next request on.",
        says=("Remove the API key {name}.", "删除 API 密钥 {name}。"),
        answer=KEY,
        example=CI,
        fields=(Field("name", ("Key", "密钥"), "the key's name", sent="id", metavar="NAME"),),
        does="api_keys.remove",
        verb="admin key remove",
        form=False,
        lines=lambda gone: [f"removed {gone['name']}"],
    ),
)  # fmt: skip
