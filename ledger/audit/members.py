"""Are the members who the space says they are? Its document against the table of witnesses and the members' own words.

Law: the exchange writes the space document, and it is one of the audited. A key counts as a member's because the member
publishes it under its own DID; who witnesses whom is derived from the roles, and a document that says otherwise is a
finding, not a source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.audit.asking import each
from ledger.audit.sources import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.audit.report import Report
    from ledger.audit.sources import Sources
    from ledger.space.document import Member, Space

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
    if other:
        report.find("member-keys-differ", member.did, fields=", ".join(other))
    return told
