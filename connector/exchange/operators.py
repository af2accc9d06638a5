"""The operators of the exchange: who is on which post, and by which key each is known.

Law: the exchange keeps the digest of an operator's key, never the key; a dismissed operator's opens nothing from the
next request on, and the log names an operator by that digest. Once the three posts are filled they stay so: who is the
last on a post is dismissed after another was named. Each change is an event of the exchange's log.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from catalog.posts import NAME_CHARACTERS_MAX, POSTS, Post, filled
from catalog.posts import post as post_of
from connector.exchange.case import Case, Turn
from connector.identity.tokens import SCHEME
from connector.runtime import reasons
from connector.runtime.errors import Conflict, InvalidInput, Unproven
from connector.runtime.limits import OPERATORS_MAX
from connector.store.rows.space import OperatorRow, OperatorState

if TYPE_CHECKING:
    from datetime import datetime

    from connector.core.core import Core
    from connector.identity.management_token import ManagementToken
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


OPERATORS = Case(
    OperatorRow,
    "name",
    "there is no operator `{}`",
    "penstock exchange operator list",
    "operator.moved",
    lambda row: {"name": row.name, "post": row.post, "digest": row.digest},
    part="digest",
)
NAME_CHARACTERS_SHOWN = 100
KEY_BYTES = 32
# what tells an operator's key from the token of the data directory
KEY_MARK = "operator."
_NAME = re.compile(rf"[\w][\w .'-]{{0,{NAME_CHARACTERS_MAX - 1}}}")


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody on a post."""

    name: str
    post: Post


class Operators:
    """The operators of this exchange."""

    def __init__(self, core: Core, management_token: ManagementToken) -> None:
        self._core, self._management_token = core, management_token

    async def prove(self, header: str) -> Operator | None:
        """Return the operator whose key a header bears, None for the owner of the data directory; else Unproven."""
        key = header.removeprefix(SCHEME)
        if not (header.startswith(SCHEME) and key.startswith(KEY_MARK)):
            self._management_token.check(header)
            return None
        return await self.known(digest_of(key))

    async def known(self, digest: str) -> Operator:
        """Return the operator whose key has this digest; raises Unproven."""
        rows = await self._core.store.read(
            lambda tx: tx.find(OperatorRow, "digest = ? and state = ?", (digest, OperatorState.ACTING), limit=1)
        )
        if not rows:
            raise Unproven("this operator's key opens nothing here", "ask for a new one")
        return Operator(rows[0].name, rows[0].post)

    async def posts(self) -> frozenset[Post]:
        """Return the posts on which somebody is."""
        return await self._core.store.read(posts)

    async def page(self) -> JsonObject:
        """List the operators, and say whether three check each other."""
        rows = await self._core.store.read(lambda tx: tx.find(OperatorRow, order="created"))
        told = [{"name": row.name, "post": row.post, "state": row.state} for row in rows]
        return {"operators": told} | mode(await self.posts())

    async def add(self, name: str, post: str, by: str) -> JsonObject:
        """Put somebody on a post; the answer has the key, which is told once."""
        if not _NAME.fullmatch(name):
            raise InvalidInput(f"a name has 1 to {NAME_CHARACTERS_MAX} letters, digits and spaces")
        at, key = post_of(post), KEY_MARK + secrets.token_urlsafe(KEY_BYTES)
        now = self._core.clock.now()
        await self._core.store.write(lambda tx: self._add(tx, name, at, digest_of(key), by, now))
        return {"operator": name, "post": at.value, "url": self._core.identity.url, "key": key}

    async def dismiss(self, name: str, reason: str, by: str) -> JsonObject:
        """Take somebody off a post."""
        reasons.check(reason, "the other operators read it")
        now = self._core.clock.now()
        return await self._core.store.write(lambda tx: self._dismiss(tx, name, reason, by, now))

    def _add(self, tx: Tx, name: str, at: Post, digest: str, by: str, now: datetime) -> None:
        known = tx.get(OperatorRow, name=name)
        if known is not None:
            raise Conflict(f"`{name}` is or was an operator", "a person has one post; take another name")
        if len(_acting(tx)) >= OPERATORS_MAX:
            raise Conflict(f"an exchange has at most {OPERATORS_MAX} operators", "dismiss one first")
        row = OperatorRow(name=name, post=at, digest=digest, state=OperatorState.ACTING, created=now, updated=now)
        OPERATORS.keep(tx, self._core.evidence, None, Turn(row, by))

    def _dismiss(self, tx: Tx, name: str, reason: str, by: str, now: datetime) -> JsonObject:
        row = tx.get(OperatorRow, name=name)
        if row is None or row.state != OperatorState.ACTING:
            raise OPERATORS.absent(name[:NAME_CHARACTERS_SHOWN])
        others = frozenset(one.post for one in _acting(tx) if one.name != name)
        if filled(posts(tx)) and not filled(others):
            raise Conflict(f"`{name}` is the last {row.post} operator", "name another first")
        dismissed = replace(row, state=OperatorState.DISMISSED, updated=now)
        gone = OPERATORS.keep(tx, self._core.evidence, row, Turn(dismissed, by, reason))
        return {"name": name, "post": gone.post, "state": gone.state}


def posts(tx: Tx) -> frozenset[Post]:
    """Return the posts on which somebody is."""
    return frozenset(row.post for row in _acting(tx))


def mode(found: frozenset[Post]) -> JsonObject:
    """Say in words who checks whom, for documents that anybody reads."""
    if filled(found):
        en = "three operators check each other: system, security, audit"
        return {"checked": True, "en": en, "zh": "三员分立: 系统管理员, 安全管理员, 审计管理员相互制约"}
    vacant = [POSTS[at] for at in Post if at not in found]
    en = f"one person answers for all three posts; nobody else is {', '.join(name for name, _ in vacant)}"
    return {"checked": False, "en": en, "zh": f"三员未分立, 由一人负责; 空缺: {'、'.join(name for _, name in vacant)}"}


def _acting(tx: Tx) -> list[OperatorRow]:
    return tx.find(OperatorRow, "state = ?", (OperatorState.ACTING,))


def digest_of(key: str) -> str:
    """Return what is kept of an operator's key."""
    return hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()
