"""Who sits in front of the browser: sessions by cookie, and the token without which no form is taken.

Law: a session is a random token of which only the digest is kept; it ends after SESSION_SECONDS, with its account, and
when somebody signs out. A form is taken only with the token that belongs to the cookie it came with, and only from our
own pages as far as the browser says where it comes from.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.console.page import PREFIX
from connector.identity.client_credentials import digest
from connector.runtime.errors import NotPermitted, Unproven
from connector.store.rows.console import AccountRow, ConsoleSessionRow

if TYPE_CHECKING:
    from aiohttp import web

    from connector.console.accounts import Accounts
    from connector.core.core import Core
    from connector.store.transaction import Tx

SESSION_SECONDS = 8 * 3600
SESSIONS_PER_ACCOUNT_MAX = 32
# what a browser says of a request that our own page, or the person, began
OWN_SITES = frozenset({"", "same-origin", "none"})


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has signed in: `roles` are those of this participant that the account may look through.

    `post_key` is the digest of the key of an exchange's operator, once it was shown; `title` its role.
    """

    name: str
    roles: frozenset[str]
    operator: bool
    token: str
    post_key: str = ""
    title: str = ""


class Sessions:
    """The sessions of one participant. Participants on one host share its cookies, so each has names of its own."""

    def __init__(self, core: Core, accounts: Accounts) -> None:
        self._core = core
        self._key = accounts.key
        mark = hashlib.sha256(core.identity.did.encode()).hexdigest()[:8]
        self._cookie, self._form_cookie = f"penstock-{mark}", f"penstock-form-{mark}"
        self._lent_cookie = f"penstock-provider-{mark}"
        self._secure = core.identity.url.startswith("https:")

    async def of(self, request: web.Request) -> Session:
        """Return who has signed in; raises Unproven."""
        token, now = request.cookies.get(self._cookie, ""), self._core.clock.now()

        def read(tx: Tx) -> Session | None:
            row = tx.get(ConsoleSessionRow, digest=digest(token))
            if row is None or row.expires <= now:
                return None
            account = tx.get(AccountRow, name=row.account)
            if account is None:
                return None
            roles = frozenset(account.roles.split()) & self._core.identity.roles
            return Session(account.name, roles, bool(account.operator), token, row.post_key, account.title or "")

        found = await self._core.store.read(read) if token else None
        if found is None:
            raise Unproven("nobody has signed in here, or the session is over", f"sign in at {PREFIX}/sign-in")
        return found

    async def begin(self, name: str, answer: web.StreamResponse) -> None:
        """Begin a session of an account that was proven; the answer sets its cookie."""
        token, now = secrets.token_urlsafe(32), self._core.clock.now()
        expires = now + timedelta(seconds=SESSION_SECONDS)

        def act(tx: Tx) -> None:
            known = tx.find(ConsoleSessionRow, "account = ?", (name,), "created desc")
            stale = [row for row in known if row.expires <= now] + known[SESSIONS_PER_ACCOUNT_MAX - 1 :]
            for row in stale:
                tx.delete(ConsoleSessionRow, digest=row.digest)
            made = ConsoleSessionRow(digest=digest(token), account=name, post_key="", created=now, expires=expires)
            tx.insert(made)

        await self._core.store.write(act)
        self._set(answer, self._cookie, token)

    async def bind(self, session: Session, post_key: str) -> None:
        """Take note of an operator's key in a session."""
        key = digest(session.token)
        await self._core.store.write(lambda tx: tx.update(ConsoleSessionRow, {"digest": key}, post_key=post_key))

    async def end(self, session: Session, answer: web.StreamResponse) -> None:
        """End a session."""
        await self._core.store.write(lambda tx: tx.delete(ConsoleSessionRow, digest=digest(session.token)))
        answer.del_cookie(self._cookie, path=PREFIX)

    # ---- forms

    def form_token(self, session: Session) -> str:
        """Return the token of a signed-in person's forms."""
        return self._token_of(session.token)

    def stranger_token(self, request: web.Request, answer: web.StreamResponse) -> str:
        """Return the token of a form for somebody who has not signed in; the answer sets the cookie it belongs to."""
        value = request.cookies.get(self._form_cookie, "") or secrets.token_urlsafe(32)
        self._set(answer, self._form_cookie, value)
        return self._token_of(value)

    def check_form(self, request: web.Request, told: str, session: Session | None) -> None:
        """Raise NotPermitted for a form that is not of our own page."""
        value = request.cookies.get(self._form_cookie, "") if session is None else session.token
        own_site = request.headers.get("Sec-Fetch-Site", "") in OWN_SITES
        right = hmac.compare_digest(self._token_of(value).encode(), told.encode(errors="surrogateescape"))
        if not (value and right and own_site):
            raise NotPermitted("this form did not come from a page of ours that is open now", "load the page again")

    # ---- what a browser keeps for us while it is at a provider

    def hand_out(self, answer: web.StreamResponse, text: str, seconds: int) -> None:
        """Give a browser a text to bring back from elsewhere; with what leads here it comes, so it is not `Strict`."""
        value = urlsafe_b64encode(text.encode()).decode()
        answer.set_cookie(
            self._lent_cookie,
            f"{self._token_of(value, b'lent')}.{value}",
            path=PREFIX + "/provider",
            max_age=seconds,
            httponly=True,
            samesite="Lax",
            secure=self._secure,
        )

    def handed_out(self, request: web.Request) -> str:
        """Return the text that we gave to this browser, empty for none or one that is not ours."""
        token, _, value = request.cookies.get(self._lent_cookie, "").partition(".")
        right = hmac.compare_digest(self._token_of(value, b"lent").encode(), token.encode(errors="surrogateescape"))
        return urlsafe_b64decode(value).decode() if right and value else ""

    def take_back(self, answer: web.StreamResponse) -> None:
        """Have a browser forget what it kept for us."""
        answer.del_cookie(self._lent_cookie, path=PREFIX + "/provider")

    def _token_of(self, value: str, what: bytes = b"form") -> str:
        said = what + b"\0" + value.encode(errors="surrogateescape")
        return hmac.new(self._key, said, hashlib.sha256).hexdigest()

    def _set(self, answer: web.StreamResponse, name: str, value: str) -> None:
        answer.set_cookie(name, value, path=PREFIX, httponly=True, samesite="Strict", secure=self._secure)
