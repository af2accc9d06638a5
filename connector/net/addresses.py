"""Which addresses we connect to; the check in front of `connector.net.outbound`.

Law: a name is refused if *one* of its addresses is refused by `connector.net.address_rules`. The same rules are applied
three times: to the text of the URL, to what the name resolves to, and to the socket about to be opened, so a name that
changes its mind in between (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from connector.net.address_rules import AddressRules

if TYPE_CHECKING:
    from collections.abc import Sequence


class Gate(AddressRules, AbstractResolver):
    """Checks URLs, resolves names, and makes the sockets of one pool of connections."""

    def __init__(self, *, development: bool, networks: Sequence[str] = ()) -> None:
        super().__init__(development=development, networks=networks)
        self._resolver: AbstractResolver | None = None

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return where `host` is, all of it permitted; the connection is made to these very addresses."""
        if self._resolver is None:
            self._resolver = ThreadedResolver()
        found = await self._resolver.resolve(host, port, family)
        for result in found:
            self.check_address(result["host"])
        return found

    def socket(self, info: Any) -> socket.socket:
        """Make the socket for one address: the last look before connecting."""
        family, kind, protocol, _name, address = info
        self.check_address(address[0])
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made

    async def close(self) -> None:
        """Close the resolver."""
        if self._resolver is not None:
            await self._resolver.close()
