"""A chain served by itself, with no participant beside it: JSON-RPC at `/`, a block at least every half minute.

Whoever reaches it has a member's share, by its network address: who may reach it is for its operator to say.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from connector.api.chain import answer
from connector.chain.chain_watch import TICK_SECONDS
from connector.runtime.cancellation import cancel
from connector.runtime.errors import InvalidInput
from connector.runtime.limits import RPC_BYTES_MAX
from ledger.embedded.caller import Caller, Standing, stranger
from ledger.embedded.chain import EmbeddedChain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from connector.runtime.clock import Clock


@asynccontextmanager
async def hosting(path: Path, host: str, port: int, clock: Clock) -> AsyncIterator[tuple[EmbeddedChain, str]]:
    """Serve the chain in a file while the block runs: (chain, address). `ChainInUseError`, `InvalidInput`."""
    embedded = await EmbeddedChain.open(path, clock.now)
    runner = web.AppRunner(_application(embedded), access_log=None)
    ticking = asyncio.create_task(_tick(embedded), name="chain-tick")
    try:
        await runner.setup()
        await _listen(runner, host, port)
        yield embedded, f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await cancel(ticking)
        await runner.cleanup()
        await embedded.close()


def _application(embedded: EmbeddedChain) -> web.Application:
    async def rpc(request: web.Request) -> web.Response:
        return await answer(embedded, request, Caller(Standing.MEMBER, stranger(request.remote or "").name))

    application = web.Application(client_max_size=RPC_BYTES_MAX)
    application.router.add_post("/", rpc)
    return application


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as fault:
        raise InvalidInput(f"cannot listen on `{host}:{port}`: {fault.strerror}", "choose another --port") from fault


async def _tick(embedded: EmbeddedChain) -> None:
    while True:
        await asyncio.sleep(TICK_SECONDS)
        await embedded.tick()
