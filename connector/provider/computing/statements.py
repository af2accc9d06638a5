"""Statements in SQL over groups: each is held against what was told of its edition before, and remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.compute import cpu
from connector.compute.computation import Computation
from connector.provider.computing import attestation, privacy
from connector.provider.computing.asked import agreement_of
from connector.provider.computing.attestation import Attestation
from connector.provider.computing.ended import end, released
from connector.provider.computing.forms import Form
from connector.store.rows.compute import ComputationState as State
from connector.store.table_row import replace
from contracts.answered import seconds_text

if TYPE_CHECKING:
    from datetime import datetime

    from connector.compute.computation import Computed
    from connector.compute.waiting import Waiting
    from connector.provider.computing.asked import Asked, Ground
    from connector.provider.computing.forms import Process, Types
    from connector.store.rows.compute import ComputationRow
    from connector.store.transaction import Tx
    from contracts.gate import Gate

NOTHING: Final = "nothing of its answer passes the gate: groups have too few subjects, or are too near to earlier ones"
FEW: Final = "nothing of its answer passes the gate: with noise a group needs some {} subjects to be told"


class Statements(Form):
    """The statements that are answered through the gate."""

    async def process(self, ground: Ground, gate: Gate, types: Types, asked: Asked, waiting: Waiting) -> Process:
        """Return what answers a statement; raises InvalidInput."""
        told = {"agreement": ground.agreement.digest, "job": asked.job, "nonce": asked.nonce}
        return Computation(asked.statement, gate, types, waiting=waiting, tenths=asked.tenths, attested=told)

    async def found(self, ground: Ground, asked: Asked, _file: str, found: Any) -> Any:
        """Return what was found, with the evidence of its reader where its terms want that."""
        return await Attestation(self._core).vouched(ground, asked, found)

    def keep(self, tx: Tx, row: ComputationRow, found: Computed, now: datetime) -> ComputationRow:
        """Write what passed, with what later ones are held against; or that nothing did, which costs nothing."""
        if not found.told:
            why = FEW.format(found.needs) if found.needs else NOTHING
            return end(self._core, tx, row, replace(row, state=State.WITHHELD, reason=why, rows=0, ended=now), now)
        members = {**found.members, **privacy.told(tx, agreement_of(tx, row), row)}
        took = None if row.at_most is None else cpu.measured(found.cpu, row.at_most)
        members |= {} if took is None else {"seconds": seconds_text(took)}
        members |= {} if found.attested is None else {attestation.MEMBER: found.attested}
        after = released(tx, replace(row, took=took), found.told, members, found.confined, now)
        more = {} if found.attested is None else {attestation.MEMBER: attestation.digest(found.attested)}
        return end(self._core, tx, row, replace(after, memory=found.memory), now, more=more)
