"""The composition root: one participant with everything it does, started, recovered, stopped."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from connector.base import stop
from connector.billing.bills import Bills
from connector.clock import Clock
from connector.console.accounts import Accounts
from connector.console.budget import Budget
from connector.console.sessions import Sessions
from connector.engine.monitor import Monitor
from connector.engine.trader import Trader
from connector.exchange.acts import Acts
from connector.exchange.applications import Applications
from connector.exchange.attesting import Attesting
from connector.exchange.chain_events import ChainEvents
from connector.exchange.complaints import Complaints
from connector.exchange.demands import Demands
from connector.exchange.finding import Finding
from connector.exchange.heartbeats import Heartbeats, Pulse
from connector.exchange.kinds import KINDS
from connector.exchange.leaving import Departing, Leaving
from connector.exchange.members import Members
from connector.exchange.operators import Operators
from connector.exchange.reviewer import Reviewer
from connector.exchange.searches import Searches
from connector.exchange.spaces import Spaces
from connector.exchange.trades import Trades
from connector.federation.harvesting import Harvesting
from connector.holding.mending import Mending
from connector.plain.pushing import Pushes
from connector.processes.succession import Succession
from connector.product.leaking import Leaking
from connector.product.offering import Offering
from connector.product.offloading import Offloading
from connector.product.publication import Publications
from connector.product.rights import Rights
from connector.product.versions import Versions
from connector.pull.acquisition import Acquisitions
from connector.pull.opening import Openings
from connector.pull.pursuit import Pursuits
from connector.settle.arbitration import Arbitration
from connector.settle.cases import Cases
from connector.settle.following import Following
from connector.settle.reporting import Reporting
from connector.settle.returning import Returning
from connector.settle.settlement import Settlements
from connector.supervision.audits import Audits
from connector.supervision.chain_book import ChainBook
from connector.supervision.logbooks import Logbooks
from connector.usage.chain_turns import ChainTurns

if TYPE_CHECKING:
    from pathlib import Path

    from connector.engine.driver import Driver
    from connector.engine.reactions import Rules
    from connector.settings import Settings
    from ledger.chain import Block


class Connector(Trader):
    """One participant, all its rooms connected; make it with `Connector.start`."""

    offering: Offering
    publications: Publications
    offloading: Offloading
    rights: Rights
    versions: Versions
    acquisitions: Acquisitions
    openings: Openings
    pursuits: Pursuits
    pushes: Pushes
    settlements: Settlements
    returning: Returning
    applications: Applications
    operators: Operators
    spaces: Spaces
    searches: Searches
    heartbeats: Heartbeats
    pulse: Pulse
    leaving: Leaving
    departing: Departing
    acts: Acts
    finding: Finding
    harvesting: Harvesting
    bills: Bills
    trades: Trades
    reporting: Reporting
    complaints: Complaints
    cases: Cases
    arbitration: Arbitration
    demands: Demands
    reviewer: Reviewer
    attesting: Attesting
    members: Members
    monitor: Monitor
    mending: Mending
    leaking: Leaking
    accounts: Accounts
    budget: Budget
    audits: Audits
    logbooks: Logbooks
    chain_book: ChainBook
    chain_events: ChainEvents
    sessions: Sessions
    following: Following
    turns: ChainTurns
    succession: Succession

    @classmethod
    async def start(cls, data: Path, settings: Settings, clock: Clock | None = None, rules: Rules = ()) -> Connector:
        """Build and open a participant; `recover` then goes on with what an earlier run left unfinished."""
        connector = cls(data, settings, clock or Clock())
        connector.rules = rules
        await connector.open()
        connector.equip()
        connector.offering = Offering(connector)
        connector.publications = Publications(connector)
        connector.offloading = Offloading(connector)
        connector.rights = Rights(connector)
        connector.versions = Versions(connector)
        connector.acquisitions = Acquisitions(connector)
        connector.openings = Openings(connector)
        connector.pushes = Pushes(connector)
        connector.settlements = Settlements(connector)
        connector.following = Following(connector, connector.settlements)
        connector.watch.listeners.append(connector.chain_seen)
        connector.turns = ChainTurns(connector)
        connector.cases = Cases(connector)
        connector.arbitration = Arbitration(connector, connector.cases)
        connector.applications = Applications(connector)
        connector.operators = Operators(connector)
        connector.acts = Acts(connector)
        connector.spaces = Spaces(connector)
        connector.searches = Searches(connector)
        connector.heartbeats = Heartbeats(connector)
        connector.pulse = Pulse(connector)
        connector.leaving = Leaving(connector)
        connector.departing = Departing(connector)
        connector.finding = Finding(connector)
        connector.harvesting = Harvesting(connector, connector.finding.grown, connector.finding.changed)
        connector.demands = Demands(connector)
        connector.reviewer = Reviewer(connector, connector.finding.changed)
        connector.members = Members(connector)
        connector.attesting = Attesting(connector)
        connector.monitor = Monitor(connector)
        connector._open_market()  # its own
        connector.monitor.chores["tell the exchange that we are there"] = connector.pulse.chore
        connector.monitor.chores["end memberships whose plans are over"] = connector.leaving.end_due
        connector.mending = Mending(connector)
        connector.leaking = Leaking(connector)
        connector.accounts = Accounts(connector)
        connector.budget = Budget(connector)
        connector.audits = Audits(connector)
        connector.logbooks = Logbooks(connector)
        connector.chain_book = ChainBook(connector)
        connector.sessions = Sessions(connector, connector.accounts)
        connector.moved += [connector.acquisitions.moved, connector.pushes.moved]
        connector.licensed.append(connector.settlements.licence_granted)
        connector.succession = Succession(connector.tenure, connector.work, stop)
        connector.watch_others()
        return connector

    def _open_market(self) -> None:
        """Build what is made of trades: bills, prices, complaints, pursued demands, and deposits that come back."""
        self.returning = Returning(self, self.settlements)
        self.opened.append(self.returning.wake)
        self.agreements.over.append(self.returning.wake)
        self.bills = Bills(self)
        self.trades = Trades(self)
        self.chain_events = ChainEvents(self)
        self.reporting = Reporting(self)
        self.complaints = Complaints(self)
        self.pursuits = Pursuits(self, self.acquisitions)
        self.acquisitions.listeners.append(self.pursuits.moved)
        self.monitor.chores = {**self.monitor.chores, "pursue demands": self.pursuits.recover}

    async def recover(self) -> None:
        """Go on with everything open; call it when the server answers, because peers answer at once.

        Beside another process that works on our tables we answer questions, and take its place when it is gone.
        """
        await self.finding.recover()
        for driver in self._drivers():
            driver.resting = not self.tenure.held
        await self.succession.begin()

    def watch_others(self) -> None:
        """Say what is looked at again when another process has changed a table."""
        everybody, worker = self.succession.look, partial(self.succession.look, working=True)
        everybody(("log_entries", "checkpoints"), self.evidence.forget)
        everybody(("chain_txs",), self.transactions.heard)
        everybody(("members",), self.rebuild_space)
        everybody((*KINDS, "spaces"), self.finding.changed)
        everybody(("federated",), self.finding.grown)
        worker(("outbox", "negotiations", "transfers"), self.engine.wake)
        worker(tuple(KINDS), self.reviewer.recover)
        worker(("sources",), self.harvesting.wake)
        if self.settings.side_by_side:
            self.space_view.build = self.rebuild_space
            self.store.on_foreign(self.succession.changed)

    async def chain_seen(self, block: Block, past: int) -> None:
        """Follow our channels and licences, if that is for this process to do."""
        if self.tenure.held:
            await self.following.seen(block, past)
            await self.turns.seen(block)

    async def work(self) -> None:
        """Begin what one process does at a time."""
        for driver in self._drivers():
            driver.resting = False
        if "exchange" in self.roles and not self.settings.space.exchange:
            await self.enlist()
        self.transactions.start()
        self.watch.start()
        await self.engine.recover()
        self.continuity.start()
        self.erasing.start()
        self.monitor.start()
        for part in (
            self.publications,
            self.offloading,
            self.acquisitions,
            self.pursuits,
            self.pushes,
            self.settlements,
            self.returning,
            self.harvesting,
            self.reviewer,
            self.audits,
        ):
            await part.recover()

    def _drivers(self) -> tuple[Driver, ...]:
        parts = (
            self.publications,
            self.offloading,
            self.acquisitions,
            self.pursuits,
            self.pushes,
            self.settlements,
            self.returning,
            self.reviewer,
        )
        return tuple(part.driver for part in parts)

    async def close(self) -> None:
        """Stop working; every row stays as it is."""
        await self.succession.close()
        for driver in self._drivers():
            await driver.close()
        await self.harvesting.close()
        await self.audits.close()
        await self.finding.close()
        await self.mending.close()
        await self.monitor.close()
        await self.continuity.close()
        await self.erasing.close()
        await self.engine.close()
        await super().close()
