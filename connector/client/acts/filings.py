"""Contracts at the exchange's register (备案): filed, listed, shown, and opened by their parties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import FORWARD, TRADERS, Act, Field
from connector.client.acts.columns import Column

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

FILED: dict[str, Shape] = {
    "contractId": "text", "contractName": "text", "contractHash": "text", "agreement": "text",
    "instruction": "text", "product": "text",
    "provider": "text", "consumer": "text", "signed": "text", "filed": "text", "by": "text",
    "grade": "text", "amends?": "text", "supersededBy?": "text",
}  # fmt: skip
STANDING: dict[str, Shape] = {
    **FILED,
    "state?": "text",
    "contractStatus?": "text",
    "sealed?": "text",
    "contract?": "object",
}
CODE = ("Contract", "合约编码"), "the 47 characters of its code"
EXAMPLE = {"id": "84ZZ1KD0Q7Q2M5XW9A3B000020261127120000ZZ7F2K9Q4"}


def lines(filed: Any) -> list[str]:
    """Return what a person reads of a filed contract."""
    state = f", {filed['state']} ({filed['contractStatus']})" if "state" in filed else ""
    told = [f"{filed['contractId']}  {filed['contractName']}  (filed {filed['filed']}{state})"]
    names = ("product", "provider", "consumer", "signed", "by", "grade", "agreement", "instruction", "contractHash")
    return told + [f"    {name}: {filed[name]}" for name in (*names, "amends", "supersededBy") if name in filed]


ACTS = (
    Act(
        "filing make",
        "POST agreements/{agreement}/filing",
        help="File an agreement at the exchange as a digital contract; only its two parties can open what lies there.",
        says=("File the agreement {agreement} at the exchange.", "将合约 {agreement} 在平台备案。"),
        answer=STANDING,
        example={"agreement": "5b1f0c"},
        fields=(
            Field("agreement", ("Agreement", "合约"), "digest of an agreement of ours", sent="id", of="agreement"),
        ),
        does="registration.file",
        roles=TRADERS,
        rehearse=True,
        lines=lines,
    ),
    Act(
        "filing list",
        "GET filings",
        help="List the filed contracts that concern us, newest first; exchange and regulator see all.",
        says=("List the filed contracts.", "列出已备案的合约。"),
        answer={"filings": [FILED]},
        example={},
        fields=(
            Field("first", ("Leave out", "跳过"), "leave out so many, the newest", "--first", "number", 0, least=0),
        ),
        handler=FORWARD,
        table=(
            Column("CONTRACT", "contractId"),
            Column("FILED", "filed", is_moment=True),
            Column("NAME", "contractName"),
            Column("PROVIDER", "provider", long=True),
            Column("CONSUMER", "consumer", long=True),
            Column("GRADE", "grade", long=True),
            Column("AGREEMENT", "agreement", long=True, is_id=True),
            Column("INSTRUCTION", "instruction", long=True, is_id=True),
            Column("HASH", "contractHash", long=True, is_id=True),
        ),
        none="no contract is filed",
    ),
    Act(
        "filing show",
        "GET filings/{id}",
        help="Show a filed contract: who signed it and when, its hash, and how it stands by the chain.",
        says=("Show the filed contract {id}.", "显示已备案的合约 {id}。"),
        answer=STANDING,
        example=EXAMPLE,
        fields=(Field("id", *CODE, of="filing"),),
        handler=FORWARD,
        lines=lines,
    ),
    Act(
        "filing open",
        "GET filings/{code}/contract",
        help="Fetch a contract of ours from the register, open it, and see that it is what both signed.",
        says=("Open the filed contract {code}.", "打开已备案的合约 {code}。"),
        answer="object",
        example={"code": EXAMPLE["id"]},
        fields=(Field("code", *CODE, sent="id", of="filing"),),
        does="registration.open",
        roles=TRADERS,
        typed=f"{EXAMPLE['id']} -o contract.json",
    ),
)
