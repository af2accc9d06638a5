"""Service parties of contracts (服务方, 按 TC609-6-2025-14 设计): named for a product; asked, signed and declined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import NULL, TRADERS, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.members import REASON
from connector.client.acts.money import AMOUNT, TYPED, money
from connector.client.acts.ndi import CODE, EXAMPLE, FIRST, SERVICE

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

SERVED: dict[str, Shape] = {
    "contractId": "text", "contractName": "text", "state": "text", "role": "text", "share": "number",
    "provider": "text", "consumer": "text", "agreement": "text", "instruction": "text", "reason": "text",
    "strategy": "object", "signatures": ["text"], "created": "text",
}  # fmt: skip
PAID: dict[str, Shape] = {
    "contractId": "text", "currency": "text",
    "payments": [{"number": "number", "party": "text", "role": "text", "amount": "digits", "block": "number"}],
}  # fmt: skip
PRODUCT = Field("product", ("Product", "产品"), "the id of a plain product of ours", sent="id")
PARTY = Field("party", ("Service party", "服务方"), "its DID, of a member of the space")
BROKER = "did:web:broker.example"
NOBODY = "no service party goes with this product"


def named(told: Any) -> list[str]:
    """Return who goes with a product."""
    lines = [f"{one['role']}: {one['party']}, {one['share']} basis points" for one in told["parties"]]
    return lines or [NOBODY]


def payments(told: Any) -> list[str]:
    """Return what was paid to whom, one a line."""
    found = []
    for one in told["payments"]:
        amount = money(one["amount"], told["currency"])
        found.append(f"{one['number']}  {one['role']}: {one['party']}, {amount}, block {one['block']}")
    return found or ["nothing was paid for it on chain"]


ACTS = (
    Act(
        "ndi party list",
        "GET products/{product}/service-parties",
        help="List the service parties of a product: who else signs its contracts, with what share of the price.",
        says=("List the service parties of {product}.", "列出产品 {product} 的服务方。"),
        answer={"parties": [SERVICE]},
        example={"product": "tides"},
        fields=(PRODUCT,),
        does="service_desk.named",
        roles="provider",
        table=(Column("PARTY", "party"), Column("ROLE", "role"), Column("SHARE", "share")),
        none=NOBODY,
    ),
    Act(
        "ndi party set",
        "POST products/{product}/service-parties",
        help="Name a service party of a product: contracts proposed from now on name it, and need its signature.",
        says=(
            "Name {party} as {role} of {product}, with {share} basis points of the price.",
            "将 {party} 设为产品 {product} 的服务方({role}),分成 {share} 个基点。",
        ),
        answer={"parties": [SERVICE]},
        example={"product": "tides", "party": BROKER, "role": "broker", "share": 500},
        fields=(
            PRODUCT,
            PARTY,
            Field("role", ("Role", "角色"), "broker, host, platform or processor", "--role"),
            Field("share", ("Share", "分成"), "basis points of the price", "--share", "number", 0, least=0, most=9999),
        ),
        does="service_desk.name",
        rehearse=True,
        roles="provider",
        lines=named,
    ),
    Act(
        "ndi party remove",
        "POST products/{product}/service-parties/removal",
        help="Name a service party of a product no longer; contracts that are signed stay as they are.",
        says=("Name {party} no longer as service party of {product}.", "不再将 {party} 列为产品 {product} 的服务方。"),
        answer={"parties": [SERVICE]},
        example={"product": "tides", "party": BROKER},
        fields=(PRODUCT, PARTY),
        does="service_desk.leave_out",
        rehearse=True,
        roles="provider",
        lines=named,
    ),
    Act(
        "ndi served list",
        "GET served-contracts",
        help="List the contracts of others that name us as a service party, newest first.",
        says=("List the contracts that we serve in.", "列出我方作为服务方的合约。"),
        answer={"contracts": [SERVED]},
        example={},
        fields=(FIRST,),
        does="service_desk.served",
        roles=TRADERS,
        table=(
            Column("CONTRACT", "contractId"),
            Column("NAME", "contractName"),
            Column("STATE", "state"),
            Column("ROLE", "role"),
            Column("SHARE", "share"),
            Column("PROVIDER", "provider", long=True),
        ),
        none="no contract names us as a service party",
    ),
    Act(
        "ndi served show",
        "GET served-contracts/{code}",
        help="Show a contract that names us as a service party: its strategy, our part in it, and who has signed.",
        says=("Show the contract {code} that we serve in.", "显示我方作为服务方的合约 {code}。"),
        answer=SERVED,
        example={"code": EXAMPLE},
        fields=(CODE,),
        does="service_desk.show",
        roles=TRADERS,
    ),
    Act(
        "ndi sign",
        "POST served-contracts/{code}/signature",
        help="Sign a contract as the service party that it names; it comes into force once all have signed.",
        says=("Sign the contract {code} as its service party.", "以服务方身份签署合约 {code}。"),
        answer=SERVED,
        example={"code": EXAMPLE},
        fields=(CODE,),
        does="service_desk.sign",
        rehearse=True,
        roles=TRADERS,
    ),
    Act(
        "ndi decline",
        "POST served-contracts/{code}/refusal",
        help="Decline to serve in a contract: it comes into force for nobody.",
        says=("Decline to serve in the contract {code}: {reason}", "谢绝在合约 {code} 中担任服务方:{reason}"),
        answer=SERVED,
        example={"code": EXAMPLE, "reason": "we do not host such data"},
        fields=(CODE, REASON),
        does="service_desk.decline",
        rehearse=True,
        roles=TRADERS,
    ),
    Act(
        "ndi pay",
        "POST contracts/{code}/payments",
        help="Pay a contract on chain: its provider, and each service party its share; a number is paid once.",
        says=("Pay the contract {code}.", "支付合约 {code} 的价款。"),
        answer=PAID,
        example={"code": EXAMPLE, "number": 1},
        fields=(
            CODE,
            Field(
                "number",
                ("Number", "序号"),
                "of the payment, 1 to 64: the same one again changes nothing",
                "--number",
                "number",
                1,
                least=1,
                most=64,
            ),
            Field(
                "amount", AMOUNT, "what is paid in all, " + TYPED + "; default: the price", "--amount", "money", NULL, 1
            ),
        ),
        does="paying.pay",
        roles="buyer",
        rehearse=True,
        lines=payments,
    ),
    Act(
        "ndi paid",
        "GET contracts/{code}/payments",
        help="Find on the chain what was paid for a contract: to its provider, and to each service party.",
        says=("Find what was paid for the contract {code}.", "在链上查询合约 {code} 的付款。"),
        answer=PAID,
        example={"code": EXAMPLE},
        fields=(CODE,),
        does="paying.paid",
        lines=payments,
    ),
)
