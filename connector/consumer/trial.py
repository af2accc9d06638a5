"""A fitting of ours that a request names: found by the id that `penstock try` told, with all its signed answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.runtime.errors import Absent, Conflict
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.compute import AnswerRow
from contracts import tried
from contracts.namespace import TRIED
from contracts.tried import Tried

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.negotiation.protocol.messages import Document
    from connector.store.transaction import Tx

# how the statement of a fitting begins (`connector.compute.fitting.Groups`)
STATEMENT: Final = "coverage"
_ANSWERED: Final = "job = ? and answer is not null"


def named(tx: Tx, offer: Document, name: str | None, provider: str) -> Document:
    """Return an offer as it is asked for, with the fitting of that id; raises Absent, Conflict."""
    return offer if name is None else {**offer, TRIED: _found(tx, name, provider).json()}


def _found(tx: Tx, name: str, provider: str) -> Tried:
    """Return the fitting of that id that a provider answered us."""
    rows = [one for one in tx.find(AnswerRow, _ANSWERED, (name,)) if one.statement.startswith(STATEMENT)]
    theirs = [one for one in rows if (deal := tx.get(AgreementRow, digest=one.agreement)) and deal.peer == provider]
    if not theirs:
        text = f"`{provider}` answered no list of ours under `{name[:100]}`"
        raise Absent(text, "`penstock try` says the id of its answer at its end")
    if len(theirs) > 1:
        raise Conflict(f"`{name[:100]}` was tried under {len(theirs)} agreements", "try it again, under another --id")
    agreement = theirs[0].agreement
    return Tried(agreement, name, tuple(str((one.receipt or {})["answer"]) for one in answers(tx, agreement, name)))


def answers(tx: Tx, agreement: str, name: str) -> Iterator[AnswerRow]:
    """Yield what was answered to each part of a list, with its receipt, as far as that is here."""
    for number in range(tried.ANSWERS_MAX):
        row = tx.get(AnswerRow, agreement=agreement, job=tried.part(name, number))
        if row is None or row.receipt is None:
            return
        yield row
