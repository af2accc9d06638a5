"""What is made out of licensed data: whether its licences let it be made, and sold as it is (decision 0037).

Law: (1) a licence under which something is made must stand and permit to derive. (2) What is made belongs to who made
it, unless the licence says that it stays under its terms (`inherit`): then it is sold within the licence's rules, only
to whom they let it be granted, and itself says `inherit`. (3) Both are asked when it is published, of whomever its own
rules name, and again at each agreement, of its buyer. What cannot be told is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.custody import joined, lineage
from connector.licence.sublicence import onward
from connector.negotiation.protocol.states import CONSUMER, PROVIDER
from connector.runtime.errors import Absent, NotPermitted
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.product import ProductRow
from policy.compare.cells import Effort
from policy.compare.onward import QUESTIONS_MAX, may_derive
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.core.core import Core
    from connector.licence.standing import Standing
    from connector.negotiation.doors import Doors
    from connector.store.rows.protocol import NegotiationRow
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


class Derivation:
    """Asks the licences of one participant about what it makes out of their data."""

    def __init__(self, core: Core, standing: Standing, doors: Doors) -> None:
        self._core, self._standing = core, standing
        others = doors.agrees  # who opened that door before is asked as well
        doors.agrees = lambda tx, negotiation, now: self.agrees(tx, negotiation, now) or others(tx, negotiation, now)

    def settle(self, tx: Tx, brief: JsonObject, policy: JsonObject) -> JsonObject:
        """Return a brief with the agreements in the place of what it names as its sources; they are asked.

        Raises Absent for what is not held here, NotPermitted where a licence does not let it be made or sold so.
        """
        if not (named := brief.get("derivedFrom")):
            return brief
        sources = {one for prefix in named for one in _agreements(tx, prefix)}
        brief = brief | {"derivedFrom": sorted(sources)}
        if why := self._refusal(tx, brief, policy, None, self._core.clock.now()):
            raise NotPermitted(why, "publish it under narrower rules, or ask for a licence that lets it be")
        return brief

    def agrees(self, tx: Tx, negotiation: NegotiationRow, now: datetime) -> str:
        """Return why what is on the table may not be sold to its buyer, empty if it may; see `Doors.agrees`."""
        product = tx.get(ProductRow, id=negotiation.product) if negotiation.role == PROVIDER else None
        brief = {} if product is None else product.brief or {}
        if product is None or not brief.get("derivedFrom"):
            return ""
        terms = negotiation.terms
        rules: Mapping[str, Any] = terms["policy"] if terms else product.policy
        return self._refusal(tx, brief, rules, negotiation.peer, now)

    def _refusal(self, tx: Tx, brief: JsonObject, rules: Mapping[str, Any], party: str | None, now: datetime) -> str:
        for digest in brief["derivedFrom"]:
            row = tx.get(AgreementRow, digest=digest)
            if row is None or row.role != CONSUMER or row.terms is None:
                return f"it is made out of data whose licence `{digest}` is not here"
            if why := self._standing.over(tx, row, now) or _beyond(row.terms, brief, rules, party):
                return f"it is made out of `{row.product}`, and {why}"
        return ""


def _agreements(tx: Tx, named: str) -> list[str]:
    """Return the agreements of what is named as a source: a replica's, or all that an opening of that id read."""
    try:
        return [lineage.replica_of(tx, named).agreement]
    except Absent:
        if not (read := joined.opened_under(tx, named)):
            raise
        return read


def _beyond(terms: Mapping[str, Any], brief: JsonObject, rules: Mapping[str, Any], party: str | None) -> str:
    """Return why a licence's terms do not let something be made of its data and sold under `rules`."""
    above = terms["policy"]
    try:
        if not may_derive(onward.read(above), Effort(QUESTIONS_MAX)):
            return "its licence does not permit to derive anything from it"
    except PolicyError as error:
        return f"the rules of its licence cannot be read: {error}"
    if not terms.get("inherit"):
        return ""
    if not brief.get("inherit"):
        return "its licence stays with what is made of it: so must the one that is sold (`inherit`)"
    return onward.beyond(rules, above, party)
