"""What the other party of an agreement may see of the authority under which we signed it.

GET /authority/{id}          as `ledger.agreement.authority_proof`; 404 for one that was signed under none
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.faults import as_json
from connector.licence.authority import Authorities

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call


async def show(call: Call) -> web.Response:
    """Show the other party of an agreement who had the authority to sign it for us."""
    await call.spend()
    return as_json(await call.of(Authorities).shown(call.path["id"], call.peer))
