"""Where a participant answers the protocol: found by its DID, or at an address that somebody was told.

Law: an address belongs to the did:web of its host and port, or to whom it is said to belong; a DID that is said must
name it itself: a proof of ours is for that one alone. A version document says the base; an address without one is it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from yarl import URL

from connector.negotiation.protocol import messages, validation
from connector.runtime.errors import AddressRefused, InvalidInput, PeerMisbehaved, PeerRefused

if TYPE_CHECKING:
    from connector.identity.peers import Peers
    from connector.net.outbound import Outbound

WELL_KNOWN = "/.well-known/dspace-version"
# a version document lists a few versions
VERSIONS_BYTES_MAX = 65_536


class Whereabouts(NamedTuple):
    """Who answers, and the base of its addresses."""

    did: str
    base: str


async def locate(outbound: Outbound, peers: Peers, told: str) -> Whereabouts:
    """Return where a DID answers, or who at a URL: a DSP base, or what a version document lies below."""
    if told.startswith("did:"):
        services = (await peers.document(told)).services
        endpoint = services.get("DataService") or services.get("CatalogService", "")
        if endpoint.endswith("/catalog"):
            return Whereabouts(told, endpoint.removesuffix("/catalog"))
        if not endpoint:
            raise PeerMisbehaved(f"`{told}` publishes no data service", "ask for it with its address")
        return Whereabouts(told, await _base(outbound, endpoint.removesuffix(WELL_KNOWN)))
    if "://" not in told:
        hint = "say where it is, too: `--at URL --peer NAME`"
        raise InvalidInput(f"`{told[:200]}` is neither a DID nor an address", hint)
    outbound.check(told)
    plain = told.rstrip("/")
    base = await _root(outbound, plain) if URL(plain).path.strip("/") else await _base(outbound, plain)
    return Whereabouts(did_of("", base), base)


async def told(outbound: Outbound, peers: Peers, at: str, named: str | None) -> Whereabouts:
    """Return who answers at a URL, by the name it is said to have; raises AddressRefused for a DID of elsewhere."""
    place = await locate(outbound, peers, at)
    if not named or named == place.did:
        return place
    if named.startswith("did:"):
        own = await locate(outbound, peers, named)
        if origin(own.base) != origin(place.base):
            raise AddressRefused(f"`{named[:200]}` answers at `{origin(own.base)}`, not at `{origin(place.base)}`")
    return Whereabouts(named, place.base)


def did_of(participant: str, base: str) -> str:
    """Return the DID that owns `base`: the participant's, if that is one, else the one of its host and port."""
    authority = origin(base).partition("://")[2]
    return participant if participant.startswith("did:") else "did:web:" + authority.replace(":", "%3A")


def origin(url: str) -> str:
    """Return scheme, host and port; empty for what has none."""
    try:
        return str(URL(url).origin())
    except ValueError:
        return ""


def joined(url: str, link: str | None) -> str:
    """Return a link's address as seen from its page, empty without a link."""
    try:
        return "" if link is None else str(URL(url).join(URL(link, encoded=True)))
    except ValueError as fault:
        raise PeerMisbehaved(f"`{str(link)[:200]}` is no address of a next page: {fault}") from fault


async def _root(outbound: Outbound, told: str) -> str:
    """Return the base that the version document below an address names; without one the address is the base."""
    try:
        return await _base(outbound, told)
    except (PeerRefused, PeerMisbehaved):
        return told


async def _base(outbound: Outbound, root: str) -> str:
    """Return the DSP base that the version document of `root` names."""
    answer = await outbound.get(root + WELL_KNOWN, limit_bytes=VERSIONS_BYTES_MAX)
    document = answer.json()
    if not validation.agrees("VersionResponse", document):
        raise PeerMisbehaved(f"`{root}` has no proper version document")
    paths = [str(entry["path"]) for entry in document["protocolVersions"] if entry["version"] == messages.VERSION]
    if not paths:
        raise PeerMisbehaved(f"`{root}` does not speak the Dataspace Protocol {messages.VERSION}")
    return (root + "/" + paths[0].strip("/")).rstrip("/")
