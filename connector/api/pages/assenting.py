"""Assents that we gave as a reviewer, to programs of buyers: all of them, and one as its buyer runs by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.compute.assents import Assents
from connector.console.leafing import cut
from connector.runtime.limits import FOUND_ROWS_MAX

if TYPE_CHECKING:
    from connector.api.call import Call
    from contracts.canonical import JsonObject


async def assents(call: Call) -> JsonObject:
    """Return the assents that we gave, the newest first."""
    first = call.first(FOUND_ROWS_MAX)
    return cut(first, (await call.of(Assents).page(first))["assents"])


async def assent(call: Call) -> JsonObject:
    """Return an assent as it was signed; the page's `.json` twin is the file that its buyer runs a program by."""
    told = await call.of(Assents).show(call.path["id"])
    return {name: told[name] for name in ("document", "signature")}
