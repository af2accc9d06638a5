"""What a buyer gets, from a product id to a replica that opens: negotiate, sign, deposit, pull, pay, resume.

Law: the states are the rows of STEPS, in the order of the journey; a step looks at the rows and the chain, does one
thing and leaves the next state in the transaction of that thing, so that a crash repeats at most one look. A step that
waits for somebody returns and is woken by the commit of its cause. A window under way goes on in `Purchase.resume`.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from catalog.codes import tier as tier_of
from connector.consumer import copying, next_channel, progress, quoting, resting, spending, steps, waiting
from connector.consumer import mandate as mandates
from connector.consumer import pipe as pipes
from connector.consumer.followed import Followed
from connector.consumer.steps import FINAL, IS_UNENDED, UNENDED
from connector.core.driver import RETRYABLE_EXITS, Driver
from connector.enforcement.person import OWNER, Person
from connector.negotiation import transfer
from connector.negotiation.protocol.offers import PLAIN
from connector.negotiation.protocol.states import COMPLETED, FINALIZED, STARTED, SUSPENDED, TERMINATED
from connector.runtime.errors import (
    DISK_EXIT,
    Conflict,
    InvalidInput,
    PeerUnreachable,
    ReaderGone,
    as_reason,
    explain_failure,
    is_disk,
)
from connector.store.rows.agreement import AcquisitionRow, AgreementRow
from connector.store.rows.agreement import AcquisitionState as State
from connector.store.rows.protocol import NegotiationRow
from connector.store.table_row import replace
from contracts.terms import Terms
from contracts.units import COMPUTED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from connector.consumer.deposit import Deposits
    from connector.consumer.holding import Holding
    from connector.consumer.pipe import Pipes
    from connector.consumer.prospect import Prospects
    from connector.consumer.pulling import Pulls
    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.negotiation.engine import Engine
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

# a full disk ends nothing: what was paid for comes when there is room
MENDED = RETRYABLE_EXITS | {DISK_EXIT}
_UNENDED = f"SELECT id FROM acquisitions WHERE {IS_UNENDED}"  # noqa: S608 - a constant of ours


class Acquisitions:
    """Everything this buyer is getting or has got."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        engine: Engine,
        pipes: Pipes,
        holding: Holding,
        quotes: quoting.Quotes,
        prospects: Prospects,
        deposits: Deposits,
        next_channels: next_channel.NextChannels,
        pulls: Pulls,
    ) -> None:
        self._core, self._space, self._engine, self._pipes = core, space, engine, pipes
        self._holding, self._quotes, self._prospects, self._deposits = holding, quotes, prospects, deposits
        self._next_channels, self._pulls = next_channels, pulls
        self.driver = Driver("acquisition", self._advance, self.end, MENDED)
        self._purse = asyncio.Lock()
        self._followed = Followed(core, self.driver.trouble)
        self._waiting: dict[str, str] = {}
        self._steps = {
            State.WANTED: self._negotiate,
            State.NEGOTIATING: self._agreed,
            State.AGREED: self._licensed,
            State.LICENSED: self._deposit,
            State.FUNDING: self._funded,
            State.FUNDED: self._transfer,
            State.TRANSFERRING: self._started,
            State.RECEIVING: self._receive,
        }

    async def recover(self) -> None:
        """Go on with what an earlier run left unfinished."""
        self.driver.resume(await self._core.store.read(lambda tx: tx.column(_UNENDED, *UNENDED)))

    def moved(self, process: str, key: str) -> None:
        """Wake whoever waits for negotiation or transfer `key`."""
        waiter = self._waiting.get(f"{process}:{key}")
        if waiter is not None:
            self.driver.wake(waiter)

    def amended(self, tx: Tx, old: AgreementRow, new: AgreementRow) -> None:
        """Go on under another agreement with what was got, or is being got, under one that it is in place of."""
        for row in tx.find(AcquisitionRow, "agreement = ?", (old.digest,)):
            tx.change(row, replace(steps.amended(row, new), updated=self._core.clock.now()))
            tx.after(partial(self.driver.wake, row.id))

    async def acquire(
        self, key: str, product: str, mandate: Any, person: Person = OWNER, signer: JsonObject | None = None
    ) -> JsonObject:
        """Begin to get `product` within `mandate`; with the id of what has begun go on, whatever it says then.

        `earlier` of the answer is an agreement by which we have this product already: what is new is paid again.
        `person` is who of our people asks; `signer` who asked for it before, where that is another task's. Raises
        NotPermitted for an account that may not sign for what it asks.
        """
        checked = mandates.checked(mandate, person)
        if not key or not product:
            raise InvalidInput("an acquisition needs an id and a product")
        quoting.check(checked.get("licence"), product)
        await self._space.require(self._core.identity.did)
        now = self._core.clock.now()
        before = await self._core.store.read(lambda tx: progress.begun(tx, key))
        await asyncio.to_thread(mandates.require_place, checked, before)

        def act(tx: Tx) -> str | None:
            known = tx.get(AcquisitionRow, id=key)
            if known is not None and known.product != product:
                raise Conflict(f"`{key}` is about another product", "choose another id")
            if (begun := progress.begun(tx, key)) is not None:
                resting.unpause(tx, begun, self._engine.transfers, now)
                return None
            hand = mandates.signed_by(tx, product, checked, signer, self._space.known_currency(), now)
            spending.begin(tx, steps.wanted(key, product, checked | hand, now))
            return progress.bought(tx, product, now)

        earlier = await self._core.store.write(act)
        self.driver.hurry(key)
        return {**await self.view(key), "earlier": earlier}

    async def view(self, key: str) -> JsonObject:
        """Return where an acquisition is; raises Absent."""
        return await self._followed.view(key)

    async def wait(self, key: str, mark: str, seconds: float) -> JsonObject:
        """Return the view as soon as it differs from `mark`, at the latest after `seconds`."""
        return await self._followed.wait(key, mark, seconds)

    @asynccontextmanager
    async def reading(self, key: str, gone: Callable[[], bool]) -> AsyncIterator[pipes.Pipe]:
        """Read inside the block what is opened of an acquisition whose `to` is a stream; raises Absent, Conflict."""
        await self.view(key)
        with self._pipes.reading(key, gone) as pipe:
            row = await self._acquisition(key)
            if row.mandate.get("to") != mandates.STREAM:
                raise Conflict(f"`{key[:100]}` was not asked for as a stream", "choose another id")
            if row.state in FINAL:
                raise pipes.after(row)
            self._followed.unread.pop(key, None)
            self.driver.wake(key)
            yield pipe

    async def _advance(self, key: str) -> None:
        while True:
            row = await self._acquisition(key)
            if row.state in FINAL:
                self._forget(row)
                return
            if row.paused is not None or await self._gave_up(row) or not await self._steps[row.state](row):
                return
            self._followed.asked.pop(key, None)
            self.tell(key)

    async def _gave_up(self, row: AcquisitionRow) -> bool:
        """End an acquisition that has waited too long, with what it met last."""
        now = self._core.clock.now()
        if not await self._core.store.read(lambda tx: waiting.over(tx, row, now)):
            return False
        trouble = self.driver.trouble(row.id)
        why = "nothing came" if trouble is None else trouble.text
        await self.end(row.id, PeerUnreachable(f"given up while `{row.state}`: {why}", "get it anew, later"))
        return True

    async def end(self, key: str, fault: Exception) -> None:
        """End an acquisition with a fault; one that is at its end stays as it is."""

        def act(tx: Tx) -> AcquisitionRow:
            [row] = tx.find(AcquisitionRow, "id = ?", (key,))
            if row.state in FINAL:
                return row
            return tx.change(row, replace(steps.failed(row, as_reason(fault)), updated=self._core.clock.now()))

        self._forget(await self._core.store.write(act))
        await self._next_deposit()
        self.tell(key)

    def tell(self, key: str) -> None:
        """Tell whoever follows an acquisition that it has moved."""
        self._followed.tell(key)

    def _forget(self, row: AcquisitionRow) -> None:
        """Wait for nobody any more."""
        self._followed.forget(row.id)
        if (pipe := self._pipes.find(row.id)) is not None:
            pipe.end(pipes.after(row))
        for process in (f"negotiation:{row.negotiation}", f"transfer:{row.transfer}"):
            self._waiting.pop(process, None)

    def _move(self, tx: Tx, row: AcquisitionRow, after: AcquisitionRow) -> None:
        """Write what follows a row, if that is still where this step found it."""
        where = {"id": row.id, "state": row.state}
        tx.update(AcquisitionRow, where, **row.differs(replace(after, updated=self._core.clock.now())))

    # ---- the steps: True when the next one can follow at once

    async def _negotiate(self, row: AcquisitionRow) -> bool:
        """Find the offer that is meant, look ahead, and negotiate within the mandate."""
        mandate = row.mandate
        found = await self._quotes.meant(row.product, mandate, partial(self._followed.asked.__setitem__, row.id))
        within = steps.limits(mandate, found.asked, self._core.settings.negotiation.rounds_max) | found.fixed
        return await self._begun(row, found, within)

    async def _begun(self, row: AcquisitionRow, found: quoting.Quote, within: JsonObject) -> bool:
        """Begin the negotiation of an offer that was found, within a mandate; raises what `Prospects.check` does."""
        await self._prospects.check(found, row.mandate, int(within["bid"]))
        provider, offer, start = found.provider, found.offer, self._engine.negotiations.start

        def act(tx: Tx) -> None:
            now = self._core.clock.now()
            pid = start(tx, provider=provider.did, base=provider.base, offer=offer, mandate=within, now=now)
            self._waiting[f"negotiation:{pid}"] = row.id
            self._move(tx, row, replace(row, state=State.NEGOTIATING, negotiation=pid, provider=provider.did))

        await self._core.store.write(act)
        return True

    async def _agreed(self, row: AcquisitionRow) -> bool:
        """Wait for the negotiation's end."""
        self._waiting[f"negotiation:{row.negotiation}"] = row.id
        talk = await self._core.store.read(lambda tx: tx.get(NegotiationRow, id=row.its_negotiation))
        assert talk is not None, "an acquisition has its negotiation"
        if talk.state == TERMINATED:
            raise steps.unagreed(row, talk)
        if talk.state != FINALIZED:
            return False
        # without terms of ours there is neither licence nor deposit
        assert talk.digest is not None, "what is final was agreed on"
        kept = await self._agreement(talk.digest)
        if steps.is_sealed(kept):  # a contract that is in force, and delivered by an agreement under it
            return await self._begun(row, *steps.under(row, await self._quotes.under(kept)))
        after = replace(row, state=State.AGREED if kept.terms else State.FUNDED, agreement=kept.digest)
        await self._core.store.write(lambda tx: self._move(tx, row, after))
        return True

    async def _licensed(self, row: AcquisitionRow) -> bool:
        """Wait for the licence on chain: nothing is deposited under an agreement that the chain does not know."""
        keep = await self._deposits.licensed(await self._agreement(row.its_agreement))

        def act(tx: Tx) -> None:
            keep(tx)
            self._move(tx, row, replace(row, state=State.LICENSED))

        await self._core.store.write(act)
        return True

    async def _deposit(self, row: AcquisitionRow) -> bool:
        """Pay in, one after the other: the token counts our permits, and a balance is there only once."""
        async with self._purse:
            if await self._core.store.read(lambda tx: tx.find(AcquisitionRow, "state = ?", (State.FUNDING,), limit=1)):
                return False
            return await self._pay_in(row)

    async def _pay_in(self, row: AcquisitionRow) -> bool:
        """Open the channel with a deposit, by the token's permit in the same transaction."""
        agreement = await self._agreement(row.its_agreement)
        terms = Terms.from_json(agreement.terms)
        if terms.tier == COMPUTED:  # nothing is delivered, and each statement begins a line of its own
            mandates.require_nowhere(row.mandate)
            await self._core.store.write(lambda tx: self._move(tx, row, replace(row, state=State.COMPLETE)))
            return True
        if terms.tier == PLAIN:  # paid outside channels
            copying.check(row.mandate)
            await self._core.store.write(lambda tx: self._move(tx, row, replace(row, state=State.FUNDED)))
            return True
        if terms.tier == "leased" and row.mandate.get("to") is not None:
            raise InvalidInput("a leased product is opened when it is read", "get it without `to`, then open it")
        opening = await self._deposits.deposit(row.mandate, agreement)

        def act(tx: Tx) -> None:
            if tx.get(AcquisitionRow, id=row.id) != row:
                return  # paused, or ended, meanwhile
            progress = {**row.progress, "salt": opening.salt.hex()}
            self._move(tx, row, replace(row, state=State.FUNDING, channel=opening.channel.hex(), progress=progress))
            self._deposits.send(tx, opening)

        await self._core.store.write(act)
        return True

    async def _funded(self, row: AcquisitionRow) -> bool:
        """Wait until the channel is on chain and keep it as ours."""
        keep = await self._deposits.opened(row, (await self._agreement(row.its_agreement)).signed_terms)

        def act(tx: Tx) -> None:
            keep(tx)
            self._move(tx, row, steps.funded(row))

        await self._core.store.write(act)
        await self._next_deposit()
        return True

    async def _next_deposit(self) -> None:
        """Wake whoever waits for its turn to pay in."""
        for row in await self._core.store.read(lambda tx: tx.find(AcquisitionRow, "state = ?", (State.LICENSED,))):
            self.driver.wake(row.id)

    async def _transfer(self, row: AcquisitionRow) -> bool:
        """Ask the provider to start the transfer."""
        terms = (await self._agreement(row.its_agreement)).terms
        wanted = tier_of(terms["tier"] if terms else PLAIN).formats[0]

        def act(tx: Tx) -> None:
            now = self._core.clock.now()
            request = self._engine.transfers.request
            pid = request(tx, agreement=row.its_agreement, transfer_format=wanted, now=now)
            self._waiting[f"transfer:{pid}"] = row.id
            self._move(tx, row, replace(row, state=State.TRANSFERRING, transfer=pid))

        await self._core.store.write(act)
        return True

    async def _started(self, row: AcquisitionRow) -> bool:
        """Wait for the provider's start, which carries where the sealed bytes are."""
        if not await self._runs(row):
            return False
        await self._core.store.write(lambda tx: self._move(tx, row, replace(row, state=State.RECEIVING)))
        return True

    async def _receive(self, row: AcquisitionRow) -> bool:
        """Pull plain or sealed bytes and, in the tier kept, pay for keys; rest while the transfer does."""
        if not await self._runs(row):
            return False
        begun = await self._core.store.read(lambda tx: transfer.of(tx, row.its_transfer))
        try:
            if not await self._pulls.bring(row, partial(self._followed.moves.progress, row.id)):
                return False  # the provider has not heard yet that all is here; its answer wakes us
        except resting.Resting:
            await self._runs(row)  # raises where it was ended
            return False  # whoever resumes it wakes us
        except ReaderGone as gone:
            self._followed.unread[row.id], self._followed.asked[row.id] = explain_failure(gone), waiting.BUYER
            return False  # whoever reads next wakes us
        except Exception as fault:
            if next_channel.says_over(fault) and await self._next_channels.is_over(row):
                await self.go_on(row)
                return True
            if is_disk(fault):
                self._followed.moves.tell(row.id)  # whoever follows it hears at once
            elif explain_failure(fault).exit_code not in MENDED and await resting.moved(self._core.store, begun):
                return await self._runs(row)
            if await self._runs(row):
                await self._next_channels.refuse_forgotten(row, fault)
                raise
            return False  # refused because it was suspended meanwhile; its start wakes us

        def act(tx: Tx) -> None:
            self._move(tx, row, replace(row, state=State.COMPLETE))
            self._holding.say(tx, row.its_agreement, self._core.clock.now())

        await self._core.store.write(act)
        return True

    async def go_on(self, row: AcquisitionRow) -> None:
        """Leave a channel that is over: what is left is bought through another, paid into next."""
        await self._next_channels.leave(row)
        await self._core.store.write(lambda tx: self._move(tx, row, steps.channel_over(row)))
        self.driver.wake(row.id)

    # ---- looking things up

    async def _runs(self, row: AcquisitionRow) -> bool:
        """Say whether the transfer runs, or has run to its end; raises NotPermitted when somebody ended it before."""
        self._waiting[f"transfer:{row.transfer}"] = row.id
        found = await self._core.store.read(lambda tx: transfer.of(tx, row.its_transfer))
        if found.state == TERMINATED:
            after = steps.anew(row, found)
            await self._core.store.write(lambda tx: self._move(tx, row, after))
            self.driver.wake(row.id)
            return False
        return found.state in (STARTED, COMPLETED) and found.pending != SUSPENDED

    async def _acquisition(self, key: str) -> AcquisitionRow:
        return (await self._core.store.read(lambda tx: tx.find(AcquisitionRow, "id = ?", (key,))))[0]

    async def _agreement(self, digest: str) -> AgreementRow:
        return (await self._core.store.read(lambda tx: tx.find(AgreementRow, "digest = ?", (digest,))))[0]
