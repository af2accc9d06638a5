"""One party of the small space: its keys, its log as it writes it, and the hand that forges."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contracts import signature
from ledger.log import checkpoint as checkpoints
from ledger.log import cosignature, disclosure, merkle, mirror
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint
from ledger.log.cosignature import WitnessKeys
from ledger.log.disclosure import Disclosure
from ledger.log.events import Block, Entry

if TYPE_CHECKING:
    from datetime import datetime

WITNESSED_BY = {
    "provider": ("exchange", "regulator"),
    "buyer": ("exchange", "regulator"),
    "exchange": ("regulator", "buyer"),
    "regulator": ("exchange", "buyer"),
}
SUPERVISOR = X25519PrivateKey.from_private_bytes(b"\x77" * 32)


@dataclass
class Record:
    """One log entry before it is one: an insider may change it and sign again."""

    kind: str
    part: str
    link: tuple[str, ...]
    fields: dict[str, Any]
    time: datetime
    block: Block | None = None


@dataclass
class Diary:
    """A party with all its keys and what it wrote."""

    name: str
    number: int
    records: list[Record] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    lies: dict[int, dict[str, Any]] = field(default_factory=dict)
    cosigned_by: tuple[str, ...] | None = None
    peers: list[str] = field(default_factory=list)
    forks: list[Any] = field(default_factory=list)
    cosigned: dict[str, str] = field(default_factory=dict)
    _sealed: list[Any] = field(default_factory=list)
    _boxed: dict[bytes, str] = field(default_factory=dict)

    @property
    def did(self):
        return f"did:web:localhost%3A{self.number}"

    @property
    def url(self):
        return f"http://localhost:{self.number}"

    @property
    def origin(self):
        return f"localhost:{self.number}/log"

    @property
    def key(self):
        return Ed25519PrivateKey.from_private_bytes(self.number.to_bytes(32))

    @property
    def account(self):
        return signature.address(self.secret)

    @property
    def secret(self):
        return self.number.to_bytes(32)

    @property
    def witness(self):
        return WitnessKeys(f"localhost:{self.number}/witness", self.key, self.secret)

    def entries(self):
        """Seal every record once; an unchanged record keeps its salts, so an honest prefix keeps its root."""
        for at, record in enumerate(self.records):
            if at < len(self._sealed) and self._sealed[at][0] is record:
                continue
            disclosed = disclosure.conceal(record.fields)
            entry = Entry(
                record.kind,
                record.time,
                self.did,
                record.part,
                record.link,
                disclosure.digests(disclosed),
                record.block,
            ).encode()
            known = next((one for one in self._sealed if one[0] is record), (record, entry, disclosed))
            self._sealed.insert(at, known)
        del self._sealed[len(self.records) :]
        return self._sealed

    def leaf(self, at):
        return merkle.leaf_hash(self.entries()[at][1])

    def note(self, size, space):
        log = mirror.build(one[1] for one in self.entries()[:size])
        note = checkpoints.sign(Checkpoint(self.origin, size, log.root()), self.key)
        names = WITNESSED_BY[self.name] if self.cosigned_by is None else self.cosigned_by
        return note.sign_with(*(cosignature.cosign(note.text, space[name].witness, 1_800_000_000) for name in names))

    def see(self, notes_of, space):
        """Hold the notes of all others (by name), and have cosigned those of whom it witnesses."""
        shown = {name: note.encode() for name, note in notes_of.items() if name != self.name}
        self.peers = list(shown.values())
        self.cosigned = {space[name].origin: shown[name] for name in shown if self.name in WITNESSED_BY[name]}

    def files(self, space):
        sealed = self.entries()
        log = mirror.build(one[1] for one in sealed)
        found = dict(mirror.files(log, log.size, self.note(log.size, space)))
        for first in range(0, log.size, 256):
            rows = [self._boxes(at) for at in range(first, min(first + 256, log.size))]
            found[f"addenda/{first}-{len(rows)}"] = json.dumps(rows).encode()
        found["peers"] = json.dumps(
            [*({"note": note} for note in self.peers), *({"fork": one} for one in self.forks)]
        ).encode()
        for origin, note in self.cosigned.items():
            found[f"cosigned/{origin}"] = note.encode()
        return {f"{self.url}/log/{path}": body for path, body in found.items()}

    def _boxes(self, at):
        if at in self.hidden:
            return {}
        _, entry, disclosed = self.entries()[at]
        if at in self.lies:
            told = [Disclosure(*json.loads(text)) for text in disclosed]
            disclosed = [one._replace(value=self.lies[at].get(one.name, one.value)).text() for one in told]
        public, leaf = SUPERVISOR.public_key().public_bytes_raw(), merkle.leaf_hash(entry)
        if at in self.lies or leaf not in self._boxed:
            self._boxed[leaf] = notes.b64(disclosure.seal(disclosed, public, leaf))
        box = self._boxed[leaf] if at not in self.lies else self._boxed.pop(leaf)
        return {disclosure.recipient_id(public): box}

    def find(self, kind, seq=None):
        """Return the index of the first record of a kind (and seq)."""
        return next(
            at for at, one in enumerate(self.records) if one.kind == kind and (seq is None or one.link[-1] == str(seq))
        )

    def alter(self, at, **fields):
        """Write a record anew with other fields: what an insider does who also holds the log key."""
        record = self.records[at]
        self.records[at] = replace(record, fields={**record.fields, **fields})
        self._sealed[at : at + 1] = []
