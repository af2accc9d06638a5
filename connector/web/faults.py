"""How a fault becomes an answer: the status of `connector.errors`' table and the typed body of the surface."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from connector.errors import explain_failure
from connector.web.authorize import Who

if TYPE_CHECKING:
    from connector.web.server import Call

log = logging.getLogger(__name__)
JSON = "application/json"
UNAUTHORISED = 401


def as_json(value: object, status: int = 200) -> web.Response:
    """Answer with `value` as JSON."""
    return web.Response(body=orjson.dumps(value), status=status, content_type=JSON)


def answer_fault(call: Call, fault: Exception) -> web.Response:
    """Answer with the fault's status; a stack trace stays here, the peer gets code, text and hint."""
    failure = explain_failure(fault)
    if failure.status >= 500:
        log.error("%s %s failed", call.request.method, call.request.path, exc_info=fault)
    else:
        log.info("%s %s refused: %s", call.request.method, call.request.path, failure.text)
    if call.request.path.startswith("/dsp/"):
        from connector.web.dsp import typed_error  # noqa: PLC0415  # dsp imports this module

        return typed_error(call, failure)
    status = failure.status
    if status == UNAUTHORISED and call.route.who is Who.MEMBER:
        status = 404
    return as_json(failure.as_json(), status)
