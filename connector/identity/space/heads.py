"""The heads of a space as its exchange makes them: one for each change of its members, and what it answers about them.

Law: (1) the members' rows are read in the transaction that makes a head of them, so that no process takes back what
another admitted. (2) The head, what it changed and the event that says so in the exchange's log are one transaction:
a head that is not in the log is a lie of the exchange. Heads are counted by the log, so that an exchange which was set
back to a back-up signs none of a number that it signed before. (3) What a head costs grows with what it changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from connector.runtime.errors import Absent
from connector.store.errors import StoreFailed
from connector.store.rows.space import SpaceChangeRow, SpaceHeadRow
from ledger.space.answer import CHANGES_MAX, Answer
from ledger.space.entry import DID, key
from ledger.space.head import Head
from ledger.space.member_map import MemberMap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connector.identity.identity import Identity
    from connector.runtime.clock import Clock
    from connector.store.evidence import Evidence
    from connector.store.store import Store
    from connector.store.transaction import Tx
    from ledger.space.roll import Roll

HEADED = "space.headed"
# answers to whoever asks what changed, without a name: members follow closely, so most ask since one of the last heads
ANSWERS_KEPT_MAX = 64
COUNT = "SELECT count(*) FROM log_entries WHERE part = ? AND kind = ?"
PAGE_ENTRIES = 512  # half a megabyte


@dataclass(frozen=True, slots=True)
class Headed:
    """A head with the roll that it is of."""

    head: Head
    roll: Roll


class Heads:
    """Makes heads, and answers by the newest one."""

    def __init__(self, identity: Identity, store: Store, evidence: Evidence, clock: Clock) -> None:
        self._identity, self._store, self._evidence, self._clock = identity, store, evidence, clock
        self.newest: Headed | None = None
        self._answers: dict[int, Answer] = {}
        self._logged: int | None = None  # heads that the log had when this process first looked

    def fitting(self, tx: Tx, roll: Roll) -> Head | None:
        """Return the last head if it is one of this roll, and no later one was signed that a restored folder lost."""
        last = _last(tx)
        if self._logged is None:
            [self._logged] = tx.column(COUNT, self._identity.did, HEADED)
        if last is None or last.number < self._logged:
            return None
        return last if replace(last, note="") == Head.of(roll.space, last.number, roll.map.root) else None

    def make(self, tx: Tx, roll: Roll, touched: Iterable[str]) -> Head:
        """Return the head of a roll, made now if there is none; most likely the `touched` members changed."""
        if (fitting := self.fitting(tx, roll)) is not None:
            return fitting
        last = _last(tx)
        before = MemberMap() if last is None else self._map(tx, last)
        number, own = max(0 if last is None else last.number, self._logged or 0) + 1, self._identity.member
        head = Head.of(roll.space, number, roll.map.root).signed(own, self._identity.keys.log)
        now = self._clock.now()
        keys = before.differing(roll.map)
        owners = _owners(roll, touched) if _keys(roll, touched) >= keys else _owners(roll, roll.space.members)
        for changed in sorted(keys):
            values = {"before": before.get(changed), "after": roll.map.get(changed)}
            tx.insert(SpaceChangeRow(number=number, place=changed, did=owners.get(changed), **values))
        tx.insert(SpaceHeadRow(number=number, document=head.json(), created=now))
        # what anybody may ask for is said openly: the first head comes before there is a supervisor to disclose it to
        link = (head.digest.hex(), str(number), head.root.hex())
        self._evidence.record(tx, HEADED, part=own.did, link=link, fields={}, now=now)
        return head

    def take(self, head: Head, roll: Roll) -> None:
        """Answer by this head from now on."""
        if self.newest is None or head.number > self.newest.head.number:
            self._answers.clear()
            self.newest = Headed(head, roll)

    def _map(self, tx: Tx, last: Head) -> MemberMap:
        """Return the map of the last head: ours if we made it, else the sum of all changes up to it."""
        known, since = (None, 0) if self.newest is None else (self.newest.roll.map, self.newest.head.number)
        pairs: dict[bytes, bytes | None] = {}
        for row in tx.find(SpaceChangeRow, "number > ?", (since,), "number"):
            pairs[row.place] = row.after
        found = MemberMap.of(_set(pairs)) if known is None else known.changed(pairs)
        if found.root != last.root:
            raise StoreFailed(f"the changes on record do not lead to head {last.number} of the space")
        return found

    async def answer(self, since: int | None, wanted: Sequence[tuple[str, str]]) -> Answer:
        """Return what changed since a head, None for none, and who the `wanted` (kind, name) are.

        Raises Absent where no head was made yet.
        """
        now = self._now()
        told = await self._changes(since, now)
        if told.head is not None and told.since is None:
            wanted = [*wanted, *((DID, did) for did in now.head.roles)]
        if not wanted:
            return told
        found = {entry.member.did: entry for kind, name in wanted if (entry := now.roll.found(kind, name))}
        keys = {key(kind, name) for kind, name in wanted}
        keys |= {key for entry in found.values() for key in entry.places()}
        entries = {entry.member.did: entry for entry in told.entries} | found
        return replace(told, entries=tuple(entries.values()), shown=now.roll.map.prove(keys))

    def page(self, first: int) -> Answer:
        """Return the newest head and a page of the document's members; raises Absent as `answer`."""
        now = self._now()
        dids = islice(now.roll.space.members, first, first + PAGE_ENTRIES)
        return Answer(now.head, entries=tuple(entry for did in dids if (entry := now.roll.entry(did))))

    def _now(self) -> Headed:
        if self.newest is None:
            raise Absent("this exchange has made no head of its space yet", "ask again in a moment")
        return self.newest

    async def _changes(self, since: int | None, now: Headed) -> Answer:
        if since == now.head.number:
            return Answer()
        if since is None or not 0 < since < now.head.number:
            return Answer(now.head)
        if (known := self._answers.get(since)) is None:
            rows = await self._store.read(lambda tx: _since(tx, since, now.head.number))
            known = Answer(now.head) if rows is None else _answer(since, now, rows)
            if now is self.newest and len(self._answers) < ANSWERS_KEPT_MAX:
                self._answers[since] = known
        return known


def _since(tx: Tx, since: int, number: int) -> list[SpaceChangeRow] | None:
    """Return what changed after a head up to another; None if that is very much, or the head is none that we know."""
    if tx.get(SpaceHeadRow, number=since) is None:
        return None
    rows = tx.find(SpaceChangeRow, "number > ? and number <= ?", (since, number), "number", CHANGES_MAX + 1)
    return rows if len(rows) <= CHANGES_MAX else None


def _answer(since: int, now: Headed, rows: Iterable[SpaceChangeRow]) -> Answer:
    """Return what leads from an earlier head to this one."""
    before: dict[bytes, bytes | None] = {}
    dids = dict[str, None]()
    for row in rows:
        before.setdefault(row.place, row.before)
        if row.did is not None:
            dids[row.did] = None
    changes = {key: (value, now.roll.map.get(key)) for key, value in before.items()}
    changes = {key: values for key, values in changes.items() if values[0] != values[1]}
    proof = now.roll.map.changed({key: value for key, (value, _) in changes.items()}).prove(changes)
    entries = tuple(entry for did in dids if (entry := now.roll.entry(did)))
    return Answer(now.head, since, changes, proof, entries)


def _owners(roll: Roll, dids: Iterable[str]) -> dict[bytes, str]:
    return {key(DID, did): did for did in dids if did in roll.space.members}


def _keys(roll: Roll, dids: Iterable[str]) -> set[bytes]:
    return {key for did in dids if (entry := roll.entry(did)) for key in entry.places()}


def _last(tx: Tx) -> Head | None:
    rows = tx.find(SpaceHeadRow, order="number desc", limit=1)
    return Head.from_json(rows[0].document) if rows else None


def _set(pairs: Mapping[bytes, bytes | None]) -> dict[bytes, bytes]:
    return {key: value for key, value in pairs.items() if value is not None}
