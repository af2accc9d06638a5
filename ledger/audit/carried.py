"""What one audit carries over to the next: logs that are proven need not be read, proven and opened once more.

Law: nothing is taken over that could hide something. A log goes on only if what it has now, made of the leaves that
were proven and of the new ones, is the root of its head; else it is read from its beginning, and that is said. A bundle
of which anything was found or is undisclosed is read again each time. Blocks below `FINAL_BLOCKS` are not asked again
while the chain still has the block that all of them lead up to. What need not be judged again, `ledger.audit.judged`
says.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from ledger.audit.judged import Heard, Judged, hear
from ledger.audit.judging import rules_digest
from ledger.audit.proven import KeptLog, KeptTable, NotProven, Proven, Standing, Under, digest
from ledger.audit.remembered import FINAL_BLOCKS
from ledger.audit.tables import TABLES_MAX, Wanted
from ledger.log.disclosure import recipient_id
from ledger.log.merkle import HASH_BYTES
from ledger.log.tiles import TILE_WIDTH_HASHES
from ledger.log.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from ledger.audit.books import Books
    from ledger.audit.course import Blocks, Course
    from ledger.audit.docket import Docket
    from ledger.audit.entries import Entries
    from ledger.audit.report import Report
    from ledger.audit.share import Sharing
    from ledger.audit.sources import BlockHead, ChainEvent, Sources
    from ledger.audit.unsealing import Opened
    from ledger.log.leaves import Leaves


class Shelf(Protocol):
    """Where what was proven lies, between one audit and the next."""

    def read(self) -> Proven | None:
        """Return what was kept, its signature and the digests of its tables verified; None if there is nothing.

        Raises NotProven.
        """

    def place(self, name: str) -> str:
        """Return the path of a table."""

    def new(self) -> str:
        """Return the name of a table that is not there yet."""

    def sealed(self, name: str) -> str:
        """Make a table that was written durable; return the digest of its bytes in hex."""

    def write(self, proven: Proven) -> None:
        """Sign and keep this in place of what was kept, and let go of the tables that it does not name."""


@dataclass(frozen=True, slots=True)
class Going:
    """Where what was proven lies and by what `program`; with `anew` all is proven again, and kept in its place.

    `sharing` says which matters are judged, where several regulators share the work; `reader` whose delivery key opened
    what is read, if it was not one's own.
    """

    shelf: Shelf | None = None
    program: str = ""
    anew: bool = False
    sharing: Sharing | None = None
    reader: bytes = b""


@dataclass(slots=True)
class Stretch:
    """How far one log is proven while it is read; the first `first` entries were proven before.

    `size`, `rows` and `size_bytes` are of all bundles so far; `settled` are those of this audit whose rows may be kept,
    `unsettled` those that the next one reads again. `stand` is what it may go on from.
    """

    number: int
    first: int = 0
    size: int = 0
    rows: int = 0
    size_bytes: int = 0
    kept_rows: int = 0
    settled: dict[int, int] = field(default_factory=dict)  # bundle → its rows
    unsettled: set[int] = field(default_factory=set)
    stand: KeptLog | None = None

    @classmethod
    def of(cls, known: KeptLog) -> Stretch:
        """Go on with what is known of a log."""
        rows = known.rows
        begun = cls(known.number, known.size, known.size, rows, known.size_bytes, rows, stand=known)
        begun.unsettled.update(known.unsettled)
        return begun

    def wants(self, bundle: int) -> bool:
        """Say whether a bundle has to be read."""
        return not self.has(bundle) or bundle in self.unsettled

    def has(self, bundle: int) -> bool:
        """Say whether the leaves of a bundle were proven before."""
        return bundle * TILE_WIDTH_HASHES < self.first

    def take(self, bundle: int, opened: Opened) -> None:
        """Count a bundle in; of what is wholly disclosed and without a finding nothing can change any more."""
        self.rows += len(opened.rows)
        if not self.has(bundle):
            self.size += len(opened.leaves) // HASH_BYTES
            self.size_bytes += opened.size_bytes
        if opened.served.findings or opened.found.findings:
            self.unsettled.add(bundle)
        else:
            self.unsettled.discard(bundle)
            self.settled[bundle] = len(opened.rows)
            self.kept_rows += len(opened.rows)

    def stop(self, did: str, course: Course, final: int) -> None:
        """Take note that the next audit may go on from here, if the bundle is full and all blocks cited are final."""
        if self.size % TILE_WIDTH_HASHES == 0 and course.highest <= final and not course.unheard:
            times, blocks = tuple(course.times.findings), tuple(course.blocks.findings)
            standing = Standing(course.latest, course.last, course.highest, times, blocks)
            sizes, unsettled = (self.kept_rows, self.size_bytes), tuple(sorted(self.unsettled))
            self.stand = KeptLog(did, self.number, self.size, "", *sizes, unsettled, standing)


@dataclass(frozen=True, slots=True)
class Reached:
    """A log that is proven: its roots by size, as far as they were made; those of the sizes in `known` were kept."""

    stretch: Stretch
    leaves: Leaves
    roots: Mapping[int, bytes]
    known: frozenset[int]


@dataclass(slots=True)
class Carried:
    """What this audit went on from (`before`), and what it reached; `final` is the last block that is final, -1: none.

    `refused` says why what was kept is not used, `heard` what the chain has beside what the audit before had.
    """

    under: Under
    shelf: Shelf | None = None
    before: Proven | None = None
    refused: str = ""
    final: int = -1
    head: BlockHead | None = None
    heard: Heard = field(default_factory=lambda: Heard(-1))
    _number: int = -1
    _reached: dict[str, Reached] = field(default_factory=dict)
    _judged: Judged | None = None
    _late: set[str] = field(default_factory=set)

    @property
    def tables(self) -> tuple[str, ...]:
        """Return the paths of the tables to go on with."""
        if self.before is None or self.shelf is None:
            return ()
        return tuple(self.shelf.place(one.name) for one in self.before.tables)

    @property
    def cited(self) -> Mapping[int, BlockHead]:
        """Return the blocks that need not be asked for again."""
        return {} if self.before is None else self.before.cited

    def told(self) -> dict[str, str]:
        """Return from where the audit went on, or why it did not, for its report."""
        if self.before is None:
            return {"refused": self.refused} if self.refused else {}
        return {"entries": str(self.before.entries), "block": str(self.before.block), "digest": self.before.digest}

    def known(self, did: str) -> KeptLog | None:
        """Return what was proven of a log before."""
        return None if self.before is None else self.before.log(did)

    def fresh(self) -> Stretch:
        """Begin a log, under a number that no kept table has."""
        self._number = max([self._number, *(one.number for one in self._before())]) + 1
        return Stretch(self._number)

    def reached(self, did: str, stretch: Stretch, leaves: Leaves, roots: Mapping[int, bytes]) -> None:
        """Take note of a log that is proven; `roots` are those that were kept, and get those that are made of it."""
        self._reached[did] = Reached(stretch, leaves, roots, frozenset(roots))

    def standing(
        self, document: Mapping[str, Any], books: Books, events: Iterable[ChainEvent], entries: Entries
    ) -> Judged | None:
        """Return the verdicts that stand; `events` are all of the chain, and the entries are not finished yet."""
        if self.shelf is None:
            return None
        entries.tie()
        before, block = (None, -1) if self.before is None else (self.before.judged, self.before.block)
        self.heard, now = hear(events, block, self.final)
        self._judged, self._late = Judged(digest(document), tuple(sorted(books)), now.digest), now.new
        known = self._judged.space, self._judged.logs, self.heard.digest
        if before is None or (before.space, before.logs, before.chain) != known:
            return None
        if any(one.did in books and books[one.did].log != one.number for one in self._before()):
            return None  # rewritten: a verdict may rest on what is there no more
        return before

    def hand_on(self, entries: Entries, blocks: Blocks, docket: Docket, report: Report) -> None:
        """Keep what this audit proved, and judged of it; raises OSError where there is no room."""
        if self.shelf is None or self.head is None:
            return
        logs, wanted, rows = {one.did: one for one in self._before()}, Wanted(), 0
        for did, log in self._reached.items():
            stand = log.stretch.stand
            if stand is not None and stand.size:
                logs[did] = replace(stand, root=Tree(log.leaves).root(stand.size).hex())
                rows += _want(wanted, log, stand)
        judged = None
        if self._judged is not None:
            judged = docket.closed(self._judged, entries, wanted, self._late, report)
        tables = () if self.before is None else self.before.tables
        if wanted.leaves or wanted.rows:
            wanted.merged = merged([one.rows for one in tables], rows)
            wanted.logs = frozenset(one.number for one in logs.values())
            name = self.shelf.new()
            entries.keep(wanted, self.shelf.place(name))
            left, gone = tables[: len(tables) - wanted.merged], tables[len(tables) - wanted.merged :]
            tables = (*left, KeptTable(name, self.shelf.sealed(name), rows + sum(one.rows for one in gone)))
        cited = {**self.cited, **blocks.up_to(self.final), self.final: self.head}
        self.shelf.write(Proven(self.under, self.final, cited, tuple(logs.values()), tables, judged))

    def _before(self) -> Sequence[KeptLog]:
        return () if self.before is None else self.before.logs


def merged(before: Sequence[int], rows: int) -> int:
    """Return how many of the newest tables, by their rows, are written as one with `rows` new ones.

    Those that are not larger than what is written with them: so a row is written anew a few times, however often.
    """
    count = 0
    for left in range(len(before), 0, -1):
        if before[left - 1] > rows and left < TABLES_MAX:
            break
        rows, count = rows + before[left - 1], count + 1
    return count


def _want(wanted: Wanted, log: Reached, stand: KeptLog) -> int:
    """Ask for what is new of a log; return how many rows these are."""
    width, stretch, leaves = TILE_WIDTH_HASHES, log.stretch, log.leaves
    settled = {bundle: rows for bundle, rows in stretch.settled.items() if bundle * width < stand.size}
    new = range(stretch.first // width, stand.size // width)
    if settled:
        wanted.rows[stretch.number] = list(settled)
    if new:
        wanted.leaves[stretch.number] = {at: b"".join(leaves.hashes(0, at * width, width)) for at in new}
        wanted.roots[stretch.number] = {at: leaves.hashes(1, at, 1)[0] for at in new}
    sizes = (size for size in log.roots if size <= stand.size and size not in log.known)
    wanted.heads[stretch.number] = {size: log.roots[size] for size in sizes}
    return sum(settled.values())


async def begin(going: Going, document: Mapping[str, Any], key: bytes, sources: Sources, newest: int) -> Carried:
    """Return what an audit begins with: all that was kept, or nothing and why.

    `key` is the public one of whoever reads, `newest` the block of the chain's newest event. Raises Unavailable if the
    chain does not answer.
    """
    named = str(document.get("exchange")), digest(document.get("deployment"))
    under = Under(going.program, rules_digest(), *named, recipient_id(key))
    carried = Carried(under, going.shelf)
    if going.shelf is None:
        return carried
    carried.final = newest - FINAL_BLOCKS
    carried.head = await sources.block(carried.final) if carried.final > 0 else None
    if not going.anew:
        try:
            carried.before = await _standing(going.shelf.read(), carried, sources)
        except NotProven as reason:
            carried.refused = str(reason)
    return carried


async def _standing(kept: Proven | None, carried: Carried, sources: Sources) -> Proven | None:
    """Return what was kept if all of it holds here and now; raises NotProven."""
    if kept is None:
        return None
    if other := carried.under.other(kept.under):
        raise NotProven(f"it was proven under something else: {other}")
    told, now = kept.cited.get(kept.block), await sources.block(kept.block)
    if told is None or now != told:
        raise NotProven(f"the chain has another block {kept.block}")
    if kept.block > carried.final or carried.head is None:
        raise NotProven(f"the chain ends before block {kept.block} is final")
    return kept
