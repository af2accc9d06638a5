"""Two different messages with one seq and one signer: proof of equivocation, from the two alone (spec 4, resume).

    {v, kind, channelId, messages: [{value, signature}, {value, signature}]}

`kind` is a row of `SIGNERS`, the values are JSON of contracts.typed_json, bytes lower-case hex. Law: both messages are
of one channel and one seq, differ, and one key signed both; what is less was made up and is dismissed. Whether the
signer is a party of an agreement is for its reader to compare: the proof names the key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts.decimals import read_hex
from contracts.errors import ContractError
from contracts.signature import SIGNATURE_BYTES, recover
from contracts.typed_data import KeyOffer, Receipt, Voucher, digest
from contracts.typed_json import from_json, to_json
from ledger.fields import closed, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.space.domains import Domains

NAME = "equivocation"
VERSION = 1
TWO = 2
ID_BYTES = 32
FIELDS = frozenset({"v", "kind", "channelId", "messages"})
MESSAGE_FIELDS = frozenset({"value", "signature"})
# kind of message → (its type, who signs it, the domain that it is signed in)
SIGNERS: Mapping[str, tuple[type[Message], str, str]] = {
    "KeyOffer": (KeyOffer, "payee", "registry"),
    "Voucher": (Voucher, "payer", "channels"),
    "Receipt": (Receipt, "payee", "registry"),
}

Message = KeyOffer | Voucher | Receipt
Signed = tuple[Message, bytes]


@dataclass(frozen=True, slots=True)
class Proof:
    """The two messages, and who signed both: `signer` is its address (20 bytes), `role` payer or payee."""

    kind: str
    channel_id: bytes
    seq: int
    role: str
    signer: bytes


def document(channel_id: bytes, first: Signed, second: Signed) -> dict[str, Any]:
    """Return the proof as it is kept."""
    return {
        "v": VERSION,
        "kind": type(first[0]).__name__,
        "channelId": channel_id.hex(),
        "messages": [{"value": to_json(value), "signature": signature.hex()} for value, signature in (first, second)],
    }


def read(found: Any) -> tuple[str, bytes, tuple[Message, Message]]:
    """Return kind, channel and the two messages of a well-formed document, which may still prove nothing."""
    kind, channel_id, messages = _read(found)
    return kind, channel_id, (messages[0][0], messages[1][0])


def judge(found: Any, domains: Domains) -> Proof:
    """Return what a document proves; `ContractError` if it proves nothing."""
    kind, channel_id, messages = _read(found)
    _, role, domain = SIGNERS[kind]
    (first, _), (second, _) = messages
    _need(first != second, "two different messages are needed")
    _need(first.channel_id == channel_id == second.channel_id, "they are of different channels")
    _need(first.seq == second.seq, "their seq differs")
    signers = {recover(digest(getattr(domains, domain), value), signature) for value, signature in messages}
    _need(len(signers) == 1, "two keys signed them")
    return Proof(kind, channel_id, first.seq, role, signers.pop())


def _read(found: Any) -> tuple[str, bytes, tuple[Signed, ...]]:
    found = closed(found, FIELDS, NAME)
    if found["v"] != VERSION or not isinstance(found["kind"], str) or found["kind"] not in SIGNERS:
        raise ContractError(NAME, f"a proof of version {VERSION} is about {', '.join(SIGNERS)}")
    kind = SIGNERS[found["kind"]][0]
    messages = listed(found["messages"], "messages", lambda one, at: _signed(kind, one, at), limit=TWO)
    _need(len(messages) == TWO, "two messages are needed")
    return found["kind"], read_hex(found["channelId"], "channelId", ID_BYTES), messages


def _signed(kind: type[Message], found: Any, where: str) -> Signed:
    found = closed(found, MESSAGE_FIELDS, where)
    return from_json(kind, found["value"]), read_hex(found["signature"], where, SIGNATURE_BYTES)


def _need(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - a condition
    if not holds:
        raise ContractError(NAME, f"this is no proof of equivocation: {otherwise}")
