"""Projects of several parties: proposed, signed by all, worked in, and what they sold split as was signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import FORWARD, FRESH, TRADERS, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.money import money

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

LISTED: dict[str, Shape] = {
    "id": "text", "title": "text", "text": "text", "until": "text", "digest": "text", "proposer": "text",
    "state": "text", "reason": "text",
}  # fmt: skip
PROJECT: dict[str, Shape] = {
    **LISTED,
    "currency": "text",
    "parties": [
        {"did": "text", "role": "text", "payee": "text", "bps": "number", "signature": "text", "earned": "digits"}
    ],
    "products": [{"id": "text", "provider": "text"}],
    "results": [
        {
            "name": "text", "by": "text", "digest": "text", "size": "number", "note": "text", "at": "text",
            "madeOf": [{"agreement": "text", "product": "text", "provider": "text"}],
        }
    ],
}  # fmt: skip
PARTIES = f"{TRADERS} broker"
ID = Field("id", ("Project", "共创项目"), "the project's id", of="project")
POWER = {"id": "power-credit"}
SHARED = {"title": "Credit by power use", "until": "2027-12-31T00:00:00Z"}


def percent(bps: int) -> str:
    """Return basis points in per cent, `45` or `12.5`."""
    return f"{bps / 100:.2f}".rstrip("0").rstrip(".")


def lines(project: Any) -> list[str]:
    """Return what a person reads of a project: its parties and shares, what was made in it, and what it sells."""
    why = f", {project['reason']}" if project["reason"] else ""
    told = [f"{project['id']}  {project['title']}  ({project['state']}{why}) until {project['until']}"]
    told += [f"  {line}" for line in project["text"].splitlines()]
    for one in project["parties"]:
        signed = "signed" if one["signature"] else "has not signed"
        earned = f", earned {money(one['earned'], project['currency'])}" if project["products"] else ""
        told.append(f"  {percent(one['bps']):>6} %  {one['role']:<10}{one['did']}  {signed}{earned}")
    for one in project["results"]:
        made = ", ".join(source["product"] for source in one["madeOf"])
        told.append(f"  result {one['name']} of {one['by']}: sha256 {one['digest'][:16]}…, {one['size']} bytes")
        told += [f"    made of {made}"] * bool(made) + [f"    {line}" for line in one["note"].splitlines()]
    told += [f"  sold: {one['id']} by {one['provider']}" for one in project["products"]]
    return [*told, f"  signed is {project['digest']}"]


def _move(move: str, help_: str, says: tuple[str, str], reason: str) -> Act:
    """Return one of the moves of a project: they share a route."""
    return Act(
        f"project {move}",
        f"POST projects/{{id}}/{{move={move}}}",
        help=help_,
        says=says,
        answer=PROJECT,
        example=POWER,
        fields=(ID, Field("reason", ("Reason", "原因"), reason, "--reason", default="")),
        handler=FORWARD,
        roles=PARTIES,
        rehearse=True,
        lines=lines,
    )


ACTS = (
    Act(
        "project propose",
        "POST projects",
        help="Propose a project: who does what in it, and who gets which share of what it sells; you sign first.",
        says=("Propose the project {title} of {parties}.", "发起共创项目“{title}”,参与方:{parties}。"),
        answer=PROJECT,
        example=SHARED | {
            "parties": [
                "did:web:bank.example=provider:40", "did:web:grid.example=provider:40",
                "did:web:lab.example=developer:20",
            ]
        },
        fields=(
            Field("title", ("Title", "标题"), "what it is called"),
            Field(
                "parties", ("Parties, one a line", "参与方,每行一个"),
                "a party as DID=ROLE:SHARE, such as did:web:bank.example=provider:45; provider, developer, operator, "
                "broker or sponsor; the shares are per cent; may be repeated", "--party", "texts",
            ),
            Field("until", ("Until", "截止时间"), "until when it sells, RFC 3339 with a time zone", "--until"),
            Field("text", ("What for", "说明"), "what it is for, in words", "--text", default=""),
            Field("project", ("Id", "编号"), "an id of your own; repeat it to propose once", "--id", default=FRESH,
                  sent="id"),
        ),
        does="partnership.propose",
        roles=PARTIES,
        makes=True,
        rehearse=True,
        lines=lines,
    ),
    Act(
        "project list",
        "GET projects",
        help="List the projects that you are a party of, newest first.",
        says=("List the projects.", "列出共创项目。"),
        answer={"projects": [LISTED]},
        example={},
        fields=(
            Field("first", ("Leave out", "跳过"), "leave out so many, the newest", "--first", "number", 0, least=0),
        ),
        handler=FORWARD,
        roles=PARTIES,
        table=(
            Column("ID", "id"),
            Column("STATE", "state"),
            Column("UNTIL", "until", is_moment=True),
            Column("TITLE", "title"),
            Column("PROPOSER", "proposer", long=True),
            Column("REASON", "reason", rare=True),
        ),
        none="no project",
    ),
    Act(
        "project show",
        "GET projects/{id}",
        help="Show a project: who signed, what was made in it, what it sells, and what each party earned on chain.",
        says=("Show the project {id}.", "显示共创项目 {id}。"),
        answer=PROJECT,
        example=POWER,
        fields=(ID,),
        handler=FORWARD,
        roles=PARTIES,
        lines=lines,
    ),
    Act(
        "project sign",
        "POST projects/{project}/signature",
        help="Sign a project that names you; when all have signed, products are published under it.",
        says=("Sign the project {project}.", "签署共创项目 {project}。"),
        answer=PROJECT,
        example={"project": "power-credit"},
        fields=(
            Field("project", ("Project", "共创项目"), "the project's id", of="project", sent="id"),
            Field(
                "digest", ("Its digest", "摘要"), "sign only what `project show` says is signed", "--digest",
                default="",
            ),
        ),
        does="partnership.sign",
        roles=PARTIES,
        rehearse=True,
        lines=lines,
    ),
    # before the moves, which answer to any word in its place
    Act(
        "project add",
        "POST projects/{project}/results",
        help="Put a result into a project: what its bytes are, who made it, and under which agreements.",
        says=("Put {file} into the project {project} as {name}.", "将 {file} 作为“{name}”加入共创项目 {project}。"),
        answer=PROJECT,
        example={"project": "power-credit", "name": "scores", "file": "/srv/scores.csv", "made_of": ["bank", "grid"]},
        fields=(
            Field("project", ("Project", "共创项目"), "the project's id", of="project", sent="id"),
            Field("name", ("Name", "名称"), "what it is called in the project"),
            Field("file", ("File", "文件"), "the file; it stays here", None),
            Field(
                "made_of", ("Made of, one a line", "来源,每行一个"),
                "a product, agreement or replica here that it was made of, or the id of an opening: all that it read; "
                "may be repeated", "--made-of", "texts", [],
                sent="madeOf",
            ),
            Field("note", ("Words", "说明"), "what it is, in words", "--note", default=""),
        ),
        does="partnership.add",
        roles=PARTIES,
        rehearse=True,
        form=False,
        typed="power-credit scores --file scores.csv --made-of bank --made-of grid",
        lines=lines,
    ),
    _move(
        "decline", "Decline to sign a project; it comes to nothing.",
        ("Decline the project {id}. {reason}", "拒绝共创项目 {id}。{reason}"), "why, for the other parties",
    ),
    _move(
        "withdraw", "Take back a project that you proposed and not all have signed.",
        ("Withdraw the project {id}. {reason}", "撤回共创项目 {id}。{reason}"), "why, for the record",
    ),
    _move(
        "end", "End a project: nothing more is published under it; what is sold goes on, split as it was.",
        ("End the project {id}. {reason}", "终止共创项目 {id}。{reason}"), "why, for the other parties",
    ),
)  # fmt: skip
