"""What shows a peer that whoever signed an agreement for the other side had the authority to do so.

    {authority, signature, statement: {agreement, authority, signed, revoked, at}, said,
     granted: {entry, proof}, signed: {entry, proof}}          entries in base64, each with its C2SP tlog-proof

Law: (1) the authority is under its principal's signature, and covers what was signed at that time. (2) Both entries,
of the grant and of the agreement, are in the principal's log, the grant first; the entry of the agreement names the
authority. (3) That it was not revoked before, no entry can show: the principal says so under its signature
(`said`), and an audit of its log finds whoever says it falsely.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from contracts import authority as authorities
from contracts.canonical import canonical
from contracts.decimals import read_hex
from contracts.errors import ContractError
from contracts.labels import H
from contracts.signature import SIGNATURE_BYTES, recover
from ledger.log import checkpoint as checkpoints
from ledger.log import events
from ledger.log import proof as proofs
from ledger.log.merkle import leaf_hash, verify_inclusion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.authority import Authority, Deed
    from ledger.log.note import VerifierKey

GRANTED: Final = "authority.granted"
SIGNED: Final = "agreement.signed"
MEMBERS: Final = frozenset({"authority", "signature", "statement", "said", "granted", "signed"})


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is to have granted it: its DID, and the key of its log."""

    did: str
    log: VerifierKey


@dataclass(frozen=True, slots=True)
class Shown:
    """An authority that holds for an agreement, when that was signed, and when it was revoked since, if it was.

    `heads` are the notes that it was proven under: whoever saw others of that log holds them against those.
    """

    authority: Authority
    signed: datetime
    revoked: str | None
    heads: tuple[str, ...]


def statement(agreement: str, authority: str, signed: str, revoked: str | None, at: str) -> dict[str, Any]:
    """Return what a principal says of an authority; digests in hex, times as the log writes them."""
    return {"agreement": agreement, "authority": authority, "signed": signed, "revoked": revoked, "at": at}


def said_digest(told: Mapping[str, Any]) -> bytes:
    """Return the 32 bytes that a principal signs under its statement."""
    return H("authority-statement", canonical(told))


def verify(told: Any, agreement: str, deed: Deed, principal: Principal) -> Shown:
    """Return what is shown; raises ValueError, which says what does not hold."""
    if not isinstance(told, dict) or set(told) != MEMBERS:
        raise ContractError("authority", f"what shows an authority has exactly {', '.join(sorted(MEMBERS))}")
    found = authorities.from_json(told["authority"])
    name = found.digest.hex()
    found.require_signed(read_hex(told["signature"], "signature", SIGNATURE_BYTES))
    if found.principal != principal.did:
        raise _wrong("it is another participant's")
    said = told["statement"]
    if not isinstance(said, dict) or set(said) != {"agreement", "authority", "signed", "revoked", "at"}:
        raise _wrong("its statement has other members than it must have")
    if recover(said_digest(said), read_hex(told["said"], "said", SIGNATURE_BYTES)) != found.account:
        raise _wrong("the statement is not signed by its principal")
    proven = [_entry(told[part], part, principal) for part in ("granted", "signed")]
    (first, granted, _), (second, signed, _) = proven
    if (granted.kind, granted.part) != (GRANTED, name):
        raise _wrong("the log's entry is of another grant")
    if (signed.kind, signed.part, signed.link) != (SIGNED, agreement, (agreement, name)):
        raise _wrong("the log's entry of the agreement does not name it")
    if first >= second:
        raise _wrong("it was granted after the agreement was signed")
    if (said["agreement"], said["authority"], said["signed"]) != (agreement, name, signed.time.isoformat()):
        raise _wrong("the statement is about something else")
    if _moment(said["at"]) < signed.time:
        raise _wrong("the statement was made before the agreement, so it does not say what was revoked until then")
    if said["revoked"] is not None and _moment(said["revoked"]) < signed.time:
        raise _wrong("it was revoked before the agreement was signed")
    if why := found.refusal(deed, signed.time):
        raise _wrong(why)
    return Shown(found, signed.time, said["revoked"], tuple(dict.fromkeys(head for _, _, head in proven)))


def _entry(told: Any, part: str, principal: Principal) -> tuple[int, events.Entry, str]:
    """Return an entry of the principal's log with its index and the head that proves it; raises ValueError."""
    try:
        entry = base64.b64decode(told["entry"], validate=True)
        proof = proofs.parse(told["proof"])
    except (KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise _wrong(f"what it says of `{part}` cannot be read") from error
    head = checkpoints.verify(proof.note, principal.log)
    verify_inclusion(leaf_hash(entry), proof.index, head.size, proof.path, head.root)
    found = events.decode(entry)
    if found.party != principal.did:
        raise _wrong("the log's entry is another participant's")
    return proof.index, found, proof.note.encode()


def _moment(told: Any) -> datetime:
    if not isinstance(told, str) or (moment := datetime.fromisoformat(told)).tzinfo is None:
        raise _wrong("its statement names a time that is none, or of no zone")
    return moment


def _wrong(text: str) -> ContractError:
    return ContractError("authority", f"the authority does not hold: {text}")
