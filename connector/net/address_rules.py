"""Which addresses we connect to: the rules alone, for whoever opens a socket (`connector.net.addresses`, `.question`).

Law: what is not clearly a public address of the internet is refused: private, link-local, loopback, multicast,
reserved, and every IPv6 form that carries an IPv4 address inside.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from yarl import URL

from connector.runtime.errors import AddressRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address
    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

URL_CHARACTERS_MAX = 2_048
# letters, digits, hyphens and (in container networks) underscores, in labels; no trailing dot, no percent signs
_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*")
# a last label like this makes resolvers read the name as a number: 127.1, 0x7f.0.0.1, 2130706433
_NUMBER = re.compile(r"(\d+|0[xX][0-9A-Fa-f]*)")
# the whole of the authority is host and port: no "@", not even with an empty user, which a parser would forget
_FORM = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#@]+([/?#].*)?")
# names that mean this machine or its keeper, whatever a resolver says
LOCAL_NAMES = ("localhost", "localdomain", "internal", "local", "home.arpa", "in-addr.arpa", "ip6.arpa")
# http lives on these below 1024; the others above are services that can be talked into something by an HTTP request
WEB_PORTS = frozenset({80, 443})
FOREIGN_PORTS = frozenset({
    1433, 1521, 2049, 2375, 2379, 3306, 3389, 4369, 5432, 5672, 5984, 6000, 6379, 6443, 6666, 6667, 9042, 9200, 9300,
    10250, 11211, 27017,
})  # fmt: skip
# the only part of IPv6 that is given out to the public internet …
PUBLIC_6 = ipaddress.ip_network("2000::/3")
# … and what in it is not public: protocol assignments with Teredo, documentation, 6to4
NOT_PUBLIC_6 = tuple(map(ipaddress.ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
# Python's tables lack these: relay anycast of 6to4, benchmark and future use are refused by name
NOT_PUBLIC_4 = tuple(map(ipaddress.ip_network, ("192.88.99.0/24", "192.0.0.0/24", "0.0.0.0/8", "240.0.0.0/4")))


class AddressRules:
    """What is permitted: `development` adds the loopback and plain http, `networks` private ones that were named."""

    def __init__(self, *, development: bool, networks: Sequence[str] = ()) -> None:
        self._development = development
        self._networks: tuple[Network, ...] = tuple(map(ipaddress.ip_network, networks))

    def check(self, text: str) -> URL:
        """Return the parsed URL; raises `AddressRefused` before anything is resolved."""
        if len(text) > URL_CHARACTERS_MAX or not text.isascii() or not text.isprintable() or "\\" in text:
            raise AddressRefused("the address is too long or has characters that do not belong in a URL")
        try:
            url = URL(text)
            host, port = url.raw_host, url.port
        except ValueError as error:
            raise AddressRefused(f"`{text}` is no address: {error}") from error
        self._check_scheme(url, text)
        if not _FORM.fullmatch(text) or url.user is not None or url.password is not None:
            raise AddressRefused("an address is scheme://host:port/path, without credentials")
        if not host or port is None:
            raise AddressRefused(f"`{text}` has no host")
        self._check_port(port)
        self._check_host(host)
        return url

    def check_address(self, text: str) -> None:
        """Raise `AddressRefused` unless `text` is an IP address that we may connect to."""
        try:
            address = ipaddress.ip_address(text)
        except ValueError as error:
            raise AddressRefused(f"`{text}` is no IP address") from error
        if "%" in text:
            raise AddressRefused(f"`{text}` is an address of one link of this machine")
        if self._development and address.is_loopback:
            return
        if any(address.version == network.version and address in network for network in self._networks):
            return
        if not is_public(address):
            raise AddressRefused(f"`{address}` is not a public address", "peers are reached at public addresses")

    def _check_scheme(self, url: URL, text: str) -> None:
        if url.scheme not in ("http", "https"):
            raise AddressRefused(f"`{text}` is neither http nor https")
        if url.scheme == "http" and not (self._development or self._networks):
            hint = "use https; on your own machine say `--development`, a server `server.development`"
            raise AddressRefused(f"`{text}` is plain http", hint)

    def _check_port(self, port: int) -> None:
        if not (port in WEB_PORTS or 1024 <= port <= 65535) or port in FOREIGN_PORTS:
            raise AddressRefused(f"port {port} is not one of a connector")

    def _check_host(self, host: str) -> None:
        if ":" in host:
            self.check_address(host)
            return
        last = host.rsplit(".", 1)[-1]
        if not _NAME.fullmatch(host):
            raise AddressRefused(f"`{host}` is no host name")
        if _NUMBER.fullmatch(last):
            self.check_address(host)
            return
        local = any(host.lower() == name or host.lower().endswith("." + name) for name in LOCAL_NAMES)
        if local and not (self._development and host.lower() == "localhost"):
            raise AddressRefused(f"`{host}` is a name of this machine or its network")


def is_public(address: Address) -> bool:
    """Whether `address` belongs to the public internet."""
    if isinstance(address, ipaddress.IPv6Address):
        return address in PUBLIC_6 and not any(address in network for network in NOT_PUBLIC_6)
    return address.is_global and not address.is_multicast and not any(address in network for network in NOT_PUBLIC_4)
