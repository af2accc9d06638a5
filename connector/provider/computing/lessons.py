"""Labels of buyers that are learned from our rows, neither seen by the other (decision 0235).

Law: (1) the keys of all lists under one agreement are counted before they are matched. (2) A match is not begun where
the budget has no room for the rounds that its buyer says will follow. (3) The coins of a match follow from a key that
never leaves this connector, from the agreement, the id and the rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.compute.learned import Learned
from connector.compute.lesson import SEED_BYTES, Match, Step
from connector.provider.computing import privacy
from connector.provider.computing.asked import agreement_of
from connector.provider.computing.ended import end, released
from connector.provider.computing.forms import Form
from connector.provider.computing.statements import Statements
from connector.runtime.errors import Conflict, NotPermitted
from connector.store.rows.compute import ComputationRow, FittingRow
from connector.store.rows.compute import ComputationState as State
from connector.store.table_row import replace
from contracts import gate as gates
from contracts.canonical import canonical
from contracts.labels import X
from contracts.noise import epsilon_text

if TYPE_CHECKING:
    from datetime import datetime

    from connector.compute.learned import Lesson
    from connector.compute.waiting import Waiting
    from connector.core.core import Core
    from connector.custody.secrets import Keys
    from connector.provider.computing.asked import Asked, Ground
    from connector.provider.computing.forms import Process, Types
    from connector.provider.computing.privacy import Held
    from connector.store.rows.agreement import AgreementRow
    from connector.store.transaction import Tx
    from contracts.gate import Gate

LABEL: Final = "lesson"


class Matches(Form):
    """Lists whose keys are matched with our subjects, before anything is learned."""

    def __init__(self, core: Core, secrets: Keys) -> None:
        super().__init__(core)
        self._secrets = secrets

    async def process(self, ground: Ground, gate: Gate, types: Types, asked: Asked, waiting: Waiting) -> Process:
        """Return what matches a list."""
        match = _match(asked)
        return Learned(match, gate, types, _seed(self._secrets, ground, asked.job, match), waiting)

    def hold(self, tx: Tx, agreement: AgreementRow, asked: Asked, now: datetime) -> Held | None:
        """Hold its ε and count its keys; raises NotPermitted where either, or that of its rounds, is too much."""
        held, match = super().hold(tx, agreement, asked, now), _match(asked)
        terms = gates.read(agreement.signed_terms["gate"])
        assert held is not None, "models are told with noise"
        assert terms.noise is not None, "models are told with noise"
        assert terms.learning is not None, "it was looked at before"
        before, whole = privacy.spent(tx, agreement.peer, agreement.product), (match.rounds + 1) * held.each
        if before + whole > terms.noise.budget:
            text = f"ε of {epsilon_text(before)} was told of {epsilon_text(terms.noise.budget)}, and a match and "
            raise NotPermitted(f"{text}{match.rounds} rounds tell {epsilon_text(whole)} more", "ask for fewer rounds")
        others = tx.find(FittingRow, "agreement = ? and job <> ?", (agreement.digest, asked.job))
        if (keys := sum(one.keys for one in others)) + match.asked > terms.learning.keys:
            text = f"{keys} of {terms.learning.keys} keys were asked about, and {match.asked} more are too many"
            raise NotPermitted(text, "ask about fewer, or agree anew")
        tx.put(FittingRow(agreement=agreement.digest, job=asked.job, keys=match.asked))
        return held

    def keep(self, tx: Tx, row: ComputationRow, found: Lesson, now: datetime) -> ComputationRow:
        """Write the places; as long as they are, they are kept beside the rows that people page through."""
        members = {**found.members, **privacy.told(tx, agreement_of(tx, row), row)}
        told = released(tx, row, found.told, members, found.confined, now)
        tx.update(FittingRow, {"agreement": row.agreement, "job": row.job}, answer=told.answer)
        return replace(end(self._core, tx, row, told, now, kept=replace(told, answer=None)), answer=told.answer)

    def give_back(self, tx: Tx, row: ComputationRow) -> None:
        """Count the keys no more."""
        tx.delete(FittingRow, agreement=row.agreement, job=row.job)

    def answered(self, tx: Tx, row: ComputationRow) -> ComputationRow:
        """Return what was told, with the answer that is kept beside it."""
        kept = tx.get(FittingRow, agreement=row.agreement, job=row.job)
        return row if kept is None else replace(row, answer=kept.answer)


class Steps(Statements):
    """The rounds in which a label is learned."""

    def __init__(self, core: Core, secrets: Keys) -> None:
        super().__init__(core)
        self._secrets = secrets

    async def process(self, ground: Ground, gate: Gate, types: Types, asked: Asked, waiting: Waiting) -> Process:
        """Return what answers a round."""
        step = _step(asked)
        return Learned(step, gate, types, _seed(self._secrets, ground, step.match, step), waiting)

    def hold(self, tx: Tx, agreement: AgreementRow, asked: Asked, now: datetime) -> Held | None:
        """Hold its ε; raises Conflict where nothing was matched before."""
        of = tx.get(ComputationRow, agreement=agreement.digest, job=_step(asked).match)
        if of is None or of.state is not State.RELEASED or not of.statement.startswith("match "):
            raise Conflict("no list was matched under the id that is named", "match one first")
        return super().hold(tx, agreement, asked, now)


def _seed(secrets: Keys, ground: Ground, job: str, lesson: Match | Step) -> bytes:
    """Return what the coins of a match are thrown with: another list, id, agreement or other rows have others."""
    about = canonical([ground.agreement.digest, ground.agreement.signed_edition, job, lesson.rows.statement])
    return X(secrets.masks(), LABEL, about, SEED_BYTES)


def _match(asked: Asked) -> Match:
    assert isinstance(asked.about, Match), "it is a match"
    return asked.about


def _step(asked: Asked) -> Step:
    assert isinstance(asked.about, Step), "it is a round"
    return asked.about
