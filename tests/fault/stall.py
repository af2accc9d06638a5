"""A provider with one edition for sale and a buyer by hand: real HTTP, real store, real chain, and a clock to turn.

The provider hosts its own chain, so a voucher can be shown to both judges: to `release.on_voucher` over HTTP, and to
the channels program. The buyer is this test, with its own key; honest until a test changes something.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from aiohttp import ClientSession, web

from connector.api.server import build
from connector.app.app import Connector
from connector.channel import wire
from connector.channel.messages import KeyRequest, OfferMessage, ReleaseMessage, VoucherMessage
from connector.custody import edition as editions
from connector.custody import tickets
from connector.custody.seal import Brief, seal
from connector.custody.sources import source_of
from connector.demo.processes import free_ports
from connector.licence.books import transfer_id
from connector.operation.initialise import initialise
from connector.runtime import settings as settings_file
from connector.runtime.clock import SetClock
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.protocol import TransferRow
from contracts import agreement as agreements
from contracts import signature
from contracts.split import Split
from contracts.tariff import amount
from contracts.typed_data import Order, Range, Voucher, digest
from contracts.typed_json import to_json
from ledger.chain import acts
from ledger.chain.errors import ChainRefused
from tests.channel.rig import KEPT

BUYER, HEADER = "BUYER", "static-for-the-buyer"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PIECE, ROWS = 64 * 1024, 24
DAY = 86_400
DEPOSIT = 200_000
FREEZE_SECONDS = 5 * DAY
GAS = 500_000
TABLES = ("channels", "windows", "paid_rows", "uses", "bundles")


def key_of(name):
    return hashlib.sha256(b"key of " + name.encode()).digest()


@dataclass
class Paid:
    """A window that was released: its offer, its voucher with signature, its preimage."""

    offer: object
    voucher: Voucher
    signature: bytes
    preimage: bytes


class Stall:
    """The provider, and the buyer's half of the window protocol spoken by hand."""

    def __init__(self, connector, sealed, clock, session, who="buyer", **terms):
        self.connector, self.clock, self.session = connector, clock, session
        self.sealed, self.edition, self.table = sealed, sealed.edition_id, sealed.table
        self.programs, self.deployment = connector.programs, connector.programs.deployment
        self.who, self._terms = who, terms
        self.key, self.address = key_of(who), signature.address(key_of(who))
        self.reader = os.urandom(32)
        self.state, self.bought = {}, frozenset()

    # ---- the agreement

    async def agree(self):
        """Write an agreement that both signed, and a transfer that runs under it."""
        own = self.connector.identity.keys.address
        self.terms = replace(
            KEPT,
            edition_id=self.edition,
            policy={"permission": [{"action": "use"}]},
            token=self.deployment.addresses["token"],
            split=Split(((own, 9000), (signature.address(key_of("exchange")), 1000))),
            arbitrator=signature.address(key_of("arbitrator")),
            not_after=START + timedelta(days=300),
            **{"max_exposure": 50_000, **self._terms},
        )
        value = agreements.build(self.terms, provider=own, buyer=self.address, price_cap=10**9)
        domain = self.deployment.domain("licences")
        self.agreement, now = digest(domain, value), self.clock.now()
        signed = self.connector.identity.sign(self.agreement), signature.sign(self.agreement, self.key)
        self.pids = f"urn:uuid:ours-{self.who}", f"urn:uuid:theirs-{self.who}"
        self.transfer = transfer_id(*self.pids)
        of, ends = {"role": "provider", "peer": BUYER}, self.terms.not_after
        row = {
            "digest": self.agreement.hex(), **of, "product": self.terms.product, "edition": self.edition.hex(),
            "terms": self.terms.json(), "agreement": to_json(value), "provider_signature": signed[0],
            "buyer_signature": signed[1], "state": "performing", "not_after": ends, "created": now,
        }  # fmt: skip
        transfer = {
            "id": self.pids[0], "peer_pid": self.pids[1], **of, "callback": "http://localhost:1/dsp",
            "agreement": self.agreement.hex(), "format": "sealed", "state": "STARTED", "pending": "",
            "turn": "consumer", "deadline": ends, "entered": {}, "reason": "", "created": now, "updated": now,
        }  # fmt: skip

        def act(tx):
            tx.insert("agreements", **row)
            tx.insert("transfers", **transfer)

        await self.connector.store.write(act)

    # ---- the chain

    async def do(self, act, who=None):
        key = self.connector.identity.keys.agreement if who == "provider" else key_of(who or self.who)
        return await self.programs.perform(act, key)

    async def open(self, deposit=DEPOSIT, days=30, **changes):
        """Open and fund a channel on the chain; the provider meets it at the first message."""
        await self.do(acts.mint(self.deployment, self.address, deposit), "provider")
        await self.do(acts.approve(self.deployment, deposit))
        fields = {
            "signer": self.address,
            "split": self.terms.split,
            "token": self.terms.token,
            "arbitrator": self.terms.arbitrator,
            "freeze_seconds": FREEZE_SECONDS,
            "salt": secrets.token_bytes(32),
            "expiry": int((self.clock.now() + timedelta(days=days)).timestamp()),
        }
        opening = acts.Opening(**(fields | changes))
        await self.do(acts.open_channel(self.deployment, opening, deposit))
        channel = acts.channel_id(self.deployment, self.address, opening)
        self.state[channel] = (channel, 0)
        return channel

    async def program_says(self, voucher, signed, preimage):
        """Show a voucher to the program; return its reason to refuse, None if it would pay."""
        act = acts.claim(self.deployment, voucher, signed, preimage)
        nonce = await self.connector.chain.nonce(signature.address(key_of("anyone")))
        try:
            await self.connector.chain.sign_transaction(act, nonce=nonce, key=key_of("anyone"))
        except ChainRefused as refusal:
            return refusal.reason.removeprefix("execution reverted").removeprefix(": ")
        return None

    async def later(self, seconds):
        self.clock.move(seconds)
        await self.connector.hosted.chain.tick()
        await self.connector.watch.look()

    # ---- the window protocol, by hand

    def domain(self):
        return self.deployment.domain("channels")

    async def post(self, channel, what, body):
        """Return (status, JSON) of one message."""
        url = f"{self.connector.url}/channel/{channel.hex()}/{what}"
        async with self.session.post(url, json=body, headers={"Authorization": HEADER}) as answer:
            return answer.status, json.loads(await answer.read())

    def price(self, rows):
        return amount(self.terms.tariff, sum(self.table.plain_bytes(row, 1) for row in rows))

    def request(self, channel, first):
        """Return message 1 for one more row."""
        cost = self.price(self.bought | {first}) - self.price(self.bought)
        order = Order(self.agreement, self.transfer, self.edition, 0, (Range(first, 1),), cost, self.reader)
        prev, seq = self.state[channel]
        return KeyRequest((order,), ({"purpose": "research"},), prev, seq)

    async def offer(self, channel, first):
        status, body = await self.post(channel, "request", wire.encode(self.request(channel, first)))
        assert status == 200, body
        body.pop(wire.CHECKPOINT)
        return wire.decode(OfferMessage, body).offer

    def voucher(self, offer, **changes):
        good = Voucher(
            offer.channel_id, offer.seq, offer.cumulative_amount, offer.account_hash, offer.lock, offer.valid_until
        )
        return replace(good, **changes)

    def sign(self, value, who=None, domain=None):
        key = self.connector.identity.keys.agreement if who == "provider" else key_of(who or self.who)
        return signature.sign(digest(domain or self.domain(), value), key)

    async def send(self, channel, voucher, signed, what="voucher"):
        return await self.post(channel, what, wire.encode(VoucherMessage(voucher, signed)))

    async def buy(self, channel, first):
        """Pay for one row, honestly."""
        offer = await self.offer(channel, first)
        voucher = self.voucher(offer)
        signed = self.sign(voucher)
        status, body = await self.send(channel, voucher, signed)
        assert status == 200, body
        body.pop(wire.CHECKPOINT)
        self.state[channel] = (offer.account_hash, offer.seq)
        self.bought |= {first}
        return Paid(offer, voucher, signed, wire.decode(ReleaseMessage, body).preimage)

    # ---- sealed bytes

    async def draw(self, first, count):
        """Ask for the sealed bytes of rows with the transfer's ticket; return (status, body)."""
        find = partial(self._found, transfer=self.pids[0], agreement=self.agreement.hex())
        ticket = self.connector.data_addresses.ticket(*await self.connector.store.read(find))
        url = f"{self.connector.url}/sealed/{self.edition.hex()}/pieces?first={first}&count={count}"
        async with self.session.get(url, headers={"Authorization": tickets.SCHEME + ticket}) as answer:
            return answer.status, await answer.read()

    @staticmethod
    def _found(tx, transfer, agreement):
        return tx.get(TransferRow, id=transfer), tx.get(AgreementRow, digest=agreement)

    async def preimage(self, offer):
        """What only the provider knows before the release: an attacker here knows even that."""
        key = {"channel": offer.channel_id.hex(), "seq": offer.seq}
        return (await self.connector.store.read(lambda tx: tx.get("windows", **key)))["secret"]

    async def kept(self):
        """Everything that the provider's store knows of money and windows."""
        return await self.connector.store.read(lambda tx: {table: tx.find(table) for table in TABLES})


@asynccontextmanager
async def stall(folder, rows=ROWS, **terms):
    """Serve a fresh stall with an agreement, in which `terms` are others than usual, and no channel yet."""
    port = free_ports(1)[0]
    initialise(folder, name="Stall", roles=("provider",), region="US-NY", port=port, exchange=None, development=True)
    static = {"PENSTOCK_DEVELOPMENT_STATIC_TOKEN": HEADER, "PENSTOCK_DEVELOPMENT_STATIC_PEER": BUYER}
    clock = SetClock(START)
    connector = await Connector.start(folder, settings_file.load(folder, static), clock)
    runner = web.AppRunner(build(connector.parts), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        sealed = await asyncio.to_thread(_sealed, connector, folder / "source.bin", rows)
        await connector.store.write(lambda tx: editions.record(tx, sealed, product=KEPT.product, now=clock.now()))
        async with ClientSession() as session:
            made = Stall(connector, sealed, clock, session, **terms)
            await made.agree()
            yield made
    finally:
        await runner.cleanup()
        await connector.close()


def _sealed(connector, source, rows):
    source.write_bytes(os.urandom(PIECE * (rows - 1)))  # the index is a row, too
    brief = Brief(series=os.urandom(32), number=1, key_holder=connector.did, piece_bytes=PIECE)
    run = connector.secrets.draw_run()
    return seal(source_of([source]), run, connector.blobs, brief, sealed_at=connector.clock.now())
