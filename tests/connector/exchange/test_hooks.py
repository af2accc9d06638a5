"""Hooks of a review: real programs and a real server; what they refuse, what they are kept from, and how they fail."""

from __future__ import annotations

import asyncio
import base64
import json
import stat
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from aiohttp import web

from connector.exchange import hooks
from connector.exchange.hooks import Hooks
from connector.net.outbound import Outbound
from connector.runtime.errors import PeerUnreachable

PRODUCT = {"id": "rain", "title": "Rain", "dataset": {"files": []}}
PIECES = {0: b"day,mm\n1,2\n", 7: b"8,9\n"}


def program(folder, body):
    path = folder / "look"
    path.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@asynccontextmanager
async def asked(*places):
    async with Outbound(development=True) as outbound:
        made = Hooks(places, outbound)
        for number, data in PIECES.items():
            made.take(number, data)
        yield made.told(PRODUCT)


async def doubts(*places):
    async with asked(*places) as work:
        return await work


async def test_a_program_sees_the_pieces_and_the_description_and_nothing_of_ours(tmp_path, monkeypatch):
    monkeypatch.setenv("PENSTOCK_SECRET", "abc")
    seen = tmp_path / "seen.json"
    body = f"""
files = {{name: open(os.path.join(sys.argv[1], name)).read() for name in sorted(os.listdir(sys.argv[1]))}}
json.dump({{"files": files, "env": dict(os.environ), "folder": os.getcwd()}}, open({str(seen)!r}, "w"))
print(json.dumps({{"verdict": "pass"}}))
"""
    assert await doubts(program(tmp_path, body)) == []
    told = json.loads(seen.read_text())
    assert json.loads(told["files"].pop("product.json")) == PRODUCT
    assert told["files"] == {"piece-00000000": "day,mm\n1,2\n", "piece-00000007": "8,9\n"}
    assert "PENSTOCK_SECRET" not in told["env"]
    assert not Path(told["folder"]).exists(), "nothing of the pieces is kept"


@pytest.mark.parametrize(("verdict", "weight"), [("refuse", "certain"), ("doubt", "unlikely")])
async def test_what_it_refuses_or_doubts_is_told_with_its_reasons_in_both_languages(tmp_path, verdict, weight):
    answer = json.dumps({"verdict": verdict, "reasons": ["a face", "a name"]})
    [one] = await doubts(program(tmp_path, f"print({answer!r})"))
    assert (one["what"], one["weight"]) == ("hook", weight)
    assert one["words"]["en"] == "the hook `look` says: a face; a name"
    assert "a face; a name" in one["words"]["zh"]


@pytest.mark.parametrize(
    "body",
    [
        "sys.exit(3)",
        "print('{')",
        "print(json.dumps({'verdict': 'refuse'}))",
        "print(json.dumps({'verdict': 'maybe', 'reasons': ['x']}))",
        "print(json.dumps({'verdict': 'refuse', 'reasons': ['x' + chr(10)]}))",
        "print(json.dumps(['pass']))",
        "print('x' * 1_000_000)",
        "time.sleep(60)",
    ],
)
async def test_one_that_fails_lists_nothing_and_refuses_nothing(tmp_path, monkeypatch, body):
    monkeypatch.setattr(hooks, "HOOK_SECONDS_MAX", 2.0)
    with pytest.raises(PeerUnreachable, match="the hook `look`"):
        await doubts(program(tmp_path, body))


async def test_a_program_that_is_not_there_fails_the_same_way():
    with pytest.raises(PeerUnreachable, match="the hook `nothing`"):
        await doubts("/nowhere/nothing")


async def test_what_a_program_begins_ends_with_it(tmp_path):
    alive = tmp_path / "alive"
    body = f"""
import subprocess
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdout=subprocess.DEVNULL)
open({str(alive)!r}, "w").write(str(child.pid))
print(json.dumps({{"verdict": "pass"}}))
"""
    assert await doubts(program(tmp_path, body)) == []
    running = Path("/proc") / alive.read_text() / "stat"
    async with asyncio.timeout(5):
        while _runs(running):
            await asyncio.sleep(0.05)


def _runs(stat_file):
    with suppress(OSError):
        return stat_file.read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def test_an_address_is_sent_the_same_and_a_redirect_is_a_failure():
    heard = []

    async def answer(request):
        if request.path == "/away":
            raise web.HTTPFound("http://169.254.169.254/")
        heard.append(await request.json())
        return web.json_response({"verdict": "doubt", "reasons": ["blurred"]})

    app = web.Application(client_max_size=1 << 20)
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "localhost", 0)
    await site.start()
    try:
        url = f"http://localhost:{site._server.sockets[0].getsockname()[1]}"
        [one] = await doubts(url + "/look")
        assert one["words"]["en"] == "the hook `localhost` says: blurred"
        with pytest.raises(PeerUnreachable):
            await doubts(url + "/away")
    finally:
        await runner.cleanup()
    [told] = heard
    assert told["product"] == PRODUCT
    assert {one["piece"]: base64.b64decode(one["data"]) for one in told["pieces"]} == PIECES


async def test_more_pieces_than_there_is_room_for_are_not_kept(monkeypatch):
    monkeypatch.setattr(hooks, "HOOK_PIECES_BYTES_MAX", 100)
    made = Hooks(["/bin/true"], None)
    for number in range(50):
        made.take(number, b"x" * 30)
    assert len(made._pieces) == 3
    idle = Hooks([], None)
    idle.take(0, b"x")
    assert not idle._pieces
