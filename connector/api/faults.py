"""How a fault becomes an answer: the status of `connector.runtime.errors`' table and the typed body of the surface.

Law: whatever is refused is refused in words, also what HTTP itself refuses (`REFUSALS`): a path, a method.
"""

from __future__ import annotations

import logging
from types import MappingProxyType
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from connector.api.edc_calls import RELEASES
from connector.console import faults as pages
from connector.negotiation.protocol import messages
from connector.negotiation.protocol.states import NEGOTIATION, TRANSFER
from connector.operation.coming import SPAN
from connector.operation.management.shape import Violations
from connector.runtime.errors import Failure, explain_failure, is_disk
from connector.runtime.limits import RETRY_AFTER_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)
JSON = "application/json"
# a peer or the chain is away: the caller asks again, and nothing here is broken
LATER_EXITS = frozenset({7, 9})
DSP_PREFIX = "/dsp/"
# to a stranger a negotiation or transfer looks like an absent one (DSP 2025-1)
HIDDEN = frozenset({401, 403})
TOO_MANY = 429
# status of a refusal → what clients of the Management API call it
KINDS = {
    401: "AuthenticationFailed",
    403: "NotAuthorized",
    404: "ObjectNotFound",
    409: "ObjectConflict",
    502: "BadGateway",
}
# first segment of a path below /dsp/ → the process it belongs to
PROCESS_OF = {"negotiations": NEGOTIATION, "transfers": TRANSFER}
# status of HTTP's own refusals → code, text, hint
REFUSALS: Mapping[int, tuple[str, str, str]] = MappingProxyType({
    404: ("absent", "nothing is served under this path", "the version document says where the protocol is"),
    405: ("wrong-method", "this path takes another method", "the header `Allow` says which"),
})  # fmt: skip


def as_json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Answer with `value` as JSON."""
    return web.Response(body=orjson.dumps(value), status=status, content_type=JSON, headers=headers)


def answer_fault(request: web.Request, fault: Exception) -> web.Response:
    """Answer with the fault's status; a stack trace stays here, the peer gets code, text and hint."""
    failure = explain_failure(fault)
    if failure.status >= 500 and failure.exit_code not in LATER_EXITS:
        why = None if is_disk(fault) else fault
        log.error("%s %s failed: %s", request.method, request.path, failure.text, exc_info=why)
    else:
        log.info("%s %s refused: %s", request.method, request.path, failure.text)
    if (span := request.get(SPAN)) is not None:
        span.code = failure.code
    answer = _typed(request, failure, fault)
    if failure.status == TOO_MANY:
        answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


def in_a_parcel(process: str, pid: str, fault: Exception) -> tuple[int, object]:
    """Return status and body for a fault of one message among others, as it would be answered alone."""
    failure = explain_failure(fault)
    if failure.status >= 500 and failure.exit_code not in LATER_EXITS:
        log.error("a message of a parcel failed", exc_info=None if is_disk(fault) else fault)
    status = 404 if failure.status in HIDDEN else failure.status
    return status, messages.error(process, pid, pid, failure.code, [failure.text])


def answer_refusal(request: web.Request, refusal: web.HTTPException) -> web.Response:
    """Answer what HTTP refuses in the same form; raises `refusal` again when its status has no row."""
    if refusal.status not in REFUSALS:
        raise refusal
    answer = _typed(request, Failure(*REFUSALS[refusal.status], refusal.status, 2, "caller"))
    if "Allow" in refusal.headers:
        answer.headers["Allow"] = refusal.headers["Allow"]
    return answer


def _listed(failure: Failure, fault: Exception | None) -> list[dict[str, object]]:
    """Return a fault as clients of the Management API read it: what is wrong, one by one."""
    kind = KINDS.get(failure.status, "InvalidRequest" if failure.status < 500 else "InternalServerError")
    if isinstance(fault, Violations):
        return [
            {"message": one.message, "type": "ValidationFailure", "path": one.path, "invalidValue": one.value}
            for one in fault.found
        ]
    text = f"{failure.text} ({failure.hint})" if failure.hint else failure.text
    return [{"message": text, "type": kind, "path": None, "invalidValue": None}]


def _typed(request: web.Request, failure: Failure, fault: Exception | None = None) -> web.Response:
    """Answer in the form of the surface: a page, below /dsp/ the error type of the path's process, else our own."""
    if pages.for_browser(request):
        return pages.shown(request, failure)
    if request.path.startswith(RELEASES):
        return as_json(_listed(failure, fault), failure.status)
    if not request.path.startswith(DSP_PREFIX):
        return as_json(failure.as_json(), failure.status)
    status = 404 if failure.status in HIDDEN else failure.status
    of = request.path.removeprefix(DSP_PREFIX).split("/", 1)[0]
    if of == "catalog":
        return as_json(messages.catalog_error(failure.code, [failure.text]), status)
    if of not in PROCESS_OF:
        return as_json(failure.as_json(), status)
    pid = request.match_info.get("pid", "")
    return as_json(messages.error(PROCESS_OF[of], pid, pid, failure.code, [failure.text]), status)
