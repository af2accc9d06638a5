"""The newest requests, those that came and those that went out, by the id of their trace or of what they are about.

Law: what is kept says who asked for what when and how it ended; no header, no query, no body is in it. A peer is shown
the spans in which it took part, the owner all. They live in memory: an operator asks about what happened a while ago,
and what must last is in the log.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from datetime import datetime

    from connector.runtime.traceparent import Place

# some 5 MB; a busy provider answers so many in a few minutes, a usual one in a day
SPANS_KEPT = 16_384
# of one trace or thing: what a person reads
SPANS_SHOWN_MAX = 500
CAME, WENT = "came", "went"


@dataclass(slots=True)
class Span:
    """One request: `side` says whether it came or went, `what` is method and path, `about` the id in the path.

    Of one that came, the access log has `who` was proven, or else `remote`, and the bytes of both bodies.
    """

    place: Place
    side: str
    what: str
    at: datetime
    peer: str = ""
    about: str = ""
    seconds: float = 0.0
    status: int = 0
    code: str = ""
    who: str = ""
    remote: str = ""
    bytes_in: int = 0
    bytes_out: int = 0

    def json(self) -> dict[str, Any]:
        """Return what is shown of it; seconds with six decimals, status 0 where no answer came."""
        return {
            "trace": self.place.trace,
            "span": self.place.span,
            "parent": self.place.parent,
            "side": self.side,
            "what": self.what,
            "peer": self.peer,
            "about": self.about,
            "at": self.at.isoformat(),
            "seconds": f"{self.seconds:.6f}",
            "status": self.status,
            "code": self.code,
        }


class Spans:
    """The newest spans of one participant; `listeners` get each that has ended, `closers` are awaited at the end."""

    def __init__(self) -> None:
        self._kept: deque[Span] = deque(maxlen=SPANS_KEPT)
        self.listeners: list[Callable[[Span], object]] = []
        self.closers: list[Callable[[], Awaitable[None]]] = []

    async def close(self) -> None:
        """Let who listens write down what it heard."""
        for closer in self.closers:
            await closer()

    def add(self, span: Span) -> None:
        """Keep a span that has ended."""
        self._kept.append(span)
        for listener in self.listeners:
            listener(span)

    def of(self, ids: set[str], peer: str | None = None) -> list[Span]:
        """Return the spans of these traces or things, oldest first; with `peer` those in which it took part."""
        found = [one for one in self._matching(ids) if peer is None or one.peer == peer]
        return found[-SPANS_SHOWN_MAX:]

    def _matching(self, ids: set[str]) -> Iterator[Span]:
        return (one for one in self._kept if one.place.trace in ids or one.about in ids)
