"""One question to one server, put by a command that has nothing else to do meanwhile: no event loop, no pool.

Law: that of `connector.net.outbound`, by the same rules: an address is checked before a socket is opened, and the
socket is opened to the address that was checked; no redirect is followed; an answer has a limit of bytes and of time,
is never decompressed, and means what it would mean there. Loading aiohttp would take longer than the question.
"""

from __future__ import annotations

import http.client
import socket
import time
from typing import TYPE_CHECKING, Any

from connector.net.address_rules import AddressRules
from connector.net.answer import is_accepted, refused, require_plain, unreachable
from connector.net.body import decoded, encoded
from connector.runtime.errors import PeerMisbehaved
from connector.runtime.limits import CONNECT_SECONDS_MAX, REFUSAL_BYTES_MAX

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from yarl import URL

READ_BYTES = 256 * 1024
# what a broken, silent or slow connection raises, or one that speaks something else
BROKEN = (OSError, http.client.HTTPException)


class Question:
    """A server that may be asked; each question is a connection of its own."""

    def __init__(self, *, development: bool = False, trust: ssl.SSLContext | None = None) -> None:
        self._rules = AddressRules(development=development)
        self._trust = trust

    def put(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        headers: Mapping[str, str],
        timeout_seconds: float,
        limit_bytes: int,
    ) -> Any:
        """Send one request; return its answer, decoded, or None for one without a body (blocking).

        Raises as `Outbound.request` does.
        """
        checked = self._rules.check(url)
        end = time.monotonic() + timeout_seconds
        data, kind = encoded(body)
        sent = {"Accept-Encoding": "identity", "User-Agent": "penstock", **kind, **headers}
        try:
            connection = self._connected(checked)
            wire = connection.sock
            try:
                wire.settimeout(_left(end))
                connection.request(method, checked.raw_path_qs, data, sent)
                response = connection.getresponse()
                limit = limit_bytes if is_accepted(response.status) else REFUSAL_BYTES_MAX
                whole = _read(wire, response, limit, end)
            finally:
                connection.close()
        except BROKEN as error:
            raise unreachable(checked, error) from error
        require_plain(response.headers.get("Content-Encoding"))
        if len(whole) > limit:
            raise PeerMisbehaved(f"`{checked.origin()}` sends more than {limit} bytes")
        if not is_accepted(response.status):
            raise refused(checked, method, response.status, whole)
        return decoded(whole) if whole else None

    def _connected(self, url: URL) -> http.client.HTTPConnection:
        """Connect to the first address of the name that answers; each was checked before a socket is made."""
        host, port = str(url.raw_host), int(url.port or 0)
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for *_, place in found:
            self._rules.check_address(str(place[0]))
        failure = OSError("the name has no address")
        for family, kind, protocol, _, place in found:
            made = socket.socket(family, kind, protocol)
            try:
                made.settimeout(CONNECT_SECONDS_MAX)
                made.connect(place)
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                whole = self._secured(made, host) if url.scheme == "https" else made
            except OSError as error:
                made.close()
                failure = error
            else:
                connection = http.client.HTTPConnection(host, port)
                connection.auto_open = 0  # it would resolve the name again, and ask nobody
                connection.sock = whole
                return connection
        raise failure

    def _secured(self, made: socket.socket, host: str) -> socket.socket:
        import ssl  # noqa: PLC0415  # most commands ask a server on plain loopback

        return (self._trust or ssl.create_default_context()).wrap_socket(made, server_hostname=host)


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _read(wire: socket.socket, response: http.client.HTTPResponse, limit_bytes: int, end: float) -> bytes:
    """Read up to one byte more than the limit, until the end of the time."""
    found = bytearray()
    while len(found) <= limit_bytes:
        wire.settimeout(_left(end))
        piece = response.read1(min(READ_BYTES, limit_bytes + 1 - len(found)))
        if not piece:
            if response.length:  # http.client takes an early end for the end
                raise http.client.IncompleteRead(bytes(found), response.length)
            break
        found += piece
    return bytes(found)
