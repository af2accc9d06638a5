"""Bytes of a file to a client without a turn through our memory, and the way to end a connection at once.

Law: nothing here waits in a thread, so a client that takes nothing costs a descriptor. The kernel sends through a
descriptor of our own, for the loop lets nobody else wait for its own; `cut` closes that one first. Whose answer has not
begun when it is cut is told why, on a connection that stands.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
from typing import TYPE_CHECKING, Self

from connector.runtime.errors import Conflict

if TYPE_CHECKING:
    from aiohttp import web

# at most so much in one call of the kernel: others have their turn after it
SEND_BYTES = 1024 * 1024
FLUSH_SECONDS = 0.001
# to a client so near, so little waits in the kernel: what waits in more has left the processor's caches when it is
# taken, and costs both sides more (measured); a distant one needs what the kernel thinks right
NEAR_SECONDS = 0.001
NEAR_BYTES = 256 * 1024
# where the kernel tells the least round trip that it saw, in microseconds (Linux, `struct tcp_info`)
_LEAST_TRIP = slice(148, 152)
# lingering for no second: closing drops what was not taken yet, and the peer sees a reset
_DROP = struct.pack("ii", 1, 0)


class Sending:
    """The connection of one request; a context. `begin` comes first, then its response's head, then a file."""

    def __init__(self, request: web.Request) -> None:
        self._transport = request.transport
        self._handle = -1
        self._ready = asyncio.Event()
        self._begun = self._cut = False

    @property
    def straight(self) -> bool:
        """Whether the connection takes a file's bytes as they are: one that encrypts them does not."""
        return self._transport is not None and self._transport.get_extra_info("ssl_object") is None

    @property
    def begun(self) -> bool:
        """Whether there is an answer, be it sent or not."""
        return self._begun

    def begin(self) -> None:
        """Be about to answer; raises Conflict when `cut` came before."""
        if self._cut:
            raise Conflict("what this request draws on was halted meanwhile", "wait for its start, or request another")
        self._begun = True

    async def send(self, file: int, offset: int, size: int) -> None:
        """Send `size` bytes of an open file from `offset`; raises ConnectionResetError when the client is gone."""
        if self._handle < 0:
            await self._open()
        while size:
            if self._cut:
                raise ConnectionResetError("the connection was cut")
            try:
                sent = os.sendfile(self._handle, file, offset, min(size, SEND_BYTES))
            except BlockingIOError:
                await self._writable()
                continue
            if not sent:
                raise ConnectionResetError("the file became shorter while it was sent")
            offset, size = offset + sent, size - sent

    def cut(self) -> None:
        """End an answer that has begun, and its connection: bytes that wait, the kernel's too, are dropped."""
        self._cut = True
        if not self._begun:
            return
        self._close()
        self._ready.set()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DROP)
            self._transport.abort()

    async def _open(self) -> None:
        """Take a descriptor of our own once everything that was written before has left."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the client is gone")
        await asyncio.sleep(0)
        while self._transport.get_write_buffer_size():  # noqa: ASYNC110  # a transport does not tell when it is empty
            await asyncio.sleep(FLUSH_SECONDS)
        if self._transport.is_closing():
            raise ConnectionResetError("the client is gone")
        connected = self._transport.get_extra_info("socket")
        if is_near(connected):
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, NEAR_BYTES)
        self._handle = os.dup(connected.fileno())

    async def _writable(self) -> None:
        self._ready.clear()
        asyncio.get_running_loop().add_writer(self._handle, self._ready.set)
        await self._ready.wait()
        if self._handle >= 0:
            asyncio.get_running_loop().remove_writer(self._handle)

    def _close(self) -> None:
        if self._handle >= 0:
            asyncio.get_running_loop().remove_writer(self._handle)
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._close()


def is_near(connected: socket.socket) -> bool:
    """Say whether the client is on this machine or on the next ones; False where the kernel does not say."""
    if not hasattr(socket, "TCP_INFO"):
        return False
    told = connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LEAST_TRIP.stop)[_LEAST_TRIP]
    return bool(told) and int.from_bytes(told, sys.byteorder) < 1e6 * NEAR_SECONDS
