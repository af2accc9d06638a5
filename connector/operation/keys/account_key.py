"""Another account for this participant: same DID, log and catalogue; what is open goes on under the former one.

Law: (1) a new key is durable before anybody hears of it. (2) The former account leaves the registry on chain by its own
transaction, whose cause names the account that follows: that is its signature for the next one, and after it nothing
new counts that it signs. (3) The exchange is told last: it takes over what our document and the registry both say. (4)
A former key stays ours: channels that it opened are paid, claimed and closed by it. What it holds in tokens comes to
the next account. What was interrupted is gone on with under the same key, by the next start (decision 0308).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from catalog.roles import Doing, does
from connector.chain.bringing import bring
from connector.identity import former_account
from connector.identity import keys as key_files
from connector.identity.former_account import FormerAccountKey
from connector.identity.keys import AGREEMENT
from connector.identity.space.view import SPACE_FRESH_SECONDS
from connector.operation.keys.account_ties import require_untied
from connector.operation.keys.replaced import followed, record
from connector.operation.keys.telling import tell
from connector.runtime.data_folder import KEYS
from connector.runtime.errors import Conflict
from contracts import address, signature
from ledger.chain import acts, membership
from ledger.chain.standing import did_digest
from ledger.log.checkpoint import origin_id
from ledger.space.accounts import followed as cause_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from connector.chain.proving import Proving
    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.identity.space.author import SpaceAuthor
    from connector.identity.space.exchange import ExchangeDoor
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs

FACT: Final = "account"
# whoever has looked at the space just now looks again after this
HEARD_SECONDS: Final = SPACE_FRESH_SECONDS + 1


class AccountKey:
    """Replaces the key by which this participant signs agreements and acts on chain."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        programs: Programs,
        transactions: Transactions,
        exchange: ExchangeDoor,
        author: SpaceAuthor,
        proving: Proving,
    ) -> None:
        self._core, self._space, self._programs, self._transactions = core, space, programs, transactions
        self._exchange, self._author, self._proving = exchange, author, proving
        self._folder, self._turn = core.data / KEYS, asyncio.Lock()
        # each carries over what it keeps under a former account, and does nothing where that is done
        self.carriers: list[Callable[[], Awaitable[None]]] = []

    async def rotate(self, reason: str, *, stolen: bool) -> JsonObject:
        """Act by a fresh account from now on; returns both, and whether the exchange read it.

        Raises Conflict for a participant whose account others are bound to, and while something is under way that only
        the present one can end; of a stolen key the last is not waited for.
        """
        async with self._turn:
            self._require_one()
            await self._core.store.read(lambda tx: require_untied(tx, stolen=stolen))
            secret = key_files.draw_next(self._folder, AGREEMENT)
            assert isinstance(secret, bytes), "it is drawn in no module"
            return await self._follow(secret, reason)

    @property
    def stays(self) -> bool:
        """Whether our account is followed by no other: an exchange's, of who rules, and one in a module."""
        identity = self._core.identity
        is_bound = identity.did == self._space.last().exchange or any(does(one, Doing.RULE) for one in identity.roles)
        return is_bound or identity.keys.keeper(AGREEMENT) is not None

    def _require_one(self) -> None:
        if self.stays:
            text = "the account of an exchange, of who rules, and one in a module stay for life"
            raise Conflict(text, "docs/keys.md says what to do")
        former_account.KEPT.require_room(self._folder)

    async def end_interrupted(self, reason: str) -> None:
        """Go on with a key that was drawn, and with what the former account holds."""
        async with self._turn:
            secret = key_files.drawn(self._folder, AGREEMENT)
            if isinstance(secret, bytes):
                await self._follow(secret, reason)
            elif self._core.identity.keys.account_former:
                await self._carry()

    async def _follow(self, secret: bytes, reason: str) -> JsonObject:
        core, identity = self._core, self._core.identity
        old, coming = identity.keys.address, signature.address(secret)
        if old != coming:
            await self._leave(old, coming)
            assert isinstance(identity.keys.agreement, bytes), "one in a module stays"
            until = core.clock.now().replace(microsecond=0)
            former_account.KEPT.add(self._folder, FormerAccountKey(identity.keys.agreement, until))
        key_files.take_next(self._folder, AGREEMENT)
        kept = former_account.KEPT.read(self._folder)
        identity.take_account(secret, kept)
        self._transactions.follow(secret)
        await self.settle(reason)
        told = await tell(core, self._space, self._exchange, self._author)
        await self._carry()
        if await self._proving.has_proven(old):
            await self._proving.prove()
        if told:
            await asyncio.sleep(HEARD_SECONDS)
        return {
            "kind": AGREEMENT,
            "from": address.show(old),
            "to": address.show(coming),
            "until": kept[0].until.isoformat(timespec="seconds"),
            "told": told,
        }

    async def _leave(self, old: bytes, coming: bytes) -> None:
        """Have the registry know, by the former account itself, which one follows it."""
        did, space = self._core.identity.did, self._space.last()
        if await self._space.member(did) is None:
            return
        cause, deployment, registry = cause_of(did, coming), self._programs.deployment, did_digest(space.exchange)
        left = await self._programs.events("spaces", "MemberRevoked", space=registry, member=old)
        if any((one.fields["by"], one.fields["cause"]) == (old, cause) for one in left):
            return  # a folder that was brought back may know nothing of it
        leaving = membership.revoke_member(deployment, registry, old, cause)
        await self._transactions.submit(f"follow-account:{coming.hex()}", leaving._replace(sender=old), anew=True)

    async def settle(self, reason: str) -> None:
        """Record by which account we act, if the log does not say so yet."""
        core, key = self._core, address.show(self._core.identity.keys.address)

        def act(tx: Tx) -> None:
            if (before := followed(tx, FACT, key)) is not None:
                record(tx, core, {"kind": AGREEMENT, "from": before, "to": key}, reason)

        await core.store.write(act)

    async def _carry(self) -> None:
        """Carry over what a former account has: our log on chain, its tokens, and what the carriers look after."""
        await self._own()
        await self._bring()
        for carry in self.carriers:
            await carry()

    async def _own(self) -> None:
        """Have our log on chain be the present account's: its owner of before could name other witnesses for it."""
        origin, present = origin_id(self._core.identity.member.origin), self._core.identity.keys.address
        known = await self._programs.registered_log(origin)
        if known is None or known.owner not in self._core.identity.keys.accounts[1:]:
            return
        register = acts.register_log(self._programs.deployment, origin, present, known.witnesses, known.quorum)
        await self._transactions.submit(f"log-owner:{present.hex()}", register._replace(sender=known.owner))

    async def _bring(self) -> None:
        """Bring the tokens of former accounts to the present one."""
        present, *former = self._core.identity.keys.accounts
        for one in former:
            await bring(self._programs, self._transactions, one, present)
