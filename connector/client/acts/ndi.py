"""Contracts over the interfaces of TC609-6-2025-14 (按其设计): what is offered; listed, shown, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import EXCHANGE, READ, TRADERS, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.members import REASON

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

CONTRACT: dict[str, Shape] = {
    "contractId": "text", "contractName": "text", "contractStatus": "text", "state": "text", "signMode": "text",
    "role": "text", "peer": "text", "product": "text", "agreement": "text", "instruction": "text", "feedback": "text",
    "from": "text", "until": "text", "created": "text", "amends": "text", "supersededBy": "text",
    "delivery": "text", "deliveredBy": "text",
}  # fmt: skip
# what a person reads of it, where there is any
TOLD = (
    "signMode", "role", "peer", "product", "from", "until", "agreement", "amends", "supersededBy", "instruction",
    "feedback", "delivery", "deliveredBy",
)  # fmt: skip
SERVICE: dict[str, Shape] = {"party": "text", "role": "text", "share": "number"}
SHOWN: dict[str, Shape] = {
    **CONTRACT, "strategy": "object?", "signatures": ["text"],
    "services": [{**SERVICE, "amount": "text", "signature": "text"}],
}  # fmt: skip
VERSION: dict[str, Shape] = {
    "number": "number", "by": "text", "at": "text", "price": "text", "signed": "truth", "history": "text",
    "differences": ["object"],
}  # fmt: skip
OFFERED: dict[str, Shape] = {
    "product": "text", "title": "text", "description": "text", "at": "text", "provider": "text",
}  # fmt: skip
FIRST = Field("first", ("Leave out", "跳过"), "leave out so many, the newest", "--first", "number", 0, least=0)
CODE = Field("code", ("Contract", "合约编码"), "the 47 characters of its code", sent="id")
EXAMPLE = "84ZZ1KD0Q7Q2M5XW9A3B000020261127120000ZZ7F2K9Q4"


def lines(told: Any) -> list[str]:
    """Return what a person reads of a contract."""
    head = f"{told['contractId']}  {told['contractName']}  ({told['state']}, {told['contractStatus']})"
    served = [
        f"    {one['role']}: {one['party']}, {one['amount']}, {'signed' if one['signature'] else 'not signed yet'}"
        for one in told.get("services", [])
    ]
    return [head, *(f"    {name}: {told[name]}" for name in TOLD if told[name]), *served]


def edits(told: Any) -> list[str]:
    """Return each version, and what it changed."""
    found = []
    for one in told["versions"]:
        unsigned = "" if one["signed"] else "  (not signed)"
        found.append(f"version {one['number']}  {one['at']}  {one['price']}  {one['by']}{unsigned}")
        found += [f"    {each['en']}" for each in one["differences"]]
    return found


ACTS = (
    Act(
        "ndi find",
        "GET contracted",
        help="Ask a connector what it offers, by the interfaces of the national infrastructure; get it by `--at`.",
        says=("Ask the connector at {at} what it offers.", "询问 {at} 处连接器提供的产品。"),
        answer={"products": [OFFERED]},
        example={"at": "ndi+https://provider.example"},
        fields=(
            Field("at", ("Address", "地址"), "its address, with or without `ndi+` before it"),
            Field(
                "provider",
                ("Provider", "提供方"),
                "DID of who answers there, if not its host",
                "--provider",
                default=None,
            ),
            Field("keywords", ("Keywords", "关键词"), "all of these, with spaces between", "--keywords", default=None),
        ),
        does="desk.find",
        roles="buyer",
        table=(
            Column("PRODUCT", "product"),
            Column("TITLE", "title"),
            Column("DESCRIPTION", "description"),
            Column("AT", "at", long=True),
            Column("PROVIDER", "provider", long=True),
        ),
        none="it offers nothing of the kind",
    ),
    Act(
        "ndi list",
        "GET contracts",
        help="List the contracts that were negotiated over these interfaces, newest first.",
        says=("List the contracts of these interfaces.", "列出经这些接口协商的合约。"),
        answer={"contracts": [CONTRACT]},
        example={},
        fields=(FIRST,),
        does="desk.page",
        roles=TRADERS,
        table=(
            Column("CONTRACT", "contractId"),
            Column("NAME", "contractName"),
            Column("STATE", "state"),
            Column("ROLE", "role"),
            Column("UNTIL", "until", is_moment=True),
            Column("PEER", "peer", long=True),
            Column("INSTRUCTION", "instruction", long=True, is_id=True),
        ),
        none="no contract was negotiated over these interfaces",
    ),
    Act(
        "ndi show",
        "GET contracts/{code}",
        help="Show a contract: its strategy, who signed it, its control instruction, and how it stands.",
        says=("Show the contract {code}.", "显示合约 {code}。"),
        answer=SHOWN,
        example={"code": EXAMPLE},
        fields=(CODE,),
        does="desk.show",
        roles=TRADERS,
        lines=lines,
    ),
    Act(
        "ndi versions",
        "GET contracts/{code}/versions",
        help="Show every version of a contract: who proposed it, when, and what it changed, in words.",
        says=("Show the versions of the contract {code}.", "显示合约 {code} 的各个版本。"),
        answer={"versions": [VERSION]},
        example={"code": EXAMPLE},
        fields=(CODE,),
        does="desk.versions",
        verb="ndi show --versions",
        roles=f"{TRADERS} {EXCHANGE}",
        operator=READ,
        lines=edits,
    ),
    Act(
        "ndi compare",
        "GET contracts/{code}/changes",
        help="Show what changed between two versions of a contract: its price and its policy, in words.",
        says=(
            "Compare versions {since} and {until} of the contract {code}.",
            "比较合约 {code} 的第 {since} 版与第 {until} 版。",
        ),
        answer={"differences": ["object"]},
        example={"code": EXAMPLE, "since": 1, "until": 3},
        fields=(
            CODE,
            Field("since", ("From", "起始版本"), "number of the earlier version", kind="number", least=1),
            Field("until", ("To", "目标版本"), "number of the later version", kind="number", least=1),
        ),
        does="desk.compare",
        roles=f"{TRADERS} {EXCHANGE}",
        operator=READ,
        lines=lambda told: [one["en"] for one in told["differences"]] or ["nothing differs"],
    ),
    Act(
        "ndi end",
        "POST contracts/{code}/end",
        help="End a contract before its term: nothing flows under it, the other party and the platform are told.",
        says=("End the contract {code}: {reason}", "终止合约 {code}:{reason}"),
        answer=CONTRACT,
        example={"code": EXAMPLE, "reason": "the purpose is gone"},
        fields=(CODE, REASON),
        does="desk.end",
        roles=TRADERS,
        rehearse=True,
        lines=lines,
    ),
)
