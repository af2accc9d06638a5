"""For whom an offer is meant: who sees it in the catalogue, who may ask for it, with whom an agreement makes sense.

Law: (1) an offer whose rules name nobody is for everybody; one that names assignees or recipients is shown to these
alone, and to all others it looks like one that is not there. (2) Before an agreement the policy must check, and must
not exclude the other party for what is known of it; what only an order can tell stays open. (3) The engine decides,
and each answer is recorded once, until it changes: looking costs the log nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.enforcement import decision_log as decisions
from connector.enforcement import scopes
from connector.enforcement.decision_log import Made
from connector.enforcement.rules import agreed, on_offer
from connector.enforcement.ruling import HOLDS, why_not
from connector.negotiation.protocol.states import PROVIDER
from connector.store.rows.use import DecisionRow
from connector.store.rows.vault import EditionRow, VaultState
from contracts.canonical import canonical, load, sha
from contracts.credential.proven import PROVEN
from policy.compare.cells import Effort
from policy.compare.check import first_error
from policy.errors import PolicyError
from policy.parse import parse
from policy.request import Request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.core.core import Core
    from connector.enforcement.judge import Judge
    from connector.enforcement.ruling import Ruling
    from connector.negotiation.doors import Doors
    from connector.store.rows.product import ProductRow
    from connector.store.rows.protocol import NegotiationRow
    from connector.store.transaction import Tx


USE: Final = "use"
CATALOGUE, NEGOTIATION = "catalogue", "negotiation"
NOBODY: Final = "{}"  # who may know of a product that is offered to nobody at the moment
CHECKED_MAX = 256  # policies on the table whose check is remembered: each is asked about by both sides of many talks
QUESTIONS_MAX = 20_000  # of one check, in the transaction of a message: some ten milliseconds
# what an order will tell, or the space when the party becomes a member
OPEN: Final = frozenset({"context-missing", "context-unclear"})
# a policy whose text has neither word names nobody, in whatever form it is written
_NAMES = re.compile("assignee|recipient")


class Viewer:
    """One peer that looks at the catalogue; `made` are the answers that are not recorded yet."""

    def __init__(self, audience: Audience, peer: str) -> None:
        self.made: list[tuple[str, Made]] = []
        self._audience = audience
        self._peer = peer

    def sees(self, tx: Tx, product: str, text: str, access: str | None = None) -> bool:
        """Say whether the peer sees a product, by its id, the text of its policy, and that of who may know of it."""
        if access is not None and (access == NOBODY or not self._permits(tx, product, access)):
            return False
        return not _NAMES.search(text) or self._permits(tx, product, text)

    def _permits(self, tx: Tx, product: str, text: str) -> bool:
        try:
            key, made = self._audience.asked(orjson.loads(text), product, self._peer)
        except (PolicyError, ValueError):  # nobody knows for whom it is
            return False
        known = tx.get(DecisionRow, id=key)
        if known is None or known.outcome != made.ruling.outcome:
            self.made.append((key, made))
        return made.ruling.outcome in HOLDS


class Audience:
    """Decides for one participant whom its offers are for."""

    def __init__(self, core: Core, judge: Judge, doors: Doors) -> None:
        self._core, self._judge = core, judge
        doors.sees, doors.asker = self.sees, judge.asker

    def viewer(self, peer: str) -> Viewer:
        """Return who looks."""
        return Viewer(self, peer)

    async def record(self, viewer: Viewer) -> None:
        """Record what was decided anew while a peer looked."""
        if viewer.made:
            await self._core.store.write(partial(self._record, made=viewer.made))

    def asked(self, policy: Mapping[str, Any], product: str, peer: str) -> tuple[str, Made]:
        """Decide whether a peer sees an offer; return the id of the decision, and the decision; raises PolicyError."""
        judge, now = self._judge, self._core.clock.now()
        request = Request(peer, USE, product, {"recipient": peer})
        ruling = judge.ruling(on_offer(policy, product), request, stage=CATALOGUE, taken={}, now=now)
        asked = sha({"peer": peer, "product": product, "policy": ruling.document["policy"]}).hex()
        return f"{CATALOGUE}/{asked}", Made(CATALOGUE, product, asked, ruling)

    def sees(self, tx: Tx, product: ProductRow, peer: str) -> bool:
        """Say whether a peer sees a product, in an act of its own."""
        viewer = self.viewer(peer)
        access = None if product.access is None else orjson.dumps(product.access).decode()
        seen = viewer.sees(tx, product.id, orjson.dumps(product.policy).decode(), access)
        self._record(tx, viewer.made)
        return seen

    def agrees(self, tx: Tx, negotiation: NegotiationRow, now: datetime) -> str:
        """Return why the policy on the table makes no agreement with its buyer, empty if it does."""
        terms = negotiation.terms
        if terms is None:
            return ""
        # a whole row may have megabytes of rows: only one that is leaked is read
        leaked = "id = ? and state = ?", (terms["editionId"], VaultState.LEAKED)
        if negotiation.role == PROVIDER and tx.find(EditionRow, *leaked):
            return "this edition is withdrawn; a new one follows"
        buyer = negotiation.peer if negotiation.role == PROVIDER else self._core.identity.did
        try:
            rules = agreed(terms, buyer, scopes.PARTY)
        except PolicyError as error:
            return f"the policy does not check: {error}"
        if fault := _fault(canonical({"@type": "Set", "target": terms["product"], **terms["policy"]})):
            return f"the policy does not check: {fault}"
        judge = self._judge
        request = judge.request(buyer, terms["product"], USE, {}, rules.asks)
        ruling = judge.ruling(rules, request, stage=NEGOTIATION, taken={}, now=now)
        asked = sha({"negotiation": negotiation.id, "policy": rules.digest}).hex()
        made = Made(NEGOTIATION, terms["product"], asked, ruling)
        decisions.record(tx, self._core.evidence, made, now)
        return "" if _open(ruling) else why_not(ruling)

    def _record(self, tx: Tx, made: list[tuple[str, Made]]) -> None:
        now = self._core.clock.now()
        for key, one in made:
            decisions.record(tx, self._core.evidence, one, now, row=key)


@lru_cache(maxsize=CHECKED_MAX)
def _fault(policy: bytes) -> str:
    """Return what keeps a policy that reads well from being signed, empty if nothing does."""
    found = first_error(parse(load(policy)), Effort(QUESTIONS_MAX))
    return "" if found is None else f"{found.code} at `{found.path}`"


def forget() -> None:
    """Forget what was found: the tables that policies are read by have changed."""
    _fault.cache_clear()


def _open(ruling: Ruling) -> bool:
    """Say whether all that stands against an agreement comes later; what a party has to show, it shows before."""
    return bool(ruling.reasons) and all(
        reason["code"] in OPEN and reason["facts"][0] not in PROVEN for reason in ruling.reasons
    )
