"""All members of a space, read page by page and proven by a head: for who audits, collects logs, or asks everybody.

Law: members come and change while they are listed. What changed since the list was begun is told at its end, and both
together must be the map of the head that is shown then. Whether the exchange signed that head is for the reader to say.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from connector.net.address_rules import URL_CHARACTERS_MAX
from connector.runtime.errors import PeerUnreachable
from ledger.space.answer import ASKED_MAX, Answer
from ledger.space.document import MEMBERS_MAX, SpaceError
from ledger.space.head import NUMBER_MAX, Head
from ledger.space.roll import Roll

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connector.net.outbound import Outbound
    from ledger.space.document import Space
    from ledger.space.entry import Entry

CHANGES, MEMBERS = "/space/changes", "/space/members"
# as many changes and members as an answer has (`ledger.space.answer`), of 2 KB each
ANSWER_BYTES_MAX = 4 * 1_048_576


async def ask(outbound: Outbound, url: str, query: Sequence[tuple[str, str]], path: str = CHANGES) -> Answer:
    """Return what an exchange answers; raises SpaceError for what is no answer, and as `Outbound.request`."""
    answer = await outbound.get(f"{url}{path}?{urlencode(query)}", limit_bytes=ANSWER_BYTES_MAX)
    return Answer.from_json(answer.json())


def at_once(url: str, names: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the first of `names` (kind, name), as many as one question to the exchange at `url` can be about."""
    found, room = [], URL_CHARACTERS_MAX - len(f"{url}{CHANGES}?since={NUMBER_MAX}")
    for name in names:
        taken = len(f"&{urlencode([name])}")
        if taken <= room:
            found.append(name)
            room -= taken
    return found[:ASKED_MAX]


async def listed(outbound: Outbound, url: str) -> tuple[Head, Space]:
    """Return a head and its whole document; raises SpaceError where the list is not that of the head."""
    began, found = await _pages(outbound, url)
    now = await ask(outbound, url, [("since", str(began.number))])
    if now.head is not None and now.since is None:
        raise PeerUnreachable("the members changed too much while they were listed", "ask again")
    head, found = now.head or began, found | {entry.member.did: entry for entry in now.entries}
    return head, await asyncio.to_thread(_proven, head, found.values())


async def _pages(outbound: Outbound, url: str) -> tuple[Head, dict[str, Entry]]:
    """Return the head when the list was begun, and all entries as they are listed; some changed meanwhile."""
    began: Head | None = None
    found: dict[str, Entry] = {}
    while len(found) <= MEMBERS_MAX:
        page = await ask(outbound, url, [("first", str(len(found)))], MEMBERS)
        new = {entry.member.did: entry for entry in page.entries}
        began = began or page.head
        if began is None:
            raise SpaceError("the exchange lists its members without a head")
        if not new.keys() - found.keys():
            return began, found
        found |= new
    raise SpaceError(f"the space lists more than {MEMBERS_MAX} members")


def _proven(head: Head, entries: Iterable[Entry]) -> Space:
    """Return the document of all entries if they are those of the head."""
    roll = Roll.of(head.space(entries))
    if roll.map.root != head.root or Head.of(roll.space, head.number, head.root) != replace(head, note=""):
        raise SpaceError(f"the list of members is not that of head {head.number} of the space")
    return roll.space
