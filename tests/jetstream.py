"""A real NATS server of the tests' own with JetStream, on a free port of this machine."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import tempfile
from contextlib import asynccontextmanager

WITHIN_SECONDS = 20
# Debian puts it where a person's path does not lead
PLACES = ("/usr/sbin/nats-server", "/usr/local/bin/nats-server")


def program():
    """Return the program of the server, None where none is installed."""
    return shutil.which("nats-server") or next(filter(shutil.which, PLACES), None)


@asynccontextmanager
async def running(absent):
    """Yield (address, client) of a new server."""
    import nats

    if program() is None:
        absent("no NATS server is installed (Debian: nats-server)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        told = [program(), "-js", "-sd", folder, "-a", "127.0.0.1", "-p", str(port)]
        server = subprocess.Popen(told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        address = f"nats://127.0.0.1:{port}"
        try:
            async with asyncio.timeout(WITHIN_SECONDS):
                while True:
                    try:
                        client = await nats.connect(address, allow_reconnect=False, error_cb=_hear)
                        break
                    except (OSError, nats.errors.Error):
                        await asyncio.sleep(0.05)
            yield address, client
            await client.close()
        finally:
            server.terminate()
            server.wait(WITHIN_SECONDS)


async def _hear(_fault):
    pass
