"""Negotiations, transfers and keys, connected: both protocols with this participant's doors.

Law: what the chain must know is queued in the transaction that makes it true; a channel is taken from the chain, never
from what a peer says about it.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.base import Base
from connector.channel import account as accounts
from connector.channel.doors import Buyer, Holder
from connector.channel.errors import fault
from connector.channel.pace import Paces
from connector.clock import PolicyClock
from connector.engine.books import Books
from connector.engine.courier import Courier
from connector.engine.doors import Doors, Participant, Peer
from connector.engine.engine import Engine
from connector.errors import AddressRefused, PeerUnreachable
from connector.holding.carriers import Carriers
from connector.holding.collecting import Collecting
from connector.holding.serving import Holding
from connector.plain.copies import RECEIVED, Copies
from connector.product.audience import Audience
from connector.product.derivation import Derivation
from connector.product.resources import Resources
from connector.protocol import messages, offers
from connector.protocol.states import TRANSFER
from connector.pull.pipe import Pipes
from connector.settings_sources import shares
from connector.sublicence import onward
from connector.sublicence.granting import Granting
from connector.sublicence.onward import WITHDRAWAL
from connector.sublicence.presenting import Presenting
from connector.usage.agreements import Agreements
from connector.usage.carriage import Carriage
from connector.usage.continuity import Continuity
from connector.usage.duties import Duties
from connector.usage.erasing import Erasing
from connector.usage.intact import Intact
from connector.usage.judge import Judge
from connector.usage.notices import Notices
from connector.usage.standing import Standing
from connector.usage.suspension import Suspensions
from connector.usage.throttle import Throttle
from connector.vault import bearers, tickets
from connector.vault.slabs import Memory
from contracts import lifecycle
from contracts.split import Split
from contracts.terms import Terms
from contracts.typed_data import Agreement
from contracts.typed_json import from_json
from ledger import acts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from connector.clock import Clock
    from connector.engine.doors import Row
    from connector.engine.reactions import Rules
    from connector.protocol.messages import Document
    from connector.settings import Settings
    from connector.store.transaction import Tx
    from ledger.chain import Act, Event
    from ledger.programs import Channel

LICENCE = "licence"
DSP_PATH = "/dsp"


class Trader(Base):
    """A participant that trades: the engine, the two sides of the window protocol, and what they look things up in.

    `moved`, `licensed` and `opened` are called, off the path of their cause, with (process, id), (agreement digest,
    hash) and the digest of the agreement under which a channel is open.
    """

    def __init__(self, data: Path, settings: Settings, clock: Clock) -> None:
        super().__init__(data, settings, clock)
        self.moved: list[Callable[[str, str], None]] = []
        self.licensed: list[Callable[[str, str], None]] = []
        self.opened: list[Callable[[str], None]] = []
        self.rules: Rules = ()
        self.resources = Resources(self)

    def equip(self) -> None:
        """Build what trading needs, once store, space and chain are there."""
        domain = self.programs.deployment.domain
        self.duties = Duties(self)
        clock = PolicyClock(self.clock, self.decided)
        self.judge = Judge(self.space_view.last, clock, lambda: self.watch.block_time, self.duties.promised)
        self.intact = Intact(domain("licences"))
        self.standing = Standing(self.judge, self.evidence, self.did, self.intact, self._altered)
        self.audience = Audience(self)
        self.presenting = Presenting(self)
        self.derivation = Derivation(self)
        self.carriage = Carriage(self.store, self.standing, self.clock)
        limits = self.settings.transfers
        self.throttle = Throttle(
            self.clock.monotonic,
            total=limits.bytes_per_second,
            each=limits.agreement_bytes_per_second,
            rates=shares(limits.rates),
            weights=shares(limits.weights),
        )
        self.books = Books(self)
        me = Participant(self.did, self.url + DSP_PATH, self.keys.address, self.sign, domain("licences"))
        courier = Courier(self.outbound, self.authorization, self.heads)
        doors = Doors(
            now=self.clock.now,
            deliver=courier.deliver,
            ask=courier.ask,
            enqueue_licence=self._enqueue_licence,
            data_address=self._data_address,
            refuse_url=self._refuse_url,
            moved=self._moved,
            sees=self.audience.sees,
            agrees=self._agrees,
            sub_licensed=self.presenting.presented,
            stands=lambda tx, agreement, now: self.standing.refusal(tx, agreement, now, "transfer"),
            halted=self._halted,
            ended=self._touched,
        )
        patience = timedelta(seconds=self.settings.negotiation.deadline_seconds)
        self.engine = Engine(self.store, self.evidence, me, doors, rules=self.rules, patience=patience)
        desk: dict[str, Any] = {
            "address": self.keys.address,
            "sign": self.sign,
            "channels": domain("channels"),
            "registry": domain("editions"),
            "books": self.books,
            "editions": self.books,
            "evidence": self.evidence,
            "chain": self.watch,
        }
        self.holder = Holder(**desk, secrets=self.books, judge=self.judge, duties=self.duties)
        self.buyer = Buyer(**desk, keyring=self.books)
        self.notices = Notices(self)
        self.carriers = Carriers(self)
        self.holding = Holding(self)
        self.agreements = Agreements(self)
        self.granting = Granting(self)
        self.suspensions = Suspensions(self)
        self.continuity = Continuity(self)
        self.pipes = Pipes()
        self.memory = Memory()
        self.paces = Paces()
        self.copies = Copies(self)
        self.notices.takers[WITHDRAWAL] = self.presenting.withdrawn
        self.notices.takers[RECEIVED] = self.copies.countersigned
        self.erasing = Erasing(self)
        self.collecting = Collecting(self)
        self.transactions.listeners.append(self.mined)
        self.transactions.makers[LICENCE] = self._licence

    async def peer(self, did: str) -> Peer:
        """Return an authenticated peer with the address of its agreement key."""
        return Peer(did, (await self.peers.document(did)).agreement)

    # ---- doors of the engine

    def _agrees(self, tx: Tx, negotiation: Row, now: datetime) -> str:
        return self.derivation.agrees(tx, negotiation, now) or self.presenting.agrees(tx, negotiation, now)

    def _enqueue_licence(self, tx: Tx, row: Row) -> None:
        self.transactions.enqueue_made(tx, f"{LICENCE}:{row['digest']}")

    def _licence(self, tx: Tx, digest: str) -> Act:
        row = tx.get("agreements", digest=digest)
        assert row is not None, "a licence is of an agreement that we keep"
        agreement = from_json(Agreement, row["agreement"])
        deployment, signatures = self.programs.deployment, (row["provider_signature"], row["buyer_signature"])
        if row["parent"] is None:
            return acts.grant_licence(deployment, agreement, *signatures)
        above = tx.get("agreements", digest=row["parent"])
        assert above is not None, "a sub-licence is under an agreement that we keep"
        link = onward.chain_of(tx, row)[-1]
        held = from_json(Agreement, above["agreement"])
        return acts.grant_sub_licence(deployment, agreement, signatures, link.said, link.signature, held)

    def _data_address(self, tx: Tx, transfer: Row, agreement: Row) -> Document:
        assert tx.get("editions", id=agreement["edition"]) is not None, "we sell only editions we have"
        plain = agreement["terms"]["tier"] == offers.PLAIN
        kind = bearers.AUTH_TYPE if plain else tickets.SCHEME.strip().lower()
        endpoint = f"{self.url}/{'plain' if plain else 'sealed'}/{agreement['edition']}"
        return messages.data_address(endpoint, {"authorization": self.ticket(transfer, agreement), "authType": kind})

    def ticket(self, transfer: Row, agreement: Row) -> str:
        """Return a fresh ticket to the sealed bytes that a transfer moves, or a token for its plain copy."""
        issue = bearers.issue if agreement["terms"]["tier"] == offers.PLAIN else tickets.issue
        return issue(self.ticket_key, *_about(transfer, agreement), self.clock.now())

    def _refuse_url(self, url: str) -> str | None:
        try:
            self.outbound.check(url)
        except AddressRefused as refusal:
            return str(refusal)
        return None

    def _moved(self, tx: Tx, process: str, row: Row) -> None:
        key = row["id"]
        for listener in self.moved:
            tx.after(partial(listener, process, key))
        if process == TRANSFER:
            self._touched(tx, row["agreement"])
            self.copies.moved(tx, row)

    def _altered(self, agreement: str) -> None:
        self.continuity.report(agreement)

    def _halted(self, tx: Tx, row: Row) -> None:
        tx.after(partial(self.carriage.halt, row["id"]))

    def _touched(self, tx: Tx, agreement: str) -> None:
        tx.after(partial(self.continuity.touch, agreement))

    # ---- the chain

    def mined(self, row: Mapping[str, Any]) -> None:
        """Tell who waits for licences of one that is on chain; other transactions have their own listeners."""
        kind, _, digest = row["id"].partition(":")
        if kind == LICENCE and row["state"] == "mined":
            for listener in self.licensed:
                listener(digest, row["hash"])

    def grant(self, tx: Tx, digest: str, transaction: str) -> None:
        """Note that the licence is on chain: the agreement performs from now on."""
        row = tx.get("agreements", digest=digest)
        if row is None or row["state"] != "signed":
            return
        tx.update("agreements", {"digest": digest}, state=lifecycle.move("signed", "grant"), licence_tx=transaction)
        fields = {"licence": digest, "tx": transaction}
        now = self.clock.now()
        self.evidence.record(tx, "licence.granted", part=digest, fields=fields, now=now)

    async def meet_channel(self, channel_id: bytes, peer: str, agreement: bytes) -> None:
        """Take a channel of `peer` from the chain when it is new here; raises `ChannelFault` if it is not for us."""
        known = await self.store.read(lambda tx: tx.get("channels", id=channel_id.hex()))
        if known is not None:
            return
        last = (await self.chain.newest()).number - self.settings.chain.confirmations
        found = await self.programs.channel(channel_id, at=max(last, 0))
        if found is None and await self.programs.channel(channel_id) is None:
            raise fault("unknown-channel", f"there is no channel `{channel_id.hex()}` with this peer")
        if found is None:
            raise PeerUnreachable(f"the channel `{channel_id.hex()}` waits for its confirmations", "ask again")
        opened = await self.programs.events("channels", "Opened", 0, last, channelId=channel_id)
        row = await self.store.read(lambda tx: tx.get("agreements", digest=agreement.hex()))
        if row is None or row["peer"] != peer or not opened:
            raise fault("unknown-agreement", "the channel is for no agreement with this peer")
        self._check_channel(found, row)
        event = opened[0]
        await self.store.write(lambda tx: self._begin(tx, channel_id, peer, row, found, event))

    def _check_channel(self, found: Channel, row: Row) -> None:
        terms, agreement = Terms.from_json(row["terms"]), from_json(Agreement, row["agreement"])
        wrong = [
            name
            for name, is_right in (
                ("payer", found.payer == agreement.buyer),
                ("payee", found.payee == agreement.provider),
                ("token", found.token == terms.token),
                ("split", found.split_hash == terms.split.hash),
                ("arbitrator", found.arbitrator == terms.arbitrator),
                ("open", not found.closed),
            )
            if not is_right
        ]
        if wrong:
            raise fault("wrong-channel", f"the channel's {', '.join(wrong)} is not what the agreement says")

    def _begin(self, tx: Tx, channel_id: bytes, peer: str, row: Row, found: Channel, event: Event) -> None:
        if tx.get("channels", id=channel_id.hex()) is not None:
            return
        accounts.begin(
            tx,
            channel_id=channel_id,
            role=accounts.PAYEE,
            peer=peer,
            agreement=row["digest"],
            payer=found.payer,
            payee=found.payee,
            signer=found.signer,
            token=found.token,
            split=Split.from_json(row["terms"]["split"]),
            arbitrator=found.arbitrator,
            salt=event.fields["salt"],
            deposit=found.deposit,
            expiry=found.expiry,
            now=self.clock.now(),
            open_tx=event.transaction.hex(),
        )
        self.record_opened(tx, channel_id, row["digest"], found, event.transaction.hex())

    def record_opened(self, tx: Tx, channel_id: bytes, agreement: str, found: Channel, transaction: str) -> None:
        """Record that a channel is open on chain, as either side."""
        members = self.space
        payer, payee = members.by_address(found.payer), members.by_address(found.payee)
        fields = {
            "agreementDigest": agreement,
            "deposit": str(found.deposit),
            "expiry": str(int(found.expiry.timestamp())),
            "payer": "" if payer is None else payer.did,
            "payee": "" if payee is None else payee.did,
            "tx": transaction,
        }
        now = self.clock.now()
        self.evidence.record(tx, "channel.opened", part=channel_id.hex(), fields=fields, now=now)
        for listener in self.opened:
            tx.after(partial(listener, agreement))


def _about(transfer: Row, agreement: Row) -> tuple[bytes, bytes, bytes]:
    """Return what a ticket is about: edition, agreement and transfer."""
    edition, subject = bytes.fromhex(agreement["edition"]), bytes.fromhex(agreement["digest"])
    return edition, subject, tickets.transfer_digest(transfer["id"])
