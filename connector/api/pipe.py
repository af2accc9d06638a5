"""What is being got, opened and in order, to the one who asked for it as a stream (`to` is `-`)."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from connector.consumer.acquisition import Acquisitions
from connector.runtime.errors import PenstockError

if TYPE_CHECKING:
    from connector.api.call import Call

log = logging.getLogger(__name__)


async def read(call: Call) -> web.StreamResponse:
    """Stream an acquisition while it is bought: the file, or a tar archive of several; a break ends the connection."""
    request, key = call.request, call.path["id"]
    async with call.of(Acquisitions).reading(key, partial(_gone, request)) as pipe:
        kind, size = await pipe.head()
        response = web.StreamResponse(headers={"Content-Type": kind, "Content-Length": str(size)})
        await response.prepare(request)
        try:
            async for chunk in pipe.chunks():
                await response.write(bytes(chunk))  # its own: a transport may hold on to what it could not send yet
            await response.write_eof()
        except (ConnectionError, PenstockError) as fault:
            log.info("the stream of `%s` ended early: %s", key, fault)
            if request.transport is not None:
                request.transport.abort()
        return response


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
