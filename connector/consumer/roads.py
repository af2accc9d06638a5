"""The sources of one pull: the provider, and holders that it names; each thread drives on one of them at a time.

Law: (1) a source that sends one wrong row is dropped for that edition, at that row, and the row is fetched elsewhere
(spec 1.10). (2) One that does not answer is left for this pull. (3) The last source is never left: what it sends wrong
is asked of it again, and what it says is what the pull says. (4) The provider's refusal is everybody's.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from connector.custody import passes, tickets
from connector.negotiation.protocol import data_address
from connector.runtime.errors import AddressRefused, PeerMisbehaved, PeerRefused, PeerUnreachable, PenstockError
from ledger.edition.opening import OpeningError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from connector.net.lane import Lane
    from connector.net.outbound import Outbound

# what a source may do wrong without being the end of a pull that has others
FAULTS = (OpeningError, AddressRefused, PeerMisbehaved, PeerUnreachable, PeerRefused)
# the answer to a ticket that is over
OVER = 401
# sources of one pull, each with a connection: more than a line can carry is only more to wait for
ROADS_MAX = 4
# an answer names eight carriers, each with an address and a pass
SOURCES_BYTES_MAX = 65_536
# of a peer's own text, in a fault
SHOWN_CHARACTERS = 100

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Road:
    """Where sealed bytes of one edition are, and the value of the header that opens it; `own` is the provider's."""

    endpoint: str
    authorization: str
    own: bool = True

    @property
    def path(self) -> str:
        """The path of the endpoint."""
        return self._parts.path.rstrip("/")

    @property
    def origin(self) -> str:
        """Who serves: the endpoint's scheme, host and port; raises AddressRefused for what is no address."""
        return f"{self._parts.scheme}://{self._parts.netloc}"

    @property
    def _parts(self) -> SplitResult:
        try:
            return urlsplit(self.endpoint)
        except ValueError as error:
            raise AddressRefused(f"`{self.endpoint[:SHOWN_CHARACTERS]}` is no address: {error}") from error

    @property
    def headers(self) -> Mapping[str, str]:
        """What is sent with each request."""
        return {"Authorization": self.authorization}

    @classmethod
    def of(cls, address: Mapping[str, Any]) -> Road:
        """Read a data address; raises PeerMisbehaved for one without a ticket, or with one that is no header."""
        found = data_address.properties(address)
        return cls(data_address.endpoint(address), tickets.SCHEME + _printable(found.get("authorization")))

    def fresh(self, told: Any) -> Road:
        """Return the road with the ticket that its provider has renewed; raises PeerMisbehaved."""
        ticket = told.get("authorization") if isinstance(told, dict) else None
        return replace(self, authorization=tickets.SCHEME + _printable(ticket))

    @classmethod
    def to_holder(cls, told: Any) -> Road:
        """Read one of the sources that a provider names; raises PeerMisbehaved."""
        if not isinstance(told, dict) or not isinstance(told.get("endpoint"), str):
            raise PeerMisbehaved("a source has an `endpoint`", "the provider must name it")
        return cls(told["endpoint"], passes.SCHEME + _printable(told.get("authorization")), own=False)


async def sources(outbound: Outbound, own: Road, without: Collection[str] = ()) -> list[Road]:
    """Return the provider's road with a fresh ticket, and those to holders that it names; none to origins in `without`.

    Whoever cannot be asked for other sources is the only one. Raises PeerRefused for a ticket that is over.
    """
    try:
        answer = await outbound.get(f"{own.endpoint}/sources", headers=own.headers, limit_bytes=SOURCES_BYTES_MAX)
        told = answer.json()
        named = [Road.to_holder(one) for one in told["sources"]]
        own = own.fresh(told)
    except (PenstockError, KeyError, TypeError) as fault:
        if isinstance(fault, PeerRefused) and fault.status == OVER:
            raise
        log.debug("no other sources than `%s`: %s", own.origin, fault)
        named = []
    found = [own] if own.origin not in without else []
    for road in named:
        with suppress(AddressRefused, PeerUnreachable):
            if len(found) < ROADS_MAX and road.origin not in without:
                await outbound.vet(road.endpoint)
                found.append(road)
    return found or [own]


class Roads:
    """The sources that are left; safe to use from several threads.

    By origin, `drawn` counts the rows that came right, and `dropped` says what a source was dropped for.
    """

    def __init__(self, roads: Sequence[Road]) -> None:
        assert roads
        self.all = tuple(roads)
        self.drawn: Counter[str] = Counter()
        self.dropped: dict[str, str] = {}
        self._left = {road.origin: road for road in roads}
        self._silent: Exception | None = None
        self._lock = threading.Lock()

    def brought(self, road: Road, rows: int) -> None:
        """Count rows that came right."""
        with self._lock:
            self.drawn[road.origin] += rows

    def renew(self, fresh: Iterable[Road]) -> None:
        """Go on with fresh tickets and passes to the sources that are left."""
        with self._lock:
            self._left.update({road.origin: road for road in fresh if road.origin in self._left})

    def onward(self, road: Road) -> Road:
        """Return the road to go on with: this one as it is now, or another if it was left."""
        with self._lock:
            return self._left.get(road.origin) or next(iter(self._left.values()))

    def leave(self, road: Road, fault: Exception) -> None:
        """Go on without a road whose source did wrong, if there is another; raises what ends the pull if it does.

        A liar is kept only as long as there never was another source; with one that is silent the pull rests.
        """
        poisoned = isinstance(fault, OpeningError)
        if isinstance(fault, PeerRefused) and road.own:
            raise fault
        with self._lock:
            last = list(self._left) == [road.origin]
            if last and not poisoned:
                raise fault
            if poisoned and (not last or self._silent):
                self.dropped.setdefault(road.origin, str(fault))
            if last and self._silent:
                raise self._silent
            if not last and road.origin in self._left:
                del self._left[road.origin]
                log.warning("`%s` is left as a source: %s", road.origin, fault)
                self._silent = self._silent if poisoned else fault


class Way:
    """One thread's way: a lane to each source, of which it uses one. `reached` is the row that it asked for last."""

    def __init__(self, roads: Roads, lanes: Sequence[Lane], start: int) -> None:
        self.lanes = lanes
        self.reached = 0
        self._roads = roads
        self._lane_of = {road.origin: lane for road, lane in zip(roads.all, lanes, strict=True)}
        self._road = roads.all[start % len(roads.all)]

    @property
    def lane(self) -> Lane:
        """The lane in use."""
        return self._lane_of[self._road.origin]

    def ask(self, first: int, count: int, length: int) -> None:
        """Ask a source that is left for rows (blocking); read them next."""
        self._road, self.reached = self._roads.onward(self._road), first
        self.lane.ask(f"{self._road.path}/pieces?first={first}&count={count}", self._road.headers, length)

    def came(self, number: int) -> None:
        """Note that a row came right."""
        self.reached = number + 1
        self._roads.brought(self._road, 1)

    def failed(self, fault: Exception) -> None:
        """Leave the source in use for what it did; raises `fault` if there is no other and it is no wrong row."""
        self.lane.close()
        self._roads.leave(self._road, fault)


def _printable(value: Any) -> str:
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise PeerMisbehaved("the data address has no `authorization` with a ticket", "ask for a new start")
    return value
