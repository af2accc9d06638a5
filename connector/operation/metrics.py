"""The measures of a participant in Prometheus' text format.

Law: every label has a bounded set of values: routes and states come from tables, nothing from a caller. What is counted
while serving costs a few microseconds; what is looked up in the database is looked up when somebody scrapes.
"""

from __future__ import annotations

from shutil import disk_usage
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from connector.operation import measures
from connector.runtime.spans import CAME

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

    from prometheus_client import Metric

    from connector.core.core import Core
    from connector.operation.health import Health
    from connector.runtime.spans import Span

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# seconds of one request: a message takes a commit, a transfer minutes
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)
# what a request is called that no route takes
NO_ROUTE = "none"
CLASSES = ("0xx", "1xx", "2xx", "3xx", "4xx", "5xx")


class Metrics:
    """What one participant counts while it serves, and the text of a scrape; `told` are the measures of its parts."""

    def __init__(self) -> None:
        self.told: list[Callable[[], Awaitable[Mapping[str, float | None]]]] = []
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

    async def scrape(self, core: Core, health: Health) -> bytes:
        """Return all measures of this moment."""
        found = await core.store.read(measures.rows)
        values = await core.store.read(lambda tx: measures.ages(tx, core.evidence, core.clock.now()))
        for told in self.told:
            values.update(await told())
        values |= {
            "penstock_ready": 0.0 if health.reasons() else 1.0,
            "penstock_disk_free_bytes": float(disk_usage(core.data).free),
        }
        acts, commits = core.store.counts
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
        values: Mapping[str, float | None],
        totals: Mapping[str, tuple[str, float]],
    ) -> None:
        self._rows, self._values, self._totals = rows, values, totals

    def collect(self) -> Iterable[Metric]:
        """Yield the families."""
        return self._families()

    def _families(self) -> Iterator[Metric]:
        for name, (words, label, _) in measures.COUNTED.items():
            family = GaugeMetricFamily(name, words, labels=(label,))
            for value, count in self._rows[name]:
                family.add_metric((value or "none",), count)
            yield family
        assert self._values.keys() <= measures.TOLD.keys(), "every measure has its words"
        for name, words in measures.TOLD.items():
            value_now = self._values.get(name)
            yield GaugeMetricFamily(name, words, value=value_now)  # none has its words and no value
        for name, (words, total) in self._totals.items():
            yield CounterMetricFamily(name, words, value=total)


def _class(status: int) -> str:
    return CLASSES[status // 100] if 0 <= status < 600 else CLASSES[0]
