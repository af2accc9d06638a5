"""What is remembered of an agreement beside its uses: what was paid under it, and since when it runs.

Law: what was paid is what the channel's books say, in the currency of the terms; of a rule that asks in another
currency nothing is known, and so it refuses. A rule that waits waits from the agreement on. What is not agreed yet has
been paid nothing, and begins now.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import PaidRowsRow
from contracts.currencies import TOKEN_DECIMALS
from policy.model import atoms

if TYPE_CHECKING:
    from datetime import datetime

    from connector.enforcement.counted import Counters
    from connector.enforcement.use import Link
    from connector.store.transaction import Tx
    from policy.world import Counter

PAID: Final = "payAmount"
DELAY: Final = "delayPeriod"


def known(tx: Tx, link: Link, taken: Counters | None, now: datetime) -> Counters | None:
    """Return what was taken, with what a policy asks of payments and of its age; None stays unknown."""
    if taken is None or not link.rules.asks & {PAID, DELAY}:
        return taken
    agreement = tx.get(AgreementRow, digest=link.agreement) if link.agreement else None
    currency = None if agreement is None else agreement.signed_terms["tariff"]["currency"]
    found: dict[tuple[str, str], Counter] = {}
    policy = link.rules.compiled.policy
    for rule in (*policy.permissions, *policy.prohibitions):
        units = {atom.unit for atom in atoms(rule.conditions) if atom.left == PAID}
        if units and (currency is None or units == {currency}):
            found[rule.id, PAID] = _paid(tx, link.agreement)
        if any(atom.left == DELAY for atom in atoms(rule.conditions)):
            found[rule.id, DELAY] = now if agreement is None else agreement.created
    return {**taken, **found}


def _paid(tx: Tx, agreement: str) -> Fraction:
    row = tx.get(PaidRowsRow, agreement=agreement)
    return Fraction(0 if row is None else row.amount, 10**TOKEN_DECIMALS)
