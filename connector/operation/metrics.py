"""The measures of a participant in Prometheus' text format.

Law: every label has a bounded set of values: routes and states come from tables, nothing from a caller. What is counted
while serving costs a few microseconds; what is looked up in the database is looked up when somebody scrapes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from connector.runtime.spans import CAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prometheus_client import Metric

    from connector.chain.chain_watch import ChainWatch
    from connector.core.core import Core
    from connector.operation.health import Health
    from connector.runtime.spans import Span
    from connector.store.transaction import Tx

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# seconds of one request: a message takes a commit, a transfer minutes
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)
# what a request is called that no route takes
NO_ROUTE = "none"
CLASSES = ("0xx", "1xx", "2xx", "3xx", "4xx", "5xx")

# measure → (words, the label, the question whose rows are its values)
COUNTED: Mapping[str, tuple[str, str, str]] = {
    "penstock_negotiations": (
        "negotiations by state", "state", "SELECT state, count(*) AS n FROM negotiations GROUP BY state"
    ),
    "penstock_transfers": (
        "transfers by state", "state", "SELECT state, count(*) AS n FROM transfers GROUP BY state"
    ),
    "penstock_acquisitions": (
        "acquisitions by state", "state", "SELECT state, count(*) AS n FROM acquisitions GROUP BY state"
    ),
    "penstock_products": (
        "own products by state", "state", "SELECT state, count(*) AS n FROM products GROUP BY state"
    ),
    "penstock_listings": (
        "listings by state (exchange)", "state", "SELECT state, count(*) AS n FROM listings GROUP BY state"
    ),
    "penstock_channels": (
        "payment channels by state", "state", "SELECT state, count(*) AS n FROM channels GROUP BY state"
    ),
    "penstock_chain_transactions": (
        "transactions on chain by state", "state", "SELECT state, count(*) AS n FROM chain_txs GROUP BY state"
    ),
    "penstock_outbox_messages": (
        "messages under way to peers, by process", "process",
        "SELECT process, count(*) AS n FROM outbox GROUP BY process",
    ),
}  # fmt: skip


class Metrics:
    """What one participant counts while it serves, and the text of a scrape."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "penstock_requests", "requests that came", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "penstock_request_seconds", "how long they took", ("route",), buckets=BUCKETS, registry=self.registry
        )
        self._counted: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}
        self._calls = Counter("penstock_calls", "requests that went out", ("status",), registry=self.registry)

    def count(self, span: Span, method: str, route: str) -> None:
        """Count a request that came to a row of the table of routes."""
        key = method, route or NO_ROUTE, _class(span.status)
        counted = self._counted.get(key)
        if counted is None:  # as many as the labels have values: to look one up costs more than to count
            counted = self._counted[key] = self._requests.labels(*key), self._seconds.labels(key[1])
        counted[0].inc()
        counted[1].observe(span.seconds)

    def ended(self, span: Span) -> None:
        """Count a request that went out."""
        if span.side != CAME:
            self._calls.labels(_class(span.status)).inc()

    async def scrape(self, core: Core, health: Health, watch: ChainWatch) -> bytes:
        """Return all measures of this moment."""
        found = await core.store.read(_rows)
        size, unanchored = await core.store.read(lambda tx: (core.evidence.size(tx), core.evidence.unanchored(tx)))
        acts, commits = core.store.counts
        values = {
            "penstock_ready": ("whether it is ready, 1 or 0", 0.0 if health.reasons() else 1.0),
            "penstock_log_entries": ("entries of the own log", float(size)),
            "penstock_log_unanchored_entries": ("entries that no anchored head covers", float(unanchored)),
            "penstock_chain_age_seconds": ("since the chain was seen last", float(watch.age() or 0.0)),
        }
        totals = {
            "penstock_store_acts": ("acts committed since the start", float(acts)),
            "penstock_store_commits": ("commits made since the start", float(commits)),
        }
        moment = CollectorRegistry()
        moment.register(_Moment(found, values, totals))
        return bytes(generate_latest(self.registry)) + bytes(generate_latest(moment))


class _Moment(Collector):
    """What was looked up for one scrape."""

    def __init__(
        self,
        rows: Mapping[str, list[tuple[str, int]]],
        values: Mapping[str, tuple[str, float]],
        totals: Mapping[str, tuple[str, float]],
    ) -> None:
        self._rows, self._values, self._totals = rows, values, totals

    def collect(self) -> Iterable[Metric]:
        """Yield the families."""
        return self._families()

    def _families(self) -> Iterator[Metric]:
        for name, (words, label, _) in COUNTED.items():
            family = GaugeMetricFamily(name, words, labels=(label,))
            for value, count in self._rows[name]:
                family.add_metric((value or "none",), count)
            yield family
        for name, (words, value_now) in self._values.items():
            yield GaugeMetricFamily(name, words, value=value_now)
        for name, (words, total) in self._totals.items():
            yield CounterMetricFamily(name, words, value=total)


def _rows(tx: Tx) -> dict[str, list[tuple[str, int]]]:
    return {
        name: [(row[label], row["n"]) for row in tx.execute(question)] for name, (_, label, question) in COUNTED.items()
    }


def _class(status: int) -> str:
    return CLASSES[status // 100] if 0 <= status < 600 else CLASSES[0]
