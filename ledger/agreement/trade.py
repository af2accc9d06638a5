"""A trade as its provider shows it to the exchange: an agreement that the chain settled, with what proves both.

    {v, terms, agreement, providerSignature, buyerSignature, channel, batch}

Law: the signatures bind the price, the chain's claim binds the batch by its account hash, and the batch names the
agreement; so nobody can show a price that was not paid, or a payment for something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts import agreement as agreements
from contracts.decimals import read_hex
from contracts.errors import ContractError
from contracts.signature import SIGNATURE_BYTES
from contracts.terms import Terms
from contracts.typed_data import Agreement, Batch, struct_hash
from contracts.typed_json import from_json, to_json
from ledger.fields import closed

if TYPE_CHECKING:
    from ledger.chain.deployment import Deployment
    from ledger.chain.programs import Channel

VERSION = 1
FIELDS = frozenset({"v", "terms", "agreement", "providerSignature", "buyerSignature", "channel", "batch"})


@dataclass(frozen=True, slots=True)
class Trade:
    """What is shown: the agreement with both signatures, and the last batch that was claimed on its channel."""

    terms: Terms
    agreement: Agreement
    provider_signature: bytes
    buyer_signature: bytes
    channel: bytes
    batch: Batch

    def json(self) -> dict[str, Any]:
        """Return the document."""
        return {
            "v": VERSION,
            "terms": self.terms.json(),
            "agreement": to_json(self.agreement),
            "providerSignature": self.provider_signature.hex(),
            "buyerSignature": self.buyer_signature.hex(),
            "channel": self.channel.hex(),
            "batch": to_json(self.batch),
        }


def parse(document: Any) -> Trade:
    """Read a trade strictly; `ContractError` if it is none."""
    found = closed(document, FIELDS, "trade")
    if found["v"] != VERSION:
        raise ContractError("trade", f"a trade of version {VERSION} is read here")
    return Trade(
        Terms.from_json(found["terms"]),
        from_json(Agreement, found["agreement"]),
        read_hex(found["providerSignature"], "providerSignature", SIGNATURE_BYTES),
        read_hex(found["buyerSignature"], "buyerSignature", SIGNATURE_BYTES),
        read_hex(found["channel"], "channel", 32),
        from_json(Batch, found["batch"]),
    )


def verify(trade: Trade, deployment: Deployment, channel: Channel | None, claimed: bytes) -> bytes:
    """Return the agreement's digest; `ContractError` unless the chain settled this trade.

    `claimed` is the account hash of the channel's last claim.
    """
    key = agreements.verify(
        deployment.domain("licences"), trade.agreement, trade.terms, trade.provider_signature, trade.buyer_signature
    )
    if channel is None or not channel.closed:
        raise ContractError("trade", "the channel of this trade is not closed on chain", "settle it, then show it")
    parties = (channel.payer, channel.payee, channel.split_hash)
    if parties != (trade.agreement.buyer, trade.agreement.provider, trade.terms.split.hash):
        raise ContractError("trade", "the channel is of other parties, or shared otherwise")
    if struct_hash(trade.batch) != claimed:
        raise ContractError("trade", "the batch is not what was claimed on the channel")
    if any(order.agreement_digest != key for order in trade.batch.orders):
        raise ContractError("trade", "the claim is for another agreement, too")
    return key
