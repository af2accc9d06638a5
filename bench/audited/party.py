"""One member of the audited space: its real keys, and its log written page by page as a connector would serve it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from contracts.canonical import canonical
from ledger.log import aggregate, cosignature, disclosure, merkle
from ledger.log import checkpoint as checkpoints
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint
from ledger.log.cosignature import WitnessKeys
from ledger.log.disclosure import BoxKey
from ledger.log.events import Entry
from ledger.log.tiles import ENTRIES, TILE_WIDTH_HASHES, Tile, encode_bundle
from ledger.space.document import Member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bench.audited.clock import StoryClock
    from connector.identity.keys import Keys
    from ledger.log.note import Note

    Put = Callable[[str, bytes], None]  # name of a page, its bytes

# as a connector does (decision 0014)
BOXES_PER_KEY = 65_536


def did_of(where: str) -> str:
    """Return the did:web of an address without a scheme."""
    return "did:web:" + where.replace(":", "%3A").replace("/", ":")


class Party:
    """A member that writes events; `put` takes each page when it is full, and the rest at `publish`.

    `where` is its address without a scheme; that of most is a port of their own, which is their `number`.
    """

    def __init__(self, role: str, number: int, region: str, keys: Keys, where: str = "") -> None:
        self.role, self.number, self.region, self.keys = role, number, region, keys
        self._where = where or f"localhost:{number}"
        self.did, self.url = did_of(self._where), f"http://{self._where}"
        self.count = 0
        self.kinds: dict[str, int] = {}
        self.peers: list[Note] = []
        self._entries: list[bytes] = []
        self._boxes: list[dict[str, str]] = []
        self._levels: list[list[bytes]] = [[]]
        self._tree = merkle.Compact()
        self._box_key: BoxKey | None = None

    @property
    def member(self) -> Member:
        """Return the member as the space's document lists it."""
        keys, (public, possession) = self.keys, self.bls
        return Member(
            did=self.did,
            name=f"{self.role} {self.number}",
            role=self.role,
            region=self.region,
            url=self.url,
            address=keys.address,
            log_key=keys.log_public,
            delivery=keys.delivery_public,
            aggregate=public,
            possession=possession,
        )

    @property
    def bls(self) -> tuple[bytes, bytes]:
        """Return the key with which it attests, and the proof that it has it."""
        scalar = aggregate.secret(self.keys.aggregate)
        return aggregate.public(scalar), aggregate.prove(scalar)

    @property
    def origin(self) -> str:
        """Return the origin line of its log."""
        return f"{self._where}/log"

    @property
    def witness(self) -> WitnessKeys:
        """Return the keys with which it cosigns."""
        return WitnessKeys(f"{self._where}/witness", self.keys.log, self.keys.agreement)

    def write(
        self, clock: StoryClock, put: Put, kind: str, part: str, link: Sequence[str], fields: Mapping[str, Any]
    ) -> bytes:
        """Append an event, disclosed to itself and the supervisor; return its leaf hash."""
        disclosed = disclosure.conceal(fields)
        sd = disclosure.digests(disclosed)
        raw = Entry(kind, clock.tick(), self.did, part, tuple(link), sd, clock.block).encode()
        leaf = merkle.leaf_hash(raw)
        key = self._key(clock.supervisor)
        closed = key.close(disclosed, leaf)
        self._entries.append(raw)
        self._boxes.append({recipient: notes.b64(wrapped + closed) for recipient, wrapped in key.wrapped.items()})
        self._tree = self._tree.append(leaf)
        self._levels[0].append(leaf)
        self.count += 1
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if self.count % TILE_WIDTH_HASHES == 0:
            self._fill(put)
        return leaf

    def _key(self, supervisor: bytes) -> BoxKey:
        if self._box_key is None or self._box_key.closed >= BOXES_PER_KEY:
            self._box_key = BoxKey([self.keys.delivery_public, supervisor])
        return self._box_key

    def _fill(self, put: Put) -> None:
        """Put the pages that just became full, and hand their root to the level above."""
        last = self.count // TILE_WIDTH_HASHES - 1
        self._put_entries(put, Tile(ENTRIES, last))
        self._entries, self._boxes = [], []
        level, count = 0, self.count
        while count % TILE_WIDTH_HASHES == 0:
            tile, hashes = Tile(level, count // TILE_WIDTH_HASHES - 1), self._levels[level]
            self._put(put, tile.path, b"".join(hashes))
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(merkle.perfect(hashes))
            self._levels[level] = []
            level, count = level + 1, count // TILE_WIDTH_HASHES

    def _put_entries(self, put: Put, tile: Tile) -> None:
        first = tile.index * TILE_WIDTH_HASHES
        self._put(put, tile.path, encode_bundle(self._entries))
        self._put(put, f"addenda/{first}-{tile.width}", orjson.dumps(self._boxes))

    def head(self, witnesses: Iterable[Party], seconds: int) -> Note:
        """Return the newest head, signed by its owner and cosigned by its witnesses."""
        note = checkpoints.sign(Checkpoint(self.origin, self.count, self._tree.root()), self.keys.log)
        return note.sign_with(*(cosignature.cosign(note.text, one.witness, seconds) for one in witnesses))

    def publish(self, put: Put, head: Note) -> None:
        """Put what grows: partial pages, the newest head, the heads of others."""
        if self._entries:
            self._put_entries(put, Tile(ENTRIES, self.count // TILE_WIDTH_HASHES, len(self._entries)))
        size = self.count
        for level, hashes in enumerate(self._levels):
            if hashes:
                self._put(put, Tile(level, size // TILE_WIDTH_HASHES, len(hashes)).path, b"".join(hashes))
            size //= TILE_WIDTH_HASHES
        self._put(put, "checkpoint", head.encode().encode())
        self._put(put, "peers", canonical([{"note": note.encode()} for note in self.peers]))

    def _put(self, put: Put, path: str, body: bytes) -> None:
        put(f"page/{self.url}/log/{path}", body)
