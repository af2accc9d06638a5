"""A budget of ε beside a model of it: whatever is asked, cut, told or refused in which order, of two agreements."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from connector.provider.computing import privacy
from connector.runtime.errors import NotPermitted
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.compute import ComputationRow
from connector.store.rows.compute import ComputationState as State
from connector.store.store import Store
from connector.store.table_row import replace
from connector.store.tables import TABLES
from contracts.gate import Gate
from contracts.noise import Noise, epsilon_text
from contracts.tariff import Tariff
from tests.fault.extent import tried

NOW = datetime(2026, 11, 26, tzinfo=UTC)
WHOM, JOBS = ("did:web:a", "did:web:b"), ("1", "2", "3")
# what each agreement says; the second of a buyer is of other terms, and leaves a choice
NOISES = (Noise(50, 200), Noise(120, 300, choice=(30, 170)))
CHOSEN = {NOISES[0]: (None,), NOISES[1]: (None, 30, 50, 170)}
SHOP = [table for table in TABLES if table.name in ("computations", "agreements")]


def agreement(peer, at):
    gate = Gate(("district",), noise=NOISES[at])
    return AgreementRow(
        digest=f"{peer}-{at}", role="provider", negotiation="n", peer=peer, product="firms", edition=f"e{at}",
        terms={"gate": gate.json(), "tariff": Tariff("epsilon", 200, 100, "CNY").json()}, odrl={}, state="signed",
        created=NOW,
    )  # fmt: skip


DEALS = [agreement(peer, at) for peer in WHOM for at in range(len(NOISES))]


class Budget(RuleBasedStateMachine):
    """The sums that the rows have, beside what was told to each buyer as the model counts it."""

    def __init__(self):
        super().__init__()
        self.runner, self.folder = asyncio.Runner(), tempfile.TemporaryDirectory()
        self.store = self.runner.run(Store.open(Path(self.folder.name) / "b.db", SHOP))
        self.held, self.told = {}, dict.fromkeys(WHOM, 0)

    def act(self, work):
        return self.runner.run(self.store.write(work))

    def row(self, deal, job):
        return self.act(lambda tx: tx.get(ComputationRow, agreement=deal.digest, job=job))

    def put(self, row, **changes):
        self.act(lambda tx: tx.put(replace(row, **changes)))

    @rule(deal=st.sampled_from(DEALS), job=st.sampled_from(JOBS), pick=st.integers(0, 3))
    def ask(self, deal, job, pick):
        """Begin a statement, as the room does: of one that is answered or runs nothing is begun."""
        known = self.row(deal, job)
        if known is not None and known.state is not State.FAILED:
            return
        noise = privacy.noise_of(deal)
        epsilon = CHOSEN[noise][pick % len(CHOSEN[noise])]
        each = noise.chosen(epsilon)
        fits = self.told[deal.peer] + sum(of for (peer, _), of in self.held.items() if peer == deal.peer)
        if fits + each > noise.budget:
            with pytest.raises(NotPermitted, match=epsilon_text(fits)):
                self.act(lambda tx: privacy.hold(tx, deal, job, epsilon))
            return
        held = self.act(lambda tx: privacy.hold(tx, deal, job, epsilon))
        assert held.each == each
        self.act(
            lambda tx: tx.put(
                ComputationRow(
                    agreement=deal.digest,
                    job=job,
                    product="firms",
                    edition="e",
                    transfer="t",
                    peer=deal.peer,
                    statement="s",
                    purpose="",
                    state=State.RUNNING,
                    epsilon=held.total,
                    each=held.each,
                    created=NOW,
                )
            )
        )
        self.held[deal.peer, (deal.digest, job)] = each

    @rule(deal=st.sampled_from(DEALS), job=st.sampled_from(JOBS), how=st.sampled_from(["told", "refused", "cut"]))
    def end(self, deal, job, how):
        """End one that runs: told, refused for its answer's sake, or cut before anything was told."""
        if (deal.peer, (deal.digest, job)) not in self.held:
            return
        row, cost = self.row(deal, job), self.held.pop((deal.peer, (deal.digest, job)))
        if how == "cut":
            self.put(privacy.given_back(deal, row), state=State.FAILED)
            return
        self.told[deal.peer] += cost
        self.put(row, state=State.RELEASED if how == "told" else State.FAILED)

    @invariant()
    def holds(self):
        for deal in DEALS:
            told = self.told[deal.peer] + sum(of for (peer, _), of in self.held.items() if peer == deal.peer)
            assert self.act(lambda tx, deal=deal: privacy.spent(tx, deal.peer, "firms")) == told
            assert told <= max(noise.budget for noise in NOISES)
            left = max(0, privacy.noise_of(deal).budget - told)
            row = self.row(deal, JOBS[0])
            if row is not None:
                said = self.act(lambda tx, deal=deal, row=row: privacy.told(tx, deal, row))
                assert said == {"epsilon": epsilon_text(row.each), "left": epsilon_text(left)}

    def teardown(self):
        self.runner.run(self.store.close())
        self.runner.close()
        self.folder.cleanup()


TestBudget = Budget.TestCase
TestBudget.settings = settings(max_examples=tried(60), stateful_step_count=30, deadline=None)
