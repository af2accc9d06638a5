"""Who of our own people may sign for us: asked before anything is signed, in the transaction that would sign.

Law: (1) an account signs within an authority that was granted to it; where none was ever granted, as before there were
any. The owner, programs and the limits of a product sign as ever: they are the participant itself. (2) What is signed
and the authority it was signed under are written in one transaction, so that of a revocation and a signature one comes
first. (3) A negotiation that is not final when its authority ends does not become final. (4) The peer is told that
nobody who may has signed; whose limits those are, and how far they go, our own people read alone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation import signing
from connector.negotiation.doors import DeclinedError
from connector.negotiation.protocol.states import CONSUMER, PROVIDER
from connector.runtime.errors import NotPermitted
from connector.store.rows.authority import AuthorityRow, SigningRow
from connector.store.rows.console import AccountRow
from connector.store.table_row import replace
from contracts import authority as authorities
from contracts.authority import BUYER, Deed
from contracts.price_words import money

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.negotiation.doors import Participant
    from connector.negotiation.protocol.messages import Document
    from connector.store.recorder import Recorder
    from connector.store.rows.agreement import AgreementRow
    from connector.store.rows.protocol import NegotiationRow
    from connector.store.transaction import Tx
    from contracts.typed_data import Agreement

GRANTED: Final = "authority.granted"
REVOKED: Final = "authority.revoked"
SIGNER: Final = "signer"  # of a mandate: the account that gave it, and when that was made
BEYOND: Final = "beyond"  # of a mandate: why its signer may not sign, for our own people
DAY: Final = timedelta(hours=24)
_ACCOUNT: Final = "account:"
_UNSIGNED: Final = "nobody of ours who may sign it has agreed to it"
# of those who may, so many are named to who may not
NAMED_MAX: Final = 8


def hand(tx: Tx) -> Document:
    """Return what a mandate keeps of the account that gives it, in the transaction of its request; else nothing."""
    if not tx.actor.startswith(_ACCOUNT):
        return {}
    name = tx.actor.removeprefix(_ACCOUNT)
    account = tx.get(AccountRow, name=name)
    return {SIGNER: {"name": name, "made": account.created.isoformat() if account else ""}}


def deed(row: NegotiationRow, amount: int, me: Participant) -> Deed:
    """Return what a negotiation comes to for us as an authority is asked for it; `amount` is in minor units."""
    rules = row.agreement or row.offer or {}
    return _deed(row, row.role, amount, rules, me.currency, me.address)


def agreed(row: AgreementRow, role: str, typed: Agreement, currency: str) -> Deed:
    """Return what an agreement came to for the party of it that has a role of negotiations."""
    account = typed.provider if role == PROVIDER else typed.buyer
    return _deed(row, role, typed.price_cap, row.odrl, currency, account)


def _deed(
    row: NegotiationRow | AgreementRow, role: str, amount: int, rules: Mapping[str, Any], currency: str, account: bytes
) -> Deed:
    terms: Mapping[str, Any] = row.terms or {}
    named = (terms.get("tariff") or {}).get("currency") or currency
    return Deed(_part(role), row.product, amount, named, terms.get("policy") or rules, account)


def _part(role: str) -> str:
    return BUYER if role == CONSUMER else role


def required(tx: Tx, row: NegotiationRow, wanted: Deed, now: datetime) -> AuthorityRow | None:
    """Return the authority that a negotiation is signed under, None where it needs none; raises DeclinedError."""
    signer = (row.mandate or {}).get(SIGNER)
    try:
        return None if signer is None else permitted(tx, signer, wanted, now)
    except NotPermitted as refusal:
        tx.change(row, replace(row, mandate={**(row.mandate or {}), BEYOND: f"{refusal}; {refusal.hint}"}))
        raise DeclinedError(_UNSIGNED) from refusal


def permitted(tx: Tx, signer: Mapping[str, str], wanted: Deed, now: datetime) -> AuthorityRow | None:
    """Return an authority of the signer that a deed is within, None where none was ever granted to anybody.

    Raises NotPermitted, which says why, and who may.
    """
    if not tx.find(AuthorityRow, limit=1):
        return None
    standing = tx.find(AuthorityRow, "revoked is null")
    why = "nothing was granted to it"
    for row in standing:
        is_its = (row.name, row.made.isoformat()) == (signer["name"], signer["made"])
        if is_its and not (why := _refusal(tx, row, wanted, now)):
            return row
    others = dict.fromkeys(row.name for row in standing if not _refusal(tx, row, wanted, now))
    who = ", ".join(f"`{name}`" for name in list(others)[:NAMED_MAX])
    hint = f"{who} may, and so may the owner" if who else "the owner may, or grants it: penstock authority grant"
    raise NotPermitted(f"the account `{signer['name']}` may not sign this: {why}", hint)


def _refusal(tx: Tx, row: AuthorityRow, wanted: Deed, now: datetime) -> str:
    known = authorities.from_json(row.document)
    if why := known.refusal(wanted, now):
        return why
    if known.daily is None:
        return ""
    # also what a clock that was set back dates later: it was signed before
    before = sum(one.amount for one in tx.find(SigningRow, "authority = ? and at > ?", (row.digest, now - DAY)))
    if before + wanted.amount <= known.daily:
        return ""
    left = money(max(0, known.daily - before), known.currency)
    return f"of {money(known.daily, known.currency)} within 24 hours {left} is left"


def foresee(tx: Tx, row: NegotiationRow, me: Participant, now: datetime) -> None:
    """Raise NotPermitted where the signer of a negotiation could not sign what is on its table now."""
    mandate, price = row.mandate or {}, row.own_price if row.their_price is None else row.their_price
    if SIGNER not in mandate:
        return
    amount = signing.cost(row, price or 0) if row.role == PROVIDER else int(mandate.get("cap") or price or 0)
    permitted(tx, mandate[SIGNER], deed(row, amount, me), now)


def require(tx: Tx, wanted: Deed, now: datetime) -> AuthorityRow | None:
    """Return the authority under which the account of this request signs itself, None where it needs none.

    Raises NotPermitted.
    """
    signer = hand(tx).get(SIGNER)
    return None if signer is None else permitted(tx, signer, wanted, now)


def keep(tx: Tx, found: AuthorityRow | None, about: str, wanted: Deed, now: datetime) -> None:
    """Write down that `about` (a digest) is signed under an authority, if it is."""
    if found is not None:
        role, amount = wanted.role, wanted.amount
        tx.put(SigningRow(about=about, role=role, authority=found.digest, amount=amount, at=now))


def under(tx: Tx, about: str | None, role: str) -> SigningRow | None:
    """Return under which authority we signed, in a role of a negotiation; None where under none."""
    return tx.get(SigningRow, about=about, role=_part(role)) if about else None


def require_standing(tx: Tx, row: NegotiationRow, now: datetime) -> None:
    """Raise DeclinedError where the authority has ended under which a negotiation is signed that is not final yet."""
    signing = under(tx, row.digest, row.role)
    known = None if signing is None else tx.get(AuthorityRow, digest=signing.authority)
    if known is not None and (known.revoked is not None or known.until <= now):
        raise DeclinedError("the authority has ended under which it was signed")


def end(tx: Tx, evidence: Recorder, row: AuthorityRow, reason: str, now: datetime) -> AuthorityRow:
    """Revoke an authority, with its event."""
    evidence.record(tx, REVOKED, part=row.digest, fields={"reason": reason}, now=now)
    return tx.change(row, replace(row, revoked=now, reason=reason))


def end_all(tx: Tx, evidence: Recorder, name: str, reason: str, now: datetime) -> None:
    """Revoke whatever stands of an account."""
    for row in tx.find(AuthorityRow, "name = ? and revoked is null", (name,)):
        end(tx, evidence, row, reason, now)
