"""A whole small space in values: four logs written with the real log code, a chain, and a hand that forges."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from blake3 import blake3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contracts import address, signature
from contracts.agreement import build
from contracts.canonical import canonical, sha
from contracts.split import Split
from contracts.tariff import Tariff
from contracts.terms import Terms
from contracts.typed_data import Batch, Domain, Order, Range, Receipt, Voucher, digest, struct_hash
from contracts.typed_json import to_json
from ledger import checkpoint as checkpoints
from ledger import cosignature, disclosure, events, merkle, mirror, row
from ledger import note as notes
from ledger.audit.audit import run
from ledger.audit.sources import Unavailable
from ledger.checkpoint import Checkpoint, origin_id
from ledger.cosignature import WitnessKeys
from ledger.edition import Header
from ledger.events import Block, Entry
from ledger.row_table import RowTable
from ledger.sealing import seal_piece

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SALT, CHAIN_ID = b"\x22" * 32, 77
PROGRAMS = {
    name: bytes([at]) * 20 for at, name in enumerate(["editions", "licences", "channels", "anchors", "token"], 1)
}
DOMAINS = {name: Domain(CHAIN_ID, where, SALT) for name, where in PROGRAMS.items()}
WITNESSED_BY = {
    "provider": ("exchange", "regulator"),
    "buyer": ("exchange", "regulator"),
    "exchange": ("regulator", "buyer"),
    "regulator": ("exchange", "buyer"),
}
BLOCKS = {number: bytes([number]) * 32 for number in range(1, 9)}
SUPERVISOR = X25519PrivateKey.from_private_bytes(b"\x77" * 32)
PURPOSE = "https://w3id.org/penstock/purpose#Research"
POLICY = {"permission": [{"action": "use", "constraint": []}]}
COUNTED = {
    "permission": [{"action": "use", "constraint": [{"leftOperand": "count", "operator": "lteq", "rightOperand": "2"}]}]
}


@dataclass(frozen=True)
class ChainEvent:
    name: str
    fields: dict[str, Any]
    block: int
    transaction: bytes = bytes(32)


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
    _sealed: list[Any] = field(default_factory=list)

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

    def files(self, space):
        sealed = self.entries()
        log = mirror.build(one[1] for one in sealed)
        found = dict(mirror.files(log, log.size, self.note(log.size, space)))
        for first in range(0, log.size, 256):
            rows = [self._boxes(at) for at in range(first, min(first + 256, log.size))]
            found[f"addenda/{first}-{len(rows)}"] = json.dumps(rows).encode()
        found["peers"] = json.dumps([{"note": note} for note in self.peers]).encode()
        return {f"{self.url}/log/{path}": body for path, body in found.items()}

    def _boxes(self, at):
        if at in self.hidden:
            return {}
        _, entry, disclosed = self.entries()[at]
        if at in self.lies:
            disclosed = [replace(one, value=self.lies[at].get(one.name, one.value)) for one in disclosed]
        public = SUPERVISOR.public_key().public_bytes_raw()
        return {disclosure.recipient_id(public): notes.b64(disclosure.seal(disclosed, public, merkle.leaf_hash(entry)))}

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


def edition(count, seed):
    pieces = []
    for number in range(count):
        plain = blake3(bytes([seed, number])).digest() * (16 + number)
        pieces.append(
            seal_piece(bytes([seed]) * 32, b"\x02" * 16, number, plain, len(plain), bytearray(len(plain) + 16))
        )
    table = RowTable(b"".join(piece.row.encode() for piece in pieces))
    header = Header(
        bytes([seed]) * 32,
        1,
        None,
        "did:web:localhost%3A7001",
        65536,
        count,
        table.sealed_bytes,
        table.plain_bytes(),
        table.root(),
        table.digest(),
        datetime(2026, 1, 1, tzinfo=UTC),
    )
    return header, table


class World:
    """The space: an honest trade of a kept edition A in three windows and a leased edition B opened twice."""

    def __init__(self):
        self.space = {name: Diary(name, 7001 + at) for at, name in enumerate(WITNESSED_BY)}
        self.chain: list[ChainEvent] = []
        self.clock = NOW
        self.extra: dict[str, bytes] = {}
        self.overrides: dict[str, bytes] = {}
        self.attested = None
        self.unreachable: set[str] = set()
        self._trade()
        self._watch()

    def __getitem__(self, name):
        return self.space[name]

    def record(self, name, kind, part, link, **fields):
        events.check(kind, link, fields)
        self.clock += timedelta(seconds=1)
        record = Record(kind, part, tuple(link), fields, self.clock, Block(3, BLOCKS[3]))
        self.space[name].records.append(record)
        return len(self.space[name].records) - 1

    def mine(self, name, **fields):
        self.chain.append(ChainEvent(name, fields, len(self.chain) + 1))

    def _trade(self):
        self.kept = self.sign(1, Tariff("byte", 7, 1000, "CNY"), "kept", 0, POLICY)
        self.leased = self.sign(2, Tariff("opening", 250, 1, "CNY"), "leased", 900, COUNTED)
        self.channel_a, self.channel_b = (
            self.open_channel(self.kept, b"\xaa" * 32),
            self.open_channel(self.leased, b"\xbb" * 32),
        )
        for rows in (Range(0, 1), Range(1, 5), Range(6, 6)):
            self.window(self.channel_a, [(self.kept, 0, rows, b"\x0a" * 32)])
        for opening in (1, 2):
            self.opening(opening)
        for channel in (self.channel_a, self.channel_b):
            self.settle(channel)

    def sign(self, seed, tariff, tier, lease, policy):
        header, table = edition(12, seed)
        edition_id = header.edition_id()
        split = Split(((self["provider"].account, 9500), (self["exchange"].account, 500)))
        terms = Terms(
            f"urn:product:{seed}",
            f"Product {seed}",
            edition_id,
            policy,
            tariff,
            PROGRAMS["token"],
            split,
            1000,
            86_400,
            3600,
            600,
            1 << 20,
            tier,
            lease,
            bytes(20),
            datetime(2027, 1, 31, tzinfo=UTC),
            bytes([seed]) * 32,
        )
        provider, buyer = self["provider"], self["buyer"]
        agreement = build(terms, provider=provider.account, buyer=buyer.account, price_cap=1500)
        signed = digest(DOMAINS["licences"], agreement)
        self.mine("EditionRegistered", editionId=edition_id, provider=provider.account, series=header.series, number=1)
        licence = {name: value for name, value in vars_of(agreement).items() if name != "summary"}
        self.mine("LicenceGranted", agreementDigest=signed, **licence)
        fields = {
            "terms": terms.json(),
            "agreement": to_json(agreement),
            "provider": provider.did,
            "buyer": buyer.did,
            "providerSignature": signature.sign(signed, provider.secret).hex(),
            "buyerSignature": signature.sign(signed, buyer.secret).hex(),
        }
        for name in ("provider", "buyer"):
            self.record(name, "agreement.signed", signed.hex(), [signed.hex()], **fields)
        base = f"{provider.url}/sealed/{edition_id.hex()}"
        self.extra |= {f"{base}/header": canonical(header.json()), f"{base}/rows": table.data}
        return {"digest": signed, "terms": terms, "table": table, "paid": 0, "openings": 0}

    def open_channel(self, deal, channel_id):
        fields = {"channelId": channel_id, "payer": self["buyer"].account, "payee": self["provider"].account}
        self.mine("Opened", **fields, splitHash=deal["terms"].split.hash, deposit=10_000)
        return {"id": channel_id, "seq": 0, "cumulative": 0, "prev": channel_id, "claims": []}

    def window(self, channel, lines, **changes):
        """Run one window on both logs; `lines` are (deal, use, range, reader key); return its amount."""
        orders = []
        for deal, use, rows, reader in lines:
            amount = changes.get("amount", self.price(deal, use, rows))
            orders.append(Order(deal["digest"], b"\x07" * 32, deal["terms"].edition_id, use, (rows,), amount, reader))
        amount = sum(order.amount for order in orders)
        channel["seq"] += 1
        channel["cumulative"] += amount
        seq, batch = channel["seq"], Batch(channel["prev"], tuple(orders))
        account = channel["prev"] = struct_hash(batch)
        lock, until = blake3(account).digest(), 1_900_000_000
        voucher = digest(DOMAINS["channels"], Voucher(channel["id"], seq, channel["cumulative"], account, lock, until))
        rows = [
            {
                "agreement": one.agreement_digest.hex(),
                "edition": one.edition_id.hex(),
                "transfer": one.transfer_id.hex(),
                "use": one.use,
                "ranges": [[each.first, each.count] for each in one.ranges],
                "amount": str(one.amount),
                "readerKey": one.reader_key.hex(),
            }
            for one in orders
        ]
        rulings = [blake3(bytes([at]) + account).hexdigest() for at in range(len(lines))]
        decision = sha(rulings)
        part, link = channel["id"].hex(), [account.hex(), str(seq)]
        for (deal, *_), ruling in zip(lines, () if changes.get("undecided") else rulings, strict=False):
            self.decide("provider", deal, account.hex(), outcome=changes.get("outcome", "allow"), decisionDigest=ruling)
        both = {
            "rows": rows,
            "amount": str(amount),
            "cumulative": str(channel["cumulative"]),
            "voucherDigest": voucher.hex(),
        }
        offer = blake3(b"offer" + account).digest()
        at = self.record(
            "provider",
            "keys.released",
            part,
            link,
            lock=lock.hex(),
            maskedHash="00",
            decisionDigest=decision.hex(),
            plainBytes="0",
            validUntil=str(until),
            offerDigest=offer.hex(),
            releasedAt="1800000000",
            **both,
        )
        receipt = Receipt(channel["id"], seq, voucher, offer, decision, self["provider"].leaf(at), 1_800_000_000)
        self.record(
            "buyer", "keys.received", part, link, receiptDigest=digest(DOMAINS["editions"], receipt).hex(), **both
        )
        channel["last"] = account
        return amount

    def decide(self, name, deal, request, *, outcome="allow", **more):
        empty = {"rules": [], "reasons": [], "counters": {}, "requestDigest": "00", "purpose": PURPOSE}
        self.record(name, "decision.made", deal["digest"].hex(), [request], outcome=outcome, **empty, **more)

    def price(self, deal, use, rows):
        tariff = deal["terms"].tariff
        before = deal["openings"] if use == 1 else deal["paid"]
        step = 1 if use == 1 else deal["table"].plain_bytes(rows.first, rows.count)
        deal["openings" if use == 1 else "paid"] = before + step
        return -(-tariff.minor * (before + step) // tariff.per) - -(-tariff.minor * before // tariff.per)

    def opening(self, number, **changes):
        reader = bytes([number]) * 32
        self.window(self.channel_b, [(self.leased, 1, Range(0, 12), reader)], **changes)
        fields = {
            "transfer": (b"\x07" * 32).hex(),
            "opening": str(number),
            "readerKey": reader.hex(),
            "purpose": PURPOSE,
        }
        link = [fields["transfer"], str(number)]
        self.record("buyer", "opening.started", self.leased["digest"].hex(), link, rows="12", bytes="9", **fields)

    def settle(self, channel):
        total, name = channel["cumulative"], channel["id"].hex()
        split = self.kept["terms"].split
        self.mine(
            "Claimed", channelId=channel["id"], cumulativeAmount=total, accountHash=channel["last"], preimage=bytes(32)
        )
        for (payee, _), share in zip(split.parts, split.shares(total), strict=True):
            self.mine("Credited", channelId=channel["id"], account=payee, amount=share)
        self.mine("Closed", channelId=channel["id"], claimed=total, returned=10_000 - total)
        self.record("provider", "channel.closed", name, [name], cumulative=str(total), tx="00")

    def _watch(self):
        """Everybody saw everybody's head, the chain anchors it, and each log marks it."""
        for diary in self.space.values():
            head = Checkpoint(diary.origin, len(diary.records), mirror.build(one[1] for one in diary.entries()).root())
            peers = [{"origin": diary.origin, "size": str(head.size), "root": head.root.hex()}]
            keeper = "exchange" if diary.name != "exchange" else "regulator"
            self.record(keeper, "time.mark", self.space[keeper].origin, [], peers=peers)
        notes_of = {name: diary.note(len(diary.records), self.space) for name, diary in self.space.items()}
        for name, diary in self.space.items():
            diary.peers = [notes_of[other].encode() for other in self.space if other != name]
            head = checkpoints.parse_text(notes_of[name].text)
            witnesses = [self.space[one].account for one in WITNESSED_BY[name]]
            self.mine(
                "LogRegistered", origin=origin_id(diary.origin), owner=diary.account, witnesses=witnesses, quorum=2
            )
            self.mine("Anchored", origin=origin_id(diary.origin), size=head.size, root=head.root, noteHash=bytes(32))

    def document(self):
        return {
            "exchange": self["exchange"].did,
            "deployment": {
                "chainId": str(CHAIN_ID),
                "salt": SALT.hex(),
                "addresses": {name: address.show(where) for name, where in PROGRAMS.items()},
            },
            "members": [
                {
                    "did": one.did,
                    "role": name,
                    "url": one.url,
                    "origin": one.origin,
                    "address": address.show(one.account),
                    "logKey": one.key.public_key().public_bytes_raw().hex(),
                    "aggregate": "",
                    "possession": "",
                }
                for name, one in self.space.items()
            ],
            "witnesses": {
                one.did: [self.space[other].did for other in WITNESSED_BY[name]] for name, one in self.space.items()
            },
            "quorum": 2,
        }

    async def audit(self):
        return await run(Given(self), SUPERVISOR)


def vars_of(agreement):
    return {
        "".join([part if not at else part.title() for at, part in enumerate(name.split("_"))]): getattr(agreement, name)
        for name in type(agreement).__slots__
    }


class Given:
    """`Sources` over a World."""

    def __init__(self, world):
        self.world = world
        self.files = dict(world.extra)
        for diary in world.space.values():
            self.files |= diary.files(world.space)
        self.files |= world.overrides

    async def space(self):
        return self.world.document()

    async def fetch(self, url):
        if url not in self.files or any(part in url for part in self.world.unreachable):
            raise Unavailable(f"404 {url}")
        return self.files[url]

    async def chain_events(self):
        return self.world.chain

    async def block_hash(self, number):
        return BLOCKS.get(number)

    async def attestation(self):
        return self.world.attested


@pytest.fixture
def world():
    return World()


assert row.ROW_BYTES == 152
