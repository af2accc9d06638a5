"""A participant's own log for tests: its keys, an event to record, and heads of other histories under the same name."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.store import peer_heads
from connector.store.evidence import Evidence
from connector.store.rows.evidence import PeerHeadRow
from ledger.log import checkpoint as checkpoints
from ledger.log import note as notes

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OWNER, SUPERVISOR = (X25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (5, 6))
RECIPIENTS = {"owner": OWNER.public_key().public_bytes_raw(), "supervisor": SUPERVISOR.public_key().public_bytes_raw()}
PARTY, ORIGIN = "did:web:localhost%3A7001", "localhost:7001/log"
PEER = "did:web:localhost%3A7002"


def key_of(seed=1):
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def evidence_of(origin=ORIGIN, seed=1):
    return Evidence(PARTY, origin, key_of(seed), RECIPIENTS)


def move(evidence, tx, number, now=NOW):
    fields = {"from": "a", "to": "b", "by": "us", "reason": "", "digest": "00" * 32}
    return evidence.record(tx, "negotiation.moved", part=f"n{number}", fields=fields, now=now)


async def grow(store, evidence, count):
    await store.write(lambda tx: [move(evidence, tx, n) for n in range(count)])


@contextmanager
def meddling(store):
    """Write to the tables past the program; on a server one's own commits are counted, by this one, too."""
    if not isinstance(store.path, str):
        with closing(sqlite3.connect(store.path, isolation_level=None)) as stranger:
            yield stranger.execute
        return
    with psycopg.connect(store.path, autocommit=True) as stranger:

        def execute(sql):
            stranger.execute(sql)
            stranger.execute("UPDATE store_mark SET number = number + 1")

        yield execute


def signed(log, size, *, origin=ORIGIN, seed=1):
    """Return a signed note of the first entries of a log."""
    return checkpoints.sign(checkpoints.Checkpoint(origin, size, log.root(size)), key_of(seed)).encode()


def riding(log, size, start, **of):
    """Return such a note as it rides on a message, proven from another size."""
    path = [notes.b64(one) for one in log.consistency(start, size)]
    return {"checkpoint": signed(log, size, **of), "from": str(start), "proof": path}


def follow(tx, evidence, piggyback):
    """Prove a head against the newest kept one, and keep it; return it, or what its proof lacks."""
    offered = peer_heads.read(evidence.vkey, piggyback)
    row = tx.get(PeerHeadRow, origin=offered.checkpoint.origin)
    kept, note = (None, "") if row is None else (peer_heads.head_of(row), row.note)
    if missing := peer_heads.compare(kept, note, offered):
        return missing
    peer_heads.keep(tx, offered, NOW)
    return offered.checkpoint
