"""One side of the window protocol as a process of its own on a real store, small enough to die a thousand times.

`buy` is the buyer's story (fetch, request, sign, take, acknowledge, open), `respond` the provider's (answer, release,
claim). A story that was cut off anywhere is called again from its beginning: what is durable says where it goes on.
The other side lives in the process of the test. A failed disk ends the process with exit code 74, as `penstock serve`
does it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
from dataclasses import replace

from connector.channel import claims, receive, resume, wire
from connector.channel.errors import ChannelFault
from connector.channel.messages import KeyRequest, OfferMessage, RefusalMessage, ReleaseMessage, Resume, VoucherMessage
from connector.runtime import files
from connector.runtime.data_folder import DATABASE
from connector.store.errors import StoreError
from connector.store.store import Store
from connector.store.tables import TABLES
from tests.channel.rig import BUYER_DID, CHANNEL_ID, KEPT, PIECE, START, Database, Pair
from tests.row_key import row_key

DISK = 74
ROWS, DEPOSIT = 12, 5000
TERMS = replace(KEPT, max_exposure=140)
REPLICA, OPENED = "replica.sealed", "opened"
BATCH = 4  # pieces fetched and synced together


class Disk:
    """A store on the disk with the face of the rig's database; acts come from the story's thread."""

    def __init__(self, store):
        self._store = store

    def act(self, work):
        return self._store.submit(work).result()

    def together(self, works):
        """Do several acts, in one commit as a rule."""
        return [waiting.result() for waiting in [self._store.submit(work) for work in works]]


class Keyring:
    """Keys that are durable with the act that takes them, in the table where replicas have theirs."""

    def __init__(self, readers):
        self._readers = readers

    def reader(self, tx, reader_key):
        return self._readers.get(reader_key)

    def keep(self, tx, agreement, secrets):
        for row, secret in secrets.items():
            tx.put("row_secrets", replica="of the story", row=row, wrapped=secret)


def pair_on(role, database, *, fresh):
    """Both sides as the rig makes them, with `database` as that of `role`."""
    pair = Pair(TERMS, rows=ROWS, deposit=DEPOSIT)
    pair.holder = replace(pair.holder, random=os.urandom)
    if role == "payer":
        pair.buyer = replace(pair.buyer, keyring=Keyring(pair.keyring.readers))
        pair.payer_db, pair.payee_db = database, Database()
    else:
        pair.payer_db, pair.payee_db = Database(), database
    if fresh:
        pair.open_channel(CHANNEL_ID, DEPOSIT)
    return pair


def piece(number):
    """The bytes that stand for a sealed piece."""
    return hashlib.sha256(number.to_bytes(8, "big")).digest() * (PIECE // 32)


# ---- the provider


def respond(pair, what, body):
    """Answer one message; a refusal is an answer, too."""
    try:
        return _ANSWERS[what](pair, body)
    except ChannelFault as refusal:
        return {"code": refusal.code}


def _told(message):
    return {} if message is None else wire.encode(message)


def _claimable(pair, _body):
    found = pair.payee_db.act(lambda tx: claims.newest(tx, pair.holder, CHANNEL_ID, pair.now))
    return None if found is None else (found.voucher, found.signature, found.preimage)


def _level(pair, body):
    told = wire.decode(Resume, body)
    act = (BUYER_DID, CHANNEL_ID, told, pair.now)
    return wire.encode(pair.payee_db.act(lambda tx: resume.on_resume_payee(tx, pair.holder, *act)))


_ANSWERS = {
    "request": lambda pair, body: _told(pair.request(wire.decode(KeyRequest, body))),
    "voucher": lambda pair, body: _told(pair.pay(wire.decode(VoucherMessage, body))),
    "acknowledge": lambda pair, body: _told(pair.close(wire.decode(VoucherMessage, body))),
    "resume": _level,
    "pieces": lambda _pair, body: b"".join(map(piece, range(body["first"], body["first"] + body["count"]))),
    "claim": _claimable,
    "books": lambda pair, _body: (pair.paid("payee"), pair.account("payee").cumulative),
}


# ---- the buyer


def buy(pair, ask, folder=None):
    """Bring everything here and pay for it, wherever an earlier attempt was cut off; `ask(what, body)` is answered."""
    if folder is not None:
        fetch(folder, ask)
    pair.payer_db.act(lambda tx: receive.lapse(tx, pair.buyer, CHANNEL_ID))
    if (waiting := pair.waiting()) is not None:
        take(pair, ask("voucher", wire.encode(waiting)))
    level(pair, ask)
    while (request := pair.plan()) is not None:
        offer = wire.decode(OfferMessage, ask("request", wire.encode(request)))
        take(pair, ask("voucher", wire.encode(pair.sign(request, offer))))
    ask("acknowledge", wire.encode(pair.acknowledge()))
    if folder is not None:
        open_all(folder, pair)


def take(pair, body):
    message = wire.decode_one(body, ReleaseMessage, RefusalMessage)
    if isinstance(message, RefusalMessage):
        pair.refuse(message)
    else:
        pair.take(message)


def level(pair, ask):
    told = pair.payer_db.act(lambda tx: resume.show(tx, CHANNEL_ID, "payer"))
    while told is not None:
        theirs = wire.decode(Resume, ask("resume", wire.encode(told)))
        act = (CHANNEL_ID, theirs, pair.now)
        told = pair.payer_db.act(lambda tx, act=act: resume.on_resume_payer(tx, pair.buyer, *act))


def fetch(folder, ask):
    """Write the pieces, each batch synced before anything counts on it; the disk is the truth after a crash."""
    part = files.Part(folder / REPLICA, ROWS * PIECE)
    try:
        for first in range(0, ROWS, BATCH):
            count = min(BATCH, ROWS - first)
            if os.pread(part.handle, count * PIECE, first * PIECE) != b"".join(map(piece, range(first, first + count))):
                part.write(ask("pieces", {"first": first, "count": count}), first * PIECE)
                part.sync()
    finally:
        part.close()


def secrets_of(pair):
    return pair.payer_db.act(lambda tx: {row["row"]: row["wrapped"] for row in tx.find("row_secrets")})


def open_all(folder, pair):
    """What is opened is written whole or not at all."""
    held = secrets_of(pair)
    files.write_atomic(folder / OPENED, b"".join(held[row] for row in range(ROWS)))


# ---- a process


def run(role, folder, connection, *, fresh=False):
    """Be one side on the store in `folder`; waits for a word before its first step, and ends with an exit code."""
    connection.recv()
    os._exit(asyncio.run(_live(role, folder, connection, fresh=fresh)))


async def _live(role, folder, connection, *, fresh):
    try:
        store = await Store.open(folder / DATABASE, TABLES, row_key())
        store.on_failure(lambda: os._exit(DISK))  # nothing goes on after a disk that failed
        await asyncio.to_thread(_tell, role, folder, connection, Disk(store), fresh=fresh)
        await store.close()
    except (StoreError, OSError, sqlite3.Error):
        return DISK
    return 0


def _tell(role, folder, connection, disk, *, fresh):
    if role == "log writer":
        from tests.fault import log_writer

        log_writer.write(disk, connection, fresh=fresh)
        return
    pair = pair_on(role, disk, fresh=fresh)
    pair.now = START
    if role == "payer":

        def ask(what, body):
            connection.send((what, body))
            return connection.recv()

        buy(pair, ask, folder)
        connection.send(("done", None))
    else:
        while (message := connection.recv()) is not None:
            connection.send(respond(pair, *message))
