"""Channels that others open to us: what the chain says of one is held against our agreement before we take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.channel import account as accounts
from connector.channel.errors import fault
from connector.runtime.errors import PeerUnreachable
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import ChannelRow, Side
from contracts.split import Split
from contracts.terms import Terms
from contracts.typed_data import Agreement
from contracts.typed_json import from_json
from ledger.chain.programs import confirmed

if TYPE_CHECKING:
    from datetime import datetime

    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from ledger.chain.client import Event
    from ledger.chain.programs import Channel, Programs


class Meetings:
    """The channels that one participant meets."""

    def __init__(self, core: Core, space: SpaceView, programs: Programs) -> None:
        self._core, self._space, self._programs = core, space, programs

    async def meet(self, channel_id: bytes, peer: str, agreement: bytes) -> None:
        """Take a channel of `peer` from the chain when it is new here; raises `ChannelFault` if it is not for us.

        Raises PeerUnreachable or ChainUnreachable while that is not to be known.
        """
        known = await self._core.store.read(lambda tx: tx.get(ChannelRow, id=channel_id.hex()))
        if known is not None:
            return
        last = await confirmed(self._programs.chain, self._core.settings.chain.confirmations)
        found = await self._programs.channel(channel_id, at=last)
        if found is None and await self._programs.channel(channel_id) is None:
            raise fault("unknown-channel", f"there is no channel `{channel_id.hex()}` with this peer")
        if found is None:
            raise PeerUnreachable(f"the channel `{channel_id.hex()}` waits for its confirmations", "ask again")
        event = await self._programs.told("channels", "Opened", last, channelId=channel_id)
        row = await self._core.store.read(lambda tx: tx.get(AgreementRow, digest=agreement.hex()))
        if row is None or row.peer != peer:
            raise fault("unknown-agreement", "the channel is for no agreement with this peer")
        block = await self._programs.chain.block(event.block)
        self._check_channel(found, row, None if block is None else block.at)
        await self._core.store.write(lambda tx: self._begin(tx, channel_id, peer, row, found, event))

    def _check_channel(self, found: Channel, row: AgreementRow, opened: datetime | None) -> None:
        terms, agreement = Terms.from_json(row.terms), from_json(Agreement, row.agreement)
        wrong = [
            name
            for name, is_right in (
                ("payer", self._pays(found.payer, agreement.buyer, opened)),
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

    def _pays(self, payer: bytes, buyer: bytes, opened: datetime | None) -> bool:
        """Say whether an account pays for a buyer: its own, and of one that another follows, if it did so before."""
        member = self._space.last().by_address(buyer)
        former = () if member is None else member.address_former
        until = next((one.until for one in former if one.address == buyer), None)
        return payer == buyer and (until is None or (opened is not None and opened <= until))

    def _begin(self, tx: Tx, channel_id: bytes, peer: str, row: AgreementRow, found: Channel, event: Event) -> None:
        if tx.get(ChannelRow, id=channel_id.hex()) is not None:
            return
        accounts.begin(
            tx,
            channel_id=channel_id,
            role=Side.PAYEE,
            peer=peer,
            agreement=row.digest,
            payer=found.payer,
            payee=found.payee,
            signer=found.signer,
            token=found.token,
            split=Split.from_json(row.signed_terms["split"]),
            arbitrator=found.arbitrator,
            salt=event.fields["salt"],
            deposit=found.deposit,
            expiry=found.expiry,
            now=self._core.clock.now(),
            open_tx=event.transaction.hex(),
        )
        self.record(tx, channel_id, row.digest, found, event.transaction.hex())

    def record(self, tx: Tx, channel_id: bytes, agreement: str, found: Channel, transaction: str) -> None:
        """Record that a channel is open on chain, as either side."""
        members = self._space.last()
        payer, payee = members.by_address(found.payer), members.by_address(found.payee)
        fields = {
            "agreementDigest": agreement,
            "deposit": str(found.deposit),
            "expiry": str(int(found.expiry.timestamp())),
            "payer": "" if payer is None else payer.did,
            "payee": "" if payee is None else payee.did,
            "tx": transaction,
        }
        now = self._core.clock.now()
        self._core.evidence.record(tx, "channel.opened", part=channel_id.hex(), fields=fields, now=now)
        self._core.topics.channel_met.after(tx, agreement)
