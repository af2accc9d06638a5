"""The id of a request, as it travels from process to process: W3C Trace Context, `traceparent` alone.

    traceparent: 00-<trace id, 32 hex digits>-<span id, 16 hex digits>-<flags, 2 hex digits>

Law: the trace id is the request's id everywhere: in both connectors' lines, in the header `X-Request-ID` of every
answer, in `penstock admin trace`. What comes in is taken only if it is written exactly so and no part is zero; else a
fresh one is drawn, and nobody is told off for it. It is a name, and opens nothing.
"""

from __future__ import annotations

import hashlib
import random
import re
from contextvars import ContextVar
from dataclasses import dataclass

HEADER = "traceparent"
ANSWER_HEADER = "X-Request-ID"
TRACE_BYTES, SPAN_BYTES = 16, 8
SAMPLED = "01"
_NAMES = random.Random()  # noqa: S311 - seeded by the system; a name is told to everybody and opens nothing
_FORM = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_ZERO_TRACE, _ZERO_SPAN = "0" * 32, "0" * 16


@dataclass(frozen=True, slots=True)
class Place:
    """Where we are in a trace: its id, the span we are in, the span that caused it (empty: the first)."""

    trace: str
    span: str
    parent: str = ""

    @property
    def header(self) -> str:
        """Return the value that tells a peer where it is called from."""
        return f"00-{self.trace}-{self.span}-{SAMPLED}"

    def below(self) -> Place:
        """Return a new span that this one causes."""
        return Place(self.trace, _span(), self.span)


CURRENT: ContextVar[Place | None] = ContextVar("penstock_trace", default=None)


def _span() -> str:
    return _NAMES.randbytes(SPAN_BYTES).hex()


def beginning() -> Place:
    """Return the first span of a new trace."""
    return Place(_NAMES.randbytes(TRACE_BYTES).hex(), _span())


def received(header: str | None) -> Place:
    """Return the span of a request that came with `header`."""
    found = _FORM.fullmatch(header) if header else None
    if found is None or found[1] == _ZERO_TRACE or found[2] == _ZERO_SPAN:
        return beginning()
    return Place(found[1], _span(), found[2])


def of(key: str) -> Place:
    """Return a span of the trace of what `key` names, a process or a purchase: all that is done for it has one id."""
    trace = hashlib.sha256(b"penstock/trace" + key.encode()).hexdigest()[: 2 * TRACE_BYTES]
    return Place(trace, _span())


def outgoing() -> Place:
    """Return the span of a request that we send now."""
    here = CURRENT.get()
    return beginning() if here is None else here.below()


def current_id() -> str:
    """Return the id of the request that is worked on, empty where none is."""
    here = CURRENT.get()
    return "" if here is None else here.trace
