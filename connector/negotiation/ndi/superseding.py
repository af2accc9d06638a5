"""A contract of the national interfaces in place of another: what it may change, and what a person is asked about.

Law: (1) it is a contract of its own, with a code of its own, whose strategy names the digest of the one that it
supersedes; both parties and all who serve sign it, and the platform files it, as any other. (2) It is of the same two
parties, on the same product, with the same service parties; price and rules are open, and its end to whoever begins it:
these interfaces say that once, before anything is proposed. (3) A person decides, as about every amendment
(`connector.negotiation.amendment`): what is asked is put on the table with a mandate that waits.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.assent import ASKS
from connector.negotiation.doors import DeclinedError, OnTable
from connector.negotiation.meeting import meet
from connector.negotiation.ndi.offers import CARRIED, SEALED, SERVICES, SUPERSEDES
from connector.negotiation.protocol import offers
from connector.negotiation.protocol.errors import UnacceptableError
from connector.negotiation.protocol.states import PROVIDER
from connector.store.table_row import replace
from contracts.errors import ContractError
from contracts.namespace import CONTRACT
from contracts.terms import SALT_BYTES, Terms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.negotiation.protocol.messages import Document
    from connector.negotiation.protocol.offers import Proposal
    from connector.store.rows.agreement import AgreementRow
    from connector.store.rows.protocol import NegotiationRow

POLICY: Final = "policy"
# people answer, so nobody needs more; each is kept
ROUNDS_MAX: Final = 16
# what of a contract stays as it was
SAME: Final = ("product", "provider", "consumer", SERVICES, SEALED)


def begun(old: AgreementRow, offer: Mapping[str, Any], terms: Document | None) -> OnTable:
    """Return what a negotiation begins with whose contract is to supersede that of an agreement.

    `terms` are those of ours on its table, if we have any. Raises UnacceptableError for another's contract.
    """
    was, about = old.odrl[CONTRACT], offer[CONTRACT]
    if other := [name for name in SAME if was.get(name) != about.get(name)]:
        raise UnacceptableError(f"a contract in place of another has the same product and parties, not `{other[0]}`")
    return OnTable(old.product, None, terms=terms, mandate={})


def offer(old: AgreementRow, since: datetime) -> Document:
    """Return what was agreed as an offer in its place, from `since` on."""
    was = old.odrl
    about = {name: value for name, value in was[CONTRACT].items() if name != "strategy"}
    about |= {"from": since.isoformat(timespec="seconds"), SUPERSEDES: old.digest}
    agreed = offers.read(was)
    named = {"@id": offers.offer_id(old.product), "@type": "Offer", "target": old.product}
    return _written({**named, CONTRACT: about}, agreed.policy, agreed.price or 0)


def changed(
    row: NegotiationRow, until: datetime | None, price: int | None, policy: Mapping[str, Any] | None
) -> NegotiationRow:
    """Return a negotiation with what is to be otherwise on its table (None: as it is), and a mandate for that alone.

    Raises ContractError and DeclinedError for what makes no contract.
    """
    asked = offers.read(row.offer or {})
    about = (row.offer or {})[CONTRACT]
    if until is not None:
        if row.state:
            raise DeclinedError("a contract keeps the end that it was begun with; end this negotiation, then ask anew")
        about = {**about, "until": until.astimezone(UTC).isoformat(timespec="seconds")}
    at = asked.price or 0 if price is None else price
    return _tabled(replace(row, offer=_written({**(row.offer or {}), CONTRACT: about}, policy or asked.policy, at)))


def taken(row: NegotiationRow) -> NegotiationRow:
    """Return a negotiation with what a peer asks on its table, for a person of ours; raises UnacceptableError."""
    if row.rounds > ROUNDS_MAX:
        raise UnacceptableError(f"a contract in place of another is asked for at most {ROUNDS_MAX} times")
    try:
        after = _tabled(row)
    except (ContractError, DeclinedError, ValueError) as error:
        raise UnacceptableError(f"the contract cannot be signed: {error}") from error
    return replace(after, own_price=None, mandate={**(after.mandate or {}), ASKS: {}})


def shown_end(about: Mapping[str, Any]) -> str:
    """Return when a contract ends by what an offer says of it, as our terms have it."""
    return datetime.fromisoformat(about["until"]).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _written(offer: Mapping[str, Any], policy: Mapping[str, Any], price: int) -> Document:
    """Return an offer with these rules at this price, in the form in which offers of contracts are kept."""
    kept = {name: value for name, value in offer.items() if name not in {*CARRIED, "profile"}}
    said = {name: value for name, value in offers.priced(policy, price).items() if name in CARRIED}
    return offers.foreign(kept | said)


def _tabled(row: NegotiationRow) -> NegotiationRow:
    """Return a negotiation whose offer is its table, with a mandate to agree to nothing else."""
    proposal: Proposal = offers.read(row.offer or {})
    meet(proposal.policy, proposal.policy)
    price, terms = proposal.price or 0, row.terms
    names, more = (("ask", "floor"), {POLICY: proposal.policy}) if row.role == PROVIDER else (("bid", "limit"), {})
    mandate: Document = dict.fromkeys(names, str(price)) | {"rounds": ROUNDS_MAX} | more
    if terms is None:
        return replace(row, mandate=mandate | {"tier": offers.PLAIN})
    until = shown_end((row.offer or {})[CONTRACT])
    terms = offers.at_price({**terms, POLICY: proposal.policy, "notAfter": until}, price)
    Terms.from_json({**terms, "salt": bytes(SALT_BYTES).hex()})  # it raises for what are none
    return replace(row, terms=terms, mandate=mandate)
