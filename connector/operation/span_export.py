"""Spans to a collector of OpenTelemetry, by OTLP over HTTP: only with the setting `telemetry.otlp`, and its extra.

Law: a span is handed over when it has ended, with the ids under which it travelled; a thread of the library sends them
in batches, so that nobody who is served waits for a collector. It is the operator's own address, from the settings, so
it does not go through the door for peers' addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.runtime.errors import SettingsError
from connector.runtime.spans import CAME

if TYPE_CHECKING:
    from connector.runtime.spans import Span

NANOSECONDS = 1_000_000_000
SCOPE = "penstock"
TRACES_PATH = "/v1/traces"


class Export:
    """Sends ended spans to `address` as the service `name`."""

    def __init__(self, address: str, name: str) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  # an extra
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  # an extra
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415  # an extra
        except ImportError as error:
            raise SettingsError(
                "`telemetry.otlp` needs the extra `telemetry`", "pip install penstock[telemetry]"
            ) from error
        endpoint = address if address.endswith(TRACES_PATH) else address.rstrip("/") + TRACES_PATH
        self._resource = Resource.create({"service.name": SCOPE, "service.instance.id": name})
        self._processor: Any = BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint))

    def ended(self, span: Span) -> None:
        """Take a span that has ended."""
        self._processor.on_end(self._readable(span))

    def close(self) -> None:
        """Send what waits (blocking)."""
        self._processor.shutdown()

    def _readable(self, span: Span) -> Any:
        from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415  # only where spans are exported
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope  # noqa: PLC0415  # the same
        from opentelemetry.trace import SpanContext, SpanKind, TraceFlags  # noqa: PLC0415  # the same
        from opentelemetry.trace.status import Status, StatusCode  # noqa: PLC0415  # the same

        def context(digits: str, *, remote: bool) -> Any:
            flags = TraceFlags(TraceFlags.SAMPLED)
            return SpanContext(int(span.place.trace, 16), int(digits, 16), is_remote=remote, trace_flags=flags)

        began = int(span.at.timestamp() * NANOSECONDS)
        came, failed = span.side == CAME, not span.status or span.status >= 500
        return ReadableSpan(
            name=span.what,
            context=context(span.place.span, remote=False),
            parent=context(span.place.parent, remote=came) if span.place.parent else None,
            resource=self._resource,
            attributes={
                "http.response.status_code": span.status,
                "penstock.peer": span.peer,
                "penstock.about": span.about,
                "error.type": span.code,
            },
            kind=SpanKind.SERVER if came else SpanKind.CLIENT,
            status=Status(StatusCode.ERROR if failed else StatusCode.UNSET),
            start_time=began,
            end_time=began + int(span.seconds * NANOSECONDS),
            instrumentation_scope=InstrumentationScope(SCOPE),
        )
