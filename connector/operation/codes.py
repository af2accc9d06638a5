"""Our own codes of the national infrastructure: asked of the node of the space, kept here.

Law: (1) a code is kept when the node has assigned it to us, for what we asked; anything else that it says is refused.
(2) Without a node, without a subject of ours, or while the node is away a local code stands, and says that it is one.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from catalog import identifiers
from catalog.registration import CONNECTOR, HOLDERS, KINDS, PLATFORM, PRODUCT, RESOURCE, Registration
from catalog.resource import place_of
from connector.identity.space.exchange import EXCHANGE
from connector.identity.space.node import CODES, NODE, NodeDoor
from connector.runtime.errors import Absent, Conflict, InvalidInput, PeerMisbehaved, PenstockError
from connector.runtime.limits import PAGE_ROWS_MAX
from connector.store.rows.code import CodeRow
from connector.store.rows.product import ProductRow, ResourceRow
from contracts.credential.kinds import LEVELS

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

OWN: Final = "SELECT code FROM codes WHERE holder = ? ORDER BY assigned DESC, code LIMIT ? OFFSET ?"

log = logging.getLogger(__name__)


class Codes:
    """What the node has assigned to us."""

    def __init__(self, core: Core, space: SpaceView, peers: Peers) -> None:
        self._core, self._node = core, NodeDoor(space, peers, core.outbound)

    async def request(self, product: str | None = None, resource: str | None = None) -> JsonObject:
        """Register a product or a resource of ours, or without either our connector; return its code as assigned."""
        if product is not None and resource is not None:
            raise InvalidInput("a product or a resource has a code, not both at once", "ask twice")
        if product is None and resource is None:
            return view(await self._assigned(self._ourselves()))
        await self._enrol()
        kind, key, table = (PRODUCT, product, ProductRow) if product is not None else (RESOURCE, resource, ResourceRow)
        assert key is not None
        row: Any = await self._core.store.read(lambda tx: tx.get(table, id=key))
        if row is None:
            raise Absent(f"there is no {kind} `{key[:100]}` here", f"penstock {kind} list")
        title = row.title if kind == PRODUCT else row.document["title"]
        return view(await self._assigned(Registration(kind, key, title)))

    async def obtain(self, kind: str, about: str, title: str) -> str:
        """Return the code of something of ours, empty where the node assigns none just now."""
        known = await self.known(kind, about)
        if known or not self._core.settings.participant.subject or not self._node.is_there:
            return known
        try:
            await self._enrol()
            return (await self._assigned(Registration(kind, about, title))).code
        except PenstockError as fault:
            log.warning("the node assigns no code to the %s `%s`: %s", kind, about, fault)
            return ""

    async def known(self, kind: str, about: str) -> str:
        """Return the code that something of ours has from the node, empty for none."""
        who = self._core.identity.did
        row = await self._core.store.read(lambda tx: find(tx, who, kind, about))
        return "" if row is None else row.code

    async def page(self, first: int = 0) -> list[JsonObject]:
        """List our codes, newest first."""

        def read(tx: Tx) -> list[CodeRow]:
            codes = tx.column(OWN, self._core.identity.did, PAGE_ROWS_MAX, first)
            return [row for code in codes if (row := tx.get(CodeRow, code=str(code))) is not None]

        return [view(row) for row in await self._core.store.read(read)]

    async def _enrol(self) -> None:
        """Register our connector, unless it is; what else we register stands under its subject."""
        ourselves = self._ourselves()
        if not await self.known(ourselves.kind, ourselves.about):
            await self._assigned(ourselves)

    def _ourselves(self) -> Registration:
        about, identity = self._core.settings.participant, self._core.identity
        if NODE in identity.roles:
            raise Conflict("a node's own code is assigned by the global node", "this program is none")
        if not about.subject:
            raise InvalidInput(
                "whose connector this is is not said: `participant.subject` is empty",
                "set it to the unified social credit code of 18 characters, and restart",
            )
        kind = PLATFORM if EXCHANGE in identity.roles else CONNECTOR
        return Registration(kind, identity.did, about.name, about.subject, place_of(about.region))

    async def _assigned(self, wanted: Registration) -> CodeRow:
        """Ask for a code and keep it; raises as `NodeDoor.ask`, PeerMisbehaved for an answer that fits not."""
        told: Any = await self._node.ask("POST", CODES, wanted.json())
        row = _read(told, wanted, self._core.identity.did)

        def act(tx: Tx) -> None:
            known = tx.get(CodeRow, code=row.code)
            if known is None:
                tx.insert(row)
            elif known.proven != row.proven:
                tx.change(known, row)

        await self._core.store.write(act)
        return row


def find(tx: Tx, holder: str, kind: str, about: str) -> CodeRow | None:
    """Return the code of something that a holder has registered, None where it has not."""
    return next(iter(tx.find(CodeRow, "holder = ? AND kind = ? AND about = ?", (holder, kind, about), limit=1)), None)


def view(row: CodeRow) -> JsonObject:
    """Return what everybody reads of a code."""
    told = {name: getattr(row, name) for name in ("code", "kind", "holder", "about", "title", "subject", "place")}
    moment = row.assigned.astimezone(UTC).isoformat(timespec="seconds")
    return told | {"by": row.filer, "assigned": moment, "level": str(row.proven)}


def _read(told: Any, wanted: Registration, holder: str) -> CodeRow:
    """Return the row of a code that was assigned to what we asked for; raises PeerMisbehaved."""
    try:
        code = identifiers.read(told["code"])
        row = CodeRow(
            code=told["code"], kind=told["kind"], holder=told["holder"], about=told["about"], title=str(told["title"]),
            subject=code.subject, place=code.place, filer=str(told["by"]),
            assigned=datetime.fromisoformat(told["assigned"]), level=int(told.get("level", 0)),
        )  # fmt: skip
        fits = (row.kind, row.holder, row.about, code.kind) == (wanted.kind, holder, wanted.about, KINDS[wanted.kind])
        fits &= 0 <= row.proven < len(LEVELS)
        fits &= wanted.kind not in HOLDERS or code.subject == wanted.subject
        if fits and not code.local and not code.extension and row.assigned.tzinfo is not None:
            return row
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise PeerMisbehaved(f"the node's answer is no assigned code: {error}") from error
    raise PeerMisbehaved(f"the node assigned `{row.code}` to something else than was asked")
