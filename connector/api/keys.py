"""The participant's keys, as its owner replaces them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.declared import read
from connector.api.faults import as_json
from connector.client.acts.areas import named
from connector.operation.keys.key_life import KeyLife
from connector.runtime import reasons

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call


async def draw(call: Call) -> web.Response:
    """Draw a key that we have none of: `kind`, `why`."""
    told = await read(named("key_draw"), call)
    why = reasons.check(told["why"], "the log keeps it")
    return as_json(await call.of(KeyLife).draw(told["kind"], why))


async def rotate(call: Call) -> web.Response:
    """Replace a key: `kind`, `why`, `stolen`."""
    told = await read(named("key_rotate"), call)
    why = reasons.check(told["why"], "the log keeps it")
    return as_json(await call.of(KeyLife).rotate(told["kind"], why, stolen=bool(told["stolen"])))
