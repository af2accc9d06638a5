"""What a code is of, and what logs hold about a thing, wherever it was assigned or collected.

Law: (1) our own node is asked first, and others only for what it does not have. (2) What another node states counts
when it is proven here, whoever passed it on. (3) A code that two nodes claim belongs to neither as far as we can tell:
both are named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from catalog import identifiers
from catalog.errors import CatalogError
from connector.exchange.node.questions import absent
from connector.exchange.node.statement import CODE, TRACE
from connector.identity.space.node import ACROSS, CODES, NODE, TRACES
from connector.runtime.errors import Absent, Conflict, PeerRefused, explain_failure
from connector.runtime.limits import NODE_ANSWER_BYTES_MAX

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.exchange.node.questions import Questions
    from connector.exchange.node.register import Register
    from connector.exchange.node.statement import Statement
    from connector.exchange.node.tracing import Tracing
    from connector.identity.space.node import NodeDoor
    from contracts.canonical import JsonObject

NOT_FOUND: Final = 404


class Resolving:
    """Asks the node of our space, or as a node ourselves, and proves what others state."""

    def __init__(self, core: Core, door: NodeDoor, questions: Questions, register: Register, tracing: Tracing) -> None:
        self._core, self._door, self._questions = core, door, questions
        self._register, self._tracing = register, tracing

    @property
    def _is_node(self) -> bool:
        return NODE in self._core.identity.roles

    async def code(self, code: str) -> JsonObject:
        """Return what a code is of, with `node` and `space` where another node assigned it; raises Absent, Conflict."""
        try:
            if self._is_node:
                return await self._register.show(code)
            found: JsonObject = await self._door.ask("GET", f"{CODES}/{quote(code, safe='')}")
        except (Absent, PeerRefused) as fault:
            if not _is_absent(fault) or not _may_be_elsewhere(code):
                raise
        else:
            return found
        statements, _ = await self._elsewhere(CODE, code)
        if len({one.node for one in statements}) > 1:
            claims = ", ".join(f"`{one.node}` to `{one.said['holder']}`" for one in statements)
            raise Conflict(f"more than one node claims the code `{code[:80]}`: {claims}", "tell the node above them")
        [first, *_] = statements
        return first.said | {"node": first.node, "space": first.exchange}

    async def trace(self, what: str, first: int, *, everywhere: bool) -> JsonObject:
        """Return the entries about a thing; `everywhere` also what other nodes' logs hold, each with its `node`."""
        everywhere = everywhere and first == 0  # others tell their first page alone
        own: JsonObject = {"about": what, "entries": []}
        try:
            if self._is_node:
                own = await self._tracing.find(what, first)
            else:
                own = await self._door.ask("GET", f"{TRACES}/{quote(what, safe='')}?first={first}")
        except (Absent, PeerRefused) as fault:
            if not everywhere or not _is_absent(fault):
                raise
        if not everywhere:
            return own
        try:
            statements, unheard = await self._elsewhere(TRACE, what)
        except (Absent, PeerRefused) as fault:
            if not own["entries"] or not _is_absent(fault):
                raise
            return own | {"unheard": [{"node": "", "why": explain_failure(fault).text}]}
        others = [entry | {"node": one.node} for one in statements for entry in one.said["entries"]]
        more = [
            {"node": one.node, "why": "it has more entries than it tells at once"}
            for one in statements
            if one.said["more"]
        ]
        return own | {"entries": [*own["entries"], *others], "unheard": [*unheard, *more]}

    async def _elsewhere(self, kind: str, about: str) -> tuple[list[Statement], list[JsonObject]]:
        """Return what other nodes state, and who gave no answer; raises Absent, PeerRefused where nobody has it."""
        if self._is_node:
            told: Any = (await self._questions.ask(kind, about)).json()
        else:
            path = f"{CODES if kind == CODE else TRACES}/{quote(about, safe='')}{ACROSS}"
            told = await self._door.ask("GET", path, limit_bytes=NODE_ANSWER_BYTES_MAX)
        statements, unheard = await self._questions.prove(told, kind, about)
        if not statements:
            raise absent(about, unheard)
        return statements, unheard


def _is_absent(fault: Absent | PeerRefused) -> bool:
    return isinstance(fault, Absent) or fault.status == NOT_FOUND


def _may_be_elsewhere(code: str) -> bool:
    """Say whether it is a code that some node may have assigned; a local one is known where it was made."""
    try:
        return not identifiers.read(code).local
    except CatalogError:
        return False
