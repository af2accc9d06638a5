"""Which account somebody is whom the provider has proven, and what they may here.

Law: (1) an account is found by issuer and subject, never by a name. (2) What the owner made is as the owner made it.
What was made at a sign-in follows the person's groups at each further one; with the last of them it goes, and its
sessions with it. (3) Who may act has shown a second factor at the provider (`oidc.strong`): it stands for the one-time
code.
"""

from __future__ import annotations

import secrets
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from connector.console import access
from connector.console.accounts import NAME
from connector.runtime.errors import NotPermitted
from connector.store.rows.console import AccountRow, ConsoleSessionRow

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from connector.console.accounts import Accounts
    from connector.core.core import Core
    from connector.operation.oidc.guest import Guest
    from connector.store.transaction import Tx

EVERY = "*"


class Entrance:
    """Lets those in whom the provider has proven."""

    def __init__(self, core: Core, accounts: Accounts) -> None:
        self._core, self._accounts, self._told = core, accounts, core.settings.oidc

    async def admit(self, guest: Guest) -> str:
        """Return the name of somebody's account, made or changed as their groups say; raises NotPermitted."""
        now = self._core.clock.now()
        found = await self._core.store.write(lambda tx: self._admit(tx, guest, now))
        if isinstance(found, NotPermitted):  # what was taken away is kept
            raise found
        return found

    def _admit(self, tx: Tx, guest: Guest, now: datetime) -> str | NotPermitted:
        """Return the account's name, or what is said to whom there is none."""
        rows = tx.find(AccountRow, "subject = ?", (self._accounts.subject(guest.subject),), limit=1)
        row = rows[0] if rows else None
        if row is None or not row.password:
            row = self._follow(tx, guest, row, now)
        if row is None:
            hint = f"ask the owner: penstock admin account add NAME --subject {shlex.quote(guest.subject)}"
            return NotPermitted(f"the provider knows you as `{guest.subject}`, and nobody here is that", hint)
        if row.operator and not guest.strong:
            text = f"your account may act, and the provider saw none of {', '.join(self._told.strong) or 'nothing'}"
            return NotPermitted(text, "sign in with a second factor there, or here with a password and a one-time code")
        return row.name

    def _follow(self, tx: Tx, guest: Guest, row: AccountRow | None, now: datetime) -> AccountRow | None:
        """Make, change or remove the account of a sign-in as the person's groups say; None: they give nothing."""
        roles = " ".join(sorted(self._roles(guest.groups)))
        operator = int(not guest.groups.isdisjoint(self._told.operators))
        if not roles:
            if row is not None:
                self._accounts.delete(tx, row)
            return None
        if row is None:
            made = self._new(guest, roles, operator, now)
            if not operator or guest.strong:  # else nothing comes of it, and nobody is kept
                self._accounts.insert(tx, made)
            return made
        kept = replace(row, roles=roles, operator=operator)
        if kept != row:
            tx.change(row, kept)
            if kept.operator > row.operator:  # a session that began without a second factor may not act all at once
                tx.delete(ConsoleSessionRow, account=row.name)
            self._accounts.leave(tx, access.ALTERED, kept)
        return kept

    def _roles(self, groups: Collection[str]) -> set[str]:
        """Return the roles that groups give, of ours."""
        own, found = self._core.identity.roles, set[str]()
        for line in self._told.roles:
            group, *roles = line.split()
            if group in groups:
                found |= own if EVERY in roles else own.intersection(roles)
        return found

    def _new(self, guest: Guest, roles: str, operator: int, now: datetime) -> AccountRow:
        if not NAME.fullmatch(guest.name):
            text = f"the provider calls you `{guest.name[:100]}`, which is no name of an account"
            raise NotPermitted(text, "the owner names another claim in `oidc.name`, or makes your account")
        return AccountRow(
            name=guest.name,
            roles=roles,
            operator=operator,
            password="",  # none: nothing matches it
            nonce=secrets.token_hex(16),
            used_step=0,
            failures=0,
            created=now,
            subject=self._accounts.subject(guest.subject),
        )
