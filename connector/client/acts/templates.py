"""Contract templates (合约模板) of the exchange: offered by its operators, listed, shown and filled in by members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import EXCHANGE, FRESH, READ, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.shape import LANGUAGES

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

LINE: dict[str, Shape] = {
    "id": "text", "state": "text", "name": LANGUAGES, "kind": {"key": "text", "model": "text", **LANGUAGES},
    "rules": ["text"], "open": ["text"], "supersedes": "text", "reason": "text", "added": "text",
}  # fmt: skip
TEMPLATE: dict[str, Shape] = {
    **LINE,
    "parameters": [{"name": "text", **LANGUAGES, "example": "text", "several": "truth"}],
    "words": {"en": ["text"], "zh": ["text"]},
    "template": "object",
}
LOOK = "contract_templates.look"
KEY = "0d2f1c7e-5b3a-4f0e-9a61-3c2b7d9e4f10"
ID = Field("id", ("Template", "模板编号"), "the template's id", of="template")
WITHDRAWN = "withdrawn"


def lines(found: Any) -> list[str]:
    """Return what a person reads of a template."""
    told = found["template"]
    withdrawn = f": {found['reason']}" if found["reason"] else ""
    head = [f"{found['id']}  {told['name']['en']} · {told['name']['zh']}  ({found['state']}{withdrawn})"]
    head.append(f"  {found['kind']['en']} · {found['kind']['zh']} (after {found['kind']['model']})")
    head += [f"  supersedes {found['supersedes']}"] if found["supersedes"] else []
    head += [f"  {told['abstract'][language]}" for language in LANGUAGES]
    head += [f"  fixed  {name}={value}" for name, value in told["fixed"].items()]
    head += [
        f"  open   {one['name']}: {one['en']} · {one['zh']}, for example {one['example']}"
        for one in found["parameters"]
    ]
    head += [f"  {sentence}" for language in LANGUAGES for sentence in found["words"][language]]
    return head + [f"  only promised: {one['en']} · {one['zh']}" for one in told["clauses"]]


ACTS = (
    Act(
        "template list",
        "GET templates",
        help="List the contract templates that our exchange offers, the newest first.",
        says=("List the contract templates.", "列出合约模板。"),
        answer={"templates": [LINE]},
        example={},
        fields=(
            Field("first", ("Leave out", "跳过"), "leave out so many, the newest", "--first", "number", 0, least=0),
            Field(
                WITHDRAWN, ("Withdrawn ones, too", "含已撤回"), "the withdrawn ones, too", "--withdrawn", "truth", None
            ),
        ),
        handler=LOOK,
        operator=READ,
        table=(
            Column("ID", "id"),
            Column("STATE", "state"),
            Column("KIND", lambda one: one["kind"]["en"]),
            Column("NAME", lambda one: f"{one['name']['en']} · {one['name']['zh']}"),
            Column("TO FILL IN", lambda one: " ".join(one["open"])),
            Column("RULES", lambda one: " ".join(one["rules"]), long=True),
            Column("ADDED", "added", is_moment=True, long=True),
            Column("SUPERSEDES", "supersedes", rare=True, long=True),
            Column("REASON", "reason", rare=True),
        ),
        none="no contract template is offered",
    ),
    Act(
        "template show",
        "GET templates/{id}",
        help="Show a contract template: its rules in words, what is fixed, and what is filled in.",
        says=("Show the contract template {id}.", "显示合约模板 {id}。"),
        answer=TEMPLATE,
        example={"id": KEY},
        fields=(ID,),
        handler=LOOK,
        operator=READ,
        lines=lines,
    ),
    Act(
        "template add",
        "POST templates",
        help="Offer a contract template to the members; one that cannot be used is refused.",
        says=("Offer the contract template {key}.", "发布合约模板 {key}。"),
        answer=TEMPLATE,
        example={
            "template": {
                "kind": "provision",
                "name": {"en": "Use in China", "zh": "境内使用"},
                "abstract": {"en": "Use in China, so many times.", "zh": "境内使用,限定次数。"},
                "rules": ["uses", "region"],
                "fixed": {"region": "CN"},
            },
        },
        fields=(
            Field(
                "template",
                ("Template (JSON)", "模板(JSON)"),
                "JSON file of the template (docs/tc609.md)",
                kind="document",
                metavar="FILE",
            ),
            Field(
                "supersedes",
                ("Supersedes", "替代"),
                "the one in whose place it is",
                "--supersedes",
                default=None,
                of="template",
            ),
            Field(
                "key",
                ("Id", "编号"),
                "an id of your own, a UUID; repeat it to add once",
                "--id",
                default=FRESH,
                sent="id",
            ),
        ),
        does="contract_templates.add",
        roles=EXCHANGE,
        operator="add-template",
        makes=True,
        rehearse=True,
        verb="exchange template add",
        typed="in-china.json",
        lines=lines,
    ),
    Act(
        "template withdraw",
        "POST templates/{key}/withdrawal",
        help="Offer a contract template no longer; agreements that were made by it go on.",
        says=("Withdraw the contract template {key}: {reason}", "撤回合约模板 {key}:{reason}"),
        answer=TEMPLATE,
        example={"key": KEY, "reason": "the law changed"},
        fields=(
            Field("key", ("Template", "模板编号"), "the template's id", sent="id", of="template"),
            Field("reason", ("Reason", "原因"), "why, in words that members read", "--reason"),
        ),
        does="contract_templates.withdraw",
        roles=EXCHANGE,
        operator="withdraw-template",
        rehearse=True,
        verb="exchange template withdraw",
        lines=lines,
    ),
)
