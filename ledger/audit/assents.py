"""Programs that were run by a reviewer's assent: each by one that lets it be run, as its provider's log shows it.

Law: where the terms name a reviewer, a program is told without noise by the reviewer's assent alone, and the event with
which it was begun has that whole, with the signature and the parameters. So whoever reads the log asks of it what the
provider had to ask before it ran anything, by the same words (`contracts.assent`). Of a reviewer whom the space's
document no longer lists nobody can tell whether it signed; that it was suspended or revoked by then is asked of the
registry on the chain (`ledger.audit.registry`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from contracts import assent as assents
from contracts.assent import Wanted
from ledger.audit.books import reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.assent import Assent
    from contracts.gate import Gate
    from ledger.audit.books import Book
    from ledger.audit.deal import Deal, Deals
    from ledger.audit.event import Event
    from ledger.audit.report import Report

STARTED: Final = "computation.started"
ASSENT: Final = "assent"
UNASSENTED: Final = "program-unassented"
_MEMBERS: Final = frozenset({"document", "signature", "parameters"})


def check(book: Book, deals: Deals, accounts: Mapping[str, tuple[bytes, ...]], report: Report) -> None:
    """Check every program that a log says was begun by an assent, or without noise; `accounts` DID → its own."""
    for event in book.of(STARTED):
        deal = deals.get(event.part)
        gate = None if deal is None else deal.terms.gate
        if deal is None or gate is None:
            continue
        if ASSENT in event.fields:
            why = reading(event, report, _refusal, event, deal, gate, accounts) or ""
        else:
            exact = gate.programs is not None and gate.noise is None and "program" in event.fields
            why = "it names none" if exact else ""
        if why:
            report.find(UNASSENTED, event.did, event, reason=why)


def named(event: Event) -> str:
    """Return the digest (hex) of the assent by which a statement was begun, empty for none that can be read."""
    try:
        return _read(event)[0].digest.hex() if ASSENT in event.fields else ""
    except ValueError:
        return ""


def reviewer(event: Event) -> str:
    """Return the DID of the reviewer by whose assent a statement was begun, empty for none that can be read."""
    try:
        return _read(event)[0].reviewer if ASSENT in event.fields else ""
    except ValueError:
        return ""


def _read(event: Event) -> tuple[Assent, bytes, tuple[float, ...]]:
    """Return an assent, what was signed of it, and with which parameters it was run; raises ValueError."""
    told: Any = event.fields[ASSENT]
    if not isinstance(told, dict) or set(told) != _MEMBERS:
        raise ValueError(f"`{ASSENT}` has exactly the members {', '.join(sorted(_MEMBERS))}")
    signed = assents.signed_from_json({name: told[name] for name in ("document", "signature")})
    return signed.assent, signed.signature, assents.numbers(told["parameters"])


def _refusal(event: Event, deal: Deal, gate: Gate, accounts: Mapping[str, tuple[bytes, ...]]) -> str:
    """Return why what was begun is not by its assent, empty where it is; raises ValueError for what is none."""
    assent, signature, parameters = _read(event)
    if gate.reviewer is None:
        return "its terms name nobody by whose assent a program is run"
    # rows and numbers are those of the assent where the statement that was begun has the assent's own digest
    wanted = Wanted(
        str(event.fields.get("program")),
        assent.statement,
        assent.tells,
        parameters,
        deal.terms.product,
        deal.provider,
        deal.buyer,
    )
    if why := assent.refusal(wanted, gate.reviewer, event.time):
        return why
    if event.fields.get("statement") != assent.statement_digest(parameters):
        return "another statement was begun"
    signed = assents.Signed(assent, signature)
    own = accounts.get(gate.reviewer)
    is_its = own is None or any(map(signed.is_by, own))
    return "" if is_its else f"{gate.reviewer} has not signed it"
