"""What anyone may ask first: who this is, which protocol versions it speaks, whether it is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.faults import as_json
from connector.negotiation.protocol import messages
from connector.negotiation.protocol.messages import DSP_PATH

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call


async def did(call: Call) -> web.Response:
    """Serve the did:web document."""
    return as_json(call.core.identity.did_document)


async def versions(call: Call) -> web.Response:
    """Serve the protocol versions (DSP 2025-1)."""
    return as_json(messages.version_document(DSP_PATH, call.core.identity.did + "#dsp"))


async def description(call: Call) -> web.Response:
    """Serve how this participant describes itself to an exchange."""
    return as_json(call.core.identity.description())


async def health(_call: Call) -> web.Response:
    """Say that the server answers."""
    return as_json({"status": "ready"})
