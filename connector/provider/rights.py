"""What is done with rights on the chain: editions passed on, pledged, released, withdrawn; licences pledged, released.

Law: (1) the program decides who may; what it would refuse is refused here first, in words that name the holder or the
creditor. (2) An act is sent once for each time it was asked for, and is in the log when the chain has it. (3) A
withdrawn edition is offered no more, here and at the exchange; what was sold of it stands.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connector.chain.transactions import MinedEvent
from connector.negotiation.on_offer import keep, withdrawn
from connector.provider import steps
from connector.runtime import reasons
from connector.runtime.errors import Absent, Conflict, InvalidInput, NotPermitted
from connector.store.rows.product import ProductRow
from connector.store.rows.vault import EditionRow
from contracts import address, blind
from contracts.decimals import read_hex
from contracts.errors import ContractError
from ledger.chain import acts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.identity.space.exchange import ExchangeDoor
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from ledger.chain.client import Act
    from ledger.chain.programs import Pledge, Programs

EDITION, LICENCE = "edition", "licence"
PROGRAMS = {EDITION: "editions", LICENCE: "licences"}
PLEDGE = {EDITION: acts.pledge_edition, LICENCE: acts.pledge_licence}
RELEASE = {EDITION: acts.release_edition, LICENCE: acts.release_licence}
ID_BYTES = 32
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Right:
    """What somebody holds on the chain: an edition by its holder, a licence by its buyer.

    `key` is the id that was asked for, `raw` what the chain knows it by: another one for an unlisted edition of ours.
    """

    kind: str
    key: str
    raw: bytes
    holder: bytes
    withdrawn: bool
    pledge: Pledge | None


class Rights:
    """The rights that this participant holds, or holds a pledge of; `key` is the id of an edition or a licence."""

    def __init__(
        self, core: Core, programs: Programs, transactions: Transactions, space: SpaceView, exchange: ExchangeDoor
    ) -> None:
        self._core, self._programs, self._transactions, self._space, self._exchange = (
            core,
            programs,
            transactions,
            space,
            exchange,
        )

    async def show(self, key: str) -> View:
        """Return what the chain says of an edition or licence; raises Absent."""
        right = await self._right(key)
        pledge = right.pledge and {"creditor": self._name(right.pledge.creditor), "terms": right.pledge.terms.hex()}
        told = {"id": key, "kind": right.kind, "holder": self._name(right.holder), "pledge": pledge}
        return told | ({"withdrawn": right.withdrawn} if right.kind == EDITION else {})

    async def transfer(self, key: str, to: str) -> View:
        """Pass on the rights in an edition to a member; from then on only it continues the series."""
        right = await self._free(key, of=EDITION)
        member = await self._space.require(to)
        act = acts.transfer_edition(self._programs.deployment, right.raw, right.holder, member.address)
        return await self._do(right, "transferred", act, {"to": to})

    async def pledge(self, key: str, to: str, terms: str) -> View:
        """Pledge an edition or a licence to a member under terms, of which the chain keeps the SHA-256."""
        reasons.check(terms, "the creditor lends on them", called="the terms of a pledge have")
        right = await self._free(key)
        member = await self._space.require(to)
        digest = hashlib.sha256(terms.encode()).digest()
        act = PLEDGE[right.kind](self._programs.deployment, right.raw, member.address, digest)
        return await self._do(right, "pledged", act, {"creditor": to, "terms": terms})

    async def release(self, key: str) -> View:
        """End a pledge as its creditor."""
        right = await self._right(key)
        if right.pledge is None:
            raise Conflict(f"`{key}` is not pledged")
        if right.pledge.creditor not in self._core.identity.keys.accounts:
            raise NotPermitted(f"only its creditor releases a pledge: {self._name(right.pledge.creditor)}")
        act = RELEASE[right.kind](self._programs.deployment, right.raw)
        return await self._do(right, "released", act, {}, right.pledge.creditor)

    async def withdraw(self, key: str, reason: str) -> View:
        """Withdraw an edition for good: it is offered no more, and the exchange takes it off its list.

        One that the chain has as withdrawn goes off the list, too: the exchange may have been away the first time.
        """
        reasons.check(reason, "buyers and the exchange read it")
        right = await self._free(key, of=EDITION)
        if right.withdrawn:
            if not await self._off_the_list(key, reason):
                raise Conflict("the edition is withdrawn already")
            return await self.show(key)
        act = acts.withdraw_edition(self._programs.deployment, right.raw)
        done = await self._do(right, "withdrawn", act, {"reason": reason})
        await self._off_the_list(key, reason)
        return done

    # inside

    async def _right(self, key: str) -> Right:
        """Return what the chain has under a key, and have whoever it names among the members that are known."""
        right = await self._on_chain(key)
        pledge = [] if right.pledge is None else [right.pledge.creditor]
        await self._space.meet_accounts([right.holder, *pledge])
        return right

    async def _on_chain(self, key: str) -> Right:
        programs, raw = self._programs, _raw(key)
        known = blind.registered_id(raw, await self._core.store.read(lambda tx: _salt(tx, key)))
        if (edition := await programs.edition(known)) is not None:
            pledge = await programs.pledge(PROGRAMS[EDITION], known)
            return Right(EDITION, key, known, edition.holder, edition.withdrawn_at is not None, pledge)
        if (licence := await programs.licence(raw)) is not None:
            return Right(LICENCE, key, raw, licence.buyer, False, await programs.pledge(PROGRAMS[LICENCE], raw))
        raise Absent(f"the chain knows no edition and no licence `{key}`", "penstock show says which there are")

    async def _free(self, key: str, of: str | None = None) -> Right:
        """Return a right of ours that nobody holds a pledge of."""
        right = await self._right(key)
        if of not in (None, right.kind):
            raise InvalidInput(f"`{key}` is a {right.kind}, not an {of}")
        if right.holder not in self._core.identity.keys.accounts:
            raise NotPermitted(f"the rights are held by {self._name(right.holder)}, not by us")
        if right.pledge is not None:
            raise Conflict(
                f"`{key}` is pledged", f"its creditor releases it first: {self._name(right.pledge.creditor)}"
            )
        return right

    async def _do(self, right: Right, done: str, act: Act, told: Mapping[str, str], by: bytes = b"") -> View:
        """Send an act, whose event is written when the chain has it, by the account of ours that holds or `by`."""
        event = f"{right.kind}.{done}"
        fields = {**told, **({"licence": right.key} if right.kind == LICENCE else {})}
        key = f"{event}:{right.key}:{self._core.clock.now().isoformat()}"
        sent = act._replace(sender=by or right.holder)
        await self._transactions.submit(key, sent, MinedEvent(event, right.key, fields))
        return await self.show(right.key)

    async def _off_the_list(self, edition: str, reason: str) -> list[str]:
        """Offer an edition no more, here and at the exchange, which says so if it is off its list already.

        Returns the products that it was told of.
        """

        def act(tx: Tx) -> list[str]:
            products = tx.find(ProductRow, "edition = ?", (edition,))
            for product in products:
                keep(tx, self._core.evidence, product, withdrawn(product, self._core.clock.now()))
            own = tx.get(EditionRow, id=edition)
            known = None if own is None else tx.get(ProductRow, id=own.product)
            if known is not None and known.standing is not None and known.standing["edition"] == edition:
                keep(tx, self._core.evidence, known, steps.listed(known, self._core.clock.now()))
            return [product.id for product in products if not product.blind]

        products = await self._core.store.write(act)
        for product in () if self._exchange.alone else products:
            path = f"/exchange/products/{quote(product, safe='')}/withdrawal"
            await self._exchange.ask("POST", path, {"reason": reason})
        return products

    def _name(self, account: bytes) -> str:
        """Return the member with an account, or the account."""
        member = self._space.last().by_address(account)
        return address.show(account) if member is None else member.did


def _salt(tx: Tx, edition: str) -> bytes:
    """Return what blinds an edition of ours on chain, nothing for one that is listed, or not ours."""
    row = tx.get(EditionRow, id=edition)
    product = None if row is None else tx.get(ProductRow, id=row.product)
    return b"" if product is None else product.blind or b""


def _raw(key: str) -> bytes:
    try:
        return read_hex(key, "id", ID_BYTES)
    except ContractError as error:
        raise InvalidInput(f"`{key[:100]}` is no id of an edition or licence: 64 hex digits") from error
