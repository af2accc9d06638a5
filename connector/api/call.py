"""One request on its way through the surface: who asks, under which row, and the act that uses up the token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from connector.client.acts import request
from connector.enforcement.person import OPERATOR, OWNER, PROGRAM, Person
from connector.identity import tokens
from connector.runtime.errors import InvalidInput
from connector.runtime.limits import JSON_LEVELS_MAX, JSON_VALUES_MAX
from contracts.canonical import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiohttp import web

    from connector.api.authorize import Route
    from connector.console.api_keys import ApiKey
    from connector.console.sessions import Session
    from connector.core.core import Core
    from connector.core.service import Parts
    from connector.custody.passes import Pass
    from connector.custody.replicas import WholeReplica
    from connector.custody.tickets import Ticket
    from connector.exchange.operators import Operator
    from connector.store.transaction import Tx

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept:
    """What an act was asked for with, when it waited for somebody's assent: its path's variables and its body.

    Of one that is rehearsed also its whole path, as it would be asked.
    """

    path: Mapping[str, str]
    body: Any
    target: str = ""


@dataclass(slots=True)
class Call:
    """One request with its proven caller: `peer` is a DID for PEER and MEMBER rows, `ticket` for TICKET rows.

    `carrying` is a pass and the replica that it opens, for PASS rows; `operator` who of an exchange's operators asks on
    OWNER rows, None for the owner; `key` the API key of a program there; `session` who has signed in, for ACCOUNT rows,
    and what a form of the console leads to. `whole_path` and `whole_rest`
    have what was only begun of an id (`connector.api.naming`). With `kept` it is an earlier request
    that is answered. `parts` are the participant's, each to be had by its class (`of`).
    """

    parts: Parts
    core: Core
    request: web.Request
    route: Route
    peer: str = ""
    claims: tokens.Claims | None = None
    ticket: Ticket | None = None
    carrying: tuple[Pass, WholeReplica] | None = None
    operator: Operator | None = None
    key: ApiKey | None = None
    kept: Kept | None = None
    session: Session | None = None
    whole_path: Mapping[str, str] = field(default_factory=dict)
    whole_rest: Mapping[str, str] = field(default_factory=dict)

    def of(self, kind: type[T]) -> T:
        """Return the part of this class."""
        return self.parts.of(kind)

    def inner(self, route: Route, kept: Kept, operator: Operator | None) -> Call:
        """Return the call of another act that this request leads to."""
        made = Call(self.parts, self.core, self.request, route, operator=operator, kept=kept)
        made.key, made.session = self.key, self.session
        return made

    @property
    def path(self) -> dict[str, str]:
        """Return the path's variables."""
        return {**(self.request.match_info if self.kept is None else self.kept.path), **self.whole_path}

    @property
    def target(self) -> str:
        """Return path and query as they were asked."""
        return self.request.rel_url.raw_path_qs if self.kept is None else self.kept.target

    @property
    def who(self) -> str:
        """Return who of our own people asks, for the record: an operator's name, or our DID for the owner."""
        return self.core.identity.did if self.operator is None else self.operator.name

    @property
    def named(self) -> str:
        """Return who asks for the access log: never a token, nor what one could be made of."""
        if self.operator is not None:
            return "operator:" + self.operator.name
        if self._own:
            return self._own
        if self.ticket is not None:
            return "agreement:" + self.ticket.subject.hex()
        return self.peer or self.route.who

    @property
    def person(self) -> Person:
        """Return who of our own people asks for a use: an account with its role, a program by its key, or the owner."""
        if not self._own:
            return OWNER
        return Person(self._own, PROGRAM if self.session is None else self.session.title or OPERATOR)

    @property
    def _own(self) -> str:
        """Return the account that has signed in, or the key of a program; empty for anybody else."""
        if self.session is not None:
            return "account:" + self.session.name
        return "" if self.key is None else "key:" + self.key.name

    @property
    def caller(self) -> str:
        """Return who answers for the request: a DID, what a ticket or pass says, an account, a key; else empty."""
        if self._own:
            return self._own
        if self.carrying is not None:
            return f"{self.carrying[0].edition.hex()}:{self.carrying[0].nonce.hex()}"
        return self.peer if self.ticket is None else f"{self.ticket.edition.hex()}:{self.ticket.subject.hex()}"

    async def document(self) -> Any:
        """Return the body as JSON, read strictly; raises `ContractError`."""
        if self.kept is not None:
            return self._completed(self.kept.body)
        limit = self.route.body_bytes
        body = await self.request.read()
        return self._completed(load(body, max_bytes=limit, max_depth=JSON_LEVELS_MAX, max_values=JSON_VALUES_MAX))

    def _completed(self, body: Any) -> Any:
        """Return a body with whole ids."""
        return {**body, **self.whole_rest} if self.whole_rest else body

    async def object(self) -> dict[str, Any]:
        """Return the body when it is an object."""
        body = await self.document()
        if not isinstance(body, dict):
            raise InvalidInput("the body must be a JSON object")
        return body

    async def members(self, known: Mapping[str, str]) -> dict[str, Any]:
        """Return the body when it has exactly the members `known`, each of its kind (`connector.client.acts.act`)."""
        body = await self.object()
        request.members(body, known)
        return body

    async def texts(self, *names: str) -> dict[str, str]:
        """Return the body when it has exactly the members `names`, each a text."""
        return await self.members(dict.fromkeys(names, "text"))

    def first(self, most: int) -> int:
        """Return the number of the first row that a page asked for (`first`), at most `most`."""
        told = self.request.query.get("first", "0")
        if not (told.isascii() and told.isdecimal()) or len(told) > len(str(most)) or int(told) > most:
            raise InvalidInput(f"`first` is no number up to {most}", "add a word or a condition instead")
        return int(told)

    def truth(self, name: str) -> bool:
        """Return whether a query says that it is so, once, by its name alone at least; False where it does not say."""
        told = self.request.query.getall(name, ["false"])
        if len(told) > 1 or told[0] not in ("", *request.TRUTHS):
            raise InvalidInput(f"`{name}` is 1 or 0, said once")
        return request.TRUTHS.get(told[0], True)

    async def act(self, act: Callable[[Tx], T]) -> T:
        """Run `act` in one transaction that also uses up the caller's token."""

        def spending(tx: Tx) -> T:
            if self.claims is not None:
                self.use_up(tx)
            return act(tx)

        return await self.core.store.write(spending)

    def use_up(self, tx: Tx) -> None:
        """Use up the caller's token in the transaction of its act."""
        assert self.claims is not None, "who asks has shown a token"
        tokens.remember(tx, self.claims)

    async def spend(self) -> None:
        """Use up the caller's token for an act that reads only."""
        await self.act(lambda _tx: None)
