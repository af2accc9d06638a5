"""What a node asks the nodes next to it, and answers them: questions go up and down, statements come back.

Law: (1) only who is above, or accepted below, is answered and asked. (2) A question is answered once at each node, so a
ring ends where it closes, and is named. (3) Who is silent, slow or sends too much keeps nobody else's answer away, and
is named with the reason. (4) Statements are passed on as they came: whoever asked first proves them.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from connector.exchange.node import question as questions
from connector.exchange.node.question import Question
from connector.exchange.node.statement import CODE, TRACE, Statement, made, proven, size_of
from connector.identity.space.node import QUESTIONS
from connector.runtime.errors import (
    Absent,
    Conflict,
    InvalidInput,
    NotPermitted,
    PeerMisbehaved,
    PeerUnreachable,
    PenstockError,
    explain_failure,
)
from connector.runtime.limits import LOWER_NODES_MAX, NODE_ANSWER_BYTES_MAX, NODE_QUESTIONS_MAX, PAGE_ROWS_MAX

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from connector.core.core import Core
    from connector.exchange.node.links import Links
    from connector.exchange.node.register import Register
    from connector.exchange.node.tracing import Tracing
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from contracts.canonical import JsonObject

# ids of questions that are remembered: of many minutes
SEEN_MAX: Final = 4_096
# what a code is of changes seldom, where its holder answers sometimes
CACHED_SECONDS: Final = 60.0
CACHED_MAX: Final = 1_024
WHY_CHARACTERS_MAX: Final = 300
# statements that one answer has, by kind: a code has one assigner, and a few who claim it
STATEMENTS_MAX: Final = {CODE: 8, TRACE: LOWER_NODES_MAX - 1}
# what others' statements take of an answer together, and our own
SHARED_BYTES_MAX: Final = NODE_ANSWER_BYTES_MAX // 2
OWN_BYTES_MAX: Final = NODE_ANSWER_BYTES_MAX // 4
# who made a statement, and its exchange, are asked for their keys
PROOF_SECONDS_MAX: Final = 5.0


@dataclass(slots=True)
class Answers:
    """What came back: statements as they were sent, and who was asked and gave none, each {node, why}."""

    statements: list[JsonObject] = field(default_factory=list)
    unheard: list[JsonObject] = field(default_factory=list)

    def miss(self, node: str, why: str) -> None:
        """Name somebody who gave no answer, while there is room."""
        if len(self.unheard) < LOWER_NODES_MAX:
            self.unheard.append({"node": node, "why": why[:WHY_CHARACTERS_MAX]})

    def share(self, came: Mapping[str, list[JsonObject]], most: int) -> None:
        """Take what came, node → statements: in turn, and of each no more bytes than its share, `most` in all."""
        answering = [node for node, told in came.items() if told]
        room = {node: SHARED_BYTES_MAX // len(answering) for node in answering}
        for number in range(most):
            for node in answering:
                if number >= len(came[node]):
                    continue
                room[node] -= size_of(came[node][number])
                if room[node] < 0 or len(self.statements) == most:
                    self.miss(node, "a part of its answer was left out: together they are too long")
                else:
                    self.statements.append(came[node][number])

    def json(self) -> JsonObject:
        """Return the answer as it is sent."""
        return {"statements": self.statements, "unheard": self.unheard}


class Questions:
    """The questions of a node."""

    def __init__(
        self, core: Core, space: SpaceView, peers: Peers, links: Links, register: Register, tracing: Tracing
    ) -> None:
        self._core, self._space, self._peers, self._links = core, space, peers, links
        self._register, self._tracing = register, tracing
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._cached: OrderedDict[tuple[str, ...], tuple[float, Answers]] = OrderedDict()
        self._under_way = 0

    async def answer(self, document: Any, caller: str, spend: Callable[[], Awaitable[None]]) -> JsonObject:
        """Answer a neighbour: what we state ourselves, and what those say whom we ask in our turn.

        `spend` uses up the token of who asks, once the question is one that we answer.
        """
        asked = questions.from_json(document, caller)
        neighbours = await self._links.neighbours()
        if caller not in neighbours:
            raise NotPermitted(
                f"`{caller[:200]}` is neither above this node nor accepted below it", "penstock node above"
            )
        own = self._core.identity.did
        if own in asked.path or asked.id in self._seen:
            raise Conflict(f"the question came to `{own}` before: the nodes stand in a ring", "penstock node detach")
        await spend()
        self._note(asked.id)
        answers = await self._asked(asked, neighbours)
        said = await self._own(asked)
        if said is not None:
            wire = made(self._core, self._space.last().exchange, asked.kind, asked.about, said)
            answers.statements.insert(0, wire)
        return answers.json()

    async def ask(self, kind: str, about: str) -> Answers:
        """Ask everybody next to us, as who asks first; what is not proven is left out, and who sent it is named.

        Raises Absent where nobody has anything about it, InvalidInput for what nobody can be asked for.
        """
        questions.check_about(about)
        asked = Question.new(kind, about)
        self._note(asked.id)
        came = await self._asked(asked, await self._links.neighbours())
        found = [wire for wire, _ in await self._proven(came, kind, about)]
        if not found:
            raise absent(about, came.unheard)
        return Answers(found, came.unheard)

    async def prove(self, told: Any, kind: str, about: str) -> tuple[list[Statement], list[JsonObject]]:
        """Read and prove the answer of our own node as a member; returns the statements, and who gave none."""
        came = _read(told)
        return [statement for _, statement in await self._proven(came, kind, about)], came.unheard

    async def _proven(self, came: Answers, kind: str, about: str) -> list[tuple[JsonObject, Statement]]:
        """Return the statements that are proven, as they came and read; who is said to have made another is named."""

        async def one(wire: JsonObject) -> Statement | None:
            try:
                async with asyncio.timeout(PROOF_SECONDS_MAX):
                    return await proven(self._core, self._peers, wire, kind, about)
            except (PenstockError, TimeoutError) as fault:
                came.miss(_named(wire), explain_failure(fault).text)
                return None

        found = await asyncio.gather(*map(one, came.statements))
        return [(wire, told) for wire, told in zip(came.statements, found, strict=True) if told is not None]

    async def _own(self, asked: Question) -> JsonObject | None:
        """Return what we have to say ourselves, None for nothing."""
        try:
            if asked.kind == CODE:
                return await self._register.show(asked.about)
            return _trimmed((await self._tracing.find(asked.about))["entries"])
        except (Absent, InvalidInput):
            return None

    async def _asked(self, asked: Question, neighbours: dict[str, str]) -> Answers:
        """Ask the neighbours that the question did not come through, all at once."""
        whom = tuple(sorted(neighbours.keys() - set(asked.path)))
        onward, now = asked.onward(self._core.identity.did), self._core.clock.monotonic()
        key = (asked.kind, asked.about, *whom)
        known = self._cached.get(key)
        if known is not None and known[0] > now:
            return Answers(list(known[1].statements))
        found = Answers()
        if not whom:
            return found
        if onward is None:
            for did in whom:
                found.miss(did, "it was not asked: the question went far enough, or no time was left")
            return found
        if self._under_way >= NODE_QUESTIONS_MAX:
            raise PeerUnreachable("too many questions are under way at this moment", "ask again")
        self._under_way += 1
        try:
            came = await asyncio.gather(*(self._of(did, onward) for did in whom))
        finally:
            self._under_way -= 1
        for one in came:
            for missed in one.unheard:
                found.miss(missed["node"], missed["why"])
        found.share(dict(zip(whom, (one.statements for one in came), strict=True)), STATEMENTS_MAX[asked.kind])
        if asked.kind == CODE and not found.unheard:
            self._keep(key, found, now)
        return found

    async def _of(self, did: str, onward: Question) -> Answers:
        """Ask one neighbour; whatever goes wrong is its fault, and is told."""
        try:
            async with asyncio.timeout(onward.patience / 1_000):
                url, headers = await self._links.url(did), self._peers.authorization(did)
                answer = await self._core.outbound.request(
                    "POST", url + QUESTIONS, body=onward.json(), headers=headers, limit_bytes=NODE_ANSWER_BYTES_MAX
                )
            return _read(answer.json())
        except Exception as fault:  # noqa: BLE001  # one neighbour's fault keeps nobody else's answer away
            silent = Answers()
            silent.miss(
                did, "it did not answer in time" if isinstance(fault, TimeoutError) else explain_failure(fault).text
            )
            return silent

    def _note(self, number: str) -> None:
        self._seen[number] = None
        while len(self._seen) > SEEN_MAX:
            self._seen.popitem(last=False)

    def _keep(self, key: tuple[str, ...], found: Answers, now: float) -> None:
        self._cached[key] = (now + CACHED_SECONDS, Answers(list(found.statements)))
        while len(self._cached) > CACHED_MAX:
            self._cached.popitem(last=False)


def absent(about: str, unheard: list[JsonObject]) -> Absent:
    """Return the word that nobody has anything, with who was asked and gave no answer."""
    but = "".join(f"; `{one['node']}` gave no answer: {one['why']}" for one in unheard)
    return Absent(f"no node that was asked has anything about `{about[:100]}`{but}", "penstock node below list")


def _trimmed(entries: list[JsonObject]) -> JsonObject:
    """Return as many entries as one statement has room for, and whether there may be more."""
    room = OWN_BYTES_MAX
    found: list[JsonObject] = []
    for one in entries:
        room -= size_of(one)
        if room < 0:
            break
        found.append(one)
    return {"entries": found, "more": len(found) < len(entries) or len(entries) == PAGE_ROWS_MAX}


def _named(wire: JsonObject) -> str:
    """Return who is said to have made a statement that is not proven."""
    told = wire.get("statement")
    return str(told.get("node", ""))[:WHY_CHARACTERS_MAX] if isinstance(told, dict) else ""


def _read(told: Any) -> Answers:
    """Read what a node answers; raises PeerMisbehaved."""
    try:
        statements, unheard = told["statements"], told["unheard"]
        fits = isinstance(statements, list) and all(isinstance(one, dict) for one in statements)
        fits &= isinstance(unheard, list) and len(unheard) <= LOWER_NODES_MAX
        if fits and len(statements) <= LOWER_NODES_MAX:
            found = Answers(statements)
            for one in unheard:
                found.miss(str(one["node"])[:WHY_CHARACTERS_MAX], str(one["why"]))
            return found
    except (KeyError, TypeError, AttributeError) as error:
        raise PeerMisbehaved(f"a node answers with what is no answer: {error}") from error
    raise PeerMisbehaved("a node answers with what is no answer, or with too many statements")
