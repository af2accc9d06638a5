"""Are the members who the space says they are? Its document against the table of witnesses and the members' own words.

Law: the exchange writes the space document, and it is one of the audited. A key counts as a member's because the member
publishes it under its own DID; who witnesses whom is derived from the roles, and a document that says otherwise is a
finding, not a source.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ledger.audit.asking import each
from ledger.audit.sources import Unavailable
from ledger.space.document import SpaceError
from ledger.space.head import Head
from ledger.space.roll import Roll

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.audit.books import Books
    from ledger.audit.report import Report
    from ledger.audit.sources import Sources
    from ledger.space.document import Member, Space

HEADED, LINKS = "space.headed", 3
# what links otherwise is no head
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
# the members of a space document's row that the DID document proves
PROVEN = ("url", "address", "logKey", "delivery", "aggregate", "possession")


def check_table(document: Mapping[str, Any], space: Space, report: Report) -> None:
    """Check what the document says about witnesses and quorum; `space` is the value read from it."""
    derived = space.json()
    if document["quorum"] != derived["quorum"]:
        report.find("quorum-differs", space.exchange, mine=document["quorum"], theirs=derived["quorum"])
    said, table = document["witnesses"], derived["witnesses"]
    if not isinstance(said, dict):
        said = {}
    for did in {**table, **said}:
        if said.get(did) != table.get(did):
            report.find("witnesses-differ", did, mine=said.get(did), theirs=table.get(did))


async def read_head(sources: Sources) -> Mapping[str, Any] | None:
    """Return the head of the space that the exchange shows, None if it has none, or shows none now."""
    try:
        return await sources.head()
    except Unavailable:
        return None


def check_head(shown: Mapping[str, Any] | None, space: Space, books: Books, report: Report) -> None:
    """Check the head that was shown, and the list of members, against the heads that the exchange's log has.

    A head is in the log from the moment in which it is signed, but the log is read as far as it was witnessed: a head
    that is newer than the newest one there is not judged yet, nor is the list then. One that should be there and is not
    is for us alone; so is a list whose root no head of the log has.
    """
    if (book := books.get(space.exchange)) is None:
        return
    headed = [one for one in book.ever(HEADED) if len(one.link) == LINKS and _NUMBER.fullmatch(one.link[1])]
    newest = max((int(one.link[1]) for one in headed), default=0)
    head = None if shown is None else _read_shown(shown, space, report)
    young = head is not None and head.number > newest
    if head is not None and not young and head.digest.hex() not in {one.link[0] for one in headed}:
        report.find("space-head-unlogged", space.exchange, number=head.number)
    if headed and not young and (root := Roll.of(space).map.root.hex()) not in {one.link[2] for one in headed}:
        report.find("members-unheaded", space.exchange, mine=root)
    told: dict[str, str] = {}
    for one in headed:
        digest, number = one.link[:2]
        if told.setdefault(number, digest) != digest:
            report.find("space-head-false", space.exchange, one, reason=f"its log has two heads {number}")


def _read_shown(shown: Mapping[str, Any], space: Space, report: Report) -> Head | None:
    """Return the head that was shown, None if it is none of the exchange's, which is a finding."""
    try:
        head = Head.from_json(shown)
        head.check(space.members[space.exchange])
    except SpaceError as error:
        report.find("space-head-false", space.exchange, reason=error)
        return None
    return head


async def check_identities(sources: Sources, space: Space, report: Report) -> dict[str, Mapping[str, str]]:
    """Check every member's keys and URL against the DID document that it serves itself; return these by DID."""

    async def ask(member: Member, own: Report) -> Mapping[str, str] | None:
        return await _check_identity(sources, member, own)

    found = await each(space.members.values(), ask, report)
    return {member.did: told for member, told in found if told is not None}


async def _check_identity(sources: Sources, member: Member, report: Report) -> Mapping[str, str] | None:
    try:
        told = await sources.identity(member.did)
    except Unavailable as error:
        report.find("member-unreachable", member.did, reason=error)
        return None
    if told is None:
        report.find("member-unidentified", member.did)
        return None
    listed = member.json()
    other = [name for name in PROVEN if told.get(name) != listed[name]]
    # who lost its key publishes none, and one that it has replaced may not have been read by the exchange yet
    known = told.get("sm2", "").split()
    if known and "sm2" in listed and listed["sm2"] not in known:
        other.append("sm2")
    if other:
        report.find("member-keys-differ", member.did, fields=", ".join(other))
    return told
