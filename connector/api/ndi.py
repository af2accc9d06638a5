"""The interfaces of a digital contract and of usage control over HTTP (TC609-6-2025-14 and -15, 按其设计).

Law: nothing of a contract is decided here. What is refused is answered in the member that the interface has for it,
with a return code of NDI-TR-2025-05 and words beside it; the HTTP status says the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.api import certified
from connector.api.certified import CertificateRefused
from connector.api.faults import LATER_EXITS, as_json
from connector.exchange.signed_filings import SignedFilings
from connector.identity.space.exchange import EXCHANGE
from connector.licence.audience import Audience
from connector.operation.ndi.ways import Ways
from connector.operation.ndi.white_lists import NotListed
from connector.provider.discovery import Discovery
from connector.provider.plain.calls import CallRefused
from connector.provider.plain.copies import QuotaUsedUp
from connector.runtime.errors import explain_failure
from contracts.ndi.delivery import DETAIL, SEARCH, TRANSPORT
from contracts.ndi.fields import Code, FieldError
from contracts.ndi.interfaces import BY_NAME, CREATE, FAILED, NEGOTIATE, STRATEGY_SEND, TERMINATE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aiohttp import web

    from connector.api.call import Call
    from connector.licence.audience import Viewer
    from connector.store.transaction import Tx
    from contracts.ndi.interfaces import Interface

    Heard = Callable[[Any, str, Callable[[Tx], None]], Awaitable[dict[str, Any] | tuple[int, Any]]]

OK: Final = 200
# status → return code of what is refused for no single field
RETURNED: Mapping[int, Code] = {
    401: Code.UNPROVEN,
    403: Code.UNPROVEN,
    404: Code.UNAVAILABLE,
    413: Code.LONG,
    429: Code.BUSY,
    503: Code.UNAVAILABLE,
}


async def create(call: Call) -> web.Response:
    """Begin a contract: with us, or through us as the platform."""
    if EXCHANGE in call.core.identity.roles:
        return await _served(call, CREATE, call.of(SignedFilings).mediation.create)
    return await _served(call, CREATE, call.of(Ways).hearing.create)


async def negotiate(call: Call) -> web.Response:
    """Take a proposal, an assent or a signature, or pass it on as the platform."""
    if EXCHANGE in call.core.identity.roles:
        return await _served(call, NEGOTIATE, call.of(SignedFilings).mediation.negotiate)
    return await _served(call, NEGOTIATE, call.of(Ways).hearing.negotiate)


async def terminate(call: Call) -> web.Response:
    """End a contract."""
    if EXCHANGE in call.core.identity.roles:
        return await _served(call, TERMINATE, call.of(SignedFilings).mediation.terminate)
    return await _served(call, TERMINATE, call.of(Ways).terminate)


async def instruct(call: Call) -> web.Response:
    """Take a control instruction."""
    return await _served(call, STRATEGY_SEND, call.of(Ways).hearing.instruct)


async def report(call: Call) -> web.Response:
    """Take a report of how a contract is performed: which one, the path says."""
    interface = BY_NAME[call.route.path.removeprefix("/")]

    async def heard(document: Any, peer: str, admit: Callable[[Tx], None]) -> dict[str, Any]:
        return await call.of(Ways).reports.take(interface, document, peer, admit)

    return await _served(call, interface, heard)


async def transport(call: Call) -> web.Response:
    """Agree on a transport; what the header says counts where the body lacks it."""

    async def heard(document: Any, peer: str, admit: Callable[[Tx], None]) -> dict[str, Any]:
        return await call.of(Ways).transports.agree(_with_headers(call, document), peer, admit)

    return await _served(call, TRANSPORT, heard)


async def search(call: Call) -> web.Response:
    """Find products by keywords."""
    return await _looked(call, SEARCH, lambda document, viewer: call.of(Discovery).search(document, viewer))


async def detail(call: Call) -> web.Response:
    """Show one product."""
    return await _looked(call, DETAIL, lambda document, viewer: call.of(Discovery).detail(document, call.peer, viewer))


async def _looked(
    call: Call, interface: Interface, look: Callable[[Any, Viewer], Awaitable[dict[str, Any]]]
) -> web.Response:
    viewer = call.of(Audience).viewer(call.peer)

    async def heard(document: Any, _peer: str, _admit: Callable[[Tx], None]) -> dict[str, Any]:
        try:
            found = await look(document, viewer)
        finally:
            await call.of(Audience).record(viewer)
        await call.spend()
        return found

    return await _served(call, interface, heard)


def _with_headers(call: Call, document: Any) -> Any:
    said = {one.name: call.request.headers[one.name] for one in TRANSPORT.asks if one.name in call.request.headers}
    return {**said, **document} if isinstance(document, dict) else document


async def _served(call: Call, interface: Interface, heard: Heard) -> web.Response:
    """Answer what is heard; what was passed on brings along the status that it was answered with."""
    try:
        await certified.require(call)
        answer = await heard(await call.document(), call.peer, call.use_up)
    except Exception as fault:  # noqa: BLE001  # every refusal has one form here
        return refused(fault, interface.status)
    status, told = answer if isinstance(answer, tuple) else (OK, answer)
    return as_json(told, status)


def refused(fault: Exception, status: str) -> web.Response:
    """Answer with what was refused, in the member `status`; raises what is our own mistake."""
    failure = explain_failure(fault)
    if failure.status >= 500 and failure.exit_code not in LATER_EXITS:
        raise fault
    code = _returned(fault) or RETURNED.get(failure.status, Code.FORM)
    words = f"{failure.text} ({failure.hint})" if failure.hint else failure.text
    told = {"code": code, "message": words} | ({} if status == "code" else {status: FAILED})
    return as_json(told, failure.status)


def _returned(fault: Exception) -> Code | None:
    """Return the return code that a fault itself decides, if any."""
    if isinstance(fault, FieldError | NotListed | CertificateRefused):
        return fault.returned
    if isinstance(fault, QuotaUsedUp):
        return Code.DAILY if fault.period == "day" else Code.BEYOND
    return Code.TOTAL if isinstance(fault, CallRefused) and fault.is_used_up else None
