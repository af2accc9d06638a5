"""One line of an exchange's changes, and a sighting: one product as one source tells it.

    {"id", "seq", "state": "listed", "path": [DID, …], "changed": RFC 3339, "product": {"kind", …}}
    {"id", "seq", "state": "gone"}

Law: (1) `path` names the exchanges that passed it on, the nearest first; what has passed us never comes back, and what
has passed too many is nobody's to pass on. (2) A product is read as strictly as if a member had handed it in.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson

from catalog import foreign
from catalog.dataset import TITLE_CHARACTERS_MAX
from catalog.document import items, members, moment, text
from catalog.errors import CatalogError
from catalog.found import PLAIN, SEALED
from catalog.service import TIER as SERVICE
from connector.exchange import handed_in
from connector.runtime.limits import DID_CHARACTERS_MAX, HARVESTED_BYTES_MAX, HOPS_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from contracts.canonical import JsonObject


LISTED, GONE = "listed", "gone"
GONE_KEYS = frozenset({"id", "seq", "state"})
LISTED_KEYS = GONE_KEYS | {"path", "changed", "product"}
# what of a listing travels, and what of a service
SEALED_KEYS = frozenset({*handed_in.LISTING_KEYS, "provider", "kind"})
SERVICE_KEYS = frozenset({"id", "title", "service", "provider", "kind"})
OWN_CHARACTERS_MAX = 1_024
TIME_CHARACTERS_MAX = 40


@dataclass(frozen=True, slots=True)
class Sighting:
    """One product as one source tells it: `own` is its id there; without a document it is there no more.

    `digest` tells one telling from another; it never leaves us.
    """

    own: str
    document: Mapping[str, Any] | None = None
    path: tuple[str, ...] = ()
    changed: datetime | None = None
    digest: bytes = b""


def sighting(own: str, document: Mapping[str, Any], path: tuple[str, ...], changed: datetime | None) -> Sighting:
    """Return a product as a source tells it."""
    told = orjson.dumps([document, path, changed], option=orjson.OPT_SORT_KEYS)
    return Sighting(own, document, path, changed, sha256(told).digest())


def gone(key: str, seq: int) -> JsonObject:
    """Return the line of what is listed no more."""
    return {"id": key, "seq": seq, "state": GONE}


def listed(key: str, seq: int, path: Sequence[str], changed: datetime, product: Mapping[str, Any]) -> JsonObject:
    """Return the line of a product that is to be found."""
    told = {"path": list(path), "changed": changed.isoformat(), "product": dict(product)}
    return {"id": key, "seq": seq, "state": LISTED, **told}


def seq_of(line: Any) -> int:
    """Return the number of a line; raises CatalogError."""
    told = members(line, "entry", required=GONE_KEYS)
    if type(told["seq"]) is not int or told["seq"] < 0:
        raise CatalogError("the `seq` of an entry is a whole number", path="seq")
    return told["seq"]


def read(line: Any, source: str, own: str, now: datetime) -> Sighting:
    """Return what a line says; `source` is the DID of who tells it, `own` ours.

    Raises CatalogError, ContractError, PolicyError or InvalidInput for a line that cannot be kept.
    """
    told = members(line, "entry", required=GONE_KEYS, allowed=LISTED_KEYS)
    key = text(told["id"], "id", limit=OWN_CHARACTERS_MAX)
    if told["state"] == GONE:
        members(line, "entry", required=GONE_KEYS, allowed=GONE_KEYS)
        return Sighting(key)
    if told["state"] != LISTED:
        raise CatalogError(f"unknown state `{str(told['state'])[:40]}`", path="state")
    members(line, "entry", required=LISTED_KEYS, allowed=LISTED_KEYS)
    path = _path(told["path"], source)
    if own in path:
        return Sighting(key)
    product, changed = check(told["product"]), moment(told["changed"], "changed", limit=TIME_CHARACTERS_MAX)
    return sighting(key, product, path, min(changed, now))


def check(product: Any) -> JsonObject:
    """Return a product that travels, if it is one of a known kind and not too large."""
    document = members(product, "product", required=frozenset({"kind"}))
    if len(orjson.dumps(document)) > HARVESTED_BYTES_MAX:
        raise CatalogError(f"a product of more than {HARVESTED_BYTES_MAX} bytes is not taken in", path="product")
    checked = CHECKS.get(document["kind"]) if isinstance(document["kind"], str) else None
    if checked is None:
        raise CatalogError(f"unknown kind `{str(document['kind'])[:40]}` of product", path="kind")
    return checked(document)


def _sealed(document: JsonObject) -> JsonObject:
    members(document, "product", required=SEALED_KEYS, allowed=SEALED_KEYS)
    text(document["title"], "title", limit=TITLE_CHARACTERS_MAX)
    handed_in.listing({name: document[name] for name in handed_in.LISTING_KEYS})
    _did(document["provider"])
    return document


def _service(document: JsonObject) -> JsonObject:
    members(document, "product", required=SERVICE_KEYS, allowed=SERVICE_KEYS)
    kept = handed_in.data_service({"service": document["service"]})
    if (document["id"], document["title"]) != (kept["id"], kept["title"]):
        raise CatalogError("a service has the id and the title that it says itself", path="service")
    _did(document["provider"])
    return document


def _plain(document: JsonObject) -> JsonObject:
    return foreign.from_json(document).json()


# kind of what travels → what reads it as strictly as if it were handed in here
CHECKS: Mapping[str, Callable[[JsonObject], JsonObject]] = {SEALED: _sealed, SERVICE: _service, PLAIN: _plain}


def _path(value: object, source: str) -> tuple[str, ...]:
    path = tuple(map(_did, items(value, "path", limit=HOPS_MAX)))
    if not path or path[0] != source or len(set(path)) != len(path):
        raise CatalogError("a path begins with who tells it and names nobody twice", path="path")
    return path


def _did(value: object) -> str:
    did = text(value, "did", limit=DID_CHARACTERS_MAX)
    if not (did.startswith("did:") and did.isascii() and did.isprintable() and " " not in did):
        raise CatalogError(f"`{did[:80]!r}` is no DID", path="did")
    return did
