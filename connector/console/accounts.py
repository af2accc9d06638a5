"""Local accounts of the console: who may sign in here, what they may see, and whether they may act.

Law: (1) an attempt is counted before its password is looked at, so guesses side by side are as many as guesses one
after the other; LOCKED_AFTER of them lock the account for LOCKED_SECONDS, and a refusal never says which part was
wrong. (2) Who may act must show a one-time code besides, and each code counts once. (3) A link by which somebody signs
in without either is given out by the owner of the data directory, once, and is used once. No table holds a password, a
code's secret or a token: only what they are checked by.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from connector.console import access, passwords
from connector.identity.client_credentials import digest
from connector.negotiation import authority
from connector.runtime import files
from connector.runtime.data_folder import KEYS
from connector.runtime.errors import Absent, Conflict, InvalidInput, NotPermitted, Unproven
from connector.runtime.limits import ACCOUNTS_MAX
from connector.store.rows.console import AccountLinkRow, AccountRow, ConsoleSessionRow

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from connector.core.core import Core
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


LOCKED_AFTER = 5
LOCKED_SECONDS = 15 * 60
LINK_SECONDS = 24 * 3600
TITLE_CHARACTERS_MAX = 100
SUBJECT_CHARACTERS_MAX = 255
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
KEY_FILE = "console.key"
REFUSAL = "name, password or code is wrong, or the account is locked"
REFUSAL_HINT = f"after {LOCKED_AFTER} wrong attempts wait {LOCKED_SECONDS // 60} minutes, or ask for a link"


class Accounts:
    """The accounts of one participant."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._hashing = passwords.Hashing()
        self.key = console_key(core.data / KEYS / KEY_FILE)

    async def add(
        self, name: str, roles: list[str], *, operator: bool, title: str = "", subject: str = ""
    ) -> JsonObject:
        """Make an account; returns it with its password and, for who may act, the address of its codes: told once.

        `title` is the role that its uses of data are said to be by (`connector.enforcement.person`), `subject` who it
        is at the OpenID provider of the settings.
        """
        if not NAME.fullmatch(name):
            raise InvalidInput(f"`{name[:100]}` is no account name: letters a-z, digits, dot, dash, underscore")
        if title and not (len(title) <= TITLE_CHARACTERS_MAX and title.isprintable()):
            raise InvalidInput(f"a title is a text of one line, of {TITLE_CHARACTERS_MAX} characters at most")
        if not roles:
            raise InvalidInput("an account has a role at least", "such as buyer")
        held = roles_of(self._core, roles)
        password, nonce = passwords.draw(), secrets.token_hex(16)
        kept, now = await self._hashing.hash(password), self._core.clock.now()
        account = AccountRow(
            name=name,
            roles=" ".join(held),
            operator=int(operator),
            title=title or None,
            password=kept,
            nonce=nonce,
            used_step=0,
            failures=0,
            locked=None,
            created=now,
            subject=self.subject(subject) if subject else None,
        )
        await self._core.store.write(lambda tx: self.insert(tx, account))
        secret = passwords.one_time_secret(self.key, name, nonce)
        codes = passwords.one_time_uri(secret, name, self._core.settings.participant.name) if operator else None
        return {**view(account), "password": password, "codes": codes}

    def subject(self, subject: str) -> str:
        """Return what an account keeps of a person at the provider; raises InvalidInput where there is no provider."""
        issuer = self._core.settings.oidc.issuer
        if not issuer:
            raise InvalidInput("a subject is somebody at an OpenID provider, and there is none", "set `oidc.issuer`")
        if not is_subject(subject):
            raise InvalidInput(f"a subject has 1 to {SUBJECT_CHARACTERS_MAX} characters of one line")
        return f"{issuer} {subject}"

    def insert(self, tx: Tx, account: AccountRow) -> None:
        """Keep a new account; raises Conflict."""
        if tx.get(AccountRow, name=account.name) is not None:
            raise Conflict(f"there is an account `{account.name}` already", "remove it first, or choose another name")
        if account.subject and tx.find(AccountRow, "subject = ?", (account.subject,), limit=1):
            raise Conflict("somebody else here is that subject", "penstock admin account list --long")
        if len(tx.find(AccountRow, limit=ACCOUNTS_MAX)) == ACCOUNTS_MAX:
            raise Conflict(f"one participant has at most {ACCOUNTS_MAX} accounts", "remove one that is old")
        tx.insert(account)
        self.leave(tx, access.ADDED, account)

    def delete(self, tx: Tx, row: AccountRow) -> None:
        """Forget an account with its sessions and links, and end its authority to sign."""
        tx.delete(ConsoleSessionRow, account=row.name)
        tx.delete(AccountLinkRow, account=row.name)
        tx.delete(AccountRow, name=row.name)
        authority.end_all(tx, self._core.evidence, row.name, "the account was removed", self._core.clock.now())
        self.leave(tx, access.REMOVED, row)

    async def page(self) -> list[JsonObject]:
        """Return all accounts, without anything secret."""
        return [view(row) for row in await self._core.store.read(lambda tx: tx.find(AccountRow, order="name"))]

    async def remove(self, name: str) -> JsonObject:
        """Remove an account with its sessions and links; raises Absent."""

        def act(tx: Tx) -> JsonObject:
            row = _find(tx, name)
            self.delete(tx, row)
            return view(row)

        return await self._core.store.write(act)

    async def link(self, name: str) -> JsonObject:
        """Return a token by which `name` signs in once, without password or code; raises Absent."""
        token, expires = secrets.token_urlsafe(32), self._core.clock.now() + timedelta(seconds=LINK_SECONDS)

        def act(tx: Tx) -> None:
            row = _find(tx, name)
            self.leave(tx, access.LINKED, row, expires)
            tx.insert(AccountLinkRow(digest=digest(token), account=name, expires=expires))

        await self._core.store.write(act)
        return {"name": name, "token": token, "expires": expires.isoformat(timespec="seconds")}

    async def take_link(self, token: str) -> str:
        """Return whose link this is, and use it up; raises NotPermitted."""
        now = self._core.clock.now()

        def act(tx: Tx) -> str:
            row = tx.get(AccountLinkRow, digest=digest(token))
            if row is None or row.expires <= now:
                raise NotPermitted(
                    "this link was used, is too old, or was never given out", "penstock admin account link"
                )
            tx.delete(AccountLinkRow, digest=row.digest)
            return row.account

        return await self._core.store.write(act)

    async def check(self, name: str, password: str, code: str) -> None:
        """Return if this is who it says; raises Unproven, which never says what was wrong."""
        row = await self._core.store.write(lambda tx: self._attempt(tx, name))
        right = await self._hashing.matches(row.password if row else "", password)
        if row is None or not right:
            raise Unproven(REFUSAL, REFUSAL_HINT)
        step = self._step(row, code) if row.operator else 0
        if step is None or not await self._core.store.write(lambda tx: _succeeded(tx, name, step)):
            raise Unproven(REFUSAL, REFUSAL_HINT)

    async def change_password(self, name: str, old: str, new: str) -> None:
        """Change an account's password and end its sessions; raises Unproven for a wrong old one."""
        passwords.check_new(new)
        row = await self._core.store.write(lambda tx: self._attempt(tx, name))
        if row is None or not await self._hashing.matches(row.password, old):
            raise Unproven(REFUSAL, REFUSAL_HINT)
        kept = await self._hashing.hash(new)

        def act(tx: Tx) -> None:
            tx.update(AccountRow, {"name": name}, password=kept, failures=0, locked=None)
            tx.delete(ConsoleSessionRow, account=name)

        await self._core.store.write(act)

    def leave(self, tx: Tx, what: str, row: AccountRow, until: datetime | None = None) -> None:
        """Record in the log what was done to an account."""
        told = "" if until is None else until.isoformat(timespec="seconds")
        may = "act" if row.operator else "look"
        access.leave(tx, self._core, access.ACCOUNT, what, row.name, row.roles, may=may, until=told)

    def _attempt(self, tx: Tx, name: str) -> AccountRow | None:
        """Count an attempt and return the account, None for none or a locked one."""
        row, now = tx.get(AccountRow, name=name), self._core.clock.now()
        if row is None or (row.locked is not None and row.locked > now):
            return None
        failures = row.failures + 1
        locked = now + timedelta(seconds=LOCKED_SECONDS) if failures >= LOCKED_AFTER else None
        tx.change(row, replace(row, failures=0 if locked else failures, locked=locked))
        return row

    def _step(self, row: AccountRow, code: str) -> int | None:
        secret = passwords.one_time_secret(self.key, row.name, row.nonce)
        return passwords.step_of(secret, code, self._core.clock.now())


def is_subject(told: Any) -> bool:
    """Say whether this may be somebody's subject at an OpenID provider (OpenID Connect Core 1.0, 2)."""
    return isinstance(told, str) and 0 < len(told) <= SUBJECT_CHARACTERS_MAX and told.isprintable()


def roles_of(core: Core, roles: Iterable[str]) -> list[str]:
    """Return roles in order, each once, or without any all of ours; raises InvalidInput for one that is not ours."""
    own = core.identity.roles
    held = sorted(set(roles) or own)
    if not own.issuperset(held):
        raise InvalidInput(f"some of this participant's roles are to be named: {', '.join(sorted(own))}")
    return held


def view(row: AccountRow) -> JsonObject:
    """Return an account as its owner sees it."""
    return {
        "name": row.name,
        "roles": row.roles.split(),
        "operator": bool(row.operator),
        "title": row.title or "",
        "subject": (row.subject or "").partition(" ")[2],
        "locked": None if row.locked is None else row.locked.isoformat(timespec="seconds"),
        "created": row.created.isoformat(timespec="seconds"),
    }


def _find(tx: Tx, name: str) -> AccountRow:
    row = tx.get(AccountRow, name=name)
    if row is None:
        raise Absent(f"there is no account `{name[:100]}`", "penstock admin account list")
    return row


def _succeeded(tx: Tx, name: str, step: int) -> bool:
    """Forget the failures, unless the code of this step was used before."""
    row = tx.get(AccountRow, name=name)
    if row is None or (row.operator and row.used_step >= step):
        return False
    tx.change(row, replace(row, failures=0, locked=None, used_step=max(step, row.used_step)))
    return True


def console_key(path: Path) -> bytes:
    """Return the key of codes and forms, drawn once."""
    if not path.exists():
        files.write_atomic(path, secrets.token_bytes(32))
    return path.read_bytes()
