"""The sources of an exchange: other exchanges and catalogues that its operator named, and how far each was read.

Law: (1) A source moves along `catalog.source.TABLE`. (2) What a look at a source found out counts only if nobody moved
the source meanwhile: whoever keeps a page checks the row that it began with, in the same transaction (`still`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from yarl import URL

from catalog.source import RESTING, Kind, Move, State, check_name, moved
from connector.exchange.federation import keeping
from connector.identity.self_description import TEXT_CHARACTERS_MAX
from connector.negotiation.whereabouts import did_of
from connector.runtime.errors import Conflict, InvalidInput
from connector.runtime.limits import (
    READINGS_MAX,
    REASON_CHARACTERS_MAX,
    SOURCE_LINES_MAX,
    SOURCE_PRODUCTS,
    SOURCE_PRODUCTS_MAX,
    SOURCE_RETRY_SECONDS,
    SOURCE_RETRY_SECONDS_MAX,
    SOURCES_MAX,
)
from connector.store.kept import Kept
from connector.store.rows.catalogue import SourceRow
from connector.store.rows.space import MemberState
from contracts.canonical import sha
from ledger.space.document import REVOKED, SUSPENDED
from policy import regions

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from connector.core.core import Core
    from connector.exchange.federation.reading import Page
    from connector.identity.peers import Peers
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


SOURCES = Kept(SourceRow, "name", "there is no source `{}`", "penstock exchange source list")
MEMBER = frozenset({"name", "region"})
# what a source's state makes of a member that speaks the protocol alone; in all others it is admitted
STANDING = {State.SUSPENDED: SUSPENDED, State.DROPPING: REVOKED}
# what its operator says of a source
SAID = ("kind", "address", "most", "member")
# what says how far a reading is; nobody else's act changes them
PROGRESS = ("state", "cursor", "generation", "pages")
# a cursor behind the last page whose reading is still being ended
ENDING = -1
# an incomplete reading takes nothing away at once: a member that is away for so many readings is away
PATIENCE_GENERATIONS = 3
# sightings that one transaction removes
SWEPT_ROWS = 500
DOUBLINGS_MAX = 16
SHOWN = ("name", "kind", "member", "address", "did", "state", "most", "products", "left", "told", "reason", "failures")


async def add(
    core: Core,
    peers: Peers,
    name: str,
    kind: str,
    address: str,
    most: int = SOURCE_PRODUCTS,
    member: Mapping[str, str] | None = None,
) -> JsonObject:
    """Name a source; the same again changes nothing. `address` is a URL or a DID. Nothing is read yet.

    With `member` (its name and region) a connector that speaks the protocol alone is admitted: its catalogue is its
    listings, and the exchange's log says so.
    """
    check_name(name)
    if kind not in set(Kind):
        raise InvalidInput(f"`{kind[:40]}` is no kind of source", f"one of {', '.join(Kind)}")
    if not 0 < most <= SOURCE_PRODUCTS_MAX:
        raise InvalidInput(f"a source brings 1 to {SOURCE_PRODUCTS_MAX} products", f"such as {SOURCE_PRODUCTS}")
    _check_member(member, kind)
    did = await _did(core, peers, Kind(kind), address)
    now = core.clock.now()
    named = SourceRow(
        name=name,
        kind=Kind(kind),
        address=address,
        did=did,
        state=State.WAITING,
        cursor={},
        generation=1,
        pages=0,
        most=most,
        rank=1,
        products=0,
        left=0,
        told=[],
        reason="",
        failures=0,
        whole=1,
        member=None if member is None else dict(member),
        due=now,
        read=None,
        created=now,
        updated=now,
    )

    def act(tx: Tx) -> JsonObject:
        fresh = tx.get(SourceRow, name=name) is None
        row = _add(tx, named)
        if fresh:
            record(tx, core, row, "unknown", MemberState.ADMITTED, core.identity.did, "")
        return view(row)

    return await core.store.write(act)


def _check_member(member: Mapping[str, str] | None, kind: str) -> None:
    if member is None:
        return
    if kind != Kind.DSP.value:
        raise InvalidInput("an exchange is no member here", "it applies with `penstock join`, and is a source besides")
    if set(member) != MEMBER or not all(0 < len(text) <= TEXT_CHARACTERS_MAX for text in member.values()):
        raise InvalidInput(f"a member has {', '.join(sorted(MEMBER))}, of 1 to {TEXT_CHARACTERS_MAX} characters")
    if not regions.is_code(member["region"]):
        raise InvalidInput(f"unknown region `{member['region']}`", "ISO 3166, such as `DE` or `US-NY`")


def record(tx: Tx, core: Core, source: SourceRow, before: str, after: str, by: str, reason: str) -> None:
    """Record in our log what became of a member that speaks the protocol alone; of no other source."""
    if source.member is None:
        return
    about = {name: getattr(source, name) for name in ("name", "address", "did", "member")}
    fields = {"from": before, "to": after, "by": by, "reason": reason, "digest": sha(about).hex()}
    core.evidence.record(tx, "member.moved", part=source.did, fields=fields, now=core.clock.now())


async def _did(core: Core, peers: Peers, kind: Kind, address: str) -> str:
    """Return whose address it is; it is looked up now, so that an operator learns at once what cannot work."""
    if not address.startswith("did:"):
        await core.outbound.vet(address)
        if kind is Kind.EXCHANGE and URL(address).path.strip("/"):
            raise InvalidInput(f"`{address[:200]}` is no address of an exchange", "such as https://exchange.example")
    did = address if address.startswith("did:") else did_of("", address)
    if did == core.identity.did:
        raise InvalidInput("an exchange is no source of its own")
    if kind is Kind.EXCHANGE:
        await peers.document(did)
    return did


def _add(tx: Tx, named: SourceRow) -> SourceRow:
    known = tx.get(SourceRow, name=named.name)
    if known is not None:
        if any(getattr(known, name) != getattr(named, name) for name in SAID):
            raise Conflict(f"there is another source `{named.name}`", "drop it first, or choose another name")
        return known
    if int(tx.execute("SELECT count(*) AS n FROM sources")[0]["n"]) >= SOURCES_MAX:
        raise Conflict(f"an exchange has at most {SOURCES_MAX} sources", "drop one")
    for twin in tx.find(SourceRow, "did = ? and kind = ?", (named.did, named.kind)):
        raise Conflict(f"`{named.did}` is the source `{twin.name}` already")
    last = tx.find(SourceRow, order="rank desc", limit=1)
    made = replace(named, rank=last[0].rank + 1) if last else named
    tx.insert(made)
    return made


def find(tx: Tx, name: str) -> SourceRow:
    """Return a source; raises Absent."""
    return SOURCES.find(tx, name)


def standing(state: State) -> str:
    """Return what a source's state makes of a member that speaks the protocol alone."""
    return STANDING.get(state, MemberState.ADMITTED)


def turn(tx: Tx, core: Core, name: str, move: Move, by: str, reason: str = "") -> JsonObject:
    """Make an operator's move; raises SourceError."""
    row, now = find(tx, name), core.clock.now()
    turned = tx.change(row, replace(row, state=moved(row.state, move), reason=reason, due=now, updated=now))
    before, after = standing(row.state), standing(turned.state)
    if before != after:
        record(tx, core, row, before, after, by, reason)
    return view(turned)


def hurry(tx: Tx, name: str, now: datetime) -> None:
    """Have a source read now, whatever it failed at before."""
    row = find(tx, name)
    moved(row.state, Move.READ)
    tx.change(row, replace(row, due=now))


def waiting(tx: Tx, but: Collection[str]) -> list[SourceRow]:
    """Return the sources that are read or taken away next, those of `but` left out: longest due first, and not all.

    There is one for each place, for of a thousand that are due at once each reading that ends begins one.
    """
    some = READINGS_MAX + len(but)
    rows = tx.find(SourceRow, f"state not in ({', '.join('?' * len(RESTING))})", tuple(RESTING), "due", some)
    return [row for row in rows if row.name not in but]


def keep(tx: Tx, began: SourceRow, page: Page, rest_seconds: float, now: datetime) -> SourceRow | None:
    """Keep a page that was read from `began`; None when somebody moved the source meanwhile, and nothing is kept."""
    row = still(tx, began)
    if row is None:
        return None
    next_ = replace(row, state=moved(row.state, Move.READ), cursor=page.cursor, pages=row.pages + 1, updated=now)
    if page.reset:
        return tx.change(row, replace(next_, generation=row.generation + 1, told=[], left=0))
    products, left = keeping.take(tx, row, page.sightings, now)
    fresh = row.pages == 0
    told = (([] if fresh else row.told) + page.told)[:SOURCE_LINES_MAX]
    if left and not any(line.startswith("over") for line in told):
        told = [f"over {row.most} products: the rest is left out", *told][:SOURCE_LINES_MAX]
    whole = int((fresh or bool(row.whole)) and page.whole)
    left += page.left + (0 if fresh else row.left)
    # who was read just now lets others go first
    next_ = replace(next_, products=products, told=told, left=left, whole=whole, failures=0, reason="", due=now)
    tx.change(row, next_)
    return _finish(tx, next_, rest_seconds, now) if page.done else next_


def _finish(tx: Tx, row: SourceRow, rest_seconds: float, now: datetime) -> SourceRow:
    """End a reading: remove a part of what it did not meet; ended when nothing of that is left."""
    below = row.generation if row.whole else row.generation - PATIENCE_GENERATIONS
    swept = keeping.sweep(tx, row, below, SWEPT_ROWS, now)
    products = row.products - swept
    if swept == SWEPT_ROWS:
        return tx.change(row, replace(row, products=products, pages=ENDING))
    keeping.prune(tx)
    ended = replace(
        row,
        state=moved(row.state, Move.FINISH),
        pages=0,
        products=products,
        read=now,
        due=now + timedelta(seconds=rest_seconds),
    )
    if row.kind is Kind.DSP:  # it is read from the beginning each time
        ended = replace(ended, cursor={}, generation=row.generation + 1)
    return tx.change(row, ended)


def sweep_on(tx: Tx, began: SourceRow, rest_seconds: float, now: datetime) -> SourceRow | None:
    """Go on ending a reading whose last page was kept."""
    row = still(tx, began)
    return None if row is None else _finish(tx, row, rest_seconds, now)


def fail(tx: Tx, began: SourceRow, reason: str, now: datetime) -> None:
    """Take note that a look at a source failed: it is asked again after a while that doubles."""
    row = still(tx, began)
    if row is None:
        return
    failures = row.failures + 1
    pause = min(SOURCE_RETRY_SECONDS * 2 ** min(failures - 1, DOUBLINGS_MAX), SOURCE_RETRY_SECONDS_MAX)
    failed = replace(
        row,
        state=moved(row.state, Move.FAIL),
        reason=reason[:REASON_CHARACTERS_MAX],
        failures=failures,
        due=now + timedelta(seconds=pause),
        updated=now,
    )
    if row.kind is Kind.EXCHANGE:
        failed = replace(failed, pages=0)
    elif failures > 1:  # a link that leads nowhere any more: from the beginning
        failed = replace(failed, cursor={}, generation=row.generation + 1, pages=0)
    tx.change(row, failed)


def dissolve(tx: Tx, name: str, now: datetime) -> bool:
    """Take away a part of what a dropped source brought; True when it is gone, and its row with it."""
    row = tx.get(SourceRow, name=name)
    if row is None or row.state is not State.DROPPING:
        return True
    swept = keeping.sweep(tx, row, row.generation + 1, SWEPT_ROWS, now)
    tx.change(row, replace(row, products=max(0, row.products - swept)))
    if swept == SWEPT_ROWS:
        return False
    keeping.prune(tx)
    tx.delete(SourceRow, name=name)
    return True


def still(tx: Tx, began: SourceRow) -> SourceRow | None:
    """Return the source if it is where a look at it began."""
    row = tx.get(SourceRow, name=began.name)
    return row if row is not None and all(getattr(row, name) == getattr(began, name) for name in PROGRESS) else None


def view(row: SourceRow) -> JsonObject:
    """Return what the operator sees of a source."""
    times = {
        "due": row.due.isoformat(timespec="seconds"),
        "read": None if row.read is None else row.read.isoformat(timespec="seconds"),
        "created": row.created.isoformat(timespec="seconds"),
    }
    return {**{name: getattr(row, name) for name in SHOWN}, **times, "whole": bool(row.whole)}
