"""What a contract of these interfaces costs, paid on chain by its consumer: to the provider and to each service party.

Law: (1) what is paid is shared as all have signed it, to the minor unit; the rest is the provider's. (2) Each payment
is a transfer of the settlement token whose reference follows from consumer, contract and the number of the payment, so
whoever knows the contract finds it on the chain. (3) One number is paid once to each, however often it is asked for.
(4) An account pays no more than the price that was agreed, once; everything else is the owner's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.chain.transactions import MinedEvent
from connector.negotiation import authority
from connector.negotiation.ndi.offers import SERVICES, is_sealed
from connector.negotiation.protocol.states import PROVIDER
from connector.operation.ndi import contracts
from connector.runtime.errors import Absent, Conflict, InvalidInput, NotPermitted, PaymentRefused
from connector.store.rows.chain import ActState, ChainTxRow
from connector.store.rows.contract import ContractRow, ServiceContractRow
from contracts import payment_reference as references
from contracts.ndi import strategy as strategies
from contracts.ndi.services import ServiceParty, amounts, read
from ledger.chain import payments
from ledger.chain.client import call_data
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.negotiation.protocol.messages import Document
    from connector.store.transaction import Tx
    from ledger.chain.programs import Programs

# of one contract: whoever looks for them works out each reference
PAYMENTS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Bought:
    """What is to be paid of a contract, in minor units: its digest, its provider, and who else has a share."""

    digest: str
    provider: str
    total: int
    named: tuple[ServiceParty, ...]


class Paying:
    """The payments of one participant's contracts, those that it makes and those that it looks for."""

    def __init__(self, core: Core, space: SpaceView, programs: Programs, transactions: Transactions) -> None:
        self._core, self._space, self._programs, self._transactions = core, space, programs, transactions

    async def pay(self, code: str, number: int, amount: str | None) -> Document:
        """Pay a contract in which we are the consumer, its price if no other amount is said; returns who got what.

        Raises Absent and Conflict for no contract that is filed, or another amount under a number that was paid;
        InvalidInput, PaymentRefused for more than we have, and ChainReverted.
        """
        _require_number(number)
        wanted = None if amount is None else int(amount)
        bought = await self._core.store.write(lambda tx: _bought(tx, code, number, wanted))
        shares = _shared(bought.provider, bought.named, bought.total)
        reference = references.contract(self._core.identity.did, code, number)
        acts = []
        for party, _, part in shares:
            account = (await self._space.require(party)).address
            act = payments.pay(self._programs.deployment, account, part, reference)
            acts.append((f"contract:{reference.hex()}:{party}", act, party, part))
        await self._require_covered(code, [(key, call_data(act), part) for key, act, _, part in acts])
        made = []
        for (key, act, party, part), (_, role, _) in zip(acts, shares, strict=True):
            fields = {"kind": references.CONTRACT, "to": party, "amount": str(part), "agreementDigest": bought.digest}
            mined = await self._transactions.submit(
                key, act, MinedEvent("payment.made", reference.hex(), fields), anew=True
            )
            made.append({"number": number, "party": party, "role": role, "amount": str(part), "block": mined.block})
        return {"contractId": code, "currency": self._programs.deployment.currency, "payments": made}

    async def _require_covered(self, code: str, wanted: Sequence[tuple[str, bytes, int]]) -> None:
        """Raise Conflict where something else was paid under this number, PaymentRefused where our balance is less."""
        rows = await self._core.store.read(lambda tx: [tx.get(ChainTxRow, id=key) for key, _, _ in wanted])
        open_ = 0
        for row, (_, data, part) in zip(rows, wanted, strict=True):
            if row is not None and row.data != data:
                text = f"another amount was paid under this number of the contract `{code}`"
                raise Conflict(text, "give this payment a number of its own: --number")
            open_ += part if row is None or row.state is ActState.REVERTED else 0
        held = await self._programs.balance(self._core.identity.keys.address)
        if held < open_:
            money = self._programs.money
            text = f"{money(open_)} are to be paid, and the wallet holds {money(held)}"
            raise PaymentRefused(text, "penstock wallet, or ask the exchange for credit")

    async def paid(self, code: str) -> Document:
        """Find on the chain what was paid for a contract: ours, or one that we serve in; raises Absent."""
        consumer, provider, named = await self._core.store.read(lambda tx: _parties(tx, code, self._core.identity.did))
        payer = (await self._space.require(consumer)).address
        numbers = {references.contract(consumer, code, number): number for number in range(1, PAYMENTS_MAX + 1)}
        found: list[Document] = []
        for party, role in [(provider, PROVIDER), *((one.entity, one.role) for one in named)]:
            account = (await self._space.require(party)).address
            for one in await payments.between(self._programs, payer, account):
                if (number := numbers.get(one.reference)) is not None:
                    told = {"number": number, "party": party, "role": role}
                    found.append({**told, "amount": str(one.amount), "block": one.block})
        found.sort(key=lambda one: (one["number"], one["block"]))
        return {"contractId": code, "currency": self._programs.deployment.currency, "payments": found}


def _shared(provider: str, named: Sequence[ServiceParty], total: int) -> list[tuple[str, str, int]]:
    """Return who gets how much of a payment, and as what; who gets nothing is left out."""
    parts = amounts(total, named)
    told = [(one.entity, one.role, part) for one, part in zip(named, parts, strict=True)]
    return [one for one in [(provider, PROVIDER, total - sum(parts)), *told] if one[2] > 0]


def _require_number(number: int) -> None:
    if not 0 < number <= PAYMENTS_MAX:
        raise InvalidInput(f"payments of a contract are numbered 1 to {PAYMENTS_MAX}", "say another by --number")


def _bought(tx: Tx, code: str, number: int, amount: int | None) -> Bought:
    """Return what is to be paid of a contract that we have bought under; raises InvalidInput, NotPermitted."""
    row, talk, _ = contracts.require_bought(tx, code)
    if is_sealed(talk.agreement):
        raise Conflict(f"the contract `{code}` is delivered sealed, and paid by the piece", "penstock wallet")
    price = talk.price or 0
    total = price if amount is None else amount
    if total <= 0:
        raise InvalidInput("there is nothing to pay: the amount is 0", "say another by --amount")
    if authority.hand(tx) and (number != 1 or total > price):
        raise NotPermitted("an account pays a contract once, and no more than its price", "the owner pays more")
    return Bought(str(talk.digest), row.peer, total, read(contracts.about(talk).get(SERVICES, [])))


def _parties(tx: Tx, code: str, me: str) -> tuple[str, str, tuple[ServiceParty, ...]]:
    """Return consumer, provider and service parties of a contract that concerns us; raises Absent."""
    serves = tx.get(ServiceContractRow, code=code)
    if serves is not None:
        return serves.consumer, serves.provider, _services(serves.strategy)
    row = tx.get(ContractRow, code=code)
    if row is None:
        raise Absent(f"there is no contract `{code[:60]}` of these interfaces here", "penstock ndi list")
    pair = (row.peer, me) if row.role == PROVIDER else (me, row.peer)
    return *pair, read(contracts.about(contracts.talk_of(tx, row)).get(SERVICES, []))


def _services(strategy: Any) -> tuple[ServiceParty, ...]:
    try:
        return strategies.services(strategy)
    except PolicyError as error:
        raise Absent(f"who serves in the contract cannot be read: {error}") from error
