"""API keys: programs that ask the management interface in their own name, for a while, and for what they need.

Law: (1) no table holds a key, only its digest; it is told once. (2) A key ends by itself. (3) It may do what its roles
and its scopes cover (`connector.client.acts.scopes`), and is told what it lacks. (4) Making and removing one leaves an
event. (5) One with a budget is an agent's: it does what agents are given (`connector.client.acts.agents`), and what
that may cost is taken out of its budget first (`connector.consumer.spending`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from connector.client.acts import scopes
from connector.console import access
from connector.console.accounts import NAME, roles_of
from connector.identity.client_credentials import digest
from connector.identity.tokens import SCHEME
from connector.runtime.errors import Absent, Conflict, InvalidInput, NotPermitted, Unproven
from connector.runtime.limits import API_KEYS_MAX
from connector.store.rows.console import ApiKeyRow, KeySpendingRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from connector.client.acts.act import Act
    from connector.core.core import Core
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

KEY_BYTES = 32
# what tells such a key from the token of the data directory and from an operator's
KEY_MARK: Final = "key."
# a key's last use is known to this: no write for each request
USED_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that was proven: what it is called, and what it may do."""

    name: str
    roles: frozenset[str]
    scopes: tuple[str, ...]
    is_agent: bool = False

    def require(self, roles: frozenset[str], act: Act | None, what: str) -> None:
        """Raise NotPermitted unless it may do an act, or with None what is no declared one and needs `act`."""
        if not roles & self.roles:
            text = f"the key `{self.name}` is for {_listed(self.roles)}; this is for {_listed(roles)}"
            raise NotPermitted(text, "ask the owner for a key with that `--role`")
        if act is not None and scopes.is_named(act, scopes.OWN):
            raise NotPermitted(f"`{what}` is the owner's alone, and no key's", "use the command line there")
        if not (scopes.ACT in self.scopes if act is None else scopes.covers(self.scopes, act)):
            text = f"the key `{self.name}` may {_listed(self.scopes)}; this is `{what}`"
            raise NotPermitted(text, f'ask the owner for a key with `--scope "{what if act else scopes.ACT}"`')


class ApiKeys:
    """The API keys of one participant."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def add(
        self, name: str, days: int, roles: Sequence[str] = (), scopes: Sequence[str] = (), budget: str | None = None
    ) -> JsonObject:
        """Make a key that ends in so many days; the answer has it, told once. No roles: all of ours; no scope: look.

        With a budget (minor units) it is an agent's.
        """
        if not NAME.fullmatch(name):
            raise InvalidInput(f"`{name[:100]}` is no name of a key: letters a-z, digits, dot, dash, underscore")
        held, now = roles_of(self._core, roles), self._core.clock.now()
        key = KEY_MARK + secrets.token_urlsafe(KEY_BYTES)
        row = ApiKeyRow(
            name=name,
            digest=digest(key),
            roles=" ".join(held),
            scopes=_checked(scopes),
            created=now,
            expires=now + timedelta(days=days),
            budget=None if budget is None else int(budget),
        )

        def act(tx: Tx) -> JsonObject:
            if tx.get(ApiKeyRow, name=name) is not None:
                raise Conflict(f"there is a key `{name}` already", "remove it first, or choose another name")
            if len(tx.find(ApiKeyRow, limit=API_KEYS_MAX)) == API_KEYS_MAX:
                raise Conflict(f"one participant has at most {API_KEYS_MAX} keys", "remove one that is old")
            tx.insert(row)
            self._leave(tx, access.ADDED, row)
            return view(row, now)

        return await self._core.store.write(act) | {"url": self._core.identity.url, "key": key}

    async def page(self) -> list[JsonObject]:
        """Return all keys, without anything secret."""
        now = self._core.clock.now()
        return [view(row, now) for row in await self._core.store.read(lambda tx: tx.find(ApiKeyRow, order="name"))]

    async def remove(self, name: str) -> JsonObject:
        """Remove a key; raises Absent."""

        def act(tx: Tx) -> JsonObject:
            row = tx.get(ApiKeyRow, name=name)
            if row is None:
                raise Absent(f"there is no key `{name[:100]}`", "penstock admin key list")
            tx.delete(ApiKeyRow, name=name)
            tx.delete(KeySpendingRow, agent=name)
            self._leave(tx, access.REMOVED, row)
            return view(row, self._core.clock.now())

        return await self._core.store.write(act)

    async def prove(self, header: str) -> ApiKey | None:
        """Return the key that a header bears, None if it bears another kind of token; raises Unproven."""
        key, now = header.removeprefix(SCHEME), self._core.clock.now()
        if not (header.startswith(SCHEME) and key.startswith(KEY_MARK)):
            return None
        rows = await self._core.store.read(lambda tx: tx.find(ApiKeyRow, "digest = ?", (digest(key),), limit=1))
        if not rows:
            raise Unproven("this key opens nothing here", "ask the owner for one: penstock admin key add")
        if rows[0].expires <= now:
            raise Unproven(f"the key `{rows[0].name}` ended {_told(rows[0].expires)}", "ask the owner for a new one")
        if rows[0].used is None or now - rows[0].used >= timedelta(seconds=USED_SECONDS):
            await self._core.store.write(lambda tx: _used(tx, rows[0], now), short=True)
        roles = frozenset(rows[0].roles.split()) & self._core.identity.roles
        return ApiKey(rows[0].name, roles, tuple(rows[0].scopes), rows[0].budget is not None)

    def _leave(self, tx: Tx, what: str, row: ApiKeyRow) -> None:
        may = ", ".join(row.scopes) + ("" if row.budget is None else f", for {row.budget} in all")
        access.leave(tx, self._core, access.KEY, what, row.name, row.roles, may=may, until=_told(row.expires))


def view(row: ApiKeyRow, now: datetime) -> JsonObject:
    """Return a key as its owner sees it."""
    return {
        "name": row.name,
        "roles": row.roles.split(),
        "scopes": row.scopes,
        "created": _told(row.created),
        "until": _told(row.expires),
        "used": None if row.used is None else _told(row.used),
        "ended": row.expires <= now,
        "budget": None if row.budget is None else str(row.budget),
    }


def _checked(told: Sequence[str]) -> list[str]:
    return scopes.check(told or [scopes.LOOK])


def _used(tx: Tx, row: ApiKeyRow, now: datetime) -> None:
    """Note a use, unless the key was removed meanwhile."""
    if (found := tx.get(ApiKeyRow, name=row.name)) is not None and found.digest == row.digest:
        tx.change(found, replace(found, used=now))


def _told(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _listed(words: Sequence[str] | frozenset[str]) -> str:
    return ", ".join(sorted(words)) or "nothing here"
