"""A space of several members that trade until so many events are written, kept as an audit would read it.

The answers lie in a bundle (`ledger.audit.archive` names them). `later` trades on: its bundle holds only what an audit
that remembers the first still has to ask for.
"""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

from bench.audited import product
from bench.audited.clock import StoryClock
from bench.audited.party import Party
from connector.enforcement.judge import Judge
from connector.identity import keys
from contracts import address
from contracts.canonical import canonical
from contracts.typed_data import Domain
from ledger.audit.archive import ATTESTATION, CHAIN, SPACE, Kept, write_events
from ledger.audit.remembered import FINAL_BLOCKS
from ledger.chain.standing import did_digest, number_of
from ledger.log import aggregate, events
from ledger.log import checkpoint as checkpoints
from ledger.log.aggregate import FinalHead
from ledger.log.checkpoint import note_hash, origin_id
from ledger.space.document import QUORUM, Space

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.audited.product import Product
    from ledger.log.note import Note

CHAIN_ID, SALT = 77, b"\x22" * 32
PROGRAMS = ("editions", "licences", "channels", "anchors", "token", "spaces", "batch")
FIRST_PORT = 7001
REGIONS = ("US", "US-NY", "US-CA")
# an anchor takes the events of a while together, and so does a mark of what was seen of others
SALES_PER_WATCH = 20


class AuditedSpace:
    """The space and the story of its trade; `folder` gets the keys of all and the bundles, `sell` plays one sale."""

    def __init__(
        self,
        folder: Path,
        providers: int,
        buyers: int,
        sell: Callable[[AuditedSpace, Product, Party], None],
    ) -> None:
        self._folder, self._play_sale = folder, sell
        roles = ["exchange", "regulator", *["provider"] * providers, *["buyer"] * buyers]
        self.parties = [self._party(role, FIRST_PORT + at) for at, role in enumerate(roles)]
        self._exchange, self._regulator = self.parties[:2]
        self.clock = StoryClock(self._regulator.keys.delivery_public)
        self._where = {name: bytes([at]) * 20 for at, name in enumerate(PROGRAMS, 1)}
        self._domains = {name: Domain(CHAIN_ID, where, SALT) for name, where in self._where.items()}
        self.space = self._described()
        self.judge = Judge(lambda: self.space, self.clock, lambda: None)  # type: ignore[arg-type]  # tells story time
        self._chain: list[Kept] = []
        self._bundle: zipfile.ZipFile | None = None
        self._products: list[Product] = []
        self._buyers = [one for one in self.parties if one.role == "buyer"]
        self._sales = 0

    def _party(self, role: str, number: int) -> Party:
        folder = self._folder / f"{role}-{number}"
        return Party(role, number, REGIONS[number % len(REGIONS)], keys.create(folder / "keys"))

    def _described(self) -> Space:
        addresses = {name: address.show(where) for name, where in self._where.items()}
        deployment = {"chainId": str(CHAIN_ID), "salt": SALT.hex(), "addresses": addresses}
        members = {one.did: one.member for one in self.parties}
        return Space(self._exchange.did, deployment, members, product.FEE_BPS, "benchmark")

    @property
    def auditor(self) -> Path:
        """Return the regulator's data folder."""
        return self._folder / f"{self._regulator.role}-{self._regulator.number}"

    @property
    def count(self) -> int:
        """Return how many events were written."""
        return sum(one.count for one in self.parties)

    def kinds(self) -> dict[str, int]:
        """Return how many events of each kind were written, most first."""
        names = {name for one in self.parties for name in one.kinds}
        sums = {name: sum(one.kinds.get(name, 0) for one in self.parties) for name in names}
        return dict(sorted(sums.items(), key=lambda pair: -pair[1]))

    def domain(self, program: str) -> Domain:
        """Return the domain of a program's typed data."""
        return self._domains[program]

    def write(self, party: Party, kind: str, part: str, link: list[str], fields: dict[str, Any]) -> bytes:
        """Write an event as the table of events allows it; return its leaf hash."""
        events.check(kind, link, fields)
        return party.write(self.clock, self._put, kind, part, link, fields)

    def mine(self, name: str, **fields: Any) -> str:
        """Have the chain say something in a block of its own; return the transaction's hash in hex."""
        number = self.clock.mine()
        transaction = number.to_bytes(32)
        self._chain.append(Kept(name, fields, number, transaction))
        return transaction.hex()

    def play(self, path: Path, count: int) -> None:
        """Trade until `count` events are written, and lay out in `path` what an audit reads then."""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as self._bundle:
            if not self._products:
                self._begin()
            while self.count < count:
                self._sell()
            self._watch()
            self._publish()

    def _put(self, name: str, body: bytes) -> None:
        assert self._bundle is not None
        self._bundle.writestr(name, body)

    def _begin(self) -> None:
        founder = did_digest(self._exchange.did)
        self.mine("SpaceFounded", space=founder, exchange=self._exchange.keys.address)
        for one in self.parties:
            known = one.member
            held = {"logKey": known.log_key, "deliveryKey": known.delivery, "aggregateKey": known.aggregate}
            who = {"member": known.address, "did": did_digest(one.did), "role": number_of(one.role), "keys": held}
            self.mine("MemberAdmitted", space=founder, **who)
        for one in self.parties:
            witnesses = [witness.address for witness in self.space.witnesses_of(one.did)]
            names = {"owner": one.keys.address, "witnesses": witnesses, "quorum": QUORUM}
            self.mine("LogRegistered", origin=origin_id(one.origin), **names)
        self.clock.cite()
        for provider in [one for one in self.parties if one.role == "provider"]:
            for number, tier in enumerate((product.KEPT, product.LEASED)):
                self._seal(provider, number, tier)

    def _seal(self, provider: Party, number: int, tier: str) -> None:
        made = product.sealed(provider, number, tier, self._where["token"], self._exchange)
        self._products.append(made)
        edition, header = made.header.edition_id(), made.header
        base = f"page/{provider.url}/sealed/{edition.hex()}"
        self._put(f"{base}/header", canonical(header.json()))
        self._put(f"{base}/rows", made.table.data)
        sealed = {"rows": str(header.rows), "bytes": str(header.plain_bytes), "layout": header.layout}
        self.write(provider, "edition.sealed", edition.hex(), [edition.hex()], sealed)
        named = {"editionId": edition, "provider": provider.keys.address, "series": header.series, "number": 1}
        tx = self.mine("EditionRegistered", **named)
        self.write(provider, "edition.registered", edition.hex(), [edition.hex()], {"tx": tx})

    def _sell(self) -> None:
        sold = self._products[self._sales % len(self._products)]
        buyer = self._buyers[self._sales // len(self._products) % len(self._buyers)]
        self._play_sale(self, sold, buyer)
        self._sales += 1
        if self._sales % SALES_PER_WATCH == 0:
            self._watch()

    def _watch(self) -> None:
        """Cosign and anchor every head, cite a newer block, and mark in each log what was seen of others."""
        heads = {one.did: self._head(one) for one in self.parties}
        for one in self.parties:
            head = checkpoints.parse_text(heads[one.did].text)
            anchored = {"size": head.size, "root": head.root, "noteHash": note_hash(heads[one.did].encode())}
            self.mine("Anchored", origin=origin_id(one.origin), **anchored)
            one.peers = [note for did, note in heads.items() if did != one.did]
        self.clock.cite()
        for keeper in (self._exchange, self._regulator):
            seen = [checkpoints.parse_text(note.text) for note in keeper.peers]
            told = [{"origin": one.origin, "size": str(one.size), "root": one.root.hex()} for one in seen]
            self.write(keeper, "time.mark", keeper.origin, [], {"peers": told})

    def _head(self, party: Party) -> Note:
        return party.head(self._witnesses(party), int(self.clock.time.timestamp()))

    def _witnesses(self, party: Party) -> Iterator[Party]:
        dids = {member.did for member in self.space.witnesses_of(party.did)}
        return (one for one in self.parties if one.did in dids)

    def _publish(self) -> None:
        """Put all that grows: heads and partial pages, the space's document, chain, blocks, identities, attestation."""
        heads = []
        for one in self.parties:
            note = self._head(one)
            head = checkpoints.parse_text(note.text)
            heads.append(FinalHead(head.origin, head.size, head.root))
            one.publish(self._put, note)
            self._put(f"identity/{one.did}", canonical(one.member.json()))
        self._put(SPACE, canonical(self.space.json()))
        self._put(CHAIN, write_events(self._chain))
        # a later audit asks for the block up to which the one before remembers the chain
        self.clock.cited.add(max(event.block for event in self._chain) - FINAL_BLOCKS)
        for number in sorted(self.clock.cited):
            self._put(f"block/{number}", canonical(self.clock.blocks[number].json()))
        self._put(ATTESTATION, canonical(self._attested(heads)))

    def _attested(self, heads: list[FinalHead]) -> dict[str, Any]:
        signed = {}
        for one in (self._exchange, self._regulator):
            scalar = aggregate.secret(one.keys.aggregate)
            signed[one.witness.name] = (aggregate.public(scalar), aggregate.sign(scalar, heads))
        return aggregate.combine(heads, signed).as_json()
