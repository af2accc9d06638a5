"""What the holder and the key holder of a sub-licence ask alike: what stands above it, and whether it gives so much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.negotiation import offers_made
from connector.runtime.limits import REASON_CHARACTERS_MAX
from connector.store.rows.protocol import NegotiationRow
from contracts import sublicence
from contracts.errors import ContractError
from contracts.namespace import SUB_LICENCES
from contracts.sublicence import Above, Link
from policy.compare.cells import Effort
from policy.compare.onward import QUESTIONS_MAX, exceeds
from policy.errors import PolicyError
from policy.parse import parse
from policy.words.contrast import case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.licence.intact import Intact
    from connector.store.rows.agreement import AgreementRow
    from connector.store.transaction import Tx
    from contracts.typed_data import Domain
    from ledger.chain.programs import Programs
    from policy.model import Policy


WITHDRAWAL: Final = "sub-licence-withdrawal"  # a notice, whose text is the digest of the sub-licence and why
DIGEST_CHARACTERS = 64


def domain(programs: Programs) -> Domain:
    """Return the domain of sub-licences: the licences program reads them (decision 0040)."""
    return programs.deployment.domain("licences")


def above_of(intact: Intact, row: AgreementRow) -> Above:
    """Return an `agreements` row as what a link stands under; raises ContractError when it was altered."""
    signed = intact.read(row)
    if signed.agreement is None or signed.terms is None:
        raise ContractError("altered", signed.altered)
    return Above(bytes.fromhex(row.digest), signed.agreement, signed.terms)


def chain_of(tx: Tx, agreement: AgreementRow) -> tuple[Link, ...]:
    """Return the links that an agreement was made on, none where it was bought without any."""
    talk = tx.get(NegotiationRow, id=agreement.negotiation)
    document = None if talk is None else offers_made.last(tx, talk).get(SUB_LICENCES)
    return () if document is None else sublicence.read_chain(document)


def beyond(child: Mapping[str, Any], above: Mapping[str, Any], party: str | None) -> str:
    """Return why rules may not be passed on to a party (DID; None: whom they name) under those above, empty if so."""
    try:
        found = exceeds(read(child), read(above), party, Effort(QUESTIONS_MAX))
    except PolicyError as error:
        return f"the rules of the sub-licence cannot be read: {error}"
    if found is None:
        return ""
    shown = found.reason if found.example is None else f"it does not let its holder grant that {case(found.example)}"
    return f"the licence above does not give so much: {shown}"[:REASON_CHARACTERS_MAX]


def read(policy: Mapping[str, Any]) -> Policy:
    """Read the rules of terms; raises PolicyError."""
    return parse({"@type": "Offer", **policy})
