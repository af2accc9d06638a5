"""What a connector of another make gives: one file, whole or not at all, by the proof that it takes."""

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from aiohttp import web
from blake3 import blake3

from connector.consumer import fetching
from connector.negotiation.protocol import data_address
from connector.net.outbound import Outbound
from connector.runtime.errors import InvalidInput, PeerMisbehaved, PeerUnreachable
from tests.core import core

TOKEN = "opaque-token"
CONTENT = b"a,b\n" * 50_000


class Giver:
    """An endpoint: whom it lets in, how it calls the file, where it breaks off."""

    def __init__(self):
        self.takes, self.headers, self.length, self.asked = TOKEN, {"Content-Type": "text/csv"}, None, []

    async def give(self, request):
        self.asked.append(request.headers.get("Authorization"))
        if self.asked[-1] != self.takes:
            return web.Response(status=403)
        answer = web.StreamResponse(headers=self.headers)
        answer.content_length = len(CONTENT)
        await answer.prepare(request)
        await answer.write(CONTENT[: self.length])
        if self.length is not None:
            request.transport.abort()
        return answer


@asynccontextmanager
async def serving(giver):
    app = web.Application()
    app.router.add_get("/data", giver.give)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/data"
    finally:
        await runner.cleanup()


class Kept:
    """Of a store what a fetch writes of its acquisition."""

    def __init__(self):
        self.progress = None

    async def write(self, act):
        act(self)

    def update(self, _rows, where, progress):
        assert where == {"id": "mine"}
        self.progress = progress


async def fetched(giver, to, address=None, **mandate):
    """Fetch into `to`; return what is kept of it."""
    kept, row = Kept(), SimpleNamespace(id="mine", product="urn:a/set 1", mandate={"to": str(to), **mandate})
    async with serving(giver) as url, Outbound(development=True) as door, asyncio.timeout(30):
        told = address or data_address.write(url, {"authorization": TOKEN, "authType": "bearer"}, foreign=True)
        await fetching.Fetching(core(outbound=door, store=kept), None)._fetch(row, told, lambda: None)
    return kept.progress


async def test_a_file_comes_whole_under_the_name_of_its_data_set(tmp_path):
    kept = await fetched(Giver(), tmp_path / "out")
    (path,) = (tmp_path / "out").iterdir()
    assert (path.name, path.read_bytes()) == ("set 1.csv", CONTENT)
    assert kept["files"] == {"set 1.csv": len(CONTENT)}
    assert kept["blake3"] == blake3(CONTENT).hexdigest()


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ('attachment; filename="wind.parquet"', "wind.parquet"),
        ("attachment; filename*=UTF-8''wind.csv", "wind.csv"),
        ('attachment; filename="../../wind.csv"', "wind.csv"),
    ],
)
async def test_a_name_that_is_said_is_a_name_and_no_path(tmp_path, told, name):
    giver = Giver()
    giver.headers = {"Content-Disposition": told}
    await fetched(giver, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


async def test_the_bare_token_is_tried_first_then_the_scheme_of_the_protocol(tmp_path):
    giver = Giver()
    giver.takes = "Bearer " + TOKEN
    await fetched(giver, tmp_path / "out")
    assert giver.asked == [TOKEN, "Bearer " + TOKEN]


async def test_what_breaks_off_leaves_nothing(tmp_path):
    giver = Giver()
    giver.length = 1_000
    with pytest.raises(PeerUnreachable):
        await fetched(giver, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


async def test_an_address_without_an_endpoint_is_the_providers_fault(tmp_path):
    with pytest.raises(PeerMisbehaved, match="no endpoint"):
        await fetched(Giver(), tmp_path / "out", {"@type": "DataAddress", "endpointType": "x"})


@pytest.mark.parametrize("to", [None, "-", "null", "here"])
def test_it_goes_to_a_folder(to):
    with pytest.raises(InvalidInput, match="kept as a file"):
        fetching.check({"to": to})
