"""What is on offer here, page by page: products as datasets, and at an exchange its providers as nested catalogues.

Law: (1) A page begins at a place in the order of ids and is found through an index, so it costs the same whatever lies
before or behind it, and nothing is cut off silently: the next page is one link away. (2) A definition that makes no
valid entry is left out, named to the operator and logged once; the page advances over it. (3) An entry depends on the
text of its row alone, so the newest renderings are kept without anybody telling when they are old.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from catalog.codes import tier as tier_of
from connector.negotiation.on_offer import ON_OFFER, STANDING
from connector.negotiation.protocol import messages, offers, validation
from connector.negotiation.protocol.continuation import Place
from connector.negotiation.protocol.errors import UnknownError, UnsupportedFilterError
from connector.runtime.limits import REASON_CHARACTERS_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connector.core.core import Core
    from connector.negotiation.protocol.query_spec import Query
    from connector.store.transaction import Tx

    To = Callable[[messages.Document], messages.Document]
    # a product by its id, the text of its policy, and that of who may know of it
    Sees = Callable[[Tx, str, str, str | None], bool]

# pages that one filter looks through, in a tenth of a second; a larger catalogue is asked by id
SELECTED_PAGES_MAX = 200
# entries of a page; with ENTRY_BYTES_MAX the answer stays below what a peer of our kind reads (ANSWER_BYTES_MAX)
PAGE_ENTRIES = 100
ENTRY_BYTES_MAX = 65_536
# renderings kept, of some 2 kB each with their rows: the first pages, which everybody asks for
RENDERINGS_KEPT = 1_024
# definitions that are told to the operator at a time; when these are mended, the next are
DEFECTS_NAMED_MAX = 100
# no id of ours begins with this, the last of all characters: it does not print
LAST = "\U0010ffff"

DATASETS, CATALOGUES = "d", "c"
OF_PRODUCT = "id, title, tier, policy, terms, limits, offer, standing, access, offers"
ACCESS, OFFERS = "access", "offers"  # who may know of a row, which is no part of its entry; what else it is offered as
# two equalities, each in the index's own order, are merged; one `state IN (…)` would sort everything behind the place
_PRODUCTS = " UNION ALL ".join(
    f"SELECT {OF_PRODUCT} FROM products WHERE {place} AND id {{}} ?{{besides}}"  # noqa: S608  # constants of ours
    for place in (*(f"state = '{state}'" for state in ON_OFFER), f"state = '{STANDING}' AND standing IS NOT NULL")
)
_PROVIDERS = (
    "SELECT did AS id, url FROM members WHERE did {} ? AND "
    "(role = 'provider' OR EXISTS (SELECT 1 FROM listings WHERE listings.provider = members.did))"
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row as JSON; without `body` it makes no valid entry, and `fault` says why."""

    key: str
    body: bytes
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One kind of entries: how its rows are found on either side of an id, and how one becomes an entry."""

    name: str
    role: str
    sql: str
    marks: int
    paged: str  # what must hold besides for a row to stand on a page
    rendered: Callable[..., Entry]

    def rows(self, tx: Tx, place: Place, limit: int) -> list[dict[str, Any]]:
        """Return at most `limit` rows from `place` on in its direction, nearest first, as SQL holds them."""
        return list(map(_sold, tx.execute(self.paging(backward=place.backward), *[place.key] * self.marks, limit)))

    def paging(self, *, backward: bool) -> str:
        """Return the statement of a page: behind an id, or before it; its last mark is the limit."""
        before, order = ("<=", "DESC") if backward else (">", "ASC")
        return self.sql.replace("{}", before).replace("{besides}", self.paged) + f" ORDER BY id {order} LIMIT ?"

    def row(self, tx: Tx, key: str) -> list[dict[str, Any]]:
        """Return the row with this id, in a list that is empty when there is none."""
        return self._with(tx, key, "")

    def listed(self, tx: Tx, key: str) -> list[dict[str, Any]]:
        """Return the row with this id likewise, if it stands on a page."""
        return self._with(tx, key, self.paged)

    def _with(self, tx: Tx, key: str, besides: str) -> list[dict[str, Any]]:
        statement = self.sql.replace("{}", "=").replace("{besides}", besides)
        return list(map(_sold, tx.execute(statement, *[key] * self.marks)))


@dataclass(frozen=True, slots=True)
class Page:
    """Entries by shelf, in order, and the places of the pages around."""

    entries: Mapping[str, list[bytes]]
    next: Place | None
    previous: Place | None


def _sold(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as the version that stands beside it, where one does; `connector.negotiation.on_offer.sold`."""
    if standing := row.pop("standing", None):
        kept = orjson.loads(standing)
        row |= {name: kept[name] for name in ("title", "tier", "offer")}
        row |= {name: orjson.dumps(kept[name]).decode() for name in ("policy", "terms", "limits")}
    return row


def _everybody(_tx: Tx, _product: str, _policy: str, _access: str | None) -> bool:
    return True


def _seen(tx: Tx, row: dict[str, Any], asker: Asker) -> dict[str, Any] | None:
    """Return a row with those of its offers that the asker sees, None where it sees none."""
    sees = asker.sees(tx, row["id"], row["policy"], row[ACCESS])
    if row[OFFERS] is None:
        return row if sees else None
    others = []
    for one in orjson.loads(row[OFFERS]):
        access = None if one[ACCESS] is None else orjson.dumps(one[ACCESS]).decode()
        if asker.sees(tx, row["id"], orjson.dumps(one["policy"]).decode(), access):
            others.append(one)
    if not sees and others:
        row = row | _as(row, others.pop(0))
    elif not sees:
        return None
    return row | {OFFERS: orjson.dumps(others).decode()}


def _as(row: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, str]:
    """Return what a further offer of a row says in place of its own."""
    limits = orjson.loads(row["limits"]) | {"ask": told["price"]}
    policy = orjson.dumps(told["policy"]).decode()
    return {"policy": policy, "limits": orjson.dumps(limits).decode(), "offer": told["id"]}


def whole(offer: messages.Document) -> messages.Document:
    """Return an offer as a connector of our make gets it."""
    return offer


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: what of it `sees` lets them see, and how an offer is written `to` them (else `offers.foreign`)."""

    sees: Sees = _everybody
    to: To = whole


ANYBODY = Asker()


class Offering:
    """The catalogue of one participant."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._shelves = [shelf for shelf in SHELVES if shelf.role in core.identity.roles]
        self.shelves = [shelf.name for shelf in self._shelves]
        self._defects: dict[str, str] = {}

    def start(self) -> Place:
        """Return the place before everything."""
        return Place(self.shelves[0])

    async def defects(self) -> dict[str, str]:
        """Return id → reason of the definitions that were left out since the start and still would be."""

        def look(tx: Tx) -> list[Entry]:
            known = list(self._defects)
            return [self._rendered(one, row) for one in self._shelves for key in known for row in one.row(tx, key)]

        found = {entry.key: entry.fault for entry in await self._core.store.read(look)}
        self._defects = {key: found[key] for key in self._defects if found.get(key)}
        return dict(self._defects)

    async def page(self, place: Place, asker: Asker = ANYBODY, entries: int | None = None) -> Page:
        """Return the page at a place of `shelves`, of so many entries at most, with what the asker sees of it."""
        most = min(entries or PAGE_ENTRIES, PAGE_ENTRIES)
        found, page = await self._core.store.read(lambda tx: self._page(tx, place, asker, most))
        for entry in found:
            self._note(entry)
        return page

    async def select(self, query: Query, asker: Asker = ANYBODY) -> Page:
        """Return the datasets that a query asks for, in the order of their ids; its asker goes on by its `offset`.

        Raises UnsupportedFilterError where more would have to be looked at than one answer is worth.
        """
        if query.limit is not None and query.limit > PAGE_ENTRIES:
            raise UnsupportedFilterError(f"a filter is answered with {PAGE_ENTRIES} entries at most: ask for those")
        bodies: list[bytes] = []
        if PRODUCTS in self._shelves:
            entries = await self._core.store.read(lambda tx: self._selected(tx, query, asker))
            bodies = [entry.body for entry in entries]
        return Page({DATASETS: bodies}, None, None)

    async def dataset(self, key: str, asker: Asker = ANYBODY) -> bytes:
        """Return one dataset as JSON; raises `UnknownError` for one that is not on offer, or not to the caller."""
        rows = await self._core.store.read(lambda tx: [(row, _seen(tx, row, asker)) for row in PRODUCTS.row(tx, key)])
        for row, seen in rows:
            entry = self._rendered(PRODUCTS, seen or row, asker)
            self._note(entry)
            if entry.body and seen:
                return entry.body
        raise UnknownError(f"there is no dataset `{key[:200]}` here")

    def _selected(self, tx: Tx, query: Query, asker: Asker) -> list[Entry]:
        found: list[Entry] = []
        skip, most = query.offset, query.limit or PAGE_ENTRIES
        for row in self._candidates(tx, query):
            if not query.matches(row["id"], row["title"]) or (seen := _seen(tx, row, asker)) is None:
                continue
            entry = self._rendered(PRODUCTS, seen, asker)
            if entry.body and skip:
                skip -= 1
            elif entry.body:
                found.append(entry)
            if len(found) == most:
                break
        return found

    def _candidates(self, tx: Tx, query: Query) -> Iterator[dict[str, Any]]:
        """Yield the rows among which a query selects: those it names, or all that stand on pages."""
        if query.keys is not None:
            for key in sorted(query.keys):
                yield from PRODUCTS.listed(tx, key)
            return
        place = Place(DATASETS)
        for _ in range(SELECTED_PAGES_MAX):
            yield from (rows := PRODUCTS.rows(tx, place, PAGE_ENTRIES))
            if len(rows) < PAGE_ENTRIES:
                return
            place = Place(DATASETS, rows[-1]["id"])
        looked = SELECTED_PAGES_MAX * PAGE_ENTRIES
        raise UnsupportedFilterError(f"more than {looked} entries would be looked at; ask by id, or page by page")

    def _page(self, tx: Tx, place: Place, asker: Asker, most: int) -> tuple[list[Entry], Page]:
        """Read one entry more than the page has: it tells whether there is another page, and where."""
        found = self._from(tx, place, most + 1)
        rest, found = found[most:], found[:most]
        turned = Place(place.shelf, place.key, backward=not place.backward)
        around = turned if self._from(tx, turned, 1) else None
        beyond = None
        if rest:
            edge = rest[0] if place.backward else found[-1]
            beyond = Place(edge[0].name, str(edge[1]["id"]), backward=place.backward)
        entries: dict[str, list[bytes]] = {name: [] for name in self.shelves}
        rendered = []
        for shelf, row in reversed(found) if place.backward else found:
            seen = _seen(tx, row, asker) if shelf is PRODUCTS else row
            entry = self._rendered(shelf, seen or row, asker)
            rendered.append(entry)
            if entry.body and seen:
                entries[shelf.name].append(entry.body)
        return rendered, Page(entries, *((around, beyond) if place.backward else (beyond, around)))

    def _from(self, tx: Tx, place: Place, limit: int) -> list[tuple[Shelf, dict[str, Any]]]:
        """Return rows from `place` on, over the shelves that follow in its direction."""
        at = self.shelves.index(place.shelf)
        ahead = self._shelves[at::-1] if place.backward else self._shelves[at:]
        found: list[tuple[Shelf, dict[str, Any]]] = []
        for shelf in ahead:
            edge = place.key if shelf.name == place.shelf else LAST if place.backward else ""
            rows = shelf.rows(tx, Place(shelf.name, edge, backward=place.backward), limit - len(found))
            found += [(shelf, row) for row in rows]
            if len(found) == limit:
                break
        return found

    def _rendered(self, shelf: Shelf, row: Mapping[str, Any], asker: Asker = ANYBODY) -> Entry:
        told = [value for name, value in row.items() if name != ACCESS]
        return shelf.rendered(asker.to, self._core.identity.did + "#dsp", *told)

    def _note(self, entry: Entry) -> None:
        """Remember a defect, log it when it is new; forget one that is mended."""
        if not entry.fault:
            self._defects.pop(entry.key, None)
            return
        room = entry.key in self._defects or len(self._defects) < DEFECTS_NAMED_MAX
        if room and self._defects.get(entry.key) != entry.fault:
            self._defects[entry.key] = entry.fault
            log.warning("`%s` is left out of the catalogue: %s", entry.key, entry.fault)


def _entry(key: str, kind: str, build: Callable[[], messages.Document]) -> Entry:
    """Return what `build` returns as an entry, if it is valid as `kind`."""
    try:
        document = build()
        validation.check(kind, {"@context": [messages.CONTEXT], **document})
        body = orjson.dumps(document)
        if len(body) > ENTRY_BYTES_MAX:
            return Entry(key, b"", f"it has {len(body)} bytes as an entry, at most {ENTRY_BYTES_MAX} are served")
    except Exception as fault:  # noqa: BLE001  # whatever one definition raises concerns that definition alone
        return Entry(key, b"", f"{type(fault).__name__}: {fault}"[:REASON_CHARACTERS_MAX])
    return Entry(key, body)


@lru_cache(RENDERINGS_KEPT)
def _dataset(
    to: To,
    service: str,
    key: str,
    title: str,
    tier: str,
    policy: str,
    terms: str,
    limits: str,
    offer: str | None,
    others: str | None,
) -> Entry:
    def build() -> messages.Document:
        said = {name: orjson.loads(text) for name, text in (("policy", policy), ("terms", terms), ("limits", limits))}
        ways = [messages.distribution(one, service) for one in tier_of(tier).formats]
        listed = [{"id": key, "offer": offer, **said}]
        for one in orjson.loads(others or "[]"):
            own = {"offer": one["id"], "policy": one["policy"], "limits": {"ask": one["price"]}}
            listed.append({"id": key, **said, **own})
        return messages.dataset(key, [to(offers.asked(one)) for one in listed], ways, {"title": title})

    return _entry(key, "Dataset", build)


@lru_cache(RENDERINGS_KEPT)
def _provider(_to: To, _service: str, did: str, url: str) -> Entry:
    def build() -> messages.Document:
        service = messages.data_service(did + "#dsp", url + messages.DSP_PATH)
        return messages.nested_catalog(did + "#catalog", did, service)

    return _entry(did, "Catalog", build)


# an unlisted product is on no page: who was told of it asks for it by its id
PRODUCTS = Shelf(DATASETS, "provider", _PRODUCTS, len(ON_OFFER) + 1, " AND blind IS NULL", _dataset)
PROVIDERS = Shelf(CATALOGUES, "exchange", _PROVIDERS, 1, "", _provider)
SHELVES: Sequence[Shelf] = (PRODUCTS, PROVIDERS)  # in the order of the catalogue
