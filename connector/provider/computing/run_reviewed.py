"""Programs of buyers that a reviewer assented to: run once over all rows, told exactly, without ε (decision 0286).

Law: (1) before anything is counted or a process begun, the assent is held against what is asked, the reviewer against
the terms, its signature against the account that the space's document has of it, and its membership against the space
as it is now. (2) What answers by it, and what is logged and receipted of it, names it by its digest. (3) It takes
nothing from the budget of the noise, and nothing told before is of account: what answers tell together is what the
reviewer let through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.compute.assented import HINT, Assented
from connector.compute.programmed import Reviewed
from connector.provider.computing import offered
from connector.provider.computing.asked import agreement_of
from connector.provider.computing.ended import end, released
from connector.provider.computing.statements import Statements
from connector.runtime.errors import Absent, NotPermitted
from connector.store.rows.compute import ComputationState as State
from connector.store.rows.product import ProductState
from connector.store.table_row import replace
from contracts import gate as gates

if TYPE_CHECKING:
    from datetime import datetime

    from connector.compute.computation import Computed
    from connector.compute.waiting import Waiting
    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.provider.computing.asked import Asked, Ground
    from connector.provider.computing.forms import Process, Types
    from connector.store.rows.agreement import AgreementRow
    from connector.store.rows.compute import ComputationRow
    from connector.store.rows.product import ProductRow
    from connector.store.transaction import Tx
    from contracts.gate import Gate

FEW: Final = "nothing is told: fewer than {} subjects are among the rows that the program would be given"


class RunReviewed(Statements):
    """The programs that are run by an assent."""

    def __init__(self, core: Core, space: SpaceView) -> None:
        super().__init__(core)
        self._space = space

    async def process(self, ground: Ground, gate: Gate, types: Types, asked: Asked, waiting: Waiting) -> Process:
        """Return what runs a program by its assent; raises InvalidInput, NotPermitted, SettingsError."""
        about = asked.about
        assert isinstance(about, Assented), "it is a program with an assent"
        now, agreement = self._core.clock.now(), ground.agreement
        reviewer = about.require(gate, agreement.product, self._core.identity.did, agreement.peer, now)
        try:
            # who reviews may never have spoken with us: what is known of it is asked anew, where the exchange is there
            await self._space.current()
            member = await self._space.require(reviewer)
        except Absent as absent:
            raise NotPermitted(f"the reviewer `{reviewer[:200]}` is not a member of the space", HINT) from absent
        if not about.signed.is_by(member.address):
            raise NotPermitted(f"the assent is not signed by the account of {reviewer}", HINT)
        return Reviewed(about, gate, types, waiting)

    async def require(self, product: ProductRow) -> None:
        """See that the reviewer whom a product names is a member, before it is sealed; raises Absent, NotPermitted."""
        reviewer = offered.reviewer_of(product.brief)
        if reviewer and product.state in (ProductState.DRAFT, ProductState.RENEWING):
            await self._space.require(reviewer)

    def hold(self, tx: Tx, agreement: AgreementRow, asked: Asked, now: datetime) -> None:  # others look at them
        """Hold nothing: it tells no ε."""

    def keep(self, tx: Tx, row: ComputationRow, found: Computed, now: datetime) -> ComputationRow:
        """Write what is told, or that too few were among the rows, which costs nothing."""
        if not found.told:
            why = FEW.format(gates.read(agreement_of(tx, row).signed_terms[offered.MEMBER]).least)
            return end(self._core, tx, row, replace(row, state=State.WITHHELD, reason=why, rows=0, ended=now), now)
        after = released(tx, row, found.told, found.members, found.confined, now)
        return end(self._core, tx, row, after, now)
