"""What a person in a browser sees when something is refused: what, why, what to do, and the request's id."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web

from connector.console import rendering
from connector.console.page import PREFIX
from connector.console.words.faults import code_of
from connector.runtime import traceparent

if TYPE_CHECKING:
    from connector.runtime.errors import Failure

UNPROVEN = 401
HTML = "text/html"


def for_browser(request: web.Request) -> bool:
    """Say whether a person asked for a page, and not a program for data."""
    below = request.path.startswith(PREFIX + "/")
    return below and HTML in request.headers.get("Accept", "") and not request.path.endswith((".json", ".csv"))


def shown(request: web.Request, failure: Failure) -> web.Response:
    """Return a refusal as a page; who has not signed in is led to where that is done."""
    if failure.status == UNPROVEN and request.method == "GET":
        there = urlencode({"next": request.rel_url.raw_path_qs})
        return web.Response(status=303, headers={**rendering.HEADERS, "Location": f"{PREFIX}/sign-in?{there}"})
    context = {"failure": failure, "number": traceparent.current_id(), "told": code_of(failure.code, failure.exit_code)}
    return rendering.html(request, "fault", context, session=None, status=failure.status)
