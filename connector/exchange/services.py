"""Data services on the list: handed in by members, read by the exchange's operator, found beside the products.

Law: every move is a row of `catalog.listing.TABLE` and an event of the exchange's log in the same transaction. A
service that was changed is read anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog import faces, service
from catalog.document import members, text
from catalog.facets import DATA_SERVICE
from catalog.listing import FOUND_IN, Move, State, moved
from catalog.question import Entry
from catalog.spaces import MAIN
from connector.errors import Absent, Conflict
from connector.exchange.numbering import following
from connector.limits import MEMBER_SERVICES_MAX, PAGE_ROWS_MAX
from contracts import price_words
from contracts.canonical import sha
from policy.parse import parse

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.service import Service
    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx

    Row = dict[str, Any]

# what a question calls these, and how other standards have one (`connector.exchange.kinds`)
NAME, FACES = DATA_SERVICE, faces.SERVICE_FACES
# what a reader is told in the place of the bound that a draw of rows gives
READ = "read by the exchange's operator"
# those that are nobody's to read or to find any more
ENDED = (State.WITHDRAWN.value, State.REFUSED.value)


def check_submission(document: Any) -> Row:
    """Return what is kept of a submission, an object of `service` and perhaps `space`; its policy must be one."""
    told = members(document, "submission", required={"service"}, allowed=frozenset({"service", "space"}))
    read = service.from_json(told["service"])
    parse({"@type": "Set", **read.policy, "target": read.id})
    space = text(told.get("space", MAIN), "space")
    return {"id": read.id, "title": read.title, "space": space, "service": read.json()}


def submit(tx: Tx, evidence: Evidence, document: Row, provider: str, now: datetime) -> Row:
    """Take in a checked submission; the same one again changes nothing, another one takes its place and is read anew.

    Raises `Conflict` for another provider's id and beyond `MEMBER_SERVICES_MAX`.
    """
    key, known = document["id"], tx.get("services", id=document["id"])
    if known is not None:
        if known["provider"] != provider:
            raise Conflict(f"the service id `{key[:200]}` is taken", "choose another id")
        if all(known[name] == value for name, value in document.items()) and known["state"] not in ENDED:
            return known
        step = Move.RESUBMIT if known["state"] == State.REFUSED else Move.RENEW
        tx.update("services", {"id": key}, **document)
        move(tx, evidence, key, step, by=provider, role="provider", reason="", now=now)
        return find(tx, key)
    own = tx.execute("SELECT count(*) AS n FROM services WHERE provider = ? AND state NOT IN (?, ?)", provider, *ENDED)
    if own[0]["n"] >= MEMBER_SERVICES_MAX:
        raise Conflict(f"one member lists at most {MEMBER_SERVICES_MAX} services", "withdraw one that is old")
    state = State.SUBMITTED.value
    row = {**document, "provider": provider, "state": state, "reason": "", "created": now, "updated": now}
    tx.insert("services", **row, seq=following(tx))
    _record(tx, evidence, row, "unknown", provider, "", now)
    return find(tx, key)


def move(tx: Tx, evidence: Evidence, key: str, step: Move, *, by: str, role: str, reason: str, now: datetime) -> str:
    """Make a move of the table; returns the new state."""
    row = find(tx, key)
    state = moved(State(row["state"]), step, role=role, reason=reason).value
    tx.update("services", {"id": key}, state=state, reason=reason, updated=now, seq=following(tx))
    _record(tx, evidence, row | {"state": state}, row["state"], by, reason, now)
    return state


def review(tx: Tx, evidence: Evidence, key: str, by: str, now: datetime) -> Row:
    """List a service that an operator has read; one that is listed stays so."""
    for state, step in ((State.SUBMITTED, Move.REVIEW), (State.REVIEWED, Move.LIST)):
        if find(tx, key)["state"] == state:
            move(tx, evidence, key, step, by=by, role="exchange", reason="", now=now)
    row = find(tx, key)
    if row["state"] != State.LISTED:
        raise Conflict(f"the service `{key[:200]}` is {row['state']}")
    return {"id": key, "title": row["title"], "state": row["state"], "opened": 0, "bound": READ}


def find(tx: Tx, key: str) -> Row:
    """Return a service in any state; raises Absent."""
    row = tx.get("services", id=key)
    if row is None:
        raise Absent(f"there is no service `{key[:200]}`")
    return row


def listed(tx: Tx, key: str) -> Row:
    """Return a service that members may see; raises Absent, for one that is not listed as for one that is not there."""
    row = tx.get("services", id=key)
    if row is None or row["state"] not in FOUND_IN:
        raise Absent(f"there is no service `{key[:200]}`")
    return row


def page(tx: Tx, state: State, first: int) -> list[Row]:
    """Return services of a state for the operator, those first that are in it longest."""
    return _page(tx, "state = ?", state.value, first)


def own(tx: Tx, provider: str, first: int) -> list[Row]:
    """Return a provider's services in every state, those first that are in it longest."""
    return _page(tx, "provider = ?", provider, first)


def _page(tx: Tx, where: str, what: str, first: int) -> list[Row]:
    rows = tx.find("services", where, (what,), "updated", first + PAGE_ROWS_MAX)[first:]
    told = ("id", "title", "provider", "state", "reason")
    return [{name: row[name] for name in told} | {"since": row["updated"].isoformat()} for row in rows]


def view(row: Row) -> Row:
    """Return what members see of a service; its `limits` say what it lacks beside a product."""
    read = described(row)
    told = {name: row[name] for name in ("id", "space", "title", "provider", "service", "state")}
    limits = [{"key": one.key, "en": one.en, "zh": one.zh} for one in service.LIMITS]
    return told | {"kind": service.TIER, "tier": "", "price": price_words.price(read.tariff), "limits": limits}


def indexed(row: Row) -> Entry:
    """Return what the index holds of a service; of one that is not to be found its id alone."""
    if row["state"] not in FOUND_IN:
        return Entry(row["id"], row["seq"])
    return service.entry(described(row), row["seq"], row["provider"], row["space"], row["updated"])


def described(row: Row) -> Service:
    """Return the service, as it is listed or handed in."""
    return service.from_json(row["service"])


def ruled(row: Row) -> tuple[Row, str]:
    """Return its policy, and what stands for the tier that it has not."""
    return row["service"]["policy"], service.TIER


def _record(tx: Tx, evidence: Evidence, row: Row, before: str, by: str, reason: str, now: datetime) -> None:
    fields = {"from": before, "to": row["state"], "by": by, "reason": reason, "digest": sha(row["service"]).hex()}
    evidence.record(tx, "listing.moved", part=row["id"], fields=fields, now=now)
