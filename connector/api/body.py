"""How a request's body comes in: as it is, no longer than its route takes, and in time.

Law: a length that is announced is refused before the first byte is waited for, one that is not is refused at the byte
that is too many; nothing is ever inflated, so a body costs the bytes that its sender paid for. One that streams is left
to its handler (`connector.api.uploading`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from connector.runtime.errors import RequestRefused
from connector.runtime.limits import BODY_BYTES_MAX

if TYPE_CHECKING:
    from connector.api.authorize import Route

IDENTITY = "identity"


async def take(request: web.Request, route: Route, seconds: float) -> web.Request:
    """Return the request with its body read; raises `RequestRefused`."""
    limit = route.body_bytes
    if request.headers.get("Content-Encoding", IDENTITY).lower() != IDENTITY:
        raise RequestRefused("encoded", "a body is taken as it is, and this one is encoded")
    if route.streams:
        return request
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    if request.body_exists and not limit:
        raise _too_large(limit)
    if request.body_exists and (request.content_length is None or limit > BODY_BYTES_MAX):
        request = request.clone(client_max_size=limit)  # what is announced comes no longer than that
    try:
        if request.content.is_eof():  # all is here
            await request.read()
        else:
            async with asyncio.timeout(seconds):
                await request.read()
    except TimeoutError:
        raise RequestRefused("too-slow", f"the body did not come within {seconds:g} s") from None
    except web.HTTPRequestEntityTooLarge:
        raise _too_large(limit) from None
    except web.RequestPayloadError as fault:
        raise RequestRefused("malformed", f"the body is not framed as HTTP asks: {fault}") from fault
    return request


def _too_large(limit: int) -> RequestRefused:
    return RequestRefused("too-large", f"this path takes a body of at most {limit} bytes")
