"""The composition root: one participant with everything it does, started, recovered, stopped."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from connector.app.base import stop
from connector.app.trader import Trader
from connector.console.accounts import Accounts
from connector.console.sessions import Sessions
from connector.consumer.acquisition import Acquisitions
from connector.consumer.budget import Budget
from connector.consumer.copying import Copying
from connector.consumer.funding import Deposits
from connector.consumer.mending import Mending
from connector.consumer.next_channel import NextChannels
from connector.consumer.opening import Openings
from connector.consumer.pipe import Pipes
from connector.consumer.pulling import Pulls
from connector.consumer.pursuit import Pursuits
from connector.consumer.quoting import Quotes
from connector.consumer.reads import Reads
from connector.core import service
from connector.core.service import Service
from connector.custody.slabs import Memory
from connector.exchange.acts import Acts
from connector.exchange.applications import Applications
from connector.exchange.attesting import Attesting
from connector.exchange.chain_events import ChainEvents
from connector.exchange.complaints import Complaints
from connector.exchange.demands import Demands
from connector.exchange.federation.harvesting import Harvesting
from connector.exchange.finding import Finding
from connector.exchange.heartbeats import Heartbeats, Pulse
from connector.exchange.indicating import Indicators
from connector.exchange.kinds import KINDS
from connector.exchange.leaving import Departing, Leaving
from connector.exchange.members import Members
from connector.exchange.operators import Operators
from connector.exchange.reviewer import Reviewer
from connector.exchange.searches import Searches
from connector.exchange.spaces import Spaces
from connector.exchange.trades import Trades
from connector.holding.carriers import Carriers
from connector.holding.collecting import Collecting
from connector.holding.serving import Holding
from connector.licence.chain_turns import ChainTurns
from connector.licence.receipt import RECEIVED
from connector.licence.sublicence.granting import Granting
from connector.licence.suspension import Suspensions
from connector.provider.billing.bills import Bills
from connector.provider.leaking import Leaking
from connector.provider.offering import Offering
from connector.provider.offloading import Offloading
from connector.provider.plain.copies import Copies
from connector.provider.plain.pushing import Pushes
from connector.provider.publication import Publications
from connector.provider.resources import Resources
from connector.provider.rights import Rights
from connector.provider.versions import Versions
from connector.regulator.audits import Audits
from connector.regulator.chain_book import ChainBook
from connector.regulator.logbooks import Logbooks
from connector.runtime.clock import Clock
from connector.settlement.arbitration import Arbitration
from connector.settlement.cases import Cases
from connector.settlement.claiming import CHORE, Claiming
from connector.settlement.following import Following
from connector.settlement.monitor import Monitor
from connector.settlement.purse import Purse
from connector.settlement.receivables import Receivables
from connector.settlement.reporting import Reporting
from connector.settlement.returning import Returning
from connector.settlement.settlement import Settlements
from connector.store.succession import Succession

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.core.driver import Driver
    from connector.negotiation.reactions import Rules
    from connector.runtime.settings import Settings
    from ledger.chain import Block


# what a service asks for under another name than the participant keeps it
NAMED = {"space": "space_view"}
# in the order in which they stand on each other: the one list that a new service enters
SERVICES = (
    Service("resources", Resources),
    Service("holding", Holding),
    Service("carriers", Carriers),
    Service("granting", Granting),
    Service("suspensions", Suspensions),
    Service("copies", Copies),
    Service("collecting", Collecting),
    Service("memory", Memory),
    Service("pipes", Pipes),
    Service("offering", Offering),
    Service("publications", Publications, leased=True),
    Service("offloading", Offloading, leased=True),
    Service("rights", Rights),
    Service("versions", Versions),
    Service("purse", Purse),
    Service("quotes", Quotes),
    Service("deposits", Deposits),
    Service("next_channels", NextChannels),
    Service("reads", Reads),
    Service("copying", Copying),
    Service("pulls", Pulls),
    Service("acquisitions", Acquisitions, leased=True),
    Service("openings", Openings),
    Service("pursuits", Pursuits, leased=True),
    Service("pushes", Pushes, leased=True),
    Service("settlements", Settlements, leased=True),
    Service("following", Following),
    Service("turns", ChainTurns),
    Service("cases", Cases),
    Service("arbitration", Arbitration),
    Service("receivables", Receivables, leased=True),
    Service("returning", Returning, leased=True),
    Service("claiming", Claiming),
    Service("bills", Bills),
    Service("reporting", Reporting),
    Service("finding", Finding, closes=True),
    Service("members", Members),
    Service("chain_events", ChainEvents),
    Service("indicators", Indicators),
    Service("applications", Applications),
    Service("operators", Operators),
    Service("acts", Acts),
    Service("spaces", Spaces),
    Service("searches", Searches),
    Service("heartbeats", Heartbeats),
    Service("departing", Departing),
    Service("pulse", Pulse),
    Service("leaving", Leaving),
    Service("harvesting", Harvesting, leased=True, closes=True),
    Service("demands", Demands),
    Service("reviewer", Reviewer, leased=True),
    Service("attesting", Attesting),
    Service("trades", Trades),
    Service("complaints", Complaints),
    Service("monitor", Monitor, closes=True),
    Service("mending", Mending, closes=True),
    Service("leaking", Leaking),
    Service("accounts", Accounts),
    Service("budget", Budget),
    Service("sessions", Sessions),
    Service("audits", Audits, leased=True, closes=True),
    Service("logbooks", Logbooks),
    Service("chain_book", ChainBook),
)


class Connector(Trader):
    """One participant, all its rooms connected; make it with `Connector.start`."""

    resources: Resources
    holding: Holding
    carriers: Carriers
    granting: Granting
    suspensions: Suspensions
    collecting: Collecting
    memory: Memory
    pipes: Pipes
    offering: Offering
    publications: Publications
    offloading: Offloading
    rights: Rights
    versions: Versions
    quotes: Quotes
    deposits: Deposits
    next_channels: NextChannels
    reads: Reads
    copying: Copying
    pulls: Pulls
    acquisitions: Acquisitions
    openings: Openings
    pursuits: Pursuits
    pushes: Pushes
    settlements: Settlements
    receivables: Receivables
    returning: Returning
    indicators: Indicators
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
    claiming: Claiming
    turns: ChainTurns
    succession: Succession

    @classmethod
    async def start(cls, data: Path, settings: Settings, clock: Clock | None = None, rules: Rules = ()) -> Connector:
        """Build and open a participant; `recover` then goes on with what an earlier run left unfinished."""
        connector = cls(data, settings, clock or Clock())
        connector.rules = rules
        await connector.open()
        connector.equip()
        service.build(connector, SERVICES, connector._part)  # its own
        connector._tie()
        connector.watch_others()
        return connector

    def _part(self, name: str) -> Any:
        """Return a part of the ground, or what trading stands on, by the name under which a service asks for it."""
        return getattr(self, NAMED.get(name, name))

    def _tie(self) -> None:
        """Tell services what happens to each other's things."""
        self.monitor.chores = {
            CHORE: self.claiming.chore,  # the first of all: what lapses waits for nothing
            **self.monitor.chores,
            "pursue demands": self.pursuits.recover,
            "tell the exchange that we are there": self.pulse.chore,
            "end memberships whose plans are over": self.leaving.end_due,
        }
        self.health.warns += [self.claiming.warnings, self.receivables.warnings]
        self.watch.listeners.append(self.chain_seen)
        self.notices.takers[RECEIVED] = self.copies.countersigned
        self.stopped.append(self.receivables.wake)
        self.meetings.listeners.append(self.returning.wake)
        self.agreements.over.append(self.returning.wake)
        self.acquisitions.listeners.append(self.pursuits.moved)
        self.moved += [self.acquisitions.moved, self.pushes.moved]
        self.licensing.listeners.append(self.settlements.licence_granted)
        self.succession = Succession(self.tenure, self.work, stop)

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
        everybody(("members",), self.author.rebuild)
        everybody((*KINDS, "spaces"), self.finding.changed)
        everybody(("federated",), self.finding.grown)
        worker(("outbox", "negotiations", "transfers"), self.engine.wake)
        worker(tuple(KINDS), self.reviewer.recover)
        worker(("windows",), self.acknowledging.recover)
        worker(("sources",), self.harvesting.wake)
        if self.settings.side_by_side:
            self.space_view.build = self.author.rebuild
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
        await self.claiming.begin()
        if "exchange" in self.roles and not self.settings.space.exchange:
            await self.enlist()
        self.transactions.start()
        self.watch.start()
        await self.engine.recover()
        self.continuity.start()
        self.erasing.start()
        self.monitor.start()
        await self.acknowledging.recover()
        await service.recover(self, SERVICES)

    def _drivers(self) -> Iterator[Driver]:
        yield self.acknowledging.driver
        yield from service.drivers(self, SERVICES)

    async def close(self) -> None:
        """Stop working; every row stays as it is."""
        if self.tenure.held:
            await self.claiming.end()
        await self.succession.close()
        self.acknowledging.close()
        await self.acknowledging.driver.close()
        await service.close(self, SERVICES)
        await self.continuity.close()
        await self.erasing.close()
        await self.engine.close()
        await super().close()
