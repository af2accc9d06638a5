"""A whole small space in values: four logs written with the real log code, and a chain."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from blake3 import blake3

from contracts import address, blind, signature
from contracts.agreement import build
from contracts.canonical import canonical, sha
from contracts.split import Split
from contracts.tariff import Tariff
from contracts.terms import Terms
from contracts.typed_data import Batch, Domain, Edition, Order, Range, Receipt, Voucher, digest, struct_hash
from contracts.typed_json import to_json
from ledger.audit.audit import run
from ledger.audit.sources import BlockHead, Unavailable
from ledger.chain.standing import did_digest, number_of
from ledger.edition.header import Header
from ledger.edition.row_table import RowTable
from ledger.edition.sealing import seal_piece
from ledger.log import checkpoint as checkpoints
from ledger.log import events, mirror
from ledger.log.checkpoint import Checkpoint, origin_id
from ledger.log.events import Block
from tests.ledger.audit.diary import SUPERVISOR, WITNESSED_BY, Diary, Record

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SALT, CHAIN_ID = b"\x22" * 32, 77
PROGRAMS = {
    name: bytes([at]) * 20 for at, name in enumerate(["editions", "licences", "channels", "anchors", "token"], 1)
}
DOMAINS = {name: Domain(CHAIN_ID, where, SALT) for name, where in PROGRAMS.items()}
LAST = 99  # the block that everybody cites in the end
BLOCKS = {number: bytes([number]) * 32 for number in (*range(1, 9), LAST)}
PURPOSE = "https://w3id.org/penstock/purpose#Research"
POLICY = {"permission": [{"action": "use", "constraint": []}]}
COUNT = {"leftOperand": "count", "operator": "lteq", "rightOperand": "2"}
COUNTED = {"permission": [{"action": "use", "constraint": [COUNT]}]}


@dataclass(frozen=True)
class ChainEvent:
    name: str
    fields: dict[str, Any]
    block: int
    transaction: bytes = bytes(32)


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
        self.clock = self.block_time = NOW
        self.extra, self.overrides, self.identities, self.delays, self.payments = {}, {}, {}, {}, {}
        self.head, self.attested, self.unread, self.unreachable = None, None, (), set()
        self._register()
        self._trade()
        self._watch()

    def __getitem__(self, name):
        return self.space[name]

    def record(self, name, kind, part, link, /, **fields):
        events.check(kind, link, fields)
        self.clock += timedelta(seconds=1)
        record = Record(kind, part, tuple(link), fields, self.clock, Block(3, BLOCKS[3]))
        self.space[name].records.append(record)
        return len(self.space[name].records) - 1

    def mine(self, name, **fields):
        self.chain.append(ChainEvent(name, fields, len(self.chain) + 1))

    def _register(self):
        """Found the space on chain and admit everybody, before anything is traded."""
        space, exchange = did_digest(self["exchange"].did), self["exchange"]
        self.mine("SpaceFounded", space=space, exchange=exchange.account)
        for name, one in self.space.items():
            keys = {"logKey": one.key.public_key().public_bytes_raw()}
            keys |= {"deliveryKey": one.number.to_bytes(32), "aggregateKey": one.number.to_bytes(48)}
            who = {"member": one.account, "did": did_digest(one.did), "role": number_of(name)}
            self.mine("MemberAdmitted", space=space, **who, keys=keys)

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

    def sign(self, seed, tariff, tier, lease, policy, **more):
        """Sign an agreement of an edition of 12 rows; `more` are further terms, `of` the seed of its edition."""
        header, table = edition(12, more.pop("of", seed))
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
            more.pop("not_after", datetime(2027, 1, 31, tzinfo=UTC)),
            bytes([seed]) * 32,
            **more,
        )
        provider, buyer = self["provider"], self["buyer"]
        agreement = build(terms, provider=provider.account, buyer=buyer.account, price_cap=1500)
        signed = digest(DOMAINS["licences"], agreement)
        known = blind.registered(Edition(edition_id, header.series, 1), terms.blind_salt)
        registered = {"editionId": known.edition_id, "series": known.series, "number": known.number}
        self.mine("EditionRegistered", provider=provider.account, **registered)
        licence = {name: value for name, value in vars_of(agreement).items() if name != "summary"}
        self.mine("LicenceGranted", agreementDigest=signed, **licence)
        if terms.parent:
            below = {"parent": terms.parent, "holder": buyer.account, "child": buyer.account}
            self.mine("SubLicenceGranted", agreementDigest=signed, **below)
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
        arbitrator = self["regulator"].account
        self.mine("Opened", **fields, splitHash=deal["terms"].split.hash, deposit=10_000, arbitrator=arbitrator)
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
        offer, logged = blake3(b"offer" + account).digest(), int(self.clock.timestamp()) + 1
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
            releasedAt=str(logged),
            **both,
        )
        receipt = Receipt(channel["id"], seq, voucher, offer, decision, self["provider"].leaf(at), logged)
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
        for diary in self.space.values():
            diary.see(notes_of, self.space)
        self.anchor()

    def anchor(self):
        """Register every log and anchor it as it is."""
        for name, diary in self.space.items():
            head = checkpoints.parse_text(diary.note(len(diary.records), self.space).text)
            witnesses = [self.space[one].account for one in WITNESSED_BY[name]]
            registered = {"owner": diary.account, "witnesses": witnesses, "quorum": 2, "effectiveAt": 0}
            self.mine("LogRegistered", origin=origin_id(diary.origin), **registered)
            self.mine("Anchored", origin=origin_id(diary.origin), size=head.size, root=head.root, noteHash=bytes(32))

    def go_on(self, **later):
        """Hours later everybody marks the time and cites the newest block; what a log lacks then, it lacks."""
        self.clock += timedelta(**(later or {"hours": 2}))
        cited = Block(LAST, BLOCKS[LAST])
        for diary in self.space.values():
            diary.records.append(Record("time.mark", diary.origin, (), {"peers": []}, self.clock, cited))

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
                    "name": name,
                    "role": name,
                    "region": "US",
                    "url": one.url,
                    "address": address.show(one.account),
                    "origin": one.origin,
                    "logKey": one.key.public_key().public_bytes_raw().hex(),
                    "delivery": one.number.to_bytes(32).hex(),
                    "aggregate": one.number.to_bytes(48).hex(),
                    "possession": one.number.to_bytes(96).hex(),
                }
                for name, one in self.space.items()
            ],
            "witnesses": {
                one.did: [self.space[other].did for other in WITNESSED_BY[name]] for name, one in self.space.items()
            },
            "quorum": 2,
            "feeBps": 500,
            "label": "demo",
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

    async def identity(self, did):
        told = ({one["did"]: one for one in self.world.document()["members"]} | self.world.identities).get(did)
        if not isinstance(told, Exception):
            return told
        raise told

    async def fetch(self, url):
        await asyncio.sleep(self.world.delays.get(url, 0))
        if url not in self.files or any(part in url for part in self.world.unreachable):
            raise Unavailable(f"404 {url}")
        return self.files[url]

    async def chain_events(self, first=0):
        return [event for event in self.world.chain if event.block >= first]

    async def block(self, number):
        time = self.world.clock if number == LAST else self.world.block_time  # nobody cites the blocks of events
        return None if number not in BLOCKS else BlockHead(BLOCKS[number], time)

    async def payment(self, transaction):
        return self.world.payments.get(transaction)

    async def payments(self, *pair):
        return [one for one in self.world.payments.values() if (one.sender, one.receiver) == pair]

    async def unread(self):
        return self.world.unread

    async def head(self):
        return self.world.head

    async def attestation(self):
        return self.world.attested


def named(report, code):
    return [(one.kind, one.index, one.facts.get("seq")) for one in report.findings if one.code == code]


def errors(report):
    return {one.code for one in report.findings if one.severity == "error"}
