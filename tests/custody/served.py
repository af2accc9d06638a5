"""Real servers for sources: a bucket, and a web server in each of the manners there are."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Self

from aiohttp import web

from connector.demo.processes import free_ports

# names a server's program to be used instead of moto
PROGRAM = "PENSTOCK_TEST_S3"
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}


@contextmanager
def bucket(environment, name="data"):
    """Yield a store of a new bucket on a server of its own; the environment points clients at it."""
    with _program(os.environ[PROGRAM]) if PROGRAM in os.environ else _moto() as base:
        for key, value in {**KEYS, "AWS_ENDPOINT_URL": base, "AWS_ALLOW_HTTP": "true"}.items():
            environment.setenv(key, value)
        from obstore.store import S3Store

        if PROGRAM not in os.environ:
            asyncio.run(_make(f"{base}/{name}"))
        yield S3Store(name)


@contextmanager
def _moto():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    from moto.server import ThreadedMotoServer  # takes a second, which only these tests need

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    finally:
        server.stop()


@contextmanager
def _program(path, name="data"):
    """Run a server whose buckets are folders."""
    port = free_ports(1)[0]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).mkdir()
        keys = ["--access-key", KEYS["AWS_ACCESS_KEY_ID"], "--secret-key", KEYS["AWS_SECRET_ACCESS_KEY"]]
        command = [path, "--host", "127.0.0.1", "--port", str(port), *keys, folder]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not _listens(port):
                assert server.poll() is None
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(10)


def _listens(port) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def _make(url: str) -> None:
    import aiohttp

    async with aiohttp.ClientSession() as session, session.put(url) as answer:
        assert answer.status == 200


class Site:
    """A web server of one file, `manner` says what it can do; `asked` counts its answers."""

    def __init__(self, content: bytes, manner: str) -> None:
        self.content, self.manner, self.asked = content, manner, 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    async def serve(self, request: web.Request) -> web.Response:
        self.asked += 1
        etag = f'"{sha256(self.content).hexdigest()}"'
        headers = {"strong": {"ETag": etag}, "weak": {"ETag": "W/" + etag}}.get(self.manner, {})
        if self.manner == "gone":
            return web.Response(status=404)
        if self.manner == "moved":
            return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})
        if self.manner == "strong" and request.headers.get("If-Match", etag) != etag:
            return web.Response(status=412)
        span = request.http_range
        if self.manner == "plain" or span.start is None:
            return web.Response(body=self.content, headers=headers)
        last = min(span.stop or len(self.content), len(self.content))
        if span.start >= last:
            return web.Response(status=416)
        headers["Content-Range"] = f"bytes {span.start}-{last - 1}/{len(self.content)}"
        return web.Response(status=206, body=self.content[span.start : last], headers=headers)

    def __enter__(self) -> Self:
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *exc) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> str:
        app = web.Application()
        app.router.add_get("/{name}", self.serve)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/table.bin"
