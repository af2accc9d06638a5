"""Who says who asks, and to whom: the headers of one node are shown to no other."""

from __future__ import annotations

from contextlib import asynccontextmanager

from aiohttp import web

from ledger.chain.client import Chain


@asynccontextmanager
async def node(embedded, heard):
    """A node of the chain that writes down what it is shown; the address."""

    async def answer(request):
        heard.append(request.headers.get("Authorization"))
        return web.Response(body=await embedded.rpc(await request.read()), content_type="application/json")

    application = web.Application()
    application.router.add_post("/rpc", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/rpc"
    finally:
        await runner.cleanup()


async def test_a_proof_is_made_for_each_question_and_for_one_node_alone(embedded):
    ours, theirs, made = [], [], iter(range(100))
    async with node(embedded, ours) as hosted, node(embedded, theirs) as other:
        chain = Chain.connect(f"{hosted}, {other}", None, {hosted: lambda: {"Authorization": f"Bearer {next(made)}"}})
        try:
            await chain.confirm_id(embedded.chain_id)
        finally:
            await chain.close()
    assert len(ours) > 1
    assert ours == [f"Bearer {number}" for number in range(len(ours))]
    assert theirs
    assert set(theirs) == {None}
