"""What stands around every message of a process: whose ids it names, what identifies it, its reasons as one text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.protocol import messages, validation
from connector.negotiation.protocol.errors import REASON_LIMIT_CHARACTERS
from connector.negotiation.protocol.states import CONSUMER, PROVIDER, other
from contracts.canonical import sha
from contracts.namespace import CHECKPOINT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.store.rows.protocol import ProcessRow


PID_OF: Final[Mapping[str, str]] = {PROVIDER: "providerPid", CONSUMER: "consumerPid"}


def message_digest(body: Mapping[str, Any]) -> bytes:
    """Return what identifies a message: the digest of all but the checkpoint that happens to ride on it."""
    return sha({name: value for name, value in body.items() if name != CHECKPOINT})


def pids(row: ProcessRow) -> tuple[str, str]:
    """Return (providerPid, consumerPid); the peer's is empty until we know it."""
    ours, theirs = row.id, row.peer_pid or ""
    return (ours, theirs) if row.role == PROVIDER else (theirs, ours)


def reason_of(body: Mapping[str, Any]) -> str:
    """Return the reasons of a termination, suspension or error as one text; reasons may be any JSON."""
    texts = [reason if isinstance(reason, str) else str(reason) for reason in body.get("reason", [])]
    return short("; ".join(filter(None, [body.get("code", ""), *texts])))


def id_in(process: str, row: ProcessRow, reply: Any) -> str | None:
    """Return the peer's id of our process `row` from its answer, None when it gives none that can be used."""
    if not validation.agrees(messages.ACK_OF[process], reply) or reply[PID_OF[row.role]] != row.id:
        return None
    theirs = str(reply[PID_OF[other(row.role)]])
    usable = theirs.strip(".") and len(theirs) <= validation.IDENTIFIER_LIMIT_CHARACTERS
    return theirs if usable else None


def told(*words: str) -> str:
    """Return several things that are to be said as one reason."""
    return short("; ".join(filter(None, words)))


def short(reason: str) -> str:
    """Return a reason that is not longer than we keep and send."""
    return reason[:REASON_LIMIT_CHARACTERS]
