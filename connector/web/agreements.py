"""Agreements over HTTP: their operator revokes them, and the other party's signed notices come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import InvalidInput
from connector.identity import tokens
from connector.web.faults import as_json
from contracts.namespace import AGREEMENT_URN, CHECKPOINT

if TYPE_CHECKING:
    from aiohttp import web

    from connector.store.transaction import Tx
    from connector.web.call import Call


async def revoke(call: Call) -> web.Response:
    """End an agreement of ours: `reason`."""
    document = await call.document()
    if not isinstance(document, dict) or set(document) != {"reason"} or not isinstance(document["reason"], str):
        raise InvalidInput("the body must be a JSON object with `reason`, a text")
    digest = call.path["id"].removeprefix(AGREEMENT_URN)
    return as_json(await call.connector.agreements.revoke(digest, document["reason"]))


async def notice(call: Call) -> web.Response:
    """Take a notice of the other party of an agreement."""
    document = await call.document()
    riding = document.pop(CHECKPOINT, None) if isinstance(document, dict) else None
    keep = await call.connector.peer_logs.check(call.peer, riding)

    def admit(tx: Tx) -> None:
        assert call.claims is not None
        tokens.remember(tx, call.claims)
        keep(tx)

    await call.connector.notices.take(call.peer, document, admit)
    return as_json({})
