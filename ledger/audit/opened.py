"""What an audit read, recorded with its disclosures opened: for regulators who have no key to the boxes themselves.

Law: who opens vouches for nothing. Each value stands with its salt, and counts only if its entry, which the log's root
proves, commits to it; so whoever is handed such a record proves all values again. What cannot be told so is that a box
did not open: there the record has the reason in words, and `READER` names whose eyes it was read with.

A row of a page of boxes is then `{opened: [[salt, name, value], …]}`, `{opened: reason}`, or empty where we had no box.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from contracts.canonical import load
from ledger.audit.archive import Recording
from ledger.log import disclosure
from ledger.log import note as notes
from ledger.log.disclosure import DisclosureError
from ledger.log.merkle import HASH_BYTES
from ledger.log.tiles import TILE_WIDTH_HASHES, Tile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.audit.archive import Keeper
    from ledger.audit.sources import Sources
    from ledger.log.wrapping import Opener

READER, OPENED = "reader", "opened"
ADDENDA = re.compile(r"(?P<log>.*/log)/addenda/(?P<first>[0-9]{1,15})-(?P<width>[0-9]{1,3})")


class OpenedRecording(Recording):
    """`Recording` that opens boxes with the supervisor's keys by recipient id; `reader` is its public delivery key."""

    def __init__(self, sources: Sources, kept: Keeper, openers: Mapping[str, Opener], reader: bytes) -> None:
        super().__init__(sources, kept)
        self._openers = openers
        kept[READER] = reader.hex().encode()

    async def fetch(self, url: str) -> bytes:
        """Ask for a page; one of boxes is kept opened, and handed on as it was served."""
        asked = ADDENDA.fullmatch(url)
        if asked is None:
            return await super().fetch(url)
        body = await self._sources.fetch(url)
        tile = Tile(0, int(asked["first"]) // TILE_WIDTH_HASHES, int(asked["width"]))
        leaves = await super().fetch(f"{asked['log']}/{tile.path}")
        self._kept[f"page/{url}"] = _opened(body, leaves, tile.width, self._openers)
        return body


def _opened(body: bytes, leaves: bytes, count: int, openers: Mapping[str, Opener]) -> bytes:
    """Return a page of boxes with ours opened; a page that cannot be read is handed on as it is."""
    try:
        rows = load(body, max_bytes=count * disclosure.BOX_LIMIT_BYTES)
    except ValueError:
        return body
    if not isinstance(rows, list) or len(leaves) < HASH_BYTES * len(rows):
        return body
    found = [
        _row(row, openers, leaves[HASH_BYTES * at :][:HASH_BYTES]) if isinstance(row, dict) else row
        for at, row in enumerate(rows)
    ]
    return orjson.dumps(found)


def _row(row: Mapping[str, Any], openers: Mapping[str, Opener], leaf: bytes) -> Mapping[str, Any]:
    mine = disclosure.found_in(row, openers)
    if mine is None:
        return {}
    box, key = mine
    try:
        return {OPENED: [list(one) for one in disclosure.unseal(notes.unb64(str(box)), key, leaf)]}
    except (DisclosureError, notes.NoteError) as error:
        return {OPENED: str(error)}
