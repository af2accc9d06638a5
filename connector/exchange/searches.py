"""Saved searches: what a member looks for again and again, and what is new of it; told with each heartbeat's answer.

Law: a saved search is asked as its member would ask it now, so that it shows no more than a search by hand; new is what
was listed or changed since the member last took note. What somebody looks for is shown to nobody else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from catalog.question import question
from connector.exchange.numbering import row_of
from connector.exchange.sight import grades
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.runtime.limits import MEMBER_SEARCHES_MAX, PAGE_ROWS_MAX, QUERY_CHARACTERS_MAX
from connector.store.rows.space import SearchRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from connector.core.core import Core
    from connector.exchange.case import Write
    from connector.exchange.finding import Finding
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

NAME_CHARACTERS_MAX = 64
KEYS = frozenset({"name", "q", "where"})


class Searches:
    """The searches that members saved at this exchange."""

    def __init__(self, core: Core, space: SpaceView, finding: Finding) -> None:
        self._core, self._space, self._finding = core, space, finding

    async def save(self, member: str, document: Any, write: Write) -> JsonObject:
        """Save a search under a name; the same name again takes the place of the one before."""
        name, text, where = _read(document)
        now = self._core.clock.now()

        def act(tx: Tx) -> JsonObject:
            known = tx.get(SearchRow, member=member, name=name)
            if known is None and len(tx.find(SearchRow, "member = ?", (member,))) >= MEMBER_SEARCHES_MAX:
                raise Conflict(
                    f"a member saves at most {MEMBER_SEARCHES_MAX} searches", "penstock searches --drop NAME"
                )
            tx.put(SearchRow(member=member, name=name, text=text, conditions=where, since=now, created=now))
            return {"name": name, "q": text, "where": where, "new": []}

        return await write(act)

    async def page(self, member: str) -> list[JsonObject]:
        """Return a member's searches, each with what is new of it."""
        rows = await self._core.store.read(lambda tx: tx.find(SearchRow, "member = ?", (member,), "name"))
        if not rows:
            return []
        role = self._space.last().members[member].role
        sees = await self._core.store.read(lambda tx: grades(tx, member, role))
        return [await self._shown(row, sees) for row in rows]

    async def news(self, member: str) -> dict[str, int]:
        """Return how many are new, by the name of the search; those without any are left out."""
        return {row["name"]: len(row["new"]) for row in await self.page(member) if row["new"]}

    async def take_note(self, member: str, name: str, write: Write) -> JsonObject:
        """Take what is new of a search for seen."""
        now = self._core.clock.now()

        def act(tx: Tx) -> JsonObject:
            if not tx.update(SearchRow, {"member": member, "name": name}, since=now):
                raise _absent(name)
            return {"name": name, "new": []}

        return await write(act)

    async def drop(self, member: str, name: str, write: Write) -> JsonObject:
        """Forget a search."""

        def act(tx: Tx) -> JsonObject:
            if not tx.delete(SearchRow, member=member, name=name):
                raise _absent(name)
            return {"name": name, "dropped": True}

        return await write(act)

    async def _shown(self, row: SearchRow, sight: tuple[str, ...] | None) -> JsonObject:
        asked = question(row.text, row.conditions)
        ranges = {"updated": (int(row.since.timestamp()), None), **asked.ranges}
        asked = replace(asked, sight=sight, ranges=ranges)
        keys, _ = await self._finding.keys(asked, limit=PAGE_ROWS_MAX, first=0)
        new = await self._core.store.read(lambda tx: _changed(tx, keys, row.since))
        since = row.since.isoformat(timespec="seconds")
        return {"name": row.name, "q": row.text, "where": row.conditions, "since": since, "new": new}


def _read(document: Any) -> tuple[str, str, list[str]]:
    """Read what is to be saved strictly; a question that is none is refused as a search would be."""
    if not isinstance(document, dict) or set(document) != KEYS or not isinstance(document["where"], list):
        raise InvalidInput("a saved search has exactly `name`, `q` and `where`, a list of conditions")
    name, text, where = document["name"], document["q"], document["where"]
    if not all(isinstance(one, str) for one in (name, text, *where)):
        raise InvalidInput("the members of a saved search are texts")
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or len(text) > QUERY_CHARACTERS_MAX:
        raise InvalidInput(f"a name has 1 to {NAME_CHARACTERS_MAX} characters, a search {QUERY_CHARACTERS_MAX} at most")
    if not question(text, where).words and not where:
        raise InvalidInput("nothing to look for", "give a word or a condition")
    return name, text, where


def _changed(tx: Tx, keys: Sequence[str], since: datetime) -> list[JsonObject]:
    """Return id and title of what was changed after a moment, in this order; their descriptions are not read."""
    found = []
    for key in keys:
        kind = row_of(key)
        table, title = kind.TABLE.name, "title" if "title" in kind.COLUMNS else "''"
        query = f"SELECT id, {title} AS title FROM {table} WHERE id = ? AND updated > ?"  # noqa: S608 - names of ours
        found += tx.execute(query, key, since)
    return found


def _absent(name: str) -> Absent:
    return Absent(f"no search is saved as `{name[:NAME_CHARACTERS_MAX]}`", "penstock searches")
