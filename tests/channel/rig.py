"""A payer and a payee in one process: real tables, real evidence, real wire, and a chain and clock to turn by hand."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.channel import account as accounts
from connector.channel import payee, payer, plan, receive, release, wire
from connector.channel.doors import Buyer, Deal, Holder, Sight
from connector.channel.plan import Want
from connector.enforcement.counted import Counted, Held
from connector.enforcement.enforce import Enforcement
from connector.enforcement.ruling import Ruling
from connector.store import schema
from connector.store.evidence import Evidence
from connector.store.statements import Statements
from connector.store.transaction import Tx
from contracts import agreement as agreements
from contracts import signature
from contracts.canonical import load, sha
from contracts.ranges import RowSet
from contracts.split import Split
from contracts.tariff import Tariff
from contracts.terms import Terms
from contracts.typed_data import Domain, digest
from ledger.edition.row import INDEX, Head, Row, key_commitment, slot
from ledger.edition.row_table import RowTable
from tests.row_key import row_key
from tests.tables import declared

if TYPE_CHECKING:
    from connector.channel.messages import (
        Denial,
        KeyRequest,
        OfferMessage,
        RefusalMessage,
        ReleaseMessage,
        VoucherMessage,
    )


TABLES = declared("channel", "use", "evidence")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAYER_KEY, PAYEE_KEY, STRANGER_KEY = b"\x01" * 32, b"\x02" * 32, b"\x03" * 32
PAYER, PAYEE = signature.address(PAYER_KEY), signature.address(PAYEE_KEY)
EXCHANGE = b"\xe1" * 20
TOKEN = b"\xc3" * 20
REGISTRY = Domain(4242, b"\x11" * 20, b"\x22" * 32)
CHANNELS = Domain(4242, b"\x12" * 20, b"\x22" * 32)
CHANNEL_ID = b"\xc1" * 32
TRANSFER = b"\x07" * 32
BUYER_DID, PROVIDER_DID = "did:web:buyer.example", "did:web:provider.example"
DELIVERY = X25519PrivateKey.from_private_bytes(b"\x55" * 32)
DELIVERY_KEY = DELIVERY.public_key().public_bytes_raw()
PIECE, RUN = 1000, b"\x10" * 16
GROUPS = 3  # of the table's rows, in turn; only contracts for columns mind


def secret_of(row: int) -> bytes:
    return sha(["secret", row])


def make_table(rows: int, index: int = 1) -> RowTable:
    """An edition's rows with true key commitments; the last piece is a short one."""
    data = b""
    for number in range(rows):
        name = slot(RUN, number)
        size = PIECE if number < rows - 1 else PIECE // 3
        head = Head(name, size, size, number % GROUPS, INDEX if number < index else 0)
        data += Row(head, bytes(16), bytes(32), key_commitment(name, secret_of(number)), bytes(32)).encode()
    return RowTable(data)


KEPT = Terms(
    product="urn:example:flights",
    title="Flights",
    edition_id=b"\x04" * 32,
    policy={},
    tariff=Tariff("byte", 7, 100, "CNY"),
    token=TOKEN,
    split=Split(((PAYEE, 9000), (EXCHANGE, 1000))),
    max_exposure=300,
    lock_ttl=86_400,
    claim_margin=3600,
    stale_max=600,
    max_unpaid_bytes=1 << 30,
    tier="kept",
    lease_seconds=0,
    arbitrator=bytes(20),
    not_after=START + timedelta(days=300),
    salt=b"\x09" * 32,
)
LEASED = replace(
    KEPT, tier="leased", lease_seconds=900, tariff=Tariff("opening", 250, 1, "CNY"), max_exposure=250, salt=b"\x08" * 32
)


@cache
def _empty(tables):
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    schema.apply(connection, tables)
    return connection


@cache
def _statements(tables):
    return {table.name: Statements(table, row_key()) for table in tables}


class Database:
    """One side's tables in memory; an act that raises leaves no trace, and a state can be put back."""

    tables = TABLES

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        _empty(self.tables).backup(self.connection)
        self.statements = _statements(self.tables)

    def act(self, work):
        self.connection.execute("BEGIN")
        tx = Tx(self.connection, self.statements)
        try:
            result = work(tx)
        except BaseException:
            tx.end()
            self.connection.execute("ROLLBACK")
            raise
        tx.end()
        self.connection.execute("COMMIT")
        return result

    def dump(self) -> str:
        return "\n".join(self.connection.iterdump())

    def save(self) -> sqlite3.Connection:
        copy = sqlite3.connect(":memory:")
        self.connection.backup(copy)
        return copy

    def restore(self, state: sqlite3.Connection) -> None:
        state.backup(self.connection)


@dataclass
class Chain:
    block_time: datetime
    seen_at: datetime

    def sight(self, tx) -> Sight:
        return Sight(self.block_time, self.seen_at)


@dataclass
class Books:
    deals: dict[bytes, Deal] = field(default_factory=dict)
    transfers: set[bytes] = field(default_factory=lambda: {TRANSFER})

    def deal(self, tx, agreement_digest):
        return self.deals.get(agreement_digest)

    def claim_margin(self, tx, agreement_digest):
        return self.deals[agreement_digest].terms.claim_margin

    def transfer_runs(self, tx, deal, transfer_id):
        return transfer_id in self.transfers

    def used(self, tx, deal): ...


@dataclass
class Editions:
    tables: dict[bytes, RowTable]
    wrong: set[int] = field(default_factory=set)

    def table(self, tx, edition_id):
        return self.tables.get(edition_id)

    def secrets(self, tx, edition_id, rows):
        return [bytes(32) if row in self.wrong else secret_of(row) for row in rows]


@dataclass
class Judge:
    """Allows everything unless told otherwise; `held` is what each fresh decision takes from a counter.

    It is the rules of every agreement, too, and its question is the context.
    """

    outcomes: dict[str, str] = field(default_factory=dict)
    outstanding: dict[str, frozenset[str]] = field(default_factory=dict)
    held: tuple[Held, ...] = ()
    asked: list = field(default_factory=list)
    minds = False
    asks = frozenset()

    def agreed(self, terms_digest, terms, buyer):
        return self

    def counted(self, context):
        return {held.rule: Counted() for held in self.held}

    def request(self, peer, product, action, context, asks):
        return context

    def ruling(self, rules, context, *, stage, taken, now, done):
        self.asked.append((stage, dict(taken)))
        outcome = self.outcomes.get(stage, "allow")
        if outcome == "allow" and any(taken.get((h.rule, h.operand), 0) + h.amount > h.limit for h in self.held):
            outcome = "deny"
        document = {"outcome": outcome, "stage": stage, "purpose": context.get("purpose", "")}
        reasons = () if outcome == "allow" else ({"code": "no", "text": "because", "path": "", "facts": []},)
        outstanding = self.outstanding.get(stage, frozenset())
        return Ruling(outcome, document, reasons, (), (), outstanding, self.held)


@dataclass
class Duties:
    """Everything can be done, unless told otherwise; `did` has an outcome for each release."""

    promised: frozenset[str] = frozenset({"compensate"})
    impossible: dict | None = None
    fails: Exception | None = None
    did: list = field(default_factory=list)

    def refusal(self, link, ruling, now):
        return self.impossible

    def perform(self, tx, link, ruling, now):
        if self.fails:
            raise self.fails
        self.did.append(ruling.outcome)


@dataclass
class Keyring:
    readers: dict[bytes, X25519PrivateKey] = field(default_factory=lambda: {DELIVERY_KEY: DELIVERY})
    kept: dict[int, bytes] = field(default_factory=dict)

    def reader(self, tx, reader_key):
        return self.readers.get(reader_key)

    def keep(self, tx, agreement, secrets):
        self.kept.update(secrets)

    def fresh(self) -> bytes:
        private = X25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        self.readers[public] = private
        return public


def over_the_wire(message):
    """Send a message as bytes and read it back with the strict reader."""
    if message is None:
        return None
    body = load(json.dumps(wire.encode(message)).encode())
    again = wire.decode(type(message), body)
    assert wire.encode(again) == wire.encode(message)
    return again


class Pair:
    """Both sides of one channel on one agreement, and the verbs to move it."""

    database = Database

    def __init__(self, terms=KEPT, rows: int = 12, deposit: int = 5000, cap: int = 10_000, index: int = 1) -> None:
        self.now = START
        self.chain = Chain(START, START)
        self.table = make_table(rows, index)
        self.editions = Editions({terms.edition_id: self.table})
        self.judge, self.keyring, self.duties = Judge(), Keyring(), Duties()
        self.buyer_books, self.holder_books = Books(), Books()
        self.randoms = 0
        self.payer_db, self.payee_db = self.database(), self.database()
        evidence = {
            name: Evidence(name, f"{name}/log", Ed25519PrivateKey.generate(), {}) for name in ("payer", "payee")
        }
        self.buyer = Buyer(
            lambda d, _account: signature.sign(d, PAYER_KEY), CHANNELS, REGISTRY, self.buyer_books, self.editions,
            evidence["payer"], self.chain, self.keyring,
        )  # fmt: skip
        enforcement = Enforcement(self.judge, self.duties, evidence["payee"])
        self.holder = Holder(
            lambda d, _account: signature.sign(d, PAYEE_KEY), CHANNELS, REGISTRY, self.holder_books, self.editions,
            evidence["payee"], self.chain, self.editions, enforcement, self.random,
        )  # fmt: skip
        self.terms = terms
        self.deal = self.agree(terms, cap)
        self.open_channel(CHANNEL_ID, deposit)

    def random(self, size: int) -> bytes:
        self.randoms += 1
        return (sha(["t", self.randoms]) * 2)[:size]

    def agree(self, terms, cap: int = 10_000) -> bytes:
        value = agreements.build(terms, provider=PAYEE, buyer=PAYER, price_cap=cap)
        found = digest(REGISTRY, value)
        self.buyer_books.deals[found] = Deal(found, value, terms, PROVIDER_DID, live=True)
        self.holder_books.deals[found] = Deal(found, value, terms, BUYER_DID, live=True)
        return found

    def end_agreement(self) -> None:
        deal = self.holder_books.deals[self.deal]
        self.holder_books.deals[self.deal] = replace(deal, live=False)

    def open_channel(self, channel_id: bytes, deposit: int, expiry: datetime = START + timedelta(days=30)) -> None:
        for role, peer, db in (("payer", PROVIDER_DID, self.payer_db), ("payee", BUYER_DID, self.payee_db)):
            common = {
                "channel_id": channel_id, "role": role, "peer": peer, "agreement": self.deal.hex(), "payer": PAYER,
                "payee": PAYEE, "signer": PAYER, "token": TOKEN, "split": self.terms.split,
                "arbitrator": bytes(20), "salt": bytes(32), "deposit": deposit, "expiry": expiry, "now": self.now,
            }  # fmt: skip
            db.act(lambda tx, common=common: accounts.begin(tx, **common))

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.chain.block_time = self.chain.seen_at = self.now

    # ---- verbs

    def want(self, rows=None, use: int = 0, reader: bytes = DELIVERY_KEY, critical=None, purpose: str = "research"):
        rows = RowSet.of([(0, len(self.table))]) if rows is None else RowSet.rows(rows)
        return Want(self.deal, TRANSFER, use, rows, reader, {"purpose": purpose}, RowSet.rows(critical or []))

    def plan(self, want=None, channel: bytes = CHANNEL_ID) -> KeyRequest | None:
        wants = [want or self.want()]
        return over_the_wire(self.payer_db.act(lambda tx: plan.plan(tx, self.buyer, channel, wants, self.now)))

    def request(self, request, channel: bytes = CHANNEL_ID) -> OfferMessage | Denial:
        return over_the_wire(
            self.payee_db.act(lambda tx: payee.on_key_request(tx, self.holder, BUYER_DID, channel, request, self.now))
        )

    def sign(self, request, offer, channel: bytes = CHANNEL_ID) -> VoucherMessage:
        return self.payer_db.act(lambda tx: payer.on_offer(tx, self.buyer, channel, request, offer, self.now))

    def waiting(self, channel: bytes = CHANNEL_ID) -> VoucherMessage | None:
        return self.payer_db.act(lambda tx: payer.waiting(tx, channel))

    def pay(self, voucher, channel: bytes = CHANNEL_ID) -> ReleaseMessage | RefusalMessage:
        return self.payee_db.act(lambda tx: release.on_voucher(tx, self.holder, BUYER_DID, channel, voucher, self.now))

    def take(self, message, channel: bytes = CHANNEL_ID):
        return self.payer_db.act(lambda tx: receive.on_release(tx, self.buyer, channel, message, self.now))

    def refuse(self, message, channel: bytes = CHANNEL_ID):
        return self.payer_db.act(lambda tx: receive.on_refusal(tx, self.buyer, channel, message))

    def acknowledge(self, channel: bytes = CHANNEL_ID) -> VoucherMessage:
        return self.payer_db.act(lambda tx: payer.acknowledge(tx, self.buyer, channel, self.now))

    def close(self, final, channel: bytes = CHANNEL_ID):
        return self.payee_db.act(
            lambda tx: release.on_acknowledge(tx, self.holder, BUYER_DID, channel, final, self.now)
        )

    def window(self, want=None, channel: bytes = CHANNEL_ID):
        """One whole window; None when nothing is left to pay."""
        request = self.plan(want, channel)
        if request is None:
            return None
        voucher = over_the_wire(self.sign(request, self.request(request, channel), channel))
        return self.take(over_the_wire(self.pay(voucher, channel)), channel)

    def pull(self, want=None):
        """Window by window until nothing is left; returns the sizes."""
        sizes = []
        while (got := self.window(want)) is not None:
            sizes.append(len(got.keys))
        return sizes

    # ---- looking

    def db(self, role: str):
        return self.payer_db if role == "payer" else self.payee_db

    def account(self, role: str, channel: bytes = CHANNEL_ID):
        return self.db(role).act(lambda tx: accounts.load(tx, channel, role))

    def states(self, role: str, channel: bytes = CHANNEL_ID) -> list[str]:
        rows = self.db(role).act(lambda tx: tx.find("windows", "channel = ?", (channel.hex(),), order="seq"))
        return [row["state"] for row in rows]

    def paid(self, role: str):
        row = self.db(role).act(lambda tx: tx.get("paid_rows", agreement=self.deal.hex()))
        return (row["rows"], row["quantity"], row["amount"]) if row else ([], 0, 0)

    def events(self, role: str) -> list[str]:
        return [row["kind"] for row in self.db(role).act(lambda tx: tx.find("log_entries", order="idx"))]
