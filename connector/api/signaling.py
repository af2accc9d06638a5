"""Data Plane Signaling 1.0-RC3 over HTTP: what control planes ask of us (decision 0177).

    POST   /signaling/dataflows/prepare              the consumer's side of a flow begins; a push has its address
    POST   /signaling/dataflows/start                the provider's side begins; a pull has its address
    POST   /signaling/dataflows/{id}/{message}       started, suspend, resume, terminate, completed
    GET    /signaling/dataflows/{id}/status
    POST   /signaling/transfers/{id}/dataflow/{word} what a data plane of another make says of a transfer of ours
    GET    /signaling/transfers/{id}/agreement       what was agreed, for that data plane
    PUT    /management/signaling/controlplanes       for the owner, as the commands of `penstock controlplane`
    PUT    /management/signaling/dataplanes          likewise, of `penstock dataplane`; DELETE …/{id} of both
    POST   /signaling/token                          a control plane's id and secret for an access token (RFC 6749, 4.4)

Law: every transition is made before its answer, so no message is answered with 202.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from aiohttp import web

from connector.api.faults import as_json
from connector.api.plain import NO_STORE
from connector.operation.signaling.data_planes import DataPlanes
from connector.operation.signaling.flows import Flows
from connector.operation.signaling.planes import CREDENTIALS, ControlPlanes
from connector.operation.signaling.steering import Steering
from connector.provider.flows.renewal import Renewal
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from connector.api.call import Call

FORM_FIELDS_MAX: Final = 16
# what of an authorization is used: who shows itself to us does it by the secret that we draw, and we by a key of ours
USED: Final = frozenset({"type", "tokenEndpoint", "clientId", "clientSecret"})


async def prepare(call: Call) -> web.Response:
    """Take a `DataFlowPrepareMessage`."""
    return as_json(await call.of(Flows).begin(call.peer, "prepare", await call.object()))


async def start(call: Call) -> web.Response:
    """Take a `DataFlowStartMessage`."""
    return as_json(await call.of(Flows).begin(call.peer, "start", await call.object()))


async def message(call: Call) -> web.Response:
    """Take a message about a flow that is there."""
    body = await call.object() if await call.request.read() else {}
    return as_json(await call.of(Flows).take(call.peer, call.path["id"], call.route.path.rsplit("/", 1)[-1], body))


async def status(call: Call) -> web.Response:
    """Say in which state a flow is."""
    return as_json(await call.of(Flows).status(call.peer, call.path["id"]))


async def hear(call: Call) -> web.Response:
    """Take what a data plane says of a transfer."""
    body = await call.object() if await call.request.read() else {}
    await call.of(Steering).hear(call.peer, call.path["id"], call.route.path.rsplit("/", 1)[-1], body)
    return web.Response()


async def agreement(call: Call) -> web.Response:
    """Tell a data plane what was agreed."""
    return as_json(await call.of(Steering).agreement(call.peer, call.path["id"]))


async def take_on(call: Call) -> web.Response:
    """Take a `DataPlaneRegistrationMessage`; its answer has what the data plane proves itself by."""
    return as_json(await call.of(DataPlanes).register(await call.object()))


async def dismiss(call: Call) -> web.Response:
    """Forget a data plane."""
    await call.of(DataPlanes).remove(call.path["id"])
    return web.Response(status=204)


async def register(call: Call) -> web.Response:
    """Take a `ControlPlaneRegistrationMessage`; its answer has what the control plane needs."""
    body = await call.object()
    plane, endpoint, authorization = (body.get(name) for name in ("controlplaneId", "endpoint", "authorization"))
    if not isinstance(plane, str) or not isinstance(endpoint, str):
        raise InvalidInput("the message has no `controlplaneId`, or no `endpoint`")
    _require_used(authorization)
    return as_json(await call.of(ControlPlanes).add(plane, endpoint))


async def forget(call: Call) -> web.Response:
    """Forget a control plane."""
    await call.of(ControlPlanes).remove(call.path["id"])
    return web.Response(status=204)


async def token(call: Call) -> web.Response:
    """Give a control plane an access token for its id and secret."""
    return as_json(await call.of(ControlPlanes).token(await form_of(call)), headers=NO_STORE)


async def renew(call: Call) -> web.Response:
    """Give the consumer of a flow a fresh token."""
    header = call.request.headers.get("Authorization", "")
    return as_json(await call.of(Renewal).renew(call.path["id"], header, await form_of(call)), headers=NO_STORE)


def _require_used(authorization: Any) -> None:
    """Raise InvalidInput for an authorization that asks for what is not done here."""
    if authorization is None:
        return
    if not isinstance(authorization, dict) or authorization.get("type") != CREDENTIALS:
        raise InvalidInput(f"the authorization is not of the type `{CREDENTIALS}`", "the others are not spoken here")
    if surplus := sorted(set(authorization) - USED):
        raise InvalidInput(f"`{surplus[0]}` of the authorization is not used here", f"leave out {', '.join(surplus)}")


async def form_of(call: Call) -> dict[str, str]:
    """Return a form, of the body or, as some write it, of the query."""
    body = (await call.request.read()).decode("ascii", "replace")
    try:
        return dict(call.request.query) | dict(parse_qsl(body, max_num_fields=FORM_FIELDS_MAX))
    except ValueError as fault:
        raise InvalidInput(f"a form of at most {FORM_FIELDS_MAX} fields is taken") from fault
