"""The Dataspace Protocol 2025-1 over HTTPS: routes to the engine and the catalogue, answers with typed bodies.

Law: nothing is decided here. A caller that is not proven sees what an absent id shows (404 with the typed body).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from catalog.codes import tier as tier_of
from connector.engine.publication import ON_OFFER
from connector.identity import tokens
from connector.limits import MESSAGE_VALUES_MAX
from connector.protocol import messages, offers, validation
from connector.protocol.errors import UnknownError, UnsupportedFilterError
from connector.web.faults import as_json
from contracts.canonical import values_at_most
from contracts.namespace import CHECKPOINT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from connector.app import Connector
    from connector.store.transaction import Tx
    from connector.web.call import Call

CATALOG_PAGE_ROWS = 100


async def negotiate(call: Call) -> web.Response:
    """Take a message of a negotiation."""
    return await _receive(call, call.connector.engine.receive_negotiation_message)


async def transfers(call: Call) -> web.Response:
    """Take a message of a transfer."""
    return await _receive(call, call.connector.engine.receive_transfer_message)


async def negotiation(call: Call) -> web.Response:
    """Show a negotiation to its peer."""
    peer = await call.connector.peer(call.peer)
    reply = await call.connector.engine.view_negotiation(call.path["pid"], peer, _spending(call))
    return as_json(reply.body, reply.status)


async def transfer(call: Call) -> web.Response:
    """Show a transfer to its peer."""
    peer = await call.connector.peer(call.peer)
    reply = await call.connector.engine.view_transfer(call.path["pid"], peer, _spending(call))
    return as_json(reply.body, reply.status)


async def catalog(call: Call) -> web.Response:
    """Serve the catalogue; a filter is refused because none is understood, never ignored."""
    message = validation.read("CatalogRequestMessage", await call.request.read())
    if message.get("filter"):
        raise UnsupportedFilterError("no filter is understood here; ask without one")
    rows = await call.act(lambda tx: tx.find("products", "state in (?, ?)", ON_OFFER, order="id"))
    connector = call.connector
    service = messages.data_service(_service(connector), connector.url + "/dsp")
    datasets = [_dataset(connector, row) for row in rows[:CATALOG_PAGE_ROWS]]
    return as_json(messages.catalog(connector.did + "#catalog", connector.did, [service], datasets))


async def dataset(call: Call) -> web.Response:
    """Serve one dataset with its offers."""
    key = call.path["id"]
    row = await call.act(lambda tx: tx.get("products", id=key))
    if row is None or row["state"] not in ON_OFFER:
        raise UnknownError(f"there is no dataset `{key[:200]}` here")
    return as_json(messages.root_dataset(_dataset(call.connector, row)))


async def _receive(call: Call, receive: Any) -> web.Response:
    body = await call.request.read()
    if "pid" not in call.path:
        await _vet(call, body)
    keep = await call.connector.peer_logs.check(call.peer, _checkpoint(body))
    peer = await call.connector.peer(call.peer)
    spend = _spending(call)

    def admit(tx: Tx) -> None:
        spend(tx)
        keep(tx)

    reply = await receive(call.route.kind, call.path.get("pid"), body, peer, admit)
    return as_json(reply.body, reply.status)


def _spending(call: Call) -> Any:
    def admit(tx: Tx) -> None:
        assert call.claims is not None
        tokens.remember(tx, call.claims)

    return admit


async def _vet(call: Call, body: bytes) -> None:
    """Refuse a first message whose callback we would not call, resolved and all; the engine itself asks no resolver."""
    message = validation.read(call.route.kind, body)
    if "callbackAddress" in message:
        await call.connector.outbound.vet(message["callbackAddress"])


def _checkpoint(body: bytes) -> Any:
    """Return the sender's checkpoint; a body that cannot be read is refused by the engine, in its own words."""
    if values_at_most(body) > MESSAGE_VALUES_MAX:
        return None
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return document.get(CHECKPOINT) if isinstance(document, dict) else None


def _service(connector: Connector) -> str:
    return connector.did + "#dsp"


def _dataset(connector: Connector, row: Mapping[str, Any]) -> messages.Document:
    ways = [messages.distribution(one, _service(connector)) for one in tier_of(row["tier"]).formats]
    return messages.dataset(row["id"], [offers.asked(row)], ways, {"title": row["title"]})
