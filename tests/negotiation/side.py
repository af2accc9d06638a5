"""One side of negotiations and transfers in memory: acts are called one by one, and what they leave is looked at."""

import hashlib
from dataclasses import replace

from connector.negotiation.doors import Doors, Participant, Peer
from connector.negotiation.negotiation import Negotiations
from connector.negotiation.outbox import DELIVERED, Outbox
from connector.negotiation.outcome import Outcome
from connector.negotiation.process import PATIENCE
from connector.negotiation.protocol import data_address, messages, states
from connector.negotiation.reactions import DEFAULT
from connector.negotiation.transfer import Transfers
from connector.store.rows.protocol import OutboxRow
from connector.store.tables import TABLES
from contracts.signature import address, sign
from tests.money.disk import Disk
from tests.negotiation.cells import OURS, TABLES_OF, THEIRS, said, stored
from tests.negotiation.world import DOMAIN, START

BASE = "http://us/dsp"
PEER_KEY = hashlib.sha256(b"peer").digest()
OUR_KEY = hashlib.sha256(b"us").digest()
PEER = Peer("did:web:peer", address(PEER_KEY))
STRANGER = Peer("did:web:stranger", b"\x06" * 20)
ME = Participant("did:web:us", BASE, lambda: address(OUR_KEY), lambda digest: sign(digest, OUR_KEY), DOMAIN)
EVERYTHING = ("negotiations", "transfers", "agreements", "outbox", "received", "offers_made")


def message(name, role=states.PROVIDER, process=states.NEGOTIATION, **changes):
    """A message of the peer to a process in which we are `role`."""
    return said(process, name, OURS, THEIRS, role) | changes


class Tables(Disk):
    """All tables of a participant, in memory."""

    tables = TABLES


class Alarm:
    """Notes what the sleeper is told, after the commit."""

    def __init__(self):
        self.noticed = []

    def notice(self, when=None):
        self.noticed.append(when)


class Side:
    """Our own acts on tables in memory; nothing is delivered, `sent` is what waits for it.

    `recorded` are the events of the log, `told` what the doors were called with.
    """

    def __init__(self, reactions=DEFAULT, rules=(), patience=PATIENCE, **doors):
        self.tables, self.alarm, self.now = Tables(), Alarm(), START
        self.recorded, self.told = [], []
        self.outbox = Outbox(None, None, lambda: self.now, None, None, None)
        self.doors = Doors(
            now=lambda: self.now,
            deliver=None,
            ask=None,
            enqueue_licence=lambda tx, row: self.told.append(("licence", row.digest)),
            data_address=lambda tx, transfer, agreement: data_address.write("http://data", {"a": agreement.digest}),
            refuse_url=lambda url: None if url.startswith("http://") else "it is not http",
            moved=lambda tx, process, row: self.told.append(("moved", process, row.id, row.state)),
            halted=lambda tx, row: self.told.append(("halted", row.id)),
            ended=lambda tx, digest: self.told.append(("ended", digest)),
        )
        self.doors = replace(self.doors, **doors)
        shared = (ME, self.doors, self, self.outbox, self.alarm, reactions, rules, patience)
        self.negotiations, self.transfers = Negotiations(*shared), Transfers(*shared)

    def record(self, tx, kind, *, part, link=(), fields, now):
        self.recorded.append((kind, part, tuple(link), dict(fields), now))
        return len(self.recorded)

    def of(self, process):
        return self.negotiations if process == states.NEGOTIATION else self.transfers

    def do(self, work):
        return self.tables.act(work)

    def rows(self, table):
        return self.do(lambda tx: tx.find(table))

    def row(self, table="negotiations", key=OURS):
        return self.do(lambda tx: tx.get(table, id=key))

    def everything(self):
        return {table: self.rows(table) for table in EVERYTHING}, list(self.recorded), list(self.told)

    @property
    def sent(self):
        """The one message that is under way."""
        (row,) = self.rows("outbox")
        return row

    def place(self, process, state, role, **columns):
        """Put a process that has come to `state`; return its row."""
        row = stored(process, state, role, PEER, START) | columns
        self.do(lambda tx: tx.insert(TABLES_OF[process], **row))
        return self.row(TABLES_OF[process], row["id"])

    def enqueue(self, process, kind):
        """Put a message of ours under way."""
        body = messages.document("x", **{"@id": "urn:sent"})
        about = {"peer": PEER.did, "url": "http://x", "body": body, "process": process, "subject": OURS, "kind": kind}
        self.do(lambda tx: self.outbox.enqueue(tx, **about, now=START, deadline=START))

    def under_way(self, process, state, role, pending, kind, **columns):
        """Put a process with a message of ours under way; return this side."""
        self.place(process, state, role, pending=pending, **columns)
        self.enqueue(process, kind)
        return self

    def agreement(self, **columns):
        """Put an agreement that both have signed; return its row."""
        row = {"digest": "ab" * 32, "role": states.PROVIDER, "negotiation": OURS, "peer": PEER.did, "state": "signed"}
        row |= {"terms": {"tier": "kept"}, "odrl": {"@id": "urn:penstock:agreement:" + "ab" * 32}, "created": START}
        row |= {"not_after": None} | columns
        self.do(lambda tx: tx.insert("agreements", **row))
        return row

    def receive(self, process, body, pid=OURS, peer=PEER):
        return self.do(lambda tx: self.of(process).receive(tx, body, peer, pid, self.now))

    def settled(self, process, reply, kind=DELIVERED, reason="", **heard):
        """Let the message under way come to its end, as the outbox does."""
        sent = self.sent

        def conclude(tx):
            row = tx.get(OutboxRow, id=sent["id"])
            tx.delete(OutboxRow, id=row.id)
            return self.of(process).settled(tx, row, Outcome(kind, reply, reason, **heard), self.now)

        return self.do(conclude)
