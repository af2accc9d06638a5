"""A request that came, as a span: under which id, by whom, how it ended; and the id in the head of every answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from connector.runtime import traceparent
from connector.runtime.spans import CAME, Span

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from connector.core.core import Core
    from connector.operation.metrics import Metrics
    from connector.runtime.spans import Spans

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SPAN: web.RequestKey[Span] = web.RequestKey("span", Span)
FAILED = 500
# what was asked for is not known to be anything of ours, so nobody finds it by that name
UNMET = frozenset({400, 401, 404})


def middleware(core: Core, spans: Spans, metrics: Metrics) -> Any:
    """Return what every request passes first."""

    @web.middleware
    async def traced(request: web.Request, handler: Handler) -> web.StreamResponse:
        place = traceparent.received(request.headers.get(traceparent.HEADER))
        resource = request.match_info.route.resource
        route = "" if resource is None else resource.canonical
        about = request.match_info.get("pid") or request.match_info.get("id") or request.match_info.get("edition", "")
        span = Span(place, CAME, f"{request.method} {route}", core.clock.now(), about=about)
        span.bytes_in, span.remote = request.content_length or 0, str(request.remote)
        request[SPAN] = span
        reset, began = traceparent.CURRENT.set(place), core.clock.monotonic()
        try:
            answer = await handler(request)
            span.status = answer.status
            span.bytes_out = _sent(request, answer)
        except web.HTTPException as ended:
            span.status = ended.status
            raise
        except asyncio.CancelledError:
            raise  # the caller has gone: status 0, no answer
        except BaseException:
            span.status = FAILED
            raise
        else:
            return answer
        finally:
            traceparent.CURRENT.reset(reset)
            span.seconds = core.clock.monotonic() - began
            if span.status in UNMET:
                span.about = ""
            spans.add(span)
            metrics.count(span, request.method if route else "any", route)

    return traced


def _sent(request: web.Request, answer: web.StreamResponse) -> int:
    """Return how many bytes an answer has: those that it says, or those that were streamed without saying it before."""
    return 0 if request.method == "HEAD" else max(answer.content_length or 0, answer.body_length)


async def name(request: web.Request, response: web.StreamResponse) -> None:
    """Put the id of the request into the head of its answer."""
    if (span := request.get(SPAN)) is not None:
        response.headers[traceparent.ANSWER_HEADER] = span.place.trace
