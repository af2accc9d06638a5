"""Catalogues of others, as clients of the Management API ask for them.

Law: what a provider sends is handed on, page after page until as many entries are there as were asked for; nothing is
cut off in silence. Who asks by the protocol's older name gets the names that its clients look for.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from connector.negotiation import whereabouts
from connector.negotiation.protocol import messages, offers
from connector.negotiation.protocol.continuation import NEXT, linked
from connector.negotiation.protocol.query_spec import EDC
from connector.operation.management import prefixed, shape
from connector.operation.management.names import read
from connector.operation.management.query import listed
from connector.runtime.errors import PeerMisbehaved, PeerRefused
from contracts.namespace import OFFER_TERMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.negotiation.whereabouts import Whereabouts

PATH: Final = "/catalog/request"
# what a client's reader has at hand; another address it would fetch
CONTEXT: Final = [messages.CONTEXT, "https://w3id.org/edc/dspace/v0.0.1"]
NEWER: Final = "2025-1"
PAGES_MAX = 100
# where participants answer is asked anew after a minute
PLACES_MAX, PLACE_SECONDS = 256, 60.0


class Catalogues:
    """What others offer."""

    def __init__(self, core: Core, peers: Peers, space: SpaceView) -> None:
        self._core, self._peers, self._space = core, peers, space
        self._places: OrderedDict[tuple[str, str], tuple[float, Whereabouts]] = OrderedDict()

    async def request(self, body: Any) -> dict[str, Any]:
        """Return a provider's catalogue."""
        told = read(body, "a catalogue request")
        shape.require("CatalogRequest", told)
        place = await self.place(told)
        found = await self._pages(place, told.get("querySpec") or {})
        return _shown(found, told)

    async def dataset(self, body: Any) -> dict[str, Any]:
        """Return one dataset of a provider; raises PeerRefused for one that it does not show."""
        told = read(body, "a dataset request")
        shape.require("DatasetRequest", told)
        place = await self.place(told)
        return _shown(await self._dataset(place, told["@id"]), told)

    async def place(self, told: Mapping[str, Any]) -> Whereabouts:
        """Return where a counterparty answers."""
        key = (told["counterPartyAddress"], told.get("counterPartyId") or "")
        known, now = self._places.get(key), self._core.clock.monotonic()
        if known is not None and now - known[0] < PLACE_SECONDS:
            return known[1]
        found = await whereabouts.told(self._core.outbound, self._peers, *key)
        self._places[key] = now, found
        self._places.move_to_end(key)
        if len(self._places) > PLACES_MAX:
            self._places.popitem(last=False)
        return found

    async def whole(self, place: Whereabouts, offer: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return an offer of a member of our space as that one offers it, None where none such is there.

        To all others an offer of ours is rules alone: what they would sign is another chain's, or no contract of ours.
        """
        if await self._space.member(place.did) is None:
            return None
        try:
            found = await self._dataset(place, offer["target"])
        except PeerRefused:
            return None
        return next(
            ({**one, "target": offer["target"]} for one in found.get("hasPolicy", ()) if one["@id"] == offer["@id"]),
            None,
        )

    async def _dataset(self, place: Whereabouts, key: str) -> dict[str, Any]:
        url = f"{place.base}/catalog/datasets/{quote(key, safe='')}"
        answer = await self._core.outbound.get(url, headers=self._peers.authorization(place.did))
        return _object(answer.json(), "Dataset")

    async def _pages(self, place: Whereabouts, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Return the first page with the entries of those after it, as many as were asked for."""
        message = messages.document("CatalogRequestMessage", filter=[_filter(spec)] if spec else None)
        headers, outbound = self._peers.authorization, self._core.outbound
        answer = await outbound.post(place.base + PATH, message, headers=headers(place.did))
        found, most = _object(answer.json(), "Catalog"), spec.get("limit")
        for _ in range(PAGES_MAX):
            url = whereabouts.joined(place.base + PATH, linked(answer.every("Link"), NEXT))
            if not url or (most is not None and len(found.get("dataset", ())) >= most):
                return found
            if whereabouts.origin(url) != whereabouts.origin(place.base):
                raise PeerMisbehaved("the next page is at another origin, where our proof does not belong")
            answer = await outbound.get(url, headers=headers(place.did))
            page = _object(answer.json(), "Catalog")
            for name in ("dataset", "catalog"):
                if page.get(name):
                    found[name] = [*found.get(name, []), *page[name]]
        raise PeerMisbehaved(f"the catalogue has more than {PAGES_MAX} pages", "ask for a part of it: `querySpec`")


def _filter(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a query as providers take it."""
    criteria = listed(spec.get("filterExpression"))
    if not all(isinstance(one, dict) for one in criteria):
        raise shape.Violations([shape.Violation("`filterExpression` has objects alone", "querySpec/filterExpression")])
    told = {name: value for name, value in spec.items() if not name.startswith("@")}
    return {"@type": "QuerySpec", **told, "filterExpression": [{"@type": "Criterion", **one} for one in criteria]}


def _object(found: Any, kind: str) -> dict[str, Any]:
    if not isinstance(found, dict) or str(found.get("@type", "")).rpartition(":")[2] != kind:
        raise PeerMisbehaved(f"the provider answers with no {kind}")
    return found


def _shown(found: dict[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer in the names that its client looks for, offers of our make as a client can say them again."""
    for dataset in [found, *found.get("dataset", ())]:
        if isinstance(title := dataset.get("title"), str):  # which its context does not know
            dataset.setdefault(EDC + "name", title)
        if isinstance(said := dataset.get("hasPolicy"), list):
            dataset["hasPolicy"] = [offers.foreign(one) if OFFER_TERMS in one else one for one in said]
    if NEWER in str(told.get("protocol") or NEWER):
        return {**found, "@context": CONTEXT}
    return prefixed.catalogue(found)
