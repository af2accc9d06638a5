"""The agreement of a negotiation: the provider draws it, the buyer inspects and signs it, both keep it.

Law: the buyer signs what it negotiated and nothing else: the rules, the agreed price and every other term are compared
with what was on the table, the words and digests are derived again, and the provider's signature must be by the key of
its DID document. Whatever differs is named in the refusal. A peer without our signatures gets the tier `plain` only.

    agreement[SIGNATURE]     {"agreement": typed data as JSON, "signature": hex}      provider
    verification[SIGNATURE]  {"digest": hex, "signature": hex}                        buyer
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.negotiation.doors import DeclinedError
from connector.negotiation.envelope import pids
from connector.negotiation.ndi import offers as contracts
from connector.negotiation.protocol import messages, offers
from connector.negotiation.protocol.errors import ProtocolError
from connector.negotiation.protocol.states import FINALIZED
from connector.store.rows.agreement import AgreementRow
from connector.store.table_row import replace
from contracts import agreement as agreements
from contracts import typed_json
from contracts.canonical import canonical
from contracts.decimals import read_hex
from contracts.errors import ContractError
from contracts.labels import H
from contracts.namespace import AGREEMENT_URN, CONTRACT, OFFER_TERMS, SIGNATURE
from contracts.price_words import money
from contracts.signature import SIGNATURE_BYTES
from contracts.tariff import Tariff, amount
from contracts.terms import Terms
from contracts.typed_data import Agreement
from contracts.typed_data import digest as typed_digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.negotiation.doors import Participant
    from connector.negotiation.protocol.messages import Document
    from connector.store.rows.protocol import NegotiationRow
    from connector.store.transaction import Tx


@dataclass(frozen=True, slots=True)
class Drawn:
    """An agreement and what identifies it; `typed` and `signature` are None with a peer that does not sign ours."""

    digest: bytes
    odrl: Document
    terms: Document | None
    typed: Agreement | None
    signature: bytes | None

    @property
    def cost(self) -> int:
        """What it costs at most by what both sign, 0 where that says nothing of it."""
        return 0 if self.typed is None else self.typed.price_cap


def draw(me: Participant, row: NegotiationRow, price: int, salt: bytes, now: datetime) -> Drawn:
    """Return the provider's agreement on the table of a `negotiations` row at `price`."""
    assert row.terms is not None, "a provider has its product's terms on the table"
    try:
        table = offers.at_price(row.terms, price)
        terms = Terms.from_json({**table, "salt": salt.hex()})
        if terms.not_after <= now:
            raise DeclinedError(f"the product may be used until `{table['notAfter']}` only, which has passed")
        _settled(me, terms)
        _delegated(terms, me.address)
        _pays(me, row, terms)
        if row.peer_address is None:
            draft = offers.agreement(terms, urn="", assigner=me.did, assignee=row.peer, now=now)
            about = (row.offer or {}).get(CONTRACT)
            draft |= {CONTRACT: about} if about else {}
            draft = draft if OFFER_TERMS in (row.offer or {}) else offers.foreign(draft)
            if about:
                draft[CONTRACT] = {**about, "strategy": contracts.strategy_of(draft, about, me.currency)}
            digest = unsigned_digest(draft, row)
            return Drawn(digest, {**draft, "@id": AGREEMENT_URN + digest.hex()}, terms.json(), None, None)
        cap = cost(row, price)
        typed = agreements.build(terms, provider=me.address, buyer=row.peer_address, price_cap=cap)
    except ContractError as error:
        raise DeclinedError(f"the terms on offer make no agreement: {error}") from error
    digest = typed_digest(me.domain, typed)
    signature = me.sign(digest)
    block = {"agreement": typed_json.to_json(typed), "signature": signature.hex()}
    urn = agreements.agreement_urn(digest)
    odrl = offers.agreement(terms, urn=urn, assigner=me.did, assignee=row.peer, now=now, signature=block)
    return Drawn(digest, odrl, terms.json(), typed, signature)


def inspect(me: Participant, row: NegotiationRow, now: datetime) -> Drawn:
    """Return the agreement that the provider sent for a `negotiations` row, or `DeclinedError` naming what is wrong."""
    odrl = row.agreement
    assert odrl is not None, "it came with the message that is looked at"
    expected = {"assigner": row.peer, "assignee": me.did, "target": row.product}
    if wrong := [name for name, value in expected.items() if odrl.get(name) != value]:
        raise DeclinedError(f"the agreement names another `{'`, `'.join(wrong)}` than was negotiated")
    if row.terms is None:
        _require_same(row.offer or odrl, odrl)
        return Drawn(unsigned_digest(odrl, row), odrl, None, None, None)
    if SIGNATURE not in odrl and row.terms["tier"] != offers.PLAIN:
        raise DeclinedError("the agreement is not signed, which only the tier `plain` allows")
    try:
        terms = _negotiated(row, odrl)
        if terms.not_after <= now:
            raise DeclinedError("the agreement ends before it begins")
        _settled(me, terms)
        _delegated(terms, row.peer_address)
        if SIGNATURE not in odrl:
            return Drawn(unsigned_digest(odrl, row), odrl, terms.json(), None, None)
        return _signed(me, row, odrl, terms)
    except (ContractError, ProtocolError) as error:
        raise DeclinedError(f"the agreement is not what was negotiated: {error}") from error


def says_again(row: NegotiationRow, body: Mapping[str, Any]) -> bool:
    """Say whether a provider of another make says again what it agreed to, before it has finalized.

    Eclipse EDC may draw an agreement twice, each under an id of its own, and keeps the second.
    """
    again, known = body.get("agreement"), row.agreement
    if again is None or known is None or row.terms is not None or CONTRACT in known:
        return False
    try:
        _require_same(known, again)
    except DeclinedError:
        return False
    return all(again.get(name) == known.get(name) for name in ("target", "assigner", "assignee"))


def keep_newest(tx: Tx, row: NegotiationRow) -> None:
    """Keep the agreement of a finalized negotiation under the id that its provider said last."""
    kept = tx.get(AgreementRow, digest=row.digest) if row.state == FINALIZED and row.terms is None else None
    if kept is not None and row.agreement is not None and kept.odrl != row.agreement:
        tx.change(kept, replace(kept, odrl=row.agreement))


def countersigned(me: Participant, row: NegotiationRow) -> bytes | None:
    """Return the buyer's signature of a verified `negotiations` row, None for a peer that does not sign ours."""
    if row.peer_address is None:
        return None
    typed, signature = typed_of(row.agreement or {}), row.buyer_signature or b""
    assert typed is not None, "we signed what we sent"
    try:
        agreements.check_signature(me.domain, typed, signature, "buyer")
    except ContractError as error:
        raise DeclinedError(f"the verification is not signed by the buyer: {error}") from error
    return signature


def typed_of(odrl: Mapping[str, Any]) -> Agreement | None:
    """Return the typed data that an agreement carries, None if it carries none."""
    block = odrl.get(SIGNATURE)
    return None if block is None else typed_json.from_json(Agreement, block["agreement"])


def verified(row: NegotiationRow) -> Document:
    """Return the buyer's verification of the agreement of a row, with its signature where it signs ours."""
    said, signature = messages.verification(*pids(row)), row.buyer_signature
    return said if signature is None else said | {SIGNATURE: {"digest": row.digest, "signature": signature.hex()}}


def read_verification(block: object, digest: str | None) -> bytes:
    """Return the signature of a verification, empty when the block is not about `digest` or not well formed."""
    if not isinstance(block, dict) or block.get("digest") != digest:
        return b""
    try:
        return read_hex(block.get("signature"), "signature", SIGNATURE_BYTES)
    except ContractError:
        return b""


def unsigned_digest(odrl: Mapping[str, Any], row: NegotiationRow) -> bytes:
    """Return what identifies an agreement that is under none of our signatures.

    It is the digest of all it says, and of whose it is; of a digital contract the digest that its parties sign.
    """
    if CONTRACT in odrl:
        return contracts.digest_of(odrl, row.peer_pid or "")
    said = {name: value for name, value in odrl.items() if name != "@id"}
    return H("unsigned-agreement", canonical({"negotiation": sorted((row.id, row.peer_pid)), "said": said}))


def _require_same(offer: Mapping[str, Any], odrl: Mapping[str, Any]) -> None:
    """Raise DeclinedError for an agreement without terms of ours that says something else than its offer did.

    What it leaves out beside the rules is what its make does not know.
    """
    try:
        asked, agreed = offers.read(offer), offers.read(odrl)
    except ProtocolError as error:
        raise DeclinedError(f"the agreement cannot be read: {error}") from error
    changed = offers.differences(asked.policy, agreed.policy)
    changed = [name for name in changed if name in offers.RULES or name in agreed.policy]
    if changed := changed + ["the price"] * (asked.price != agreed.price):
        raise DeclinedError(f"the agreement's rules differ from the offer's in `{'`, `'.join(changed)}`")


def cost(row: NegotiationRow, price: int) -> int:
    """Return what the agreement on a provider's table may cost in all at a price, in minor units.

    It is what is said, or what the units of each period cost; with a peer that signs none of ours it is the price.
    """
    mandate = row.mandate or {}
    if row.peer_address is None or row.terms is None:
        return price
    if "cap" in mandate:
        return int(mandate["cap"])
    try:
        tariff = Tariff.from_json(offers.at_price(row.terms, price)["tariff"])
    except ContractError as error:
        raise DeclinedError(f"the price on the table is none: {error}") from error
    return amount(tariff, int(mandate["units"])) * int(mandate.get("periods", 1))


def _settled(me: Participant, terms: Terms) -> None:
    """Raise DeclinedError for a price in another currency than the space settles in: its token counts no other."""
    told = terms.tariff.currency
    if told != me.currency and terms.tariff.unit != "free":
        raise DeclinedError(f"the price is in `{told}`, and this space settles in `{me.currency}`")


def _pays(me: Participant, row: NegotiationRow, terms: Terms) -> None:
    """Raise DeclinedError for terms that pay a former account of ours: an agreement is the present one's."""
    if row.peer_address is not None and not set(me.former()).isdisjoint(dict(terms.split.parts)):
        raise DeclinedError("the terms pay an account that another one follows: ask for the product anew")


def _delegated(terms: Terms, seller: bytes | None) -> None:
    """Raise DeclinedError for what a host sells otherwise than its provider delegated; the chain is asked elsewhere."""
    if terms.hosted is not None and (why := terms.hosted.refusal(terms.json(), seller or b"")):
        raise DeclinedError(f"it is hosted, and {why}")


def _negotiated(row: NegotiationRow, odrl: Mapping[str, Any]) -> Terms:
    """Return the terms of an agreement; they are those on the table at the agreed price, and a salt."""
    terms = odrl.get(OFFER_TERMS)
    if not isinstance(terms, dict):
        raise DeclinedError("the agreement carries no terms")
    assert row.terms is not None, "who has no terms on the table does not compare any"
    assert row.price is not None, "terms of ours name one"
    salt = (row.mandate or {}).get("salt") or terms.get("salt")
    table = {**offers.at_price(row.terms, row.price), "salt": salt}
    if changed := offers.differences(table, terms):
        raise DeclinedError(f"the agreement changes `{'`, `'.join(changed)}`")
    proposal = offers.read(odrl)
    if changed := offers.differences(row.terms["policy"], proposal.policy):
        raise DeclinedError(f"the agreement's rules differ from its terms in `{'`, `'.join(changed)}`")
    return Terms.from_json(terms)


def _signed(me: Participant, row: NegotiationRow, odrl: Mapping[str, Any], terms: Terms) -> Drawn:
    block = odrl[SIGNATURE]
    if not isinstance(block, dict) or set(block) != {"agreement", "signature"}:
        raise DeclinedError("the agreement's signature block has not exactly `agreement` and `signature`")
    typed = typed_json.from_json(Agreement, block["agreement"])
    if row.peer_address is None or typed.provider != row.peer_address:
        raise DeclinedError("the agreement's provider is not the key of the provider's DID document")
    if typed.buyer != me.address:
        raise DeclinedError("the agreement's buyer is not our key")
    cap = (row.mandate or {}).get("cap")
    if cap is not None and typed.price_cap > int(cap):
        raise DeclinedError(
            f"the agreement may cost {money(typed.price_cap, terms.tariff.currency)}, more than our cap"
        )
    agreements.check_terms(typed, terms)
    signature = read_hex(block["signature"], "signature", SIGNATURE_BYTES)
    agreements.check_signature(me.domain, typed, signature, "provider")
    digest = typed_digest(me.domain, typed)
    if odrl["@id"] != agreements.agreement_urn(digest):
        raise DeclinedError("the agreement's `@id` is not the digest that was signed")
    return Drawn(digest, dict(odrl), terms.json(), typed, signature)
