"""The JSON bodies of the window protocol; one table for writing and reading.

    POST /channel/<id>/request       KeyRequest {orders, contexts, prev, after}
                                  →  KeyOffer {offer, signature, sealedKeys{reader hex: base64 of enc||ciphertext}}
                                  or Denial {outcome, reasons, duties}
    POST /channel/<id>/voucher       Voucher {voucher, signature}
                                  →  KeyRelease {t, receipt, signature}
                                  or Refusal {refusal, signature, code, reasons}
    POST /channel/<id>/step          Step {paid: Voucher, request: KeyRequest}
                                  →  {released: KeyRelease, offered: KeyOffer or null}
                                  or Refusal
    POST /channel/<id>/acknowledge   Voucher  →  nothing
    POST /channel/<id>/resume        Resume {seq, accountHash, windows[…]}  →  Resume

Law: a body has exactly the members of its row, plus `checkpoint`, which its handler reads; everything that a peer can
make long has a limit here, and what is read is written back the same.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from connector.channel.batch import MAX_READER_KEYS
from connector.channel.box import OVERHEAD_BYTES
from connector.channel.errors import fault
from connector.channel.messages import (
    Denial,
    KeyRequest,
    OfferMessage,
    RefusalMessage,
    Released,
    ReleaseMessage,
    Resume,
    Step,
    StepMessage,
    Testimony,
    VoucherMessage,
)
from connector.channel.resume import MAX_WINDOWS
from connector.channel.window import MAX_BATCH_ROWS
from connector.runtime.limits import ORDERS_MAX, RANGES_MAX, REASON_CHARACTERS_MAX
from contracts.decimals import read_decimal, read_hex
from contracts.errors import ContractError
from contracts.signature import SIGNATURE_BYTES
from contracts.typed_data import KeyOffer, Order, Receipt, Refusal, Voucher
from contracts.typed_json import from_json, to_json

T = TypeVar("T")

CHECKPOINT = "checkpoint"
MAX_CONTEXT_MEMBERS = 16
MAX_CONTEXT_CHARACTERS = 512
MAX_SEALED_BYTES = OVERHEAD_BYTES + 32 * MAX_BATCH_ROWS
MAX_REASONS = 64
MAX_REASON_MEMBERS = 8
MAX_CODE_CHARACTERS = 64
MAX_SEQ = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a body: its name on the wire, the field it fills, how it is written and read."""

    name: str
    field: str
    write: Callable[[Any], Any]
    read: Callable[[Any, str], Any]


def encode(message: Any) -> dict[str, Any]:
    """Return the body of a message; the caller adds `checkpoint`."""
    return {each.name: each.write(getattr(message, each.field)) for each in BODIES[type(message)]}


def decode(kind: type[T], body: Any) -> T:
    """Read a body strictly; `malformed` names what is wrong with it."""
    members = BODIES[kind]
    if not isinstance(body, Mapping) or set(body) - {CHECKPOINT} != {each.name for each in members}:
        raise fault("malformed", f"a {kind.__name__} has exactly {', '.join(each.name for each in members)}")
    try:
        message = kind(**{each.field: each.read(body[each.name], each.name) for each in members})
    except ContractError as error:
        raise fault("malformed", str(error)) from error
    if isinstance(message, KeyRequest | Testimony) and len(message.orders) != len(message.contexts):
        raise fault("malformed", "there is not one context for each order")
    return message


def decode_one(body: Any, *kinds: type[Any]) -> Any:
    """Read a body that is one of several kinds, told apart by their members."""
    for kind in kinds:
        if isinstance(body, Mapping) and set(body) - {CHECKPOINT} == {each.name for each in BODIES[kind]}:
            return decode(kind, body)
    raise fault("malformed", f"the answer is none of {', '.join(kind.__name__ for kind in kinds)}")


def _hex(size: int) -> tuple[Callable[[Any], Any], Callable[[Any, str], Any]]:
    return bytes.hex, lambda value, name: read_hex(value, name, size)


def _number(value: Any, name: str) -> int:
    return read_decimal(value, name, limit=MAX_SEQ)


def _typed(kind: type[Any]) -> tuple[Callable[[Any], Any], Callable[[Any, str], Any]]:
    def read(value: Any, name: str) -> Any:
        found = from_json(kind, value)
        if getattr(found, "seq", 0) > MAX_SEQ:
            raise ContractError("malformed", f"the `seq` of `{name}` is over {MAX_SEQ}")
        return found

    return to_json, read


def _optional(
    codec: tuple[Callable[[Any], Any], Callable[[Any, str], Any]], absent: Any = None
) -> tuple[Callable[[Any], Any], Callable[[Any, str], Any]]:
    write, read = codec
    return (
        lambda value: None if value == absent else write(value),
        lambda value, name: absent if value is None else read(value, name),
    )


def _listed(read: Callable[[Any, str], Any], limit: int, value: Any, name: str) -> tuple[Any, ...]:
    if not isinstance(value, list) or len(value) > limit:
        raise ContractError("malformed", f"`{name}` is not a list of at most {limit}")
    return tuple(read(item, name) for item in value)


def _read_order(value: Any, _name: str) -> Order:
    order = from_json(Order, value)
    if len(order.ranges) > RANGES_MAX:
        raise ContractError("malformed", f"an order has at most {RANGES_MAX} ranges")
    return order


def _read_orders(value: Any, name: str) -> tuple[Order, ...]:
    orders = _listed(_read_order, ORDERS_MAX, value, name)
    if not orders:
        raise ContractError("malformed", f"`{name}` is empty")
    return orders


def _read_context(value: Any, name: str) -> dict[str, str]:
    if not isinstance(value, Mapping) or len(value) > MAX_CONTEXT_MEMBERS:
        raise ContractError("malformed", f"`{name}` holds objects of at most {MAX_CONTEXT_MEMBERS} members")
    for key, text in value.items():
        if not isinstance(text, str) or max(len(key), len(text)) > MAX_CONTEXT_CHARACTERS:
            raise ContractError("malformed", f"`{name}` holds texts of at most {MAX_CONTEXT_CHARACTERS} characters")
    return dict(value)


def _read_told(value: Any, name: str) -> dict[str, Any]:
    """Read a reason or duty: a flat object of short texts or lists of them, as the policy writes it."""
    if not isinstance(value, Mapping) or len(value) > MAX_REASON_MEMBERS:
        raise ContractError("malformed", f"`{name}` holds objects of at most {MAX_REASON_MEMBERS} members")
    for told in value.values():
        parts = told if isinstance(told, list) else [told]
        if len(parts) > MAX_REASON_MEMBERS or not all(
            isinstance(part, str) and len(part) <= REASON_CHARACTERS_MAX for part in parts
        ):
            raise ContractError("malformed", f"`{name}` holds texts of at most {REASON_CHARACTERS_MAX} characters")
    return dict(value)


def _read_code(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value.isascii() or not 0 < len(value) <= MAX_CODE_CHARACTERS:
        raise ContractError("malformed", f"`{name}` is not a code of at most {MAX_CODE_CHARACTERS} characters")
    return value


def _write_boxes(boxes: Mapping[bytes, bytes]) -> dict[str, str]:
    return {key.hex(): base64.b64encode(box).decode("ascii") for key, box in boxes.items()}


def _read_boxes(value: Any, name: str) -> dict[bytes, bytes]:
    if not isinstance(value, Mapping) or len(value) > MAX_READER_KEYS:
        raise ContractError("malformed", f"`{name}` is not an object of at most {MAX_READER_KEYS} reader keys")
    return {read_hex(key, name, 32): _read_box(box, name) for key, box in value.items()}


def _read_box(value: Any, name: str) -> bytes:
    try:
        box = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError) as error:
        raise ContractError("malformed", f"`{name}` holds base64") from error
    if not OVERHEAD_BYTES <= len(box) <= MAX_SEALED_BYTES or base64.b64encode(box).decode("ascii") != value:
        raise ContractError("malformed", f"`{name}` holds boxes of at most {MAX_SEALED_BYTES} bytes")
    return box


def _write_list(values: Any) -> list[dict[str, Any]]:
    return [dict(value) for value in values]


_SIGNATURE = _hex(SIGNATURE_BYTES)
_DIGEST = _hex(32)
_ORDERS = (lambda orders: [to_json(order) for order in orders], _read_orders)
_CONTEXTS = (_write_list, partial(_listed, _read_context, ORDERS_MAX))
_TOLD = (_write_list, partial(_listed, _read_told, MAX_REASONS))
_BOXES = (_write_boxes, _read_boxes)


def _part(kind: type[T]) -> tuple[Callable[[Any], Any], Callable[[Any, str], T]]:
    """Return how a message is written and read inside another."""
    return encode, lambda value, _name: decode(kind, value)


BODIES: Mapping[type, tuple[Member, ...]] = MappingProxyType({
    KeyRequest: (
        Member("orders", "orders", *_ORDERS),
        Member("contexts", "contexts", *_CONTEXTS),
        Member("prev", "prev", *_DIGEST),
        Member("after", "after", str, _number),
    ),
    OfferMessage: (
        Member("offer", "offer", *_typed(KeyOffer)),
        Member("signature", "signature", *_SIGNATURE),
        Member("sealedKeys", "sealed_keys", *_BOXES),
    ),
    VoucherMessage: (
        Member("voucher", "voucher", *_typed(Voucher)),
        Member("signature", "signature", *_SIGNATURE),
    ),
    ReleaseMessage: (
        Member("t", "preimage", *_DIGEST),
        Member("receipt", "receipt", *_typed(Receipt)),
        Member("signature", "signature", *_SIGNATURE),
    ),
    RefusalMessage: (
        Member("refusal", "refusal", *_typed(Refusal)),
        Member("signature", "signature", *_SIGNATURE),
        Member("code", "code", str, _read_code),
        Member("reasons", "reasons", *_TOLD),
    ),
    Step: (
        Member("paid", "paid", *_part(VoucherMessage)),
        Member("request", "request", *_part(KeyRequest)),
    ),
    StepMessage: (
        Member("released", "released", *_part(ReleaseMessage)),
        Member("offered", "offered", *_optional(_part(OfferMessage))),
    ),
    Denial: (
        Member("outcome", "outcome", str, _read_code),
        Member("reasons", "reasons", *_TOLD),
        Member("duties", "duties", *_TOLD),
    ),
    Testimony: (
        Member("prev", "prev", *_DIGEST),
        Member("orders", "orders", *_ORDERS),
        Member("contexts", "contexts", *_CONTEXTS),
        Member("offered", "offered", *_part(OfferMessage)),
        Member("paid", "paid", *_part(VoucherMessage)),
        Member("receipt", "receipt", *_optional(_typed(Receipt))),
        Member("receiptSignature", "receipt_signature", *_optional(_SIGNATURE, b"")),
        Member("t", "preimage", *_optional(_DIGEST)),
        Member("refused", "refused", *_optional(_part(RefusalMessage))),
        Member("acknowledged", "acknowledged", *_optional(_part(VoucherMessage))),
    ),
    Resume: (
        Member("seq", "seq", str, _number),
        Member("accountHash", "account_hash", *_DIGEST),
        Member(
            "windows",
            "windows",
            lambda windows: [encode(window) for window in windows],
            partial(_listed, lambda value, _name: decode(Testimony, value), MAX_WINDOWS),
        ),
    ),
    Released: (
        Member("seq", "seq", str, _number),
        Member("accountHash", "account_hash", *_DIGEST),
    ),
})  # fmt: skip
