"""Heads on the chain: each is one of its log, or it is said who answers for it.

The chain counts the witnesses of a head, and cannot read the signature of the log. Law: a log signs a head before its
witnesses do, and a witness keeps that note before it signs (`ledger.log.witness`), so the newest note that it shows
covers all that it signed. Of a head that its log does not have:

1. where the log's own signature stands under any head that it does not have, the log has two histories, and answers;
2. else a witness that shows a note of the log has none of this head, which its key signed: others used the key, or it
   keeps a note back. The witness answers, the log does not;
3. a witness that shows nothing, or was restored since, may have had the note: log or witness is at fault, both are
   named, and neither is proven to be.

A head of which (1) does not hold says nothing about the log: it is not counted among its anchors any more.
"""

from __future__ import annotations

from collections import defaultdict
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from contracts import address
from ledger.audit.asking import each
from ledger.audit.books import fetch_of
from ledger.audit.disclosed import RESTORED
from ledger.audit.heads import agrees, head_of, is_prefix
from ledger.audit.sources import Unavailable
from ledger.log import checkpoint as checkpoints
from ledger.log import note as notes
from ledger.log.checkpoint import origin_id
from ledger.log.note import NoteError
from ledger.log.witness import COSIGNED
from ledger.space.document import QUORUM

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from ledger.audit.books import Book, Books
    from ledger.audit.course import Blocks
    from ledger.audit.facts import Anchored, ChainFacts
    from ledger.audit.heads import Admitted
    from ledger.audit.report import Report
    from ledger.audit.sources import ChainEvent, Sources
    from ledger.space.document import Member, Space

Lacking = dict[str, list["Anchored"]]  # DID → the heads of its log that the chain has and the log has not


class Says(Enum):
    """What a witness shows of a log: a head that the log does not have; one that it has; nothing."""

    OTHER = "other"
    SAME = "same"
    SILENT = "silent"


class Signers(NamedTuple):
    """The accounts of which a `quorum` signed a head; not `known` where the chain does not say who they were."""

    accounts: tuple[bytes, ...]
    quorum: int
    known: bool = True


def check(
    space: Space, books: Books, facts: ChainFacts, admitted: Admitted, new: Collection[str], report: Report
) -> Lacking:
    """Check that every log is registered by its owner with its witnesses, and anchored; return which heads it lacks.

    Logs of `new` had no time to be anchored; `admitted` says since when there was whom to name as a witness.
    """
    lacking: Lacking = {}
    for book in books.values():
        party, origin = book.party, origin_id(book.party.origin)
        anchored, registered = facts.anchors.get(origin, []), facts.logs.get(origin, [])
        if party.did not in new:
            _check_there(party.did, anchored, registered, report)
        _check_registrations(space, party, registered, admitted, report)
        if origin in facts.forked:
            report.find("log-forked-on-chain", party.did)
        if facts.proven.get(party.address, party.aggregate) != party.aggregate:
            report.find("witness-key-differs", party.did)
        size = head_of(book).checkpoint.size
        found = [one for one in anchored if one.size > size or not is_prefix(book, one.size, one.root, report)]
        if found:
            lacking[party.did] = found
    return lacking


def _check_there(did: str, anchored: list[Anchored], registered: list[ChainEvent], report: Report) -> None:
    if not anchored:
        report.find("log-not-anchored", did)
    if not registered:
        report.find("log-not-registered", did)


def _check_registrations(
    space: Space, party: Member, registered: list[ChainEvent], admitted: Admitted, report: Report
) -> None:
    """Compare every registration with the table: heads were anchored under the old ones, a new one may lie ahead.

    Whom the registry admitted later could not be named then.
    """
    table = space.witnesses_of(party.did)
    accounts = {account for one in table for account in one.accounts}
    for event in registered:
        if event.fields["owner"] not in party.accounts:
            report.find("anchor-owner-differs", party.did, block=event.block)
        there = [one for one in table if _since(one, admitted) <= event.block]
        named, quorum = set(event.fields["witnesses"]), min(QUORUM, len(there))
        lacks = any(named.isdisjoint(one.accounts) for one in there)
        if lacks or not named <= accounts or event.fields["quorum"] < quorum:
            report.find("anchor-witnesses-differ", party.did, block=event.block)


def _since(member: Member, admitted: Admitted) -> int:
    """Return the block in which the registry admitted a member, under whichever account first."""
    return min(admitted.get(one, 0) for one in member.accounts)


# ---- who answers for what a log lacks


async def blame(
    space: Space,
    books: Books,
    facts: ChainFacts,
    blocks: Blocks,
    lacking: Lacking,
    split: Collection[str],
    report: Report,
) -> None:
    """Find who answers for the heads that logs lack; those of `split` signed heads that they do not have."""
    for did, found in lacking.items():
        book, groups = books[did], defaultdict[Signers, list["Anchored"]](list)
        if did in split or any(one.signed for one in found):
            _accuse(book, found, report)
            continue
        for head in found:
            groups[await _signers(space, facts, blocks, book.party, head)].append(head)
        said = await _asked(space, books, blocks, book, groups, report)
        if Says.OTHER in said.values():
            _accuse(book, found, report)
            continue
        for signers, taken in groups.items():
            _name(space, book.party, signers, taken, said, report)
        origin, none = origin_id(book.party.origin), frozenset(found)
        facts.anchors[origin] = [one for one in facts.anchors[origin] if one not in none]


def _accuse(book: Book, found: Iterable[Anchored], report: Report) -> None:
    """Say of each head that the log had it once."""
    did, size = book.party.did, head_of(book).checkpoint.size
    for head in found:
        if head.size > size:
            names = {"size": size, "anchored": head.size, "block": head.block, "missing": head.size - size}
            report.find("log-shrank-below-anchor", did, **names)
        else:
            report.find("log-forked-from-anchor", did, anchored=head.size, block=head.block)


def _name(
    space: Space, party: Member, signers: Signers, taken: Sequence[Anchored], said: Mapping[bytes, Says], report: Report
) -> None:
    """Name each witness of heads that the log does not have, and the log beside those of whom more is not known."""
    newest = max(taken, key=lambda one: (one.block, one.size))
    told = {"log": party.did, "count": len(taken), "size": newest.size, "block": newest.block}
    silent = [one for one in signers.accounts if not signers.known or said[one] is Says.SILENT]
    for account in signers.accounts:
        witness = space.by_address(account)
        if account not in silent and witness is not None:
            quorum = {"quorum": signers.quorum, "of": len(signers.accounts)}
            report.find("anchor-without-checkpoint", witness.did, **told, **quorum)
    members = {one: space.by_address(one) for one in silent}
    names = [address.show(account) if one is None else one.did for account, one in members.items()]
    if names or not signers.accounts:
        for did in (party.did, *(one.did for one in members.values() if one is not None)):
            report.find("anchor-unexplained", did, **told, witnesses=", ".join(names))


# ---- who signed, and what they show


async def _signers(space: Space, facts: ChainFacts, blocks: Blocks, party: Member, head: Anchored) -> Signers:
    """Return of whom a quorum signed a head: those of the registration that counted then, else those of the table."""
    registered = [one for one in facts.logs.get(origin_id(party.origin), []) if one.block <= head.block]
    event = await _in_force(registered, head.block, blocks)
    if event is None:
        return Signers(tuple(one.address for one in space.witnesses_of(party.did)), QUORUM, known=False)
    return Signers(tuple(event.fields["witnesses"]), event.fields["quorum"])


async def _in_force(registered: Sequence[ChainEvent], block: int, blocks: Blocks) -> ChainEvent | None:
    """Return the registration that counted in a block, as the program has it; None where the chain does not say.

    A later one counts when its delay is over, and one in its place names the one that counted when it was made.
    """
    counts, waiting = next(iter(registered), None), None
    for event in registered[1:]:
        counts, waiting = await _counting(counts, waiting, event.block, blocks), event
    return await _counting(counts, waiting, block, blocks)


async def _counting(
    counts: ChainEvent | None, waiting: ChainEvent | None, block: int, blocks: Blocks
) -> ChainEvent | None:
    if waiting is None:
        return counts
    time = await blocks.at(block)
    if time is None:
        return None
    return waiting if waiting.fields["effectiveAt"] <= time.timestamp() else counts


async def _asked(
    space: Space, books: Books, blocks: Blocks, log: Book, groups: Mapping[Signers, Sequence[Anchored]], report: Report
) -> dict[bytes, Says]:
    """Ask all who may have signed what they cosigned of a log; return account → what it says."""
    since = min(one.block for taken in groups.values() for one in taken)
    accounts = dict.fromkeys(account for signers in groups for account in signers.accounts)

    async def ask(account: bytes, own: Report) -> Says:
        witness = space.by_address(account)
        if witness is None:
            return Says.SILENT
        says = await _says(blocks.sources, witness, log, own)
        lost = says is Says.SAME and _restored(books.get(witness.did), since)
        return Says.SILENT if lost else says

    return dict(await each(accounts, ask, report))


async def _says(sources: Sources, witness: Member, log: Book, report: Report) -> Says:
    """Return what a witness shows of a log; a note that the log's key has not signed is none."""
    party = log.party
    try:
        shown = await fetch_of(sources, witness)(f"{COSIGNED}/{party.origin}")
        head = checkpoints.verify(notes.parse(shown), party.log_vkey, party.former_vkeys)
    except (Unavailable, NoteError):
        return Says.SILENT
    report.signatures_verified += 1
    if await agrees(log, head.size, head.root, report):
        return Says.SAME
    report.find("peer-saw-other-log", party.did, peer=witness.did, size=head.size)
    return Says.OTHER


def _restored(book: Book | None, since: int) -> bool:
    """Return whether a witness's own log says that it came back from a back-up after a block: its notes did, too."""
    restored = () if book is None else book.ever(RESTORED)
    return any(one.block is None or one.block.number >= since for one in restored)
