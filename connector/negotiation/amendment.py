"""What an amendment may be: the terms of an agreement that stands, with another end, another price or other rules.

In place of a contract of the national interfaces is another (`connector.negotiation.ndi.superseding`). Law: (1)
everything else is as it was signed; it names the agreement in whose place it is (`amends`). (2) What may be paid in
all, and owed at once, follows from the price: it is as many times as high as the price is. (3) A person decides about
it: what a peer asks is put on the table as it is, with a mandate that waits (`ASKS`), and taken as a whole or answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.agreement import why_over
from connector.negotiation.assent import ASKS
from connector.negotiation.doors import DeclinedError, OnTable
from connector.negotiation.meeting import meet
from connector.negotiation.ndi import offers as contracts
from connector.negotiation.ndi import sealed, superseding
from connector.negotiation.ndi.superseding import ROUNDS_MAX
from connector.negotiation.protocol import offers
from connector.negotiation.protocol.errors import UnacceptableError
from connector.negotiation.protocol.states import FINALIZED, PROVIDER
from connector.store.columns import EPOCH
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.protocol import NegotiationRow
from connector.store.table_row import replace
from contracts import lifecycle
from contracts.errors import ContractError
from contracts.namespace import CONTRACT, OFFER_TERMS
from contracts.terms import SALT_BYTES, Terms
from contracts.typed_data import Agreement
from contracts.typed_json import from_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.negotiation.doors import Peer
    from connector.negotiation.protocol.messages import Document
    from connector.negotiation.protocol.offers import Proposal
    from connector.store.transaction import Tx

AMENDS: Final = "amends"
# what of the terms may be another, beside the price
OPEN: Final = frozenset({"notAfter", "policy"})
BEFORE: Final = "before"  # of a mandate: what the agreement costs that is amended


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be otherwise; None stays as it is. `price` is in minor units, `policy` all rules."""

    until: str | None = None
    price: int | None = None
    policy: Document | None = None


def named(terms: Mapping[str, Any] | None) -> str:
    """Return the digest of the agreement that terms amend, empty for none."""
    return str((terms or {}).get(AMENDS, ""))


def of(row: NegotiationRow) -> str:
    """Return the digest of the agreement that a negotiation is to amend, empty for none."""
    return named(row.terms) or contracts.superseded(row.offer)


def said(offer: Mapping[str, Any]) -> str:
    """Return the digest of the agreement in whose place an offer is, empty for none."""
    return named(offer.get(OFFER_TERMS)) or contracts.superseded(offer)


def refusal(tx: Tx, digest: str, role: str, peer: str, now: datetime, *, is_contract: bool) -> str:
    """Return why a peer and we, in a `role`, cannot amend an agreement now, empty if we can.

    `is_contract` says that a contract of the national interfaces is to be in its place.
    """
    old = tx.get(AgreementRow, digest=digest)
    if old is None or (old.role, old.peer) != (role, peer):
        return f"`{digest[:64]}` is no signed agreement between the two of us"
    if is_contract is not (CONTRACT in old.odrl):
        return "a contract of the national interfaces is amended by another, and nothing else is"
    if why := why_over(old, now) or (_not_in_force(tx, old) if is_contract else _why_not(old)):
        return why
    return "another amendment of it is signed already" if standing(tx, digest) else ""


def _why_not(old: AgreementRow) -> str:
    if old.agreement is None or old.terms is None:
        return "it is not under terms of ours, and only such are amended"
    if sealed.named(old.terms):
        return "it stands under a contract of the national interfaces; end that, and make another"
    if old.terms.get("parent"):
        return "a sub-licence is not amended; its holder grants another"
    if old.role == PROVIDER and old.state == lifecycle.SIGNED:
        return "its licence is on the way to the chain; amend it when it is there"
    return ""


def _not_in_force(tx: Tx, old: AgreementRow) -> str:
    if contracts.is_sealed(old.odrl):  # what was paid under it would not go on in the other's books
        return "it is delivered sealed; end it, and make another contract"
    talk = tx.get(NegotiationRow, id=old.negotiation)
    return "" if talk is not None and talk.state == FINALIZED else "it is not in force yet; amend it when it is"


def standing(tx: Tx, digest: str) -> list[AgreementRow]:
    """Return what was signed in place of an agreement and is not over: one at most."""
    return [row for row in tx.find(AgreementRow, "amends = ?", (digest,)) if row.state not in lifecycle.OVER]


def under_way(tx: Tx, old: AgreementRow) -> NegotiationRow | None:
    """Return the negotiation of an amendment of an agreement that is not at its end, None where there is none."""
    where = "deadline > ? and product = ? and peer = ?"
    found = tx.find(NegotiationRow, where, (EPOCH, old.product, old.peer))
    return next((row for row in found if of(row) == old.digest), None)


def table(old: AgreementRow) -> Document:
    """Return the terms of an agreement as a table on which it is amended."""
    return {name: value for name, value in old.signed_terms.items() if name != "salt"} | {AMENDS: old.digest}


def offer(old: AgreementRow) -> Document:
    """Return what was agreed as an offer that speaks our terms: in the form of it changes are said."""
    terms = table(old)
    return offers.offer(old.product, terms.pop("policy"), terms, target=old.product)


def rules(tx: Tx, old: AgreementRow) -> Document:
    """Return the rules that a change of an agreement is said of: those on the table, else those that were signed."""
    talk = under_way(tx, old)
    if CONTRACT in old.odrl:
        return offers.read((talk and talk.offer) or old.odrl).policy
    found: Document = ((talk and talk.terms) or old.signed_terms)["policy"]
    return found


def changed(row: NegotiationRow, change: Change) -> NegotiationRow:
    """Return a negotiation with what is to be otherwise on its table, and a mandate to agree to that alone.

    Raises ContractError and DeclinedError for what makes no agreement.
    """
    if _is_contract(row):
        until = None if change.until is None else datetime.fromisoformat(change.until)
        return superseding.changed(row, until, change.price, change.policy)
    told = {"notAfter": change.until, "policy": change.policy}
    terms = {**(row.terms or {}), **{name: value for name, value in told.items() if value is not None}}
    price = int(terms["tariff"]["minor"]) if change.price is None else change.price
    return _tabled(row, terms, price)


def begun(tx: Tx, offer: Mapping[str, Any], role: str, peer: Peer, now: datetime) -> OnTable:
    """Return what a negotiation begins with that a peer begins about an agreement; raises UnacceptableError."""
    is_contract = CONTRACT in offer
    if is_contract is not peer.is_ndi:
        raise UnacceptableError("a contract of the national interfaces is asked for by these, and nothing else is")
    old = _asked(tx, said(offer), role, peer.did, now, is_contract=is_contract)
    if is_contract:
        return contracted(old, offer)
    return OnTable(old.product, None, terms=table(old), mandate={BEFORE: before(old)})


def contracted(old: AgreementRow, offer: Mapping[str, Any]) -> OnTable:
    """Return what a negotiation begins with that is of a contract in place of another; raises UnacceptableError."""
    return superseding.begun(old, offer, None if old.terms is None else table(old))


def _asked(tx: Tx, digest: str, role: str, peer: str, now: datetime, *, is_contract: bool) -> AgreementRow:
    """Return the agreement that a peer asks to amend; raises UnacceptableError where it may not, or does already."""
    if why := refusal(tx, digest, role, peer, now, is_contract=is_contract):
        raise UnacceptableError(why)
    old = tx.get(AgreementRow, digest=digest)
    assert old is not None, "it was looked at"
    if under_way(tx, old) is not None:
        raise UnacceptableError("an amendment of it is being negotiated already; answer that one")
    return old


def before(old: AgreementRow) -> Document:
    """Return what an agreement costs: its `price`, its `cap` in all, and the `exposure` that may be owed at once."""
    terms, cap = old.signed_terms, from_json(Agreement, old.agreement).price_cap
    return {"price": terms["tariff"]["minor"], "cap": str(cap), "exposure": terms["maxExposure"]}


def taken(row: NegotiationRow, proposal: Proposal) -> NegotiationRow:
    """Return a negotiation with what a peer asks on its table, for a person of ours; raises UnacceptableError."""
    if _is_contract(row):
        return superseding.taken(row)
    if proposal.terms is None or proposal.price is None or proposal.target not in {None, row.product}:
        raise UnacceptableError("an amendment says all terms of the agreement, and its product")
    if row.rounds > ROUNDS_MAX:
        raise UnacceptableError(f"an amendment is asked for at most {ROUNDS_MAX} times")
    theirs = {**proposal.terms, "policy": proposal.policy}
    on_table = {**(row.terms or {}), **{name: theirs[name] for name in OPEN if name in theirs}}
    try:
        meet(proposal.policy, proposal.policy)
        after = _tabled(row, on_table, proposal.price)
    except (ContractError, DeclinedError) as error:
        raise UnacceptableError(f"the amendment cannot be signed: {error}") from error
    if other := offers.differences(after.terms or {}, theirs):
        raise UnacceptableError(f"an amendment changes end, price and rules, not `{'`, `'.join(other)}`")
    return replace(after, own_price=None, mandate={**(after.mandate or {}), ASKS: {}})


def _is_contract(row: NegotiationRow) -> bool:
    """Say whether a negotiation is of a contract; raises UnacceptableError where a peer says something else by now."""
    found = BEFORE not in (row.mandate or {})
    if found is not (CONTRACT in (row.offer or {})):
        raise UnacceptableError("a contract of the national interfaces is asked for by these, and nothing else is")
    return found


def _tabled(row: NegotiationRow, terms: Document, price: int) -> NegotiationRow:
    """Return a negotiation with these terms at this price on its table, within a mandate to agree to nothing else."""
    was = (row.mandate or {})[BEFORE]
    if price and not int(was["price"]):
        raise DeclinedError("an agreement that costs nothing gets no price by an amendment; make a new one")
    cap, exposure = (_times(int(was[name]), price, int(was["price"])) for name in ("cap", "exposure"))
    terms = {**offers.at_price(terms, price), "maxExposure": str(exposure)}
    Terms.from_json({**terms, "salt": bytes(SALT_BYTES).hex()})  # it raises for what are none
    names = ("ask", "floor") if row.role == PROVIDER else ("bid", "limit")
    said = dict.fromkeys(names, str(price)) | {"cap": str(cap), "policy": terms["policy"]}
    return replace(row, terms=terms, mandate=said | {"rounds": ROUNDS_MAX, BEFORE: was})


def _times(amount: int, price: int, before: int) -> int:
    """Return an amount that grows with a price, rounded up; of what costs nothing it is as it was."""
    return -(-amount * price // before) if before else amount
