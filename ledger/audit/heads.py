"""Is there one history of each log? Checked against its witnesses, the chain, and everybody who saw a head of it.

Law: an insider with the real key can rebuild a tree and sign its head, but cannot take back what others hold. So every
head that anybody holds of a log must be a prefix of the log as served now. What the chain holds is in `anchors`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts.canonical import load
from contracts.errors import ContractError
from ledger.audit.asking import each
from ledger.audit.books import fetch_of, reading
from ledger.audit.horizon import DUE
from ledger.audit.sources import Unavailable
from ledger.dispute import fork_proof
from ledger.log import checkpoint as checkpoints
from ledger.log import merkle, reader
from ledger.log import note as notes
from ledger.log.checkpoint import origin_id
from ledger.log.note import NoteError
from ledger.space.document import QUORUM

if TYPE_CHECKING:
    from collections.abc import Collection

    from ledger.audit.books import Book, Books, Head
    from ledger.audit.course import Blocks
    from ledger.audit.event import Event
    from ledger.audit.facts import ChainFacts
    from ledger.audit.report import Report
    from ledger.audit.sources import Sources
    from ledger.log.checkpoint import Checkpoint
    from ledger.space.document import Member, Space

PEERS_LIMIT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Held:
    """What a member holds of others' logs: signed notes, and forks that it can prove."""

    notes: list[str]
    forks: list[Any]


PeerNotes = dict[str, Held]
Admitted = Mapping[bytes, int]  # account → the block in which the registry admitted it


async def collect_peers(sources: Sources, space: Space, report: Report) -> PeerNotes:
    """Read, before the logs themselves, every member's list of heads it saw of others, by DID."""

    async def ask(party: Member, own: Report) -> Held:
        try:
            rows = load(await fetch_of(sources, party)("peers"), max_bytes=PEERS_LIMIT_BYTES)
            shown = [row[fork_proof.NAME] for row in rows if fork_proof.NAME in row]
            return Held([str(row["note"]) for row in rows if fork_proof.NAME not in row], shown)
        except (Unavailable, ValueError, KeyError, TypeError) as error:
            own.find("peers-unreadable", party.did, reason=error)
            return Held([], [])

    return {party.did: found for party, found in await each(space.members.values(), ask, report)}


def seen(space: Space, facts: ChainFacts, peers: PeerNotes) -> set[str]:
    """Return the DIDs of whose logs chain or peers ever saw a head: who has nothing to say yet has shown none."""
    known = {*facts.logs, *facts.anchors}
    noted = (_signed_head(space, raw) for held in peers.values() for raw in held.notes)
    known |= {origin_id(head.origin) for head in noted if head is not None}
    return {did for did, member in space.members.items() if origin_id(member.origin) in known}


def head_of(book: Book) -> Head:
    """Return the head of a book that was read to check it."""
    assert book.head is not None
    return book.head


async def young(space: Space, books: Books, facts: ChainFacts, admitted: Admitted, blocks: Blocks) -> set[str]:
    """Return whose logs had no time yet to be witnessed and anchored: by the chain's time, not by their own.

    That time begins when the registry has admitted the owner and all its witnesses; where the space has too few of
    them it has not begun.
    """
    found = set()
    for did, book in books.items():
        witnesses = space.witnesses_of(did)
        if facts.anchors.get(origin_id(book.party.origin)):
            continue
        known = [admitted[one.address] for one in (book.party, *witnesses) if one.address in admitted]
        since = await blocks.at(max(known)) if known else None
        if len(witnesses) < QUORUM or since is None or facts.until is None or facts.until - since < DUE:
            found.add(did)
    return found


def check_witnesses(
    space: Space,
    books: Books,
    payees: set[bytes],
    facts: ChainFacts,
    admitted: Admitted,
    new: Collection[str],
    report: Report,
) -> None:
    """Check that the newest head bears the quorum of the space's policy, and that one witness has no stake.

    Logs of `new` had no time to get it. A head that the chain had before a witness was admitted bears those of then.
    """
    for book in books.values():
        did, head = book.party.did, head_of(book)
        policy = space.log_policy(did)
        if did in new:
            continue
        signed = policy.witnesses_of(head.note)
        try:
            policy.check(head.note)
        except NoteError as error:
            there = _there(space, book, facts, admitted)
            if not there or len(there & set(signed)) < min(QUORUM, len(there)):
                report.find("head-not-witnessed", did, size=head.checkpoint.size, reason=error)
        report.signatures_verified += len(signed)
        if not any(_has_no_stake(space, one, payees) for one in space.witnesses_of(did)):
            report.find("no-independent-witness", did)


def _there(space: Space, book: Book, facts: ChainFacts, admitted: Admitted) -> set[str]:
    """Return the names of the witnesses whom the registry had when the chain took this very head, if it did."""
    head = head_of(book).checkpoint
    anchored = facts.anchors.get(origin_id(book.party.origin), [])
    block = min((one.block for one in anchored if (one.size, one.root) == (head.size, head.root)), default=-1)
    witnesses = space.witnesses_of(book.party.did)
    return {one.witness_name for one in witnesses if admitted.get(one.address, 0) <= block}


def _has_no_stake(space: Space, witness: Member, payees: set[bytes]) -> bool:
    return witness.did != space.exchange and witness.role != "exchange" and witness.address not in payees


def is_prefix(book: Book, size: int, root: bytes, report: Report) -> bool:
    """Prove that the log extends a head of at most its own size: its own first leaves make the same root."""
    if head_of(book).root(size) != root:
        return False
    report.proofs_verified += 1
    return True


async def agrees(book: Book, size: int, root: bytes, report: Report) -> bool:
    """Return whether the log had this head; it may meanwhile have grown past the checkpoint that it published."""
    newest = head_of(book).checkpoint
    if size <= newest.size:
        return is_prefix(book, size, root, report)
    try:
        proof = await reader.consistency(head_of(book).fetch, newest.size, size)
        merkle.verify_consistency(newest.size, newest.root, size, root, proof)
    except (Unavailable, ValueError):
        return False
    report.proofs_verified += 1
    return True


async def check_peers(space: Space, books: Books, peers: PeerNotes, report: Report) -> set[str]:
    """Check that what others hold, signed by the log itself, agrees with the log.

    Returns the DIDs of those whose logs signed a head that they do not have.
    """
    split = set()
    for holder, held in peers.items():
        split |= {did for shown in held.forks if (did := _check_fork(space, holder, shown, report)) is not None}
        for raw in held.notes:
            head = _signed_head(space, raw)
            book = None if head is None else book_of(space, books, head.origin)
            if head is None or book is None:
                continue
            report.signatures_verified += 1
            if not await agrees(book, head.size, head.root, report):
                report.find("peer-saw-other-log", book.party.did, peer=holder, size=head.size)
                split.add(book.party.did)
    return split


def _check_fork(space: Space, holder: str, shown: Any, report: Report) -> str | None:
    """Return the DID of whose log a fork is that somebody can prove; what proves nothing says nothing of anybody."""
    party = space.by_origin(str(shown.get("origin"))) if isinstance(shown, dict) else None
    if party is None:
        return None
    try:
        fork = fork_proof.judge(shown, party.log_vkey, party.former_vkeys)
    except (ContractError, NoteError):
        return None
    report.signatures_verified += 2
    report.proofs_verified += 1
    names = {"peer": holder, "old": fork.old.size, "size": fork.new.size}
    report.find("log-forked-proven", party.did, **names)
    return party.did


def _signed_head(space: Space, raw: str) -> Checkpoint | None:
    """Return a note's checkpoint if a member's log key signed it; others' words prove nothing."""
    try:
        note = notes.parse(raw)
        party = space.by_origin(checkpoints.parse_text(note.text).origin)
        return None if party is None else checkpoints.verify(note, party.log_vkey, party.former_vkeys)
    except NoteError:
        return None


def book_of(space: Space, books: Books, origin: str) -> Book | None:
    """Return the verified log with this origin, if a member keeps it and it could be read."""
    party = space.by_origin(origin)
    return None if party is None else books.get(party.did)


async def check_marks(space: Space, books: Books, report: Report) -> None:
    """Check that what a time.mark says of others' heads agrees with their logs."""
    for keeper in books.values():
        for event in keeper.ever("time.mark"):
            for origin, size, root in reading(event, report, _marked, event) or ():
                book = book_of(space, books, origin)
                if book is not None and not await agrees(book, size, root, report):
                    names = {"peer": keeper.party.did, "size": size}
                    report.find("mark-contradicts-log", book.party.did, event, **names)


def _marked(event: Event) -> list[tuple[str, int, bytes]]:
    rows = event.fields.get("peers", ())
    marked = [(str(row["origin"]), int(row["size"]), bytes.fromhex(row["root"])) for row in rows]
    if any(size < 0 for _, size, _ in marked):
        raise ValueError("no log has a negative size")
    return marked
