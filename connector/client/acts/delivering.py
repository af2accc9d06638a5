"""Deliveries over the national interfaces (按 NDI-TR-2025-05 设计): who may have them, and what was delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import NULL, TRADERS, Act, Field
from connector.client.acts.agreements import answered
from connector.client.acts.columns import Column
from connector.client.acts.ndi import CODE, EXAMPLE, FIRST
from connector.client.acts.serving import PRODUCT

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

LISTED: dict[str, Shape] = {"caller": "text", "kind": "text", "since": "text"}
DELIVERED: dict[str, Shape] = {
    "sequence": "text", "kind": "text", "product": "text", "peer": "text", "caller": "text", "instruction": "text",
    "transfer": "text", "code": "text", "bytes": "number", "seconds": "text", "created": "text",
}  # fmt: skip
CALLER = Field("caller", ("Caller", "调用方"), "a subject's 18 characters, a connector's code of 32, or a DID")
SUBJECT = "91440000MA0000005X"
EVERYBODY = "this product has no list: it is delivered to whoever has a contract"


def listed(told: Any) -> list[str]:
    """Return who is on a product's list."""
    return [f"{one['caller']}  ({one['kind']})" for one in told["callers"]] or [EVERYBODY]


def _pushed(told: Any) -> list[str]:
    """Return where a push that was asked for goes, and how it stands."""
    here = [f"the files come to  {told['folder']}"] if told["folder"] else []
    return [f"transfer  {told['transfer']}", *here, f"next: penstock admin show {told['transfer']}"]


ACTS = (
    Act(
        "ndi white list",
        "GET products/{product}/white-list",
        help="List who may have what a product delivers over these interfaces.",
        says=("List who may have the deliveries of {product}.", "列出产品 {product} 的交付白名单。"),
        answer={"callers": [LISTED]},
        example={"product": "tides"},
        fields=(PRODUCT,),
        does="white_lists.page",
        roles="provider",
        table=(Column("CALLER", "caller"), Column("KIND", "kind"), Column("SINCE", "since", is_moment=True)),
        none=EVERYBODY,
    ),
    Act(
        "ndi white add",
        "POST products/{product}/white-list",
        help="Put somebody on a product's list: from the first one on it is delivered to nobody else.",
        says=(
            "Deliver {product} to {caller}, and only to who is listed.",
            "将 {caller} 加入产品 {product} 的白名单。",
        ),
        answer={"callers": [LISTED]},
        example={"product": "tides", "caller": SUBJECT},
        fields=(PRODUCT, CALLER),
        does="white_lists.add",
        rehearse=True,
        roles="provider",
        lines=listed,
    ),
    Act(
        "ndi white remove",
        "POST products/{product}/white-list/removal",
        help="Take somebody off a product's list: what runs for them is cut off at once.",
        says=("Deliver {product} to {caller} no longer.", "将 {caller} 移出产品 {product} 的白名单。"),
        answer={"callers": [LISTED]},
        example={"product": "tides", "caller": SUBJECT},
        fields=(PRODUCT, CALLER),
        does="white_lists.remove",
        rehearse=True,
        roles="provider",
        lines=listed,
    ),
    Act(
        "ndi white drop",
        "POST products/{product}/white-list/drop",
        help="Do without a product's list: whoever has a contract is delivered to again.",
        says=("Deliver {product} to whoever has a contract.", "取消产品 {product} 的白名单。"),
        answer={"callers": [LISTED]},
        example={"product": "tides"},
        fields=(PRODUCT,),
        does="white_lists.drop",
        rehearse=True,
        roles="provider",
        lines=listed,
    ),
    Act(
        "ndi delivered",
        "GET deliveries",
        help="List what was delivered over these interfaces, and what we called, newest first, by their numbers.",
        says=("List what was delivered, and called by us.", "列出已交付与已调用的记录。"),
        answer={"deliveries": [DELIVERED]},
        example={},
        fields=(FIRST,),
        does="desk.delivered",
        roles=TRADERS,
        table=(
            Column("NUMBER", "sequence"),
            Column("KIND", "kind"),
            Column("PRODUCT", "product"),
            Column("CODE", "code"),
            Column("BYTES", "bytes"),
            Column("SECONDS", "seconds"),
            Column("PEER", "peer", long=True),
        ),
        none="nothing was delivered over these interfaces",
    ),
    Act(
        "ndi call",
        "POST contracts/{code}/calls",
        help="Call the interface that a contract is on by its header, at a connector of any make; PATH as it is named.",
        says=("Call {method} {path} under the contract {code}.", "依据合约 {code} 调用 {method} {path}。"),
        answer={
            "contractId": "text",
            "sequence": "text",
            "status": "number",
            "type": "text",
            "body": "text",
            "encoding": "text",
            "receipt?": "object",
        },
        example={"code": EXAMPLE, "path": "/rain/2026-11-22", "method": "GET"},
        fields=(
            CODE,
            Field("path", ("Path", "路径"), "the path, from the interface on"),
            Field("method", ("Method", "方法"), "GET, POST, PUT, PATCH or DELETE", "--method", default="GET"),
            Field("query", ("Query", "查询参数"), "name=value; may be repeated", "--query", "pairs", NULL),
            Field("body", ("Body (JSON)", "请求体(JSON)"), "what is sent, as JSON", "--body", default=NULL),
            Field(
                "at",
                ("Address", "地址"),
                "where the provider takes calls, if not below `/apiCall`",
                "--at",
                default=NULL,
            ),
        ),
        does="header_calls.call",
        roles="buyer",
        rehearse=True,
        lines=answered,
    ),
    Act(
        "ndi push",
        "POST contracts/{code}/pushes",
        help="Have the provider of a contract push its data here, or to an HTTP server of ours that takes a POST.",
        says=(
            "Have the data of the contract {code} pushed here, or to {to}.",
            "将合约 {code} 的数据推送至此处或 {to}。",
        ),
        answer={"contractId": "text", "transfer": "text", "folder": "text"},
        example={"code": EXAMPLE},
        fields=(
            CODE,
            Field(
                "to",
                ("To", "推送至"),
                "the address that the bytes go to; default: here",
                "--to",
                default=NULL,
            ),
            Field(
                "authorization",
                ("Authorization", "授权"),
                "goes along in this header; the provider's connector knows it then",
                "--authorization",
                default=NULL,
            ),
        ),
        does="landing.push",
        roles="buyer",
        rehearse=True,
        lines=_pushed,
    ),
)
