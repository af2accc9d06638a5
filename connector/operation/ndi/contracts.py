"""The contracts of one participant by their codes: begun, found, and which state of a negotiation each stands in."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.ndi.offers import is_sealed
from connector.negotiation.protocol.states import AGREED, CONSUMER, FINALIZED, VERIFIED
from connector.runtime.errors import Absent, Conflict
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.contract import ContractRow
from connector.store.rows.protocol import NegotiationRow
from connector.store.table_row import replace
from contracts.digital_contract import contract_code
from contracts.lifecycle import OVER
from contracts.namespace import CONTRACT
from contracts.ndi.interfaces import THROUGH_PLATFORM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.identity.identity import Identity
    from connector.store.transaction import Tx
    from contracts.typed_data import Domain

# contracts of one peer in which nothing has been proposed, and how long such a one is kept
DRAFTS_MAX: Final = 64
DRAFT_LIFE: Final = timedelta(days=1)
# from here on both parties hold to the same strategy
AGREEMENT_STATES: Final = frozenset({AGREED, VERIFIED, FINALIZED})


def code_of(domain: Domain, request: str, at: datetime) -> str:
    """Return the code of a contract that begins with a request (its digest in hex) at a moment."""
    return contract_code(domain.verifying_contract + domain.salt, bytes.fromhex(request), at)


def begin(tx: Tx, row: ContractRow) -> ContractRow:
    """Keep what a peer begins; the same request again gives the same contract.

    Raises Conflict where the peer has begun too many and proposed nothing.
    """
    drafts = tx.find(ContractRow, "peer = ? AND negotiation = ''", (row.peer,), order="created")
    for old in drafts:
        if old.created + DRAFT_LIFE < row.created:
            tx.delete(ContractRow, code=old.code)
    known = next(iter(tx.find(ContractRow, "peer = ? AND request = ?", (row.peer, row.request), limit=1)), None)
    if known is not None:
        return known
    if len(drafts) >= DRAFTS_MAX:
        raise Conflict(f"{DRAFTS_MAX} contracts of yours wait for a proposal", "propose in one of them, or wait a day")
    if tx.get(ContractRow, code=row.code) is not None:
        raise Conflict("a contract of another begins with the same request", "say something else in it")
    tx.insert(row)
    return row


def of_negotiation(tx: Tx, negotiation: str) -> ContractRow | None:
    """Return the contract that a negotiation of ours is about."""
    return next(iter(tx.find(ContractRow, "negotiation = ?", (negotiation,), limit=1)), None)


def is_through(row: ContractRow) -> bool:
    """Say whether what is said of a contract goes through the platform."""
    return str(row.document["signMode"]).zfill(2) == THROUGH_PLATFORM


def speaker(row: ContractRow | None, caller: str, platform: str) -> str:
    """Return whose word a caller brings of a contract: its own, or, of one through the platform, the other party's."""
    if row is None or not is_through(row):
        return caller
    return row.peer if caller == platform else ""


def with_peer(tx: Tx, code: str, peer: str) -> ContractRow:
    """Return the contract with a peer under a code; raises Absent, as for one that is somebody else's."""
    row = tx.get(ContractRow, code=code)
    if row is None or row.peer != peer:
        raise Absent(f"there is no contract `{code[:60]}` with you here", "create it first: /contractCreate")
    return row


def talk_of(tx: Tx, contract: ContractRow) -> NegotiationRow:
    """Return the negotiation of a contract; raises Conflict before anything was proposed."""
    row = tx.get(NegotiationRow, id=contract.negotiation) if contract.negotiation else None
    if row is None:
        raise Conflict("nothing has been proposed in this contract", "propose: /contractNegotiate")
    return row


def require_bought(tx: Tx, code: str) -> tuple[ContractRow, NegotiationRow, AgreementRow]:
    """Return a contract in which we are the consumer and that is filed, how it came about, and what was agreed.

    Raises Absent, Conflict.
    """
    row = tx.get(ContractRow, code=code)
    if row is None or row.role != CONSUMER:
        raise Absent(f"there is no contract `{code[:60]}` here of which we are the consumer", "penstock ndi list")
    talk = talk_of(tx, row)
    kept = tx.get(AgreementRow, digest=talk.digest) if talk.digest else None
    if kept is None or not row.instruction:
        raise Conflict(f"the contract `{code}` is not in force yet", "penstock ndi show")
    return row, talk, kept


def standing(tx: Tx, code: str) -> tuple[ContractRow, NegotiationRow]:
    """Return a contract in force in which we are the consumer, with its negotiation; raises Absent, Conflict."""
    row, talk, kept = require_bought(tx, code)
    if kept.state in OVER:
        raise Conflict(f"the contract `{code}` is over: {kept.state}", "penstock ndi show")
    return row, talk


def of_agreement(tx: Tx, kept: AgreementRow) -> tuple[ContractRow, NegotiationRow]:
    """Return the contract that an agreement is, as `standing` does."""
    row = of_negotiation(tx, kept.negotiation)
    return standing(tx, "" if row is None else row.code)


def in_force(tx: Tx, code: str) -> tuple[ContractRow, NegotiationRow]:
    """Return the same of one that is delivered over these interfaces; raises Conflict where it is sealed."""
    row, talk = standing(tx, code)
    if is_sealed(talk.agreement):
        raise Conflict(f"the contract `{code}` is delivered sealed", "`penstock get` had it; `penstock open` opens it")
    return row, talk


def require_not_being_filed(row: NegotiationRow, waiting: Sequence[str]) -> None:
    """Raise Conflict while a contract is being filed: one that is ended then would stay in force at the platform.

    While it is `waiting` for the signatures of service parties nothing is filed yet.
    """
    if row.pending == FINALIZED and not waiting:
        raise Conflict("the contract is being filed at this moment", "end it again in a moment")


def own_signature(tx: Tx, code: str, part: bytes, identity: Identity, now: datetime) -> bytes:
    """Return our signature over the part of a contract that is signed: made once, and kept before it is sent.

    One by a key of SM2 that was counts as long as the key does; of a stolen one it is made anew.
    """
    row = tx.get(ContractRow, code=code)
    assert row is not None, "a contract that is signed is there"
    if row.own is not None and identity.member.signer.has_signed(part, row.own, now):
        return row.own
    own = identity.sign_part(part)
    tx.change(row, replace(row, own=own))
    return own


def about(row: NegotiationRow) -> Mapping[str, Any]:
    """Return what a negotiation says of its contract, as it was agreed, or else as it was offered."""
    found: Mapping[str, Any] = (row.agreement or row.offer or {}).get(CONTRACT, {})
    return found


def is_agreed(row: NegotiationRow) -> bool:
    """Say whether both sides hold to one strategy, as far as we know."""
    return row.state in AGREEMENT_STATES or row.pending in AGREEMENT_STATES


def strategy_id(instruction: str) -> str:
    """Return the number of a control instruction, 32 hex digits, in the 36 characters of a `strategyId`."""
    return str(uuid.UUID(instruction))


def instruction_of(strategy: str) -> str:
    """Return the number of a control instruction by its `strategyId`, empty for a text that is none."""
    try:
        return uuid.UUID(strategy).hex
    except ValueError:
        return ""


def sequence(pid: str) -> str:
    """Return the id of a transfer of ours as a `sequenceNum` of 32 characters."""
    return uuid.UUID(pid.removeprefix("urn:uuid:")).hex


def stamp(moment: datetime) -> str:
    """Return a moment as these interfaces have it: ISO 8601, with a zone."""
    return moment.isoformat(timespec="seconds")


def stamped(read: object, told: object) -> object:
    """Return a field of a message as we keep it: a moment in the one form, whichever it came in."""
    return stamp(read) if isinstance(read, datetime) else told
