"""The provider's receipt of a plain copy: what it says it has served, signed, and bound to its log (spec 5, "Foreign").

Law: a receipt is the word of one side until the buyer's connector signs its digest, too; it says so itself. It cites
the leaf of `copy.served`, so the figures in it are those that the log had when it was signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.protocol.offers import METERED
from contracts import signature
from contracts.canonical import canonical
from contracts.decimals import read_hex
from contracts.errors import ContractError
from contracts.labels import H

if TYPE_CHECKING:
    from collections.abc import Mapping

RECEIVED: Final = "copy-received"  # kind of the notice with which a buyer signs a receipt
OUTSIDE: Final = "paid outside channels"
TEXTS: Final = ("agreement", "transfer", "edition", "bytes", "plainBytes", "amount", "currency", "logLeaf", "at")
_MEMBERS: Final = frozenset({*TEXTS, "v", "metering", "payment"})
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class CopyReceipt:
    """`bytes_served` with all repeats, `plain_bytes` of the pieces opened, `amount` minor units for the latter."""

    agreement: str
    transfer: str
    edition: str
    bytes_served: int
    plain_bytes: int
    amount: int
    currency: str
    log_leaf: str
    at: str

    def json(self) -> dict[str, Any]:
        """Return what is signed."""
        said = (self.agreement, self.transfer, self.edition, str(self.bytes_served), str(self.plain_bytes))
        told = (*said, str(self.amount), self.currency, self.log_leaf, self.at)
        return {"v": VERSION, "metering": METERED, "payment": OUTSIDE} | dict(zip(TEXTS, told, strict=True))

    @property
    def digest(self) -> bytes:
        """Return the 32 bytes that the provider signs, and the buyer if it agrees."""
        return digest(self.json())


def digest(receipt: Mapping[str, Any]) -> bytes:
    """Return the digest of a receipt as it stands in JSON."""
    return H("copy-receipt", canonical(dict(receipt)))


def check(document: Any, provider: bytes, agreement: str, transfer: str) -> Mapping[str, Any]:
    """Return the receipt in `{receipt, signature, …}` if `provider` (20 bytes) signed it for this transfer.

    Raises `ContractError` saying what is wrong with it.
    """
    receipt = document.get("receipt") if isinstance(document, dict) else None
    if not isinstance(receipt, dict) or set(receipt) != _MEMBERS:
        raise ContractError("copy-receipt", f"a receipt has exactly the members {', '.join(sorted(_MEMBERS))}")
    if not all(isinstance(receipt[name], str) for name in TEXTS) or receipt["v"] != VERSION:
        raise ContractError("copy-receipt", "the members of a receipt are texts, its version is 1")
    signed = read_hex(document.get("signature"), "signature", signature.SIGNATURE_BYTES)
    if (receipt["agreement"], receipt["transfer"]) != (agreement, transfer):
        raise ContractError("copy-receipt", "the receipt is for another transfer")
    if not signature.is_by(provider, digest(receipt), signed):
        raise ContractError("copy-receipt", "the receipt is not signed by the provider of the agreement")
    return receipt
