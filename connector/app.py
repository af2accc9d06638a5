"""The composition root: one participant with everything it does, started, recovered, stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.clock import Clock
from connector.engine.monitor import Monitor
from connector.engine.trader import Trader
from connector.exchange.applications import Applications
from connector.exchange.attesting import Attesting
from connector.exchange.demands import Demands
from connector.exchange.finding import Finding
from connector.exchange.members import Members
from connector.exchange.reviewer import Reviewer
from connector.holding.mending import Mending
from connector.plain.pushing import Pushes
from connector.product.leaking import Leaking
from connector.product.offering import Offering
from connector.product.offloading import Offloading
from connector.product.publication import Publications
from connector.product.rights import Rights
from connector.pull.acquisition import Acquisitions
from connector.pull.opening import Openings
from connector.settle.arbitration import Arbitration
from connector.settle.cases import Cases
from connector.settle.following import Following
from connector.settle.settlement import Settlements

if TYPE_CHECKING:
    from pathlib import Path

    from connector.engine.reactions import Rules
    from connector.settings import Settings


class Connector(Trader):
    """One participant, all its rooms connected; make it with `Connector.start`."""

    offering: Offering
    publications: Publications
    offloading: Offloading
    rights: Rights
    acquisitions: Acquisitions
    openings: Openings
    pushes: Pushes
    settlements: Settlements
    applications: Applications
    finding: Finding
    cases: Cases
    arbitration: Arbitration
    demands: Demands
    reviewer: Reviewer
    attesting: Attesting
    members: Members
    monitor: Monitor
    mending: Mending
    leaking: Leaking

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
        connector.acquisitions = Acquisitions(connector)
        connector.openings = Openings(connector)
        connector.pushes = Pushes(connector)
        connector.settlements = Settlements(connector)
        connector.watch.listeners.append(Following(connector, connector.settlements).seen)
        connector.cases = Cases(connector)
        connector.arbitration = Arbitration(connector, connector.cases)
        connector.applications = Applications(connector)
        connector.finding = Finding(connector)
        connector.demands = Demands(connector)
        connector.reviewer = Reviewer(connector, connector.finding.changed)
        connector.members = Members(connector)
        connector.attesting = Attesting(connector)
        connector.monitor = Monitor(connector)
        connector.mending = Mending(connector)
        connector.leaking = Leaking(connector)
        connector.moved += [connector.acquisitions.moved, connector.pushes.moved]
        connector.licensed.append(connector.settlements.licence_granted)
        return connector

    async def recover(self) -> None:
        """Go on with everything open; call it when the server answers, because peers answer at once."""
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
            self.pushes,
            self.settlements,
            self.agreements,
            self.finding,
            self.reviewer,
        ):
            await part.recover()

    async def close(self) -> None:
        """Stop working; every row stays as it is."""
        for part in (
            self.publications,
            self.offloading,
            self.acquisitions,
            self.pushes,
            self.settlements,
            self.reviewer,
        ):
            await part.driver.close()
        await self.finding.close()
        await self.mending.close()
        await self.monitor.close()
        await self.continuity.close()
        await self.erasing.close()
        await self.engine.close()
        await super().close()
