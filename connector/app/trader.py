"""Negotiations, transfers and keys, connected: both protocols with this participant's doors.

Law: what the chain must know is queued in the transaction that makes it true; a channel is taken from the chain, never
from what a peer says about it.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.app.base import Base
from connector.channel.doors import Buyer, Holder
from connector.channel.equivocation import CODE as EQUIVOCATION
from connector.channel.pace import Paces
from connector.consumer.acknowledging import Acknowledging
from connector.consumer.purchase import Till
from connector.custody import bearers, tickets
from connector.enforcement.enforce import Enforcement
from connector.enforcement.judge import Judge
from connector.enforcement.membership import Membership
from connector.licence import alarms
from connector.licence.agreements import Agreements
from connector.licence.audience import Audience
from connector.licence.books import Books
from connector.licence.carriage import Carriage
from connector.licence.continuity import Continuity
from connector.licence.duties import Duties
from connector.licence.erasing import Erasing
from connector.licence.intact import Intact
from connector.licence.licensing import Licensing
from connector.licence.notices import Notices
from connector.licence.standing import Standing
from connector.licence.sublicence.onward import WITHDRAWAL
from connector.licence.sublicence.presenting import Presenting
from connector.licence.throttle import Throttle
from connector.negotiation.courier import Courier
from connector.negotiation.doors import Doors, Participant, Peer
from connector.negotiation.engine import Engine
from connector.negotiation.protocol import messages, offers
from connector.negotiation.protocol.states import TRANSFER
from connector.provider.derivation import Derivation
from connector.runtime.clock import PolicyClock
from connector.runtime.errors import AddressRefused
from connector.runtime.settings_sources import shares
from connector.settlement.meeting import Meetings
from connector.settlement.paying import Payments
from connector.settlement.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from connector.channel.account import Account
    from connector.negotiation.protocol.messages import Document
    from connector.negotiation.reactions import Rules
    from connector.provider.plain.copies import Copies
    from connector.runtime.clock import Clock
    from connector.runtime.settings import Settings
    from connector.store.row import Row
    from connector.store.transaction import Tx

DSP_PATH = "/dsp"


class Trader(Base):
    """A participant that trades: the engine, the two sides of the window protocol, and what they look things up in.

    Off the path of its cause, `moved` is called with (process, id), and `stopped` with the id of a stopped channel.
    """

    copies: Copies

    def __init__(self, data: Path, settings: Settings, clock: Clock) -> None:
        super().__init__(data, settings, clock)
        self.moved: list[Callable[[str, str], None]] = []
        self.stopped: list[Callable[[str], None]] = []
        self.rules: Rules = ()

    def equip(self) -> None:
        """Build what trading needs, once store, space and chain are there."""
        domain = self.programs.deployment.domain
        core, space = self.core, self.space_view
        self.licensing = Licensing(core, self.programs, self.transactions)
        self.meetings = Meetings(core, space, self.programs)
        me = Participant(self.did, self.url + DSP_PATH, self.keys.address, self.sign, domain("licences"))
        patience = timedelta(seconds=self.settings.negotiation.deadline_seconds)
        self.engine = Engine(self.store, self.evidence, me, self._doors(), rules=self.rules, patience=patience)
        self.notices = Notices(core, space, self.engine.outbox)
        self.erasing = Erasing(core, self.notices, self.secrets)
        self.duties = Duties(core, space, self.notices)
        clock = PolicyClock(self.clock, self.decided)
        membership = Membership(self.settings.negotiation.collections)
        self.judge = Judge(space.last, clock, lambda: self.watch.block_time, self.duties.promised, membership)
        self.intact = Intact(domain("licences"))
        self.enforcement = Enforcement(self.judge, self.duties, self.evidence)
        self.standing = Standing(self.enforcement, self.did, self.intact, self._altered)
        self.audience = Audience(core, self.judge)
        self.agreements = Agreements(
            core, self.programs, self.transactions, self.notices, self.erasing, self.engine.transfers
        )
        self.continuity = Continuity(core, self.standing, self.judge, self.engine, self.agreements)
        self.presenting = Presenting(self.programs, self.standing, self.agreements, self.audience, self.intact)
        self.derivation = Derivation(core, self.standing)
        self.carriage = Carriage(self.store, self.standing, self.clock)
        self.throttle = self._throttle()
        self.books = Books(core, self.standing, self.secrets, self.continuity, self.intact)
        desk: dict[str, Any] = {
            "address": self.keys.address,
            "sign": self.sign,
            "channels": domain("channels"),
            "registry": domain("editions"),
            "books": self.books,
            "editions": self.books,
            "evidence": self.evidence,
            "chain": self.watch,
            "contradicted": self._contradicted,
        }
        self.holder = Holder(**desk, secrets=self.books, enforcement=self.enforcement)
        self.buyer = Buyer(**desk, keyring=self.books)
        self.paces = Paces()
        self.channel_turns = Turns()
        self.payments = Payments(
            core, space, self.programs, self.peers, self.buyer, self.heads, self.peer_logs, self.channel_turns
        )
        self.acknowledging = Acknowledging(core, space, self.watch, self.payments)
        self.till = Till(
            core, self.buyer, self.watch, self.paces, self.channel_turns, self.payments, self.acknowledging
        )
        self.notices.takers[WITHDRAWAL] = self.presenting.withdrawn

    def _throttle(self) -> Throttle:
        limits = self.settings.transfers
        return Throttle(
            self.clock.monotonic,
            total=limits.bytes_per_second,
            each=limits.agreement_bytes_per_second,
            rates=shares(limits.rates),
            weights=shares(limits.weights),
        )

    def _doors(self) -> Doors:
        """Return what the engine asks of the rest, each looked up when it is asked: the rest stands on the engine."""
        courier = Courier(self.outbound, self.authorization, self.heads)
        return Doors(
            now=self.clock.now,
            deliver=courier.deliver,
            ask=courier.ask,
            enqueue_licence=self.licensing.enqueue,
            data_address=self._data_address,
            refuse_url=self._refuse_url,
            moved=self._moved,
            sees=self._sees,
            agrees=self._agrees,
            sub_licensed=self._sub_licensed,
            stands=lambda tx, agreement, now: self.standing.refusal(tx, agreement, now, "transfer"),
            halted=self._halted,
            ended=self._touched,
        )

    async def peer(self, did: str) -> Peer:
        """Return an authenticated peer with the address of its agreement key."""
        return Peer(did, (await self.peers.document(did)).agreement)

    # ---- doors of the engine

    def _agrees(self, tx: Tx, negotiation: Row, now: datetime) -> str:
        return self.derivation.agrees(tx, negotiation, now) or self.presenting.agrees(tx, negotiation, now)

    def _sees(self, tx: Tx, product: Row, peer: str) -> bool:
        return self.audience.sees(tx, product, peer)

    def _sub_licensed(self, tx: Tx, offer: Document, peer: Peer, now: datetime) -> Row:
        return self.presenting.presented(tx, offer, peer, now)

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

    def _contradicted(self, tx: Tx, account: Account, bundle: str, now: datetime) -> None:
        """Raise the alarm about a channel whose other side contradicted itself."""
        channel = tx.get("channels", id=account.key)
        assert channel is not None, "it was stopped just now"
        text = f"two different messages with one seq on channel {account.key}: it is stopped, the proof is {bundle}"
        row = {"agreement": channel["agreement"], "code": EQUIVOCATION, "who": account.peer, "text": text}
        alarms.sound(tx, self.evidence, bundle, row, now, {"kind": "channel", "text": text})
        for listener in self.stopped:
            tx.after(partial(listener, account.key))

    def _altered(self, agreement: str) -> None:
        self.continuity.report(agreement)

    def _halted(self, tx: Tx, row: Row) -> None:
        tx.after(partial(self.carriage.halt, row["id"]))

    def _touched(self, tx: Tx, agreement: str) -> None:
        tx.after(partial(self.continuity.touch, agreement))


def _about(transfer: Row, agreement: Row) -> tuple[bytes, bytes, bytes]:
    """Return what a ticket is about: edition, agreement and transfer."""
    edition, subject = bytes.fromhex(agreement["edition"]), bytes.fromhex(agreement["digest"])
    return edition, subject, tickets.transfer_digest(transfer["id"])
