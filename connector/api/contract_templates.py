"""Contract templates over HTTP, for members: listed, shown, and as TC609-6-2025-14 asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.demands import forward
from connector.api.faults import as_json
from connector.exchange.contract_templates import ContractTemplates

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call

FIRST_MAX = 100_000
# of `status`, which is text in the interface
OK = "0"


async def serve(call: Call) -> web.Response:
    """Answer `/contractTemplate`: the template of `templateId`, or without it all that are offered."""
    found = await call.of(ContractTemplates).offered(await call.document(), call.peer)
    await call.spend()
    return as_json({"status": OK, "template": found})


async def page(call: Call) -> web.Response:
    """List the templates that are offered, or with `withdrawn` all, newest first, from the `first` on."""
    withdrawn, first = call.truth("withdrawn"), call.first(FIRST_MAX)
    found = await call.of(ContractTemplates).page(first, withdrawn=withdrawn)
    await call.spend()
    return as_json({"templates": found})


async def show(call: Call) -> web.Response:
    """Show a template, whether it is offered or not."""
    found = await call.of(ContractTemplates).show(call.path["id"])
    await call.spend()
    return as_json(found)


async def look(call: Call) -> web.Response:
    """Ask our exchange for its templates, in our own name; its operators may, too."""
    return await forward(call)
