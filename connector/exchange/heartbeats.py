"""Heartbeats: what connectors tell the exchange and the node of themselves, and who has not been heard of.

Law: one row for each member, so that nobody grows anything by telling often; what is told is a claim, and nothing is
decided by it. The answer says how the member stands here, so that it learns of its own leaving; a node says in how many
seconds it wants to hear the next one.
"""

from __future__ import annotations

import asyncio
import logging
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from catalog import connectors
from catalog.connectors import BEAT_SECONDS, NODE_BEAT_SECONDS, STATES, Heartbeat, node_beat
from connector.exchange.searches import NAME_CHARACTERS_MAX
from connector.identity.space.node import NODE, NodeDoor
from connector.runtime.cancellation import cancel
from connector.runtime.errors import Absent, explain_failure
from connector.store.rows.space import ConnectorRow, MemberRow, MemberState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.core.core import Core
    from connector.exchange.case import Write
    from connector.exchange.leaving import Departing
    from connector.identity.peers import Peers
    from connector.identity.space.exchange import ExchangeDoor
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


PATH, NODE_PATH = "/exchange/heartbeat", "/node/heartbeat"
# role or tier → what its connector can do
BY_ROLE = {
    "provider": ("plain", "sealed", "leased"),
    "regulator": ("witness", "arbitrate"),
    "arbitrator": ("arbitrate",),
}

log = logging.getLogger(__name__)


class Heartbeats:
    """The newest word of each connector, as the exchange has it, or the node."""

    def __init__(self, core: Core, space: SpaceView) -> None:
        self._core, self._space = core, space

    async def receive(self, did: str, document: Any, write: Write) -> JsonObject:
        """Take a heartbeat in; returns how the member stands."""
        told, now = connectors.from_json(document), self._core.clock.now()

        def act(tx: Tx) -> JsonObject:
            tx.put(ConnectorRow(did=did, document=told.json(), seen=now))
            member = tx.get(MemberRow, did=did)
            return {"standing": MemberState.ADMITTED if member is None else member.state}

        return await write(act)

    async def receive_at_node(self, did: str, document: Any, write: Write) -> JsonObject:
        """Take a heartbeat in as the node of the space; returns when the next one is wanted, too."""
        return await self.receive(did, document, write) | {"next": node_beat(len(self._space.last().members))}

    async def page(self) -> list[JsonObject]:
        """List the members' connectors with their newest word, those not heard of longest first."""
        rows, told = await self._core.store.read(
            lambda tx: (tx.find(MemberRow, order="created"), tx.find(ConnectorRow))
        )
        return self._seen(map(_about, rows), told)

    async def heard(self) -> list[JsonObject]:
        """List the other members of the space likewise, as a node has heard them."""
        space, ours = self._space.last(), self._core.identity.did
        told = await self._core.store.read(lambda tx: tx.find(ConnectorRow))
        members = [
            {
                "did": did,
                "name": one.name,
                "role": one.role,
                "member": space.barred.get(did, MemberState.ADMITTED.value),
            }
            for did, one in space.members.items()
            if did != ours
        ]
        return self._seen(members, told, node_beat(len(space.members)))

    def _seen(
        self, members: Iterable[dict[str, str]], told: Iterable[ConnectorRow], each: int = BEAT_SECONDS
    ) -> list[JsonObject]:
        known = {row.did: row for row in told}
        seen = [self._view(about, known.get(about["did"]), each) for about in members]
        return sorted(seen, key=lambda row: (row["seen"] or "", row["did"]))

    def _view(self, about: dict[str, str], told: ConnectorRow | None, each: int) -> JsonObject:
        now = self._core.clock.now()
        state = connectors.state(None if told is None else (now - told.seen).total_seconds(), each)
        word = {} if told is None else told.document
        en, zh = STATES[state]
        seen = None if told is None else told.seen.isoformat(timespec="seconds")
        return about | {"state": state.value, "en": en, "zh": zh, "seen": seen} | word


def _about(row: MemberRow) -> dict[str, str]:
    return {"did": row.did, "name": row.name, "role": row.role, "member": row.state}


class Pulse:
    """Our own heartbeat, told now and then to the exchange of our space, and to its node."""

    def __init__(
        self, core: Core, exchange: ExchangeDoor, departing: Departing, space: SpaceView, peers: Peers
    ) -> None:
        self._core, self._exchange, self._departing = core, exchange, departing
        self._node = NodeDoor(space, peers, core.outbound)
        self._beaten = float("-inf")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to tell the node."""
        self._task = asyncio.create_task(self._beats(), name="pulse")

    async def close(self) -> None:
        """Tell it no longer."""
        await cancel(self._task)

    async def chore(self) -> None:
        """Tell the exchange when it is time; a chore of the monitor."""
        if self._core.clock.monotonic() - self._beaten < BEAT_SECONDS:
            return
        self._beaten = self._core.clock.monotonic()
        if not self._core.settings.space.exchange:
            return
        try:
            await self.beat()
        except Absent:  # not admitted yet
            log.debug("the exchange takes no heartbeat of ours: we are not its member")
        except Exception as fault:  # noqa: BLE001 - an exchange that is away misses us, and nothing else happens
            log.info("the exchange was not told: %s", explain_failure(fault).text)

    async def beat(self) -> JsonObject:
        """Tell the exchange now; returns how we stand there. Who leaves offers nothing from then on."""
        standing: JsonObject = await self._exchange.ask("POST", PATH, (await self._word()).json())
        for name, count in standing.get("news", {}).items():
            log.warning("%s new of the saved search `%s`: penstock searches", count, str(name)[:NAME_CHARACTERS_MAX])
        if standing.get("standing") == MemberState.LEAVING:
            await self._departing.take_off()
        return standing

    async def _beats(self) -> None:
        while True:
            rest = await self._tell_node()
            await asyncio.sleep(rest)

    async def _tell_node(self) -> int:
        """Tell the node, if there is one; returns in how many seconds to do so again."""
        if not self._node.is_there or NODE in self._core.identity.roles:
            return NODE_BEAT_SECONDS
        try:
            told = await self._node.ask("POST", NODE_PATH, (await self._word()).json())
        except Exception as fault:  # noqa: BLE001 - a node that is away misses us, and nothing else happens
            log.info("the node was not told: %s", explain_failure(fault).text)
            return NODE_BEAT_SECONDS
        wanted = told.get("next") if isinstance(told, dict) else None
        return min(BEAT_SECONDS, max(NODE_BEAT_SECONDS, wanted)) if type(wanted) is int else BEAT_SECONDS

    async def _word(self) -> Heartbeat:
        able = {"dsp", *(one for role in self._core.identity.roles for one in BY_ROLE.get(role, ()))}
        able |= {"holder"} if self._core.settings.vault.serve else set()

        alarms = await self._core.store.read(lambda tx: tx.execute("SELECT count(*) AS n FROM alarms")[0]["n"])
        return Heartbeat(version("penstock"), tuple(sorted(able)), int(alarms))
