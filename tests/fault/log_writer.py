"""A process that writes a log: batches of acts, each with an event, acknowledged to its peer when they are durable.

The log begins with 250 entries, so the batches complete a tile; the last words of a process are its closing, with the
checkpoint of SQLite's own log. What it told: (leaf hash by index) and the signed head, after each batch.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.runtime.data_folder import DATABASE
from connector.store.evidence import Evidence
from connector.store.kept_log import KeptLog
from connector.store.offline import looking
from connector.store.shelf import TxShelf
from connector.store.tables import TABLES
from ledger.log import checkpoint as checkpoints
from ledger.log import fsck
from ledger.log import note as notes
from ledger.log import policy as log_policy
from ledger.log.policy import LogPolicy
from ledger.log.tree import Log
from ledger.log.wrapping import HybridKey
from tests.fault.injection import Died, Role

NAME = "log writer"
ORIGIN = "localhost:7001/log"
KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
DELIVERY = X25519PrivateKey.from_private_bytes(b"\x05" * 32)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEGUN, BATCHES, ACTS = 250, 5, 3  # entries at the beginning; batches; acts of one batch
WHOLE = BEGUN + BATCHES * ACTS


def evidence():
    recipients = {"owner": DELIVERY.public_key().public_bytes_raw()}
    return Evidence("did:web:localhost%3A7001", ORIGIN, KEY, recipients)


# ---- in the process


def write(disk, connection, *, fresh):
    """Append batches until the log is whole, wherever an earlier process was cut off."""
    log = evidence()

    def act(tx):
        fields = {"from": "a", "to": "b", "by": "us", "reason": "", "digest": "00" * 32}
        index = log.record(tx, "negotiation.moved", part="n", fields=fields, now=NOW)
        return index, log.leaf(tx, index)

    if fresh:
        disk.act(lambda tx: [act(tx) for _ in range(BEGUN)])
    while not fresh and disk.act(log.size) < WHOLE:
        told = dict(disk.together([act] * ACTS))
        connection.send((told, disk.act(log.checkpoint)))
        connection.recv()
    connection.send(None)


# ---- in the test


class Writer:
    """What the writers of one log have told."""

    def __init__(self, folder):
        self._folder = folder
        self.leaves, self.heads = {}, []

    def live(self, **how):
        """Let a writer live; return the exit code of a death, None when it ended well."""
        role = Role(NAME, self._folder, **how)
        try:
            while (told := role.recv()) is not None:
                self.leaves |= told[0]
                self.heads.append(told[1])
                role.send("go on")
            return role.end() or None
        except Died as death:
            return death.code

    async def check(self):
        """INVARIANT nothing acknowledged is lost, no tile is torn, and every head ever told is one of this log."""
        policy = LogPolicy((evidence().vkey,), {}, {}, log_policy.NONE)
        with looking(self._folder / DATABASE, TABLES, snapshot=False) as tx:
            kept = KeptLog(tx, (HybridKey(bytes(32)), DELIVERY))
            report = await fsck.check(kept.fetch, policy, kept)
            assert not report.flaws
            shelf = TxShelf(tx)
            assert all(shelf.hashes(0, index, 1)[0] == leaf for index, leaf in self.leaves.items())
            for head in map(partial(checkpoints.verify, key=evidence().vkey), map(notes.parse, self.heads)):
                assert Log(shelf).root(head.size) == head.root
            return report.size


def fresh(folder):
    """Make the log with which every attempt begins."""
    folder.mkdir()
    assert Writer(folder).live(fresh=True) is None
    return folder
