"""The nodes next to this one: the one above, whom its operator named, and those below, whom its operator accepted.

Law: (1) a node has one above it. (2) Who asks to be below proves by its token who it is, and the head of its own
exchange proves that it is the node of a space; then a person accepts it. (3) Each move is an event of the log of who
made it. (4) Nobody else is asked anything across spaces, or answered.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from connector.identity.self_description import base_url, described
from connector.identity.space.foreign import node_of
from connector.identity.space.node import BELOW, NODE
from connector.negotiation.whereabouts import did_of
from connector.runtime import reasons
from connector.runtime.errors import Absent, Conflict, InvalidInput, PeerMisbehaved
from connector.runtime.limits import DID_CHARACTERS_MAX, LOWER_NODES_MAX, WAITING_NODES_MAX
from connector.store.kept import Kept
from connector.store.rows.linked import AboveRow, BelowRow, LinkState
from contracts.canonical import sha

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.exchange.case import Write
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

LINKED: Final = "node.linked"
NONE: Final = "none"  # the state of who is not there yet, or not any more
BELOW_ROWS = Kept(BelowRow, "did", "`{}` has not asked to be below this node", "penstock node below list")


class Links:
    """Who is above and below a node."""

    def __init__(self, core: Core, space: SpaceView, peers: Peers) -> None:
        self._core, self._space, self._peers = core, space, peers

    async def rise(self, address: str, *, again: bool = False) -> JsonObject:
        """Name the node above by its DID or address, and ask it to take us; again: ask how we stand there.

        With `again` nobody is named who is not above us any more when the answer comes.
        """
        if not address.startswith("did:"):
            await self._core.outbound.vet(address)
        did = address if address.startswith("did:") else did_of("", address)
        if did == self._core.identity.did:
            raise InvalidInput("a node is not above itself")
        before = await self.above()
        if before is not None and before.did != did:
            raise Conflict(f"`{before.did}` is above this node", "penstock node detach")
        below = await self._core.store.read(lambda tx: tx.get(BelowRow, did=did))
        if below is not None and below.state is not LinkState.CUT:
            raise Conflict(f"`{did[:200]}` is below this node, or asks to be", "penstock node below cut")
        them = await described(self._peers, self._core.outbound, did)
        if them.role != NODE:
            raise InvalidInput(f"`{did[:200]}` is no node but a {them.role}")
        told = await self._tell(did, them.url)
        await node_of(self._core.outbound, self._peers, told["exchange"], did)
        now = self._core.clock.now()
        row = AboveRow(did=did, name=them.name, exchange=told["exchange"], state=told["state"], named=now)

        def act(tx: Tx) -> None:
            known = tx.get(AboveRow, did=did)
            if known is None and again:
                return
            if known is None and tx.find(AboveRow, limit=1):
                raise Conflict("another node was put above this one meanwhile", "penstock node detach")
            if known is None or known.state != row.state:
                self._record(tx, did, NONE if known is None else known.state, row.state, "")
            tx.put(row)

        await self._core.store.write(act)
        return _above(row)

    async def _tell(self, did: str, url: str) -> dict[str, Any]:
        """Ask the node at `url` to take us; returns how we stand there, and whose node it is."""
        body, headers = {"exchange": self._space.last().exchange}, self._peers.authorization(did)
        told: Any = (await self._core.outbound.post(url + BELOW, body, headers=headers)).json()
        try:
            return {"state": LinkState(told["state"]), "exchange": str(told["exchange"])[:DID_CHARACTERS_MAX]}
        except (KeyError, TypeError, ValueError) as error:
            raise PeerMisbehaved(f"`{did[:200]}` does not say how we stand there") from error

    async def leave(self) -> JsonObject:
        """Have nobody above us any more; raises Absent where nobody is."""

        def act(tx: Tx) -> AboveRow:
            row = next(iter(tx.find(AboveRow, limit=1)), None)
            if row is None:
                raise Absent("no node is above this one", "penstock node above ADDRESS")
            self._record(tx, row.did, row.state, NONE, "")
            tx.delete(AboveRow, did=row.did)
            return row

        return {"did": (await self._core.store.write(act)).did, "state": NONE}

    async def above(self) -> AboveRow | None:
        """Return the node above us, None for none."""
        return next(iter(await self._core.store.read(lambda tx: tx.find(AboveRow, limit=1))), None)

    async def take(self, caller: str, exchange: str, write: Write) -> JsonObject:
        """Take down that a node asks to be below us; returns how it stands here. Asking again changes nothing."""
        if caller == self._core.identity.did:
            raise InvalidInput("a node is not below itself")
        above = await self.above()
        if above is not None and above.did == caller:
            raise Conflict(f"`{caller[:200]}` is above this node", "a ring of nodes has no top")
        known = await self._core.store.read(lambda tx: tx.get(BelowRow, did=caller))
        if known is None:
            them = await node_of(self._core.outbound, self._peers, exchange, caller)
            now = self._core.clock.now()
            known = BelowRow(
                did=caller, name=them.name, region=them.region, exchange=exchange, state=LinkState.ASKED, reason="",
                asked=now, moved=now,
            )  # fmt: skip

        def act(tx: Tx) -> BelowRow:
            row = tx.get(BelowRow, did=caller)
            if row is None:
                waiting = tx.find(BelowRow, "state = ?", (LinkState.ASKED.value,), limit=WAITING_NODES_MAX)
                if len(waiting) == WAITING_NODES_MAX:
                    raise Conflict(f"{WAITING_NODES_MAX} nodes wait here to be accepted", "ask its operator")
                tx.insert(known)
                self._record(tx, caller, NONE, known.state, "", by=caller)
            return row or known

        row = await write(act)
        return {"state": row.state, "exchange": self._space.last().exchange}

    async def below(self) -> list[JsonObject]:
        """List the nodes that are below us, or ask to be, or were."""
        rows = await self._core.store.read(lambda tx: tx.find(BelowRow, order="asked"))
        return [_below(row) for row in rows]

    async def accept(self, did: str) -> JsonObject:
        """Accept a node below us, once its exchange says anew that it is its node."""
        row = await self._core.store.read(lambda tx: BELOW_ROWS.find(tx, did))
        await node_of(self._core.outbound, self._peers, row.exchange, did)
        return await self._move(did, LinkState.ACCEPTED, "")

    async def cut(self, did: str, reason: str) -> JsonObject:
        """Have nothing to do with a node below us any more, until it is accepted again."""
        return await self._move(did, LinkState.CUT, reasons.check(reason, "the log keeps it"))

    async def _move(self, did: str, to: LinkState, reason: str) -> JsonObject:
        def act(tx: Tx) -> BelowRow:
            row = BELOW_ROWS.find(tx, did)
            if row.state is to:
                return row
            accepted = tx.find(BelowRow, "state = ?", (LinkState.ACCEPTED.value,), limit=LOWER_NODES_MAX)
            if to is LinkState.ACCEPTED and len(accepted) == LOWER_NODES_MAX:
                raise Conflict(f"a node has at most {LOWER_NODES_MAX} below it", "put one between")
            moved = replace(row, state=to, reason=reason, moved=self._core.clock.now())
            tx.change(row, moved)
            self._record(tx, did, row.state, to, reason)
            return moved

        return _below(await self._core.store.write(act))

    async def neighbours(self) -> dict[str, str]:
        """Return the DIDs of who is above, and of those accepted below, each with its space's exchange."""

        def read(tx: Tx) -> dict[str, str]:
            below = tx.find(BelowRow, "state = ?", (LinkState.ACCEPTED.value,), limit=LOWER_NODES_MAX)
            above = {row.did: row.exchange for row in tx.find(AboveRow, limit=1)}
            return above | {row.did: row.exchange for row in below}

        return await self._core.store.read(read)

    async def url(self, did: str) -> str:
        """Return where a neighbour answers now; raises as `Peers.document`."""
        return base_url(await self._peers.document(did))

    def _record(self, tx: Tx, did: str, before: str, after: str, reason: str, by: str = "") -> None:
        """Record a move of a link; who made it is ourselves, unless somebody asked us."""
        fields = {"from": before, "to": after, "by": by or self._core.identity.did, "reason": reason}
        told = fields | {"digest": sha({"node": did, **fields}).hex()}
        self._core.evidence.record(tx, LINKED, part=did, fields=told, now=self._core.clock.now())


def _above(row: AboveRow) -> JsonObject:
    return {"did": row.did, "name": row.name, "exchange": row.exchange, "state": row.state.value}


def _below(row: BelowRow) -> JsonObject:
    moved = row.moved.isoformat(timespec="seconds")
    names = ("did", "name", "region", "exchange", "reason")
    return {name: getattr(row, name) for name in names} | {"state": row.state.value, "moved": moved}
