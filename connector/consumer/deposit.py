"""A channel that we pay through: what is paid into it, and its way from the mined opening to our books."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connector.channel import account as accounts
from connector.licence import hosted, pricing
from connector.negotiation.protocol.states import NEGOTIATION
from connector.runtime.errors import Absent, PeerUnreachable, PurchaseRefused
from connector.settlement.purse import require_deposit
from connector.store.rows.channel import ChannelRow, PaidRowsRow, Side
from contracts.split import Split
from contracts.terms import Terms
from contracts.typed_data import Agreement
from contracts.typed_json import from_json
from ledger.chain import acts
from ledger.chain.programs import confirmed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.licence.licensing import Licensing
    from connector.negotiation.engine import Engine
    from connector.settlement.meeting import Meetings
    from connector.settlement.purse import Purse
    from connector.store.rows.agreement import AcquisitionRow, AgreementRow
    from connector.store.transaction import Tx
    from ledger.chain.client import Act
    from ledger.chain.programs import Programs

CHANNEL = "channel:"  # of an opening's transaction
FREEZE_SECONDS = 14 * 86_400  # the longest an arbitrator may hold the channel
EXPIRY_SECONDS = 30 * 86_400  # a channel outlives its voucher margins by far; it can be extended


@dataclass(frozen=True, slots=True)
class Deposit:
    """A channel to be opened: its id, the salt that goes into the id, the act on chain that opens and fills it."""

    channel: bytes
    salt: bytes
    act: Act


class Deposits:
    """Channels that we open, and what is paid into them."""

    def __init__(
        self,
        core: Core,
        programs: Programs,
        transactions: Transactions,
        purse: Purse,
        licensing: Licensing,
        meetings: Meetings,
        engine: Engine,
    ) -> None:
        self._core, self._programs, self._transactions, self._purse = core, programs, transactions, purse
        self._licensing, self._meetings, self._asking = licensing, meetings, engine.asking

    async def licensed(self, agreement: AgreementRow) -> Callable[[Tx], None]:
        """Return what keeps the licence of an agreement as granted.

        Raises PeerUnreachable or ChainUnreachable until the chain has it, and tells it; Absent when its provider, which
        is asked after a while, knows nothing of it.
        """
        about = bytes.fromhex(agreement.digest)
        if await self._programs.licence(about) is None:
            await self._require_known(agreement)
            raise PeerUnreachable("the licence is not on chain yet")
        granted = await self._programs.told("licences", "LicenceGranted", agreementDigest=about)
        return lambda tx: self._licensing.grant(tx, agreement.digest, granted.transaction.hex())

    async def _require_known(self, agreement: AgreementRow) -> None:
        """Refuse to wait for a licence from a provider that has forgotten what it signed (decision 0280)."""
        patience = timedelta(seconds=self._core.settings.negotiation.deadline_seconds)
        if self._core.clock.now() < agreement.created + patience:
            return
        heard = await self._asking.about(NEGOTIATION, agreement.negotiation)
        if not heard.known:
            text = "the provider knows nothing of the agreement that it signed: it went on with a back-up of before"
            raise Absent(text, "buy again under another id; nothing was paid in")

    async def deposit(self, mandate: Mapping[str, Any], agreement: AgreementRow) -> Deposit:
        """Return a new channel for an agreement, with a deposit that the token's permit allows in one transaction.

        It is no more than can still become due under the agreement. What came back from closed channels is taken for
        it; raises PaymentRefused when the account holds less all the same.
        """
        terms = Terms.from_json(agreement.terms)
        if terms.hosted is not None and (why := await hosted.standing(self._programs, terms.hosted)):
            raise PurchaseRefused(f"it is sold for `{terms.hosted.provider}`, and {why}", "nothing was paid in")
        signed = from_json(Agreement, agreement.agreement)
        if signed.buyer != self._core.identity.keys.address:
            text = "it was agreed under a former account of ours, which opens no channel any more"
            raise PurchaseRefused(text, "buy it again: that agreement is the present account's")
        paid = await self._core.store.read(lambda tx: tx.get(PaidRowsRow, agreement=agreement.digest))
        left = signed.price_cap - (0 if paid is None else paid.amount)
        value = pricing.deposit(terms.tariff, left, mandate["deposit"])
        account, secret = self._core.identity.keys.address, self._core.identity.keys.agreement
        balance = await self._programs.balance(account)
        if balance < value and await self._purse.withdraw():
            balance = await self._programs.balance(account)
        require_deposit(value, balance, terms.tariff.currency)
        deadline = int(self._core.clock.now().timestamp()) + EXPIRY_SECONDS
        opening = acts.Opening(
            signer=account,
            split=terms.split,
            token=terms.token,
            arbitrator=terms.arbitrator,
            freeze_seconds=FREEZE_SECONDS,
            salt=secrets.token_bytes(32),
            expiry=deadline,
        )
        deployment = self._programs.deployment
        nonce = await self._programs.permit_nonce(account)
        permit = acts.sign_permit(deployment, secret, value=value, nonce=nonce, deadline=deadline)
        channel = acts.channel_id(deployment, account, opening)
        act = acts.open_channel(deployment, opening, value, permit)._replace(sender=opening.signer)
        return Deposit(channel, opening.salt, act)

    def send(self, tx: Tx, deposit: Deposit) -> None:
        """Queue the act that opens and fills a channel."""
        self._transactions.enqueue(tx, CHANNEL + deposit.channel.hex(), deposit.act)

    async def opened(self, row: AcquisitionRow, terms: Mapping[str, Any]) -> Callable[[Tx], None]:
        """Wait until the channel of an acquisition is on chain; return what keeps it as ours, once.

        Raises PeerUnreachable while its confirmations are not there: until then it holds no credit, on either side.
        """
        mined = await self._transactions.mined(CHANNEL + row.its_channel)
        channel = bytes.fromhex(row.its_channel)
        last = await confirmed(self._programs.chain, self._core.settings.chain.confirmations)
        found = await self._programs.channel(channel, at=last)
        if found is None:
            raise PeerUnreachable(f"the channel `{row.channel}` waits for its confirmations", "ask again")

        def keep(tx: Tx) -> None:
            if tx.get(ChannelRow, id=row.channel) is not None:
                return
            accounts.begin(
                tx,
                channel_id=channel,
                role=Side.PAYER,
                peer=row.its_provider,
                agreement=row.its_agreement,
                payer=found.payer,
                payee=found.payee,
                signer=found.signer,
                token=found.token,
                split=Split.from_json(terms["split"]),
                arbitrator=found.arbitrator,
                salt=bytes.fromhex(row.progress["salt"]),
                deposit=found.deposit,
                expiry=found.expiry,
                now=self._core.clock.now(),
                open_tx=mined.transaction,
            )
            self._meetings.record(tx, channel, row.its_agreement, found, mined.transaction)

        return keep
