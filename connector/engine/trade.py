"""Negotiations, transfers and keys, connected: both protocols with this participant's doors.

Law: an outgoing message is authorised anew at every delivery; what the chain must know is queued in the transaction
that makes it true; a channel is taken from the chain, never from what a peer says about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from connector.channel import account as accounts
from connector.channel.doors import Buyer, Holder
from connector.channel.errors import fault
from connector.engine.doors import Doors, Participant, Peer
from connector.engine.engine import Engine
from connector.errors import AddressRefused, PeerRefused
from connector.protocol import messages
from connector.vault import tickets
from contracts import lifecycle
from contracts.split import Split
from contracts.terms import Terms
from contracts.typed_data import Agreement
from contracts.typed_json import from_json
from ledger import acts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.app import Connector
    from connector.engine.doors import Row
    from connector.protocol.messages import Document
    from connector.store.transaction import Tx
    from ledger.chain import Event
    from ledger.programs import Channel

LICENCE = "licence:"
DSP_PATH = "/dsp"


class Trade:
    """The engine and the two sides of the window protocol of one participant."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        deployment = connector.programs.deployment
        me = Participant(
            connector.did,
            connector.url + DSP_PATH,
            connector.keys.address,
            connector.sign,
            deployment.domain("licences"),
        )
        doors = Doors(
            now=connector.clock.now,
            deliver=self._deliver,
            enqueue_licence=self._enqueue_licence,
            data_address=self._data_address,
            refuse_url=self._refuse_url,
            moved=self._moved,
        )
        self.engine = Engine(connector.store, connector.evidence, me, doors)
        desk: dict[str, Any] = {
            "address": connector.keys.address,
            "sign": connector.sign,
            "channels": deployment.domain("channels"),
            "registry": deployment.domain("editions"),
            "books": connector.books,
            "editions": connector.books,
            "evidence": connector.evidence,
            "chain": connector.watch,
        }
        self.holder = Holder(**desk, secrets=connector.books, judge=connector.judge)
        self.buyer = Buyer(**desk, keyring=connector.books)
        connector.transactions.listeners.append(self._mined)

    async def recover(self) -> None:
        """Deliver what is undelivered and take every step that is ours."""
        await self.engine.recover()

    async def close(self) -> None:
        """Stop delivering."""
        await self.engine.close()

    async def peer(self, did: str) -> Peer:
        """Return an authenticated peer with the address of its agreement key."""
        return Peer(did, (await self._connector.peers.document(did)).agreement)

    # ---- doors of the engine

    async def _deliver(self, peer: str, url: str, body: Document) -> tuple[int, Any]:
        headers = self._connector.authorization(peer)
        try:
            answer = await self._connector.outbound.post(url, body, headers=headers)
        except PeerRefused as refusal:
            return refusal.status, _json(refusal.body)
        return answer.status, _json(answer.body)

    def _enqueue_licence(self, tx: Tx, row: Row) -> None:
        agreement = from_json(Agreement, row["agreement"])
        deployment = self._connector.programs.deployment
        act = acts.grant_licence(deployment, agreement, row["provider_signature"], row["buyer_signature"])
        self._connector.transactions.enqueue(tx, LICENCE + row["digest"], act)

    def _data_address(self, tx: Tx, _transfer: Row, agreement: Row) -> Document:
        edition = bytes.fromhex(agreement["edition"])
        assert tx.get("editions", id=agreement["edition"]) is not None, "we sell only editions we have"
        connector = self._connector
        ticket = tickets.issue(connector.ticket_key, edition, bytes.fromhex(agreement["digest"]), connector.clock.now())
        endpoint = f"{connector.url}/sealed/{agreement['edition']}"
        properties = {"authorization": ticket, "authType": tickets.SCHEME.strip().lower()}
        return messages.data_address(endpoint, properties)

    def _refuse_url(self, url: str) -> str | None:
        try:
            self._connector.outbound.check(url)
        except AddressRefused as refusal:
            return str(refusal)
        return None

    def _moved(self, tx: Tx, process: str, row: Row) -> None:
        connector, key = self._connector, row["id"]
        tx.after(lambda: connector.acquisitions.moved(process, key))

    # ---- the chain

    def _mined(self, row: Mapping[str, Any]) -> None:
        if row["id"].startswith(LICENCE) and row["state"] == "mined":
            self._connector.settlements.licence_granted(row["id"].removeprefix(LICENCE), row["hash"])

    def grant(self, tx: Tx, digest: str, transaction: str) -> None:
        """Note that the licence is on chain: the agreement performs from now on."""
        row = tx.get("agreements", digest=digest)
        if row is None or row["state"] != "signed":
            return
        tx.update("agreements", {"digest": digest}, state=lifecycle.move("signed", "grant"), licence_tx=transaction)
        fields = {"licence": digest, "tx": transaction}
        now = self._connector.clock.now()
        self._connector.evidence.record(tx, "licence.granted", part=digest, fields=fields, now=now)

    async def meet_channel(self, channel_id: bytes, peer: str, agreement: bytes) -> None:
        """Take a channel of `peer` from the chain when it is new here; raises `ChannelFault` if it is not for us."""
        connector = self._connector
        known = await connector.store.read(lambda tx: tx.get("channels", id=channel_id.hex()))
        if known is not None:
            return
        found = await connector.programs.channel(channel_id)
        if found is None:
            raise fault("unknown-channel", f"there is no channel `{channel_id.hex()}` on chain")
        last = (await connector.chain.newest()).number
        opened = await connector.programs.events("channels", "Opened", 0, last, channelId=channel_id)
        row = await connector.store.read(lambda tx: tx.get("agreements", digest=agreement.hex()))
        if row is None or row["peer"] != peer or not opened:
            raise fault("unknown-agreement", "the channel is for no agreement with this peer")
        self._check_channel(found, row)
        event = opened[0]
        await connector.store.write(lambda tx: self._begin(tx, channel_id, peer, row, found, event))

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
            now=self._connector.clock.now(),
            open_tx=event.transaction.hex(),
        )
        self.record_opened(tx, channel_id, row["digest"], found, event.transaction.hex())

    def record_opened(self, tx: Tx, channel_id: bytes, agreement: str, found: Channel, transaction: str) -> None:
        """Record that a channel is open on chain, as either side."""
        members = self._connector.space
        payer, payee = members.by_address(found.payer), members.by_address(found.payee)
        fields = {
            "agreementDigest": agreement,
            "deposit": str(found.deposit),
            "expiry": str(int(found.expiry.timestamp())),
            "payer": "" if payer is None else payer.did,
            "payee": "" if payee is None else payee.did,
            "tx": transaction,
        }
        now = self._connector.clock.now()
        self._connector.evidence.record(tx, "channel.opened", part=channel_id.hex(), fields=fields, now=now)


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body) if body else None
    except orjson.JSONDecodeError:
        return None
