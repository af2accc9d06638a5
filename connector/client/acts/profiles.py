"""Profiles of policies: the operands of others that an operator registers, so that policies with them are read here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.client.acts.act import Act, Field
from connector.client.acts.columns import Column

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

PROFILE: dict[str, Shape] = {
    "profile": "text",
    "prefix": "text",
    "operands": [{"name": "text", "type": "text", "operators": ["text"], "source": "text", "words": "object"}],
}
NAME = Field("profile", ("Profile", "策略配置文件"), "the profile's name, an IRI", metavar="IRI")
WATER = {"profile": "https://water.example/ns"}
DOCUMENT = {
    **WATER,
    "prefix": "water",
    "operands": [
        {
            "name": "https://water.example/ns#Basin",
            "type": "term",
            "operators": ["eq", "isAnyOf"],
            "source": "said",
            "words": {"en": "river basin", "zh": "流域"},
        }
    ],
}


def _lines(told: dict[str, object]) -> list[str]:
    """Return what a person reads of a profile: its name, and each operand with what it compares."""
    operands = told["operands"]
    assert isinstance(operands, list)
    return [
        f"{told['profile']}  (prefix {told['prefix']})",
        *(
            f"  {one['name']}  {' · '.join(one['words'].values())}  ({one['type']}: {', '.join(one['operators'])})"
            for one in operands
        ),
    ]


ACTS = (
    Act(
        "policy profile add",
        "POST profiles",
        help="Register a profile of policies, so that its operands are read and decided here.",
        says=("Register a profile of policies.", "登记策略配置文件。"),
        answer=PROFILE,
        example={"document": DOCUMENT},
        fields=(
            Field(
                "document", ("Profile (JSON)", "策略配置文件(JSON)"), "JSON file of the profile (docs/policy.md)", "",
                "document", metavar="FILE",
            ),
        ),
        does="profiles.add",
        typed="water.json",
        lines=_lines,
    ),
    Act(
        "policy profile list",
        "GET profiles",
        help="List the profiles of policies that are registered.",
        says=("List the registered profiles.", "列出已登记的策略配置文件。"),
        answer={"profiles": [{"profile": "text", "prefix": "text", "operands": "number", "known": "truth"}]},
        example={},
        does="profiles.page",
        table=(
            Column("PROFILE", "profile"),
            Column("PREFIX", "prefix"),
            Column("OPERANDS", "operands", is_count=True),
            Column("READ", lambda row: "" if row["known"] else "can be read no more", rare=True),
        ),
        none="no profile is registered; ODRL's, ours and Catena-X's operands are built in",
    ),
    Act(
        "policy profile show",
        "GET profile",
        help="Show a registered profile: its operands, and what each is called.",
        says=("Show the profile {profile}.", "显示策略配置文件 {profile}。"),
        answer=PROFILE,
        example=WATER,
        fields=(NAME,),
        does="profiles.show",
        lines=_lines,
    ),
    Act(
        "policy profile remove",
        "POST profiles/removal",
        help="Take a profile back; refused while an offer, a listing, a talk or an agreement here is under it.",
        says=("Take the profile {profile} back.", "撤销策略配置文件 {profile}。"),
        answer={"profile": "text"},
        example=WATER,
        fields=(NAME,),
        does="profiles.remove",
        lines=lambda row: [f"{row['profile']} is no longer registered"],
    ),
)  # fmt: skip
