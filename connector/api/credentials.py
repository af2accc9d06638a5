"""Our credential service over HTTP (DCP 1.0.1): what we show, what issuers deliver and offer, and tokens for ours.

POST /dcp/presentations/query     PresentationQueryMessage → PresentationResponseMessage
POST /dcp/credentials             CredentialMessage
POST /dcp/offers                  CredentialOfferMessage
POST /dcp/token                   client credentials (RFC 6749, 4.4) → a self-issued token
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from connector.api.faults import as_json
from connector.api.plain import NO_STORE
from connector.api.signaling import form_of
from connector.operation.dcp.identity_hub import IdentityHub

if TYPE_CHECKING:
    from connector.api.call import Call
    from connector.identity.tokens import Claims


async def present(call: Call) -> web.Response:
    """Show what is asked for, of that which the caller may see."""
    return as_json(await call.of(IdentityHub).credentials.present(await call.document(), _claims(call)))


async def take(call: Call) -> web.Response:
    """Take credentials that we asked for."""
    await call.of(IdentityHub).credentials.take(await call.document(), _claims(call))
    return web.Response()


async def offered(call: Call) -> web.Response:
    """Take an offer."""
    await call.of(IdentityHub).credentials.offered(await call.document(), _claims(call))
    return web.Response()


async def token(call: Call) -> web.Response:
    """Give a connector of ours a token."""
    return as_json(await call.of(IdentityHub).tokens.token(await form_of(call)), headers=NO_STORE)


def _claims(call: Call) -> Claims:
    assert call.claims is not None, "a peer has shown a token"
    return call.claims
