"""Where a page of a catalogue begins: the continuation token, and the `Link` header that carries it (RFC 8288).

Law: (1) a token is a place between two entries and a direction, nothing else: it grants nothing, so it needs no
signature, and it outlives every entry. (2) One place has one spelling; whatever else is sent is refused.

    token  base64url without padding of  direction shelf id      ">d" "flights"  →  PmRmbGlnaHRz
    >      the entries behind the one with this id             <      the one with this id, and those before it
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from connector.negotiation.protocol.errors import MalformedError

if TYPE_CHECKING:
    from collections.abc import Iterable

PARAMETER: Final = "continuationToken"
# an id has at most 256 characters (`catalog.dataset`) of four bytes, and a DID 512; beyond that it is none of ours
TOKEN_CHARACTERS_MAX = 1_400
# a header of links holds two; more than this is not read for them
LINK_CHARACTERS_MAX = 16_384
NEXT, PREVIOUS = "next", "previous"

_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w!#$&+.^`|~*-]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]*))?)*)\s*(?:,|$)')
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Between two entries of a catalogue: after the one with `key` on `shelf`; what is read lies behind or before."""

    shelf: str
    key: str = ""
    backward: bool = False

    def token(self) -> str:
        """Return the one spelling of this place."""
        said = ("<" if self.backward else ">") + self.shelf + self.key
        return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def read(token: str, shelves: Iterable[str]) -> Place:
    """Return the place that a token of ours names; raises `MalformedError`. A shelf is named by one character."""
    if len(token) <= TOKEN_CHARACTERS_MAX and _TOKEN.fullmatch(token):
        try:
            said = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            said = ""
        place = Place(said[1:2], said[2:], backward=said.startswith("<"))
        if place.shelf in shelves and place.shelf and place.token() == token:
            return place
    raise MalformedError(f"`{token[:80]}` is no `{PARAMETER}` of this catalogue; begin again with a POST without one")


def header(url: str, places: Iterable[tuple[str, Place | None]]) -> str:
    """Return the `Link` header of the places that there are, each with its relation; empty when there is none."""
    links = [(relation, place.token()) for relation, place in places if place is not None]
    return ", ".join(f'<{url}?{PARAMETER}={quote(token)}>; rel="{relation}"' for relation, token in links)


def linked(headers: Iterable[str], relation: str) -> str | None:
    """Return the first target with this relation in one or more `Link` headers of a peer, as it stands there."""
    for target, parameters in _LINK.findall(", ".join(headers)[:LINK_CHARACTERS_MAX]):
        found = _REL.search(parameters)
        if found and relation in (found[1] or found[2] or "").lower().split():
            return str(target)
    return None
