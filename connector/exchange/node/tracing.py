"""What the collected logs hold about one thing: a contract by its instruction, an agreement, a product, a delivery.

Law: what is found is said with where it stands (whose log, which entry, under which head), so that whoever asks proves
it without the node. Nothing is opened: who may read what an entry conceals reads it from its owner, or from the copy.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from connector.exchange.node.copies import LogCopy
from connector.runtime.errors import Absent, InvalidInput
from connector.runtime.limits import PAGE_ROWS_MAX
from connector.store.rows.code import CodeRow
from connector.store.rows.collected import CollectedLogRow
from contracts.namespace import AGREEMENT_URN
from ledger.agreement.filing import INSTRUCTION_CHARACTERS
from ledger.log import events
from ledger.log.tiles import TILE_WIDTH_HASHES

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

# of what is looked for: ids are digests, UUIDs, codes and names of products
ASKED_CHARACTERS_MAX: Final = 512
# what every digest is smaller than that begins with the same digits
_LAST: Final = "g"
MARKED: Final = (
    "SELECT m.member, m.entry FROM collected_marks m JOIN collected_logs l ON l.member = m.member"
    " WHERE m.mark >= ? AND m.mark <= ? AND m.entry < l.size ORDER BY m.member, m.entry LIMIT ? OFFSET ?"
)


class Tracing:
    """Finds in the copies of a node."""

    def __init__(self, core: Core, space: SpaceView) -> None:
        self._core, self._space = core, space

    async def find(self, what: str, first: int = 0) -> JsonObject:
        """Return the entries about a thing, from the `first` on, in the order of members and entries; raises Absent."""
        named = what.strip().removeprefix(AGREEMENT_URN)
        if not 0 < len(named) <= ASKED_CHARACTERS_MAX:
            raise InvalidInput("what is looked for is an instruction, an agreement, a code or an id")

        def read(tx: Tx) -> tuple[list[tuple[str, int]], dict[str, CollectedLogRow]]:
            code = tx.get(CodeRow, code=named)
            mark = named if code is None else code.about
            last = mark + _LAST if _is_instruction(mark) else mark
            rows = tx.execute(MARKED, mark, last, PAGE_ROWS_MAX, first)
            return [(row["member"], int(row["entry"])) for row in rows], {
                row.member: row for row in tx.find(CollectedLogRow)
            }

        found, logs = await self._core.store.read(read)
        if not found and not first:
            raise Absent(f"the collected logs hold nothing about `{named[:100]}`", "penstock node logs")
        told = [await self._told(logs[member], entry) for member, entry in found]
        return {"about": named, "entries": told}

    async def _told(self, log: CollectedLogRow, index: int) -> JsonObject:
        entries = await LogCopy(self._core.store, log).entries(index // TILE_WIDTH_HASHES)
        raw = entries[index % TILE_WIDTH_HASHES]
        entry, member = events.decode(raw), self._space.last().members.get(log.member)
        return {
            "member": log.member,
            "name": "" if member is None else member.name,
            "log": log.origin,
            "index": str(index),
            "size": str(log.size),
            "type": entry.kind,
            "time": entry.time.isoformat(),
            "part": entry.part,
            "link": list(entry.link),
            "entry": base64.b64encode(raw).decode(),
        }


def _is_instruction(mark: str) -> bool:
    """Say whether it is the number of a control instruction, with which the digest of an agreement begins."""
    return len(mark) == INSTRUCTION_CHARACTERS and set(mark) <= set("0123456789abcdef")
