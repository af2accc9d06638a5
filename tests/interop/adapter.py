"""The two addresses at which the kit asks a connector to begin: its JSON becomes calls of the management API."""

from __future__ import annotations

import logging

import aiohttp
from aiohttp import web

log = logging.getLogger(__name__)

# within which a scripted buyer may agree; the kit's offers have no price
MANDATE = {"bid": 0, "limit": 100, "rounds": 8, "tier": "plain"}


def negotiation(asked):
    offer = {"@id": asked["offerId"], "@type": "Offer", "target": asked["datasetId"], "permission": [{"action": "use"}]}
    about = {"provider": asked["providerId"], "base": asked["connectorAddress"]}
    return "/management/negotiations", about | {"offer": offer, "mandate": MANDATE}


def transfer(asked):
    return "/management/transfers", {"agreement": asked["agreementId"], "format": asked["format"]}


def build(url: str, token: str) -> web.Application:
    """Return the adapter of the connector at `url` whose management token is `token`."""

    def passing_on(translate):
        async def handle(request):
            path, body = translate(await request.json())
            headers = {"Authorization": f"Bearer {token}"}
            async with aiohttp.ClientSession() as session, session.post(url + path, json=body, headers=headers) as got:
                said = await got.text()
                if got.status >= 300:
                    log.warning("%s %s was refused: %s %s", path, body, got.status, said)
                return web.Response(status=got.status, text=said, content_type="application/json")

        return handle

    app = web.Application()
    app.router.add_post("/negotiations", passing_on(negotiation))
    app.router.add_post("/transfers", passing_on(transfer))
    return app
