"""A request on its way out, as a span: to whom, what about, until the head of its answer."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from connector.runtime.clock import Clock
from connector.runtime.spans import WENT, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yarl import URL

    from connector.runtime.spans import Spans
    from connector.runtime.traceparent import Place

# what the path of a peer's URL is about: a process, a channel, an edition
_ABOUT = re.compile(r"urn:[^/]{1,200}|[0-9a-f]{64}")
PATH_CHARACTERS_MAX = 300
_CLOCK = Clock()


@contextmanager
def went(spans: Spans | None, place: Place, method: str, url: URL) -> Iterator[Span]:
    """Yield the span of a request; it is kept when the block ends, with status 0 where no answer came."""
    path = url.path[:PATH_CHARACTERS_MAX]
    found = _ABOUT.search(path)
    span = Span(place, WENT, f"{method} {path}", _CLOCK.now(), url.authority, found[0] if found else "")
    began = _CLOCK.monotonic()
    try:
        yield span
    finally:
        span.seconds = _CLOCK.monotonic() - began
        if spans is not None:
            spans.add(span)
