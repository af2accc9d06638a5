"""One HTTP/1.1 connection of a thread's own, for bytes in bulk: what comes is read into the memory of whoever asks.

Law: `Outbound.lane` checked the address and what its name resolves to; a lane connects to those very addresses, and
each is checked once more before its socket exists. No redirect, no encoding, no chunks: an answer has exactly the
length that was asked for, or it is the peer's fault. No byte for STALL_SECONDS_MAX, and the lane is broken.

The kernel waits for whole pieces and for the stall: a thread that takes turns for every packet holds up all others.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import struct
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from connector.runtime.errors import PeerMisbehaved, PeerRefused, PeerUnreachable
from connector.runtime.fault_table import LATER
from connector.runtime.limits import CONNECT_SECONDS_MAX, REFUSAL_BYTES_MAX, STALL_SECONDS_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aiohttp.abc import ResolveResult
    from yarl import URL

    from connector.net.addresses import Gate

# what a broken, silent or slow connection raises, or one that speaks something else
BROKEN = (OSError, http.client.HTTPException)
OK = 200


class Lane:
    """Asks one server for bytes, one request after the other; for one thread, but `cut` may come from any."""

    def __init__(self, gate: Gate, url: URL, found: Sequence[ResolveResult], trust: ssl.SSLContext | None) -> None:
        self._gate = gate
        self._found = found
        self._trust = (trust or ssl.create_default_context()) if url.scheme == "https" else None
        self._host, self._port = str(url.raw_host), int(url.port or 0)
        self.origin = str(url.origin())
        self._lock = threading.Lock()
        self._connection: http.client.HTTPConnection | None = None
        self._answer: http.client.HTTPResponse | None = None
        self._ahead = b""  # of the answer's bytes, what came with its head
        self._left = 0
        self._cut = False
        self._dropped = ""  # why
        self._waits = self._came = 0

    def ask(self, target: str, headers: Mapping[str, str], length: int) -> None:
        """Ask for `target` (path and query), whose body must have `length` bytes; `read` them next (blocking).

        Raises `PeerUnreachable`, `PeerRefused` or `PeerMisbehaved` as `Outbound.request` does.
        """
        fresh = self._connection is None
        try:
            with self._wait():
                answer = self._send(target, headers)
        except BROKEN as error:
            self.close()
            if fresh or self._dropped:
                raise self._unreachable(error) from error
            self.ask(target, headers, length)  # the peer may close what it kept open for us; once is usual
        else:
            self._accept(answer, target, length)
            self._begin(answer, length)

    def read(self, view: memoryview) -> None:
        """Fill `view` with the next bytes of the answer (blocking); `PeerUnreachable` when they do not come."""
        assert self._answer is not None, "ask first"
        assert len(view) <= self._left, "no more than was asked for"
        done = len(self._ahead[: len(view)])
        view[:done], self._ahead = self._ahead[:done], self._ahead[done:]
        with self._wait():
            while done < len(view):
                done += self._receive(view[done:])
        self._left -= done
        if not self._left:
            self._answer.close()

    def _begin(self, answer: http.client.HTTPResponse, length: int) -> None:
        """Go on with the body: from here on it is read past the answer's own buffer."""
        try:
            self._ahead = answer.fp.peek(1)[:length]
            self._open().sock.settimeout(None)
        except BROKEN as error:
            self.close()
            raise self._unreachable(error) from error
        self._answer, self._left = answer, length

    def _receive(self, view: memoryview) -> int:
        """Receive into `view`: all of it if the kernel can wait for that."""
        flags = socket.MSG_WAITALL if self._trust is None else 0
        try:
            got = self._open().sock.recv_into(view, 0, flags)
        except BROKEN as error:
            self.close()
            late = TimeoutError("timed out") if isinstance(error, BlockingIOError) else error
            raise self._unreachable(late) from error
        if not got:
            self.close()
            raise self._unreachable(EOFError("it ended its answer early"))
        self._came += got
        return got

    @property
    def waited(self) -> tuple[int, int]:
        """Which wait for the peer is the newest, and how many bytes came in all; tells any thread of progress."""
        return self._waits, self._came

    @property
    def waits(self) -> bool:
        """Whether somebody waits for the peer now."""
        return self._waits % 2 == 1

    @contextmanager
    def _wait(self) -> Iterator[None]:
        self._waits += 1
        try:
            yield
        finally:
            self._waits += 1

    def cut(self) -> None:
        """Break the connection off for good, from any thread: whoever reads from it is woken by its end."""
        with self._lock:
            self._cut = True
            self._shut()

    def drop(self, why: str) -> None:
        """Break off what is under way, from any thread; who waits is told `why`, and the next `ask` begins anew."""
        with self._lock:
            self._dropped = why
            self._shut()

    def _shut(self) -> None:
        if self._connection is not None and self._connection.sock is not None:
            with suppress(OSError):
                self._connection.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection; the next `ask` opens another."""
        with self._lock:
            connection, self._connection, self._answer = self._connection, None, None
        if connection is not None:
            connection.close()

    def _send(self, target: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        connection = self._connection or self._connect()
        self._dropped = ""
        connection.sock.settimeout(STALL_SECONDS_MAX)
        told = {"Accept-Encoding": "identity", "User-Agent": "penstock", **headers}
        connection.request("GET", target, headers=told)
        answer = connection.getresponse()
        if self._dropped:  # a head that was broken off looks like a short one
            answer.close()
            raise ConnectionAbortedError(self._dropped)
        return answer

    def _open(self) -> http.client.HTTPConnection:
        if self._connection is None:
            raise ConnectionAbortedError("the lane was closed")
        return self._connection

    def _connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self._host, self._port)
        connection.auto_open = 0  # it would resolve the name again, and ask nobody
        connection.sock = self._socket()
        with self._lock:
            self._connection = connection
            if self._cut:
                raise ConnectionAbortedError("the lane was cut")
        return connection

    def _socket(self) -> socket.socket:
        """Connect to the first of the checked addresses that answers."""
        failure: OSError = OSError("the name has no address")
        for place in self._found:
            self._gate.check_address(place["host"])
            made = socket.socket(place["family"], socket.SOCK_STREAM)
            try:
                made.settimeout(CONNECT_SECONDS_MAX)
                made.connect((place["host"], place["port"]))
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                whole = made if self._trust is None else self._trust.wrap_socket(made, server_hostname=self._host)
                _stall(whole, STALL_SECONDS_MAX)
            except OSError as error:
                made.close()
                failure = error
            else:
                return whole
        raise failure

    def _accept(self, answer: http.client.HTTPResponse, target: str, length: int) -> None:
        """Pass the answer that was asked for; raise what any other one means."""
        path = target.partition("?")[0]
        if answer.status != OK:
            body = self._rest(answer)
            if answer.status in LATER:
                raise PeerUnreachable(f"`{self.origin}` asks to come later (status {answer.status})", body=body)
            raise PeerRefused(f"`{self.origin}` refused GET {path} ({answer.status})", answer.status, body)
        encoded = answer.headers.get("Content-Encoding", "identity").lower() != "identity"
        if encoded or answer.length != length:
            self.close()
            raise PeerMisbehaved(f"`{self.origin}` answers {path} with {answer.length} bytes instead of {length}")

    def _rest(self, answer: http.client.HTTPResponse) -> bytes:
        try:
            return answer.read(REFUSAL_BYTES_MAX)
        except BROKEN:
            return b""
        finally:
            self.close()

    def _unreachable(self, error: BaseException) -> PeerUnreachable:
        return PeerUnreachable(f"`{self.origin}` did not answer: {self._dropped or str(error) or type(error).__name__}")


def _stall(connected: socket.socket, seconds: float) -> None:
    """Have the kernel end a wait for the peer after so long; it is asked where Python's own timeout is off."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(seconds), int(seconds % 1 * 1e6)))
