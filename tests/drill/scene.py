"""A copy of the run in which somebody cheats, holding everybody's real keys.

Law: `rewrite` is what an insider does afterwards: the tree is rebuilt and its head signed anew, but nobody else's
records move, and only those who collude cosign. `from_the_start` is the world in which it was so at the time: witnesses
cosigned and anchored it unknowing, for they see heads, not deeds; what others would have seen meanwhile is left out, so
this shows the auditor less than a real space would.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connector.demo import mirror_site
from contracts.canonical import canonical, load
from contracts.typed_data import Receipt, Voucher, digest
from ledger.audit.archive import ATTESTATION, CHAIN, LATER, SPACE, Kept, read_events, write_events
from ledger.audit.sources import BlockHead
from ledger.log import cosignature, merkle
from ledger.log.checkpoint import origin_id
from ledger.log.cosignature import WitnessKeys
from ledger.log.events import Block
from ledger.space.document import Space

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connector.demo.insider import Leaf, Loot
    from ledger.log.note import Note
    from ledger.log.tree import Log
    from ledger.space.document import Member
    from tests.drill.recorded import Played

ROLES = ("exchange", "regulator", "provider", "buyer")
HOURS, HASH = timedelta(hours=3), b"\xcc" * 32
NOTHING = "Nothing"  # an event of no program, in the newest block
MARK, RELEASED, RECEIVED = "time.mark", "keys.released", "keys.received"


@dataclass(frozen=True)
class Spot:
    """A log entry and its index."""

    index: int
    leaf: Leaf


class Scene:
    """What an auditor will read; every cheat changes it in place."""

    def __init__(self, played: Played) -> None:
        self.kept = dict(played.kept)
        self.space = Space.from_json(load(self.kept[SPACE]))
        self.chain: list[Kept] = read_events(self.kept[CHAIN]) + read_events(self.kept.pop(LATER))
        self._date_blocks()
        self.loot: Mapping[str, Loot] = played.loot
        self.logs: dict[str, list[Leaf]] = {role: list(one.leaves) for role, one in played.loot.items()}
        self.peers: dict[str, list[Mapping[str, Any]]] = {role: list(one.peers) for role, one in played.loot.items()}

    def _date_blocks(self) -> None:
        """Answer for the time of every block that has an event: the audit of a cheat asks for more than the run's."""
        told = [load(body) for name, body in self.kept.items() if name.startswith("block/")]
        first = min(int(one["at"]) for one in told if one is not None)
        for event in self.chain:
            dated = {"hash": bytes(32).hex(), "at": str(first)}
            self.kept.setdefault(f"block/{event.block}", canonical(dated))

    # ---- reading

    def member(self, role: str) -> Member:
        """Return the first member of a role."""
        return next(one for one in self.space.members.values() if one.role == role)

    def spots(self, role: str, kind: str, part: str = "") -> list[Spot]:
        """Return the entries of a kind in somebody's log."""
        rows = enumerate(self.logs[role])
        return [Spot(at, leaf) for at, leaf in rows if leaf.entry.kind == kind and part in {"", leaf.entry.part}]

    def deals(self, tier: str) -> str:
        """Return the digest of the agreement of a tier."""
        signed = self.spots("provider", "agreement.signed")
        return next(one.leaf.entry.part for one in signed if one.leaf.fields["terms"]["tier"] == tier)

    def channel(self, tier: str) -> str:
        """Return the channel that pays the agreement of a tier."""
        opened = self.spots("provider", "channel.opened")
        return next(one.leaf.entry.part for one in opened if one.leaf.fields["agreementDigest"] == self.deals(tier))

    def windows(self, tier: str) -> list[tuple[Spot, Spot]]:
        """Return the windows of a channel: what the provider released and what the buyer received."""
        channel = self.channel(tier)
        pairs = zip(self.spots("provider", RELEASED, channel), self.spots("buyer", RECEIVED, channel), strict=True)
        return list(pairs)

    def events(self, name: str, **fields: Any) -> list[Kept]:
        """Return the chain's events of a name whose fields are these."""
        return [one for one in self.chain if one.name == name and fields.items() <= one.fields.items()]

    # ---- one entry

    def write(self, role: str, index: int, **fields: Any) -> Leaf:
        """Write an entry anew with other fields, in its place; a field of None is left out."""
        old = self.logs[role][index]
        merged = {name: value for name, value in {**old.fields, **fields}.items() if value is not None}
        made = self.logs[role][index] = self.loot[role].written(old.entry, merged)
        return made

    def move(self, role: str, index: int, **changes: Any) -> Leaf:
        """Write an entry anew with the same fields and another frame: time, party, link, block."""
        old = self.logs[role][index]
        made = self.logs[role][index] = self.loot[role].written(old.entry._replace(**changes), old.fields)
        return made

    def add(self, role: str, kind: str, part: str, link: tuple[str, ...], **fields: Any) -> None:
        """Write one more entry at the end of somebody's log, as of the time of its last."""
        last = self.logs[role][-1].entry._replace(kind=kind, part=part, link=link)
        self.logs[role].append(self.loot[role].written(last, fields))

    def drop(self, role: str, *spots: Spot) -> None:
        """Leave entries out."""
        gone = {id(one.leaf) for one in spots}
        self.logs[role] = [leaf for leaf in self.logs[role] if id(leaf) not in gone]

    def window(self, tier: str, number: int, *, link: tuple[str, ...] | None = None, **fields: Any) -> None:
        """Write a window anew in both logs, with the digests that bind voucher and receipt, as both would have made."""
        released, received = self.windows(tier)[number]
        if link is not None:
            self.move("provider", released.index, link=link)
            self.move("buyer", received.index, link=link)
        made = self.write("provider", released.index, **fields)
        voucher = self._voucher(made)
        made = self.write("provider", released.index, voucherDigest=voucher)
        theirs = {name: value for name, value in fields.items() if name in received.leaf.fields}
        self.write("buyer", received.index, **theirs, voucherDigest=voucher, receiptDigest=self._receipt(made))

    def rebind(self, tier: str) -> None:
        """Have the buyer's receipts name the provider's entries as they now are."""
        for released, received in self.windows(tier):
            self.write("buyer", received.index, receiptDigest=self._receipt(released.leaf))

    def _voucher(self, leaf: Leaf) -> str:
        fields, (account, seq) = leaf.fields, leaf.entry.link
        until, lock = int(fields["validUntil"]), bytes.fromhex(fields["lock"])
        channel, amount = bytes.fromhex(leaf.entry.part), int(fields["cumulative"])
        voucher = Voucher(channel, int(seq), amount, bytes.fromhex(account), lock, until)
        return digest(self.space.domains.channels, voucher).hex()

    def _receipt(self, leaf: Leaf) -> str:
        fields, (_, seq) = leaf.fields, leaf.entry.link
        named = (bytes.fromhex(fields[name]) for name in ("voucherDigest", "offerDigest", "decisionDigest"))
        when, logged = int(fields.get("releasedAt") or leaf.entry.time.timestamp()), merkle.leaf_hash(leaf.raw)
        receipt = Receipt(bytes.fromhex(leaf.entry.part), int(seq), *named, logged, when)
        return digest(self.space.domains.registry, receipt).hex()

    # ---- whole logs

    def rewrite(self, *roles: str, cosigned_by: Iterable[str] = ()) -> None:
        """Publish changed logs under new heads, cosigned by those who collude."""
        for role in roles:
            self._publish(role, tuple(cosigned_by))

    def from_the_start(self) -> None:
        """Publish all four logs as if all had been so at the time: cosigned by their witnesses, anchored, seen."""
        for role in ROLES:
            for spot in self.spots(role, MARK):
                self.write(role, spot.index, peers=[])
            self.peers[role] = []
        self.go_on()
        self.publish_all()

    def go_on(self) -> None:
        """Hours later all mark the time and cite a new block: what a log lacks then was not written in between."""
        number = self.chain[-1].block + 1
        newest = max(leaf.entry.time for role in ROLES for leaf in self.logs[role]) + HOURS
        block = Block(number, HASH)
        self.kept[f"block/{number}"] = canonical(BlockHead(block.hash, newest).json())
        self.chain.append(Kept(NOTHING, {}, number, bytes(32)))
        for role in ROLES:
            last = self.logs[role][-1].entry._replace(kind=MARK, part=self.loot[role].origin, link=(), time=newest)
            self.logs[role].append(self.loot[role].written(last._replace(block=block), {"peers": []}))

    def publish_all(self) -> None:
        """Publish all four logs, cosigned by their witnesses and anchored as they are."""
        heads = {}
        for role in ROLES:
            witnesses = self.space.witnesses_of(self.member(role).did)
            heads[role] = self._publish(role, [one.role for one in witnesses])
        self.chain = [one for one in self.chain if one.name != "Anchored"]
        for role, head in heads.items():
            self.anchor(role, len(self.logs[role]), head)
        self.kept[ATTESTATION] = canonical(None)

    def anchor(self, role: str, size: int, root: bytes) -> None:
        """Put a head on the chain, as its newest event."""
        fields = {"origin": origin_id(self.member(role).origin), "size": size, "root": root, "noteHash": bytes(32)}
        self.chain.append(Kept("Anchored", fields, self.chain[-1].block, bytes(32)))

    def _publish(self, role: str, cosigners: Sequence[str]) -> bytes:
        leaves, member = self.logs[role], self.member(role)
        log, note = self.loot[role].rebuilt(leaves)
        self.serve(
            role, mirror_site.pages(log, self.cosigned(note, cosigners), [x.boxes for x in leaves], self.peers[role])
        )
        assert member.url
        return log.root()

    def cosigned(self, note: Note, roles: Iterable[str]) -> Note:
        """Return a note with the cosignatures of those who collude, or were fooled."""
        now = int(time.time())
        keys = [
            WitnessKeys(self.member(role).witness_name, self.loot[role].keys.log, self.loot[role].keys.agreement)
            for role in roles
        ]
        return note.sign_with(*(cosignature.cosign(note.text, one, now) for one in keys))

    def add_pages(self, role: str, log: Log, note: Note, leaves: Sequence[Leaf]) -> None:
        """Put the pages of a smaller head beside those of the whole log."""
        base = f"page/{self.member(role).url}/log/"
        shown = mirror_site.pages(log, note, [one.boxes for one in leaves], self.peers[role])
        self.kept |= {base + path: body for path, body in shown}

    def serve(self, role: str, pages: Iterable[tuple[str, bytes]]) -> None:
        """Put these pages behind somebody's log in place of all that lay there."""
        base = f"page/{self.member(role).url}/log/"
        for name in [name for name in self.kept if name.startswith(base)]:
            del self.kept[name]
        self.kept |= {base + path: body for path, body in pages}

    # ---- what the exchange serves

    def change(self, event: Kept, **fields: Any) -> None:
        """Have the chain say something else."""
        self.chain[self.chain.index(event)] = replace(event, fields={**event.fields, **fields})

    def happen(self, before: str, name: str, **fields: Any) -> None:
        """Have the chain say one more thing, in the block of the first event of another name and before it."""
        at = next(at for at, one in enumerate(self.chain) if one.name == before)
        self.chain.insert(at, Kept(name, fields, self.chain[at].block, bytes(32)))

    def end(self, name: str, **fields: Any) -> None:
        """Have the chain say one more thing at its end."""
        self.chain.append(Kept(name, fields, self.chain[-1].block, bytes(32)))

    def erase(self, *events: Kept) -> None:
        """Have the chain not say something."""
        self.chain = [one for one in self.chain if one not in events]

    def document(self, **changes: Any) -> None:
        """Have the exchange serve another space document."""
        self.kept[SPACE] = canonical({**load(self.kept[SPACE]), **changes})

    def answers(self) -> dict[str, bytes]:
        """Return what the auditor's sources will answer."""
        return {**self.kept, CHAIN: write_events(self.chain)}
