"""What residents do: they negotiate and part without a deal, so that no chain has to carry it; every step is logged.

Each decision is the engine's, each entry is boxed for its owner and the supervisor, each head is signed and cosigned.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from bench.audited import product
from bench.audited.clock import StoryClock
from bench.audited.party import Party
from bench.audited.trade import Sale
from bench.nationwide.resident import Pages, pairs
from connector.enforcement.judge import Judge
from connector.identity import keys
from connector.runtime.data_folder import KEYS
from ledger.space.document import Space

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.audited.product import Product
    from bench.nationwide.resident import Resident

TOKEN = bytes(20)


class Haggle(Sale):
    """A negotiation that its buyer ends."""

    messages: ClassVar = (
        ("", "REQUESTED"),
        ("REQUESTED", "OFFERED"),
        ("OFFERED", "REQUESTED"),
        ("REQUESTED", "OFFERED"),
        ("OFFERED", "TERMINATED"),
    )

    def play(self) -> None:
        """Play the negotiation alone."""
        self.negotiate()


class Market:
    """The place where pairs meet: two who witness, the exchange's deployment, where pages go, where residents are."""

    def __init__(
        self, exchange: Party, regulator: Party, deployment: Mapping[str, Any], pages: Path, port: int
    ) -> None:
        self._witnesses, self._port = (exchange, regulator), port
        self._pages = Pages(pages, port)
        self.clock = StoryClock(regulator.keys.delivery_public)
        self._space = Space(exchange.did, deployment, {}, product.FEE_BPS, "benchmark")
        self.judge = Judge(lambda: self._space, self.clock, lambda: None)  # type: ignore[arg-type]  # tells story time
        self._sold = product.sealed(next(pairs(range(2), port))[0], 0, product.KEPT, TOKEN, exchange)

    def play(self, numbers: range, events: int) -> int:
        """Have the pairs of these numbers write so many events together; return how many there are."""
        count = 0
        each = events / max(1, len(numbers) // 2)
        for number, (provider, buyer) in enumerate(pairs(numbers, self._port), 1):
            members = {one.did: one.member for one in (provider, buyer)}
            self._space = replace(self._space, members=members)
            sold = replace(self._sold, provider=provider)
            begun = 0
            while count + begun < number * each:
                begun += self._haggled(sold, buyer)
            count += begun
            for one in (provider, buyer):
                self._pages.identify(one)
                one.publish(self._pages.put, one.head(self._witnesses, int(time.time())))
        return count

    def _haggled(self, sold: Product, buyer: Resident) -> int:
        before = sold.provider.count + buyer.count
        Haggle(self, sold, buyer).play()  # type: ignore[arg-type]  # all of a space that a negotiation needs
        return sold.provider.count + buyer.count - before

    def write(self, party: Party, kind: str, part: str, link: list[str], fields: dict[str, Any]) -> bytes:
        """Write an event of a resident; return its leaf hash."""
        return party.write(self.clock, self._pages.put, kind, part, link, fields)


def witness(data: Path, role: str, port: int) -> Party:
    """Return one who witnesses, with the keys of its data directory."""
    return Party(role, port, "US-NY", keys.load(data / KEYS))
