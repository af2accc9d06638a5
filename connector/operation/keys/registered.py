"""The keys of this participant that the registry on chain has: another of each, and who learns of it.

Law: (1) a new key is durable before anybody hears of it, and takes the place of the old one only when the chain has it;
what was interrupted is gone on with under the same key, by the next start. (2) The exchange is told last: it takes over
what our document and the registry both say. (3) A former delivery key stays ours: whatever was sealed to it before, or
by who has not heard yet, is opened by it. (4) A former witness key counts no more: where the chain has it among those
of a log's witnesses, ours takes its place, beside everything else. (5) A former key of our log has signed the next one,
and signs beside it for an hour, unless it was stolen (decision 0306).
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.chain.proving import Proving
from connector.core.service import Service
from connector.identity import former, former_log
from connector.identity import keys as key_files
from connector.identity.keys import DELIVERY, LOG
from connector.operation.keys import log_key
from connector.operation.keys.account_key import AccountKey
from connector.operation.keys.replaced import followed, record
from connector.operation.keys.telling import tell
from connector.operation.keys.token_key import INTERRUPTED
from connector.operation.keys.witness_key import AGGREGATE, PUBLIC_FILE, derive
from connector.runtime import files
from connector.runtime.cancellation import cancel
from connector.runtime.data_folder import KEYS
from connector.runtime.errors import Conflict, explain_failure
from connector.runtime.limits import FORMER_LOG_SECONDS
from connector.store.rows.console import FactRow
from contracts.canonical import sha
from ledger.chain import membership
from ledger.chain.membership import Keys
from ledger.chain.standing import did_digest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.identity.space.author import SpaceAuthor
    from connector.identity.space.exchange import ExchangeDoor
    from connector.identity.space.supervision import Supervision
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs
    from ledger.space.document import Member

FACT: Final = "delivery key"
# there while the chain may know a witness key of before
FOLLOWED: Final = "witness key"

log = logging.getLogger(__name__)


class RegisteredKeys:
    """Replaces the BLS key by which this participant witnesses, and the key that things are sealed to for it."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        programs: Programs,
        transactions: Transactions,
        exchange: ExchangeDoor,
        author: SpaceAuthor,
        supervision: Supervision,
    ) -> None:
        self._core, self._space, self._programs, self._transactions = core, space, programs, transactions
        self._exchange, self._author, self._supervision = exchange, author, supervision
        self._proving = Proving(core, space, programs, transactions)
        self.account = AccountKey(core, space, programs, transactions, exchange, author, self._proving)
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def settle(self) -> None:
        """Know by which key things are sealed to us; record one that a crash kept from being recorded."""
        await self._settle_delivery(INTERRUPTED)
        await log_key.settle(self._core, INTERRUPTED)
        await self.account.settle(INTERRUPTED)

    async def begin(self) -> None:
        """Go on with what a crash interrupted, beside everything else: the chain may be away."""
        self._beside(self._end_interrupted, "a key is not replaced yet")

    async def close(self) -> None:
        """Stop; what is not at its end goes on at the next start."""
        await cancel(*self._tasks)

    def _beside(self, act: Callable[[], Awaitable[None]], fault: str) -> None:
        """Do it in a task of its own; what fails is gone on with by the next start."""

        async def done() -> None:
            try:
                await act()
            except Exception as error:  # noqa: BLE001  # whoever replaces the key again goes on with it, and is told why
                log.warning("%s: %s", fault, explain_failure(error).text)

        task = asyncio.create_task(done(), name="keys")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end_interrupted(self) -> None:
        folder, identity = self._core.data / KEYS, self._core.identity
        if key_files.drawn(folder, AGGREGATE) is not None:
            await self.witness(INTERRUPTED)
        if key_files.drawn(folder, DELIVERY) is not None:
            await self.delivery(INTERRUPTED)
        if key_files.drawn(folder, LOG) is not None:
            await self.log(INTERRUPTED, stolen=False)
        await self.account.end_interrupted(INTERRUPTED)
        await self._follow()
        listed, own = await self._listed(), identity.member
        ours = own.address, own.log_key, own.delivery, own.aggregate, own.sm2 or (listed and listed.sm2)
        if listed is not None and (
            (listed.address, listed.log_key, listed.delivery, listed.aggregate, listed.sm2) != ours
        ):
            await tell(self._core, self._space, self._exchange, self._author)

    async def witness(self, reason: str) -> dict[str, Any]:
        """Witness by a fresh BLS key; return it, the transaction that says so, and whether the exchange read it."""
        async with self._turn:
            folder, identity = self._core.data / KEYS, self._core.identity
            seed = key_files.draw_next(folder, AGGREGATE)
            assert isinstance(seed, bytes), "no module has such a key"
            public, proof = await asyncio.to_thread(derive, seed)
            old = identity.member.aggregate
            transaction = await self._registered(replace(identity.member, aggregate=public))
            # without the public file a start derives it from whichever seed is there
            files.remove(folder / PUBLIC_FILE)
            key_files.take_next(folder, AGGREGATE)
            files.write_atomic(folder / PUBLIC_FILE, public + proof)
            identity.take_aggregate(seed, (public, proof))
            await self._core.store.write(lambda tx: self._record_witness(tx, old, public, transaction, reason))
            told = await tell(self._core, self._space, self._exchange, self._author)
        self._beside(self._follow, "the chain may take our former witness key yet")
        return {"key": public.hex(), "tx": transaction, "told": told}

    async def _follow(self) -> None:
        """Have the chain forget a witness key of before; again at the next start until it has."""
        store = self._core.store
        row = await store.read(lambda tx: tx.get(FactRow, name=FOLLOWED))
        if row is None:
            return
        await self._proving.follow()
        if row.value["key"] == self._core.identity.member.aggregate.hex():
            await store.write(lambda tx: tx.delete(FactRow, name=FOLLOWED))

    async def delivery(self, reason: str) -> JsonObject:
        """Have things sealed to a fresh key from now on; returns both (hex), and whether the exchange read it.

        Raises Conflict where too many former ones are kept.
        """
        async with self._turn:
            folder, identity = self._core.data / KEYS, self._core.identity
            former.KEPT.require_room(folder)
            secret = key_files.draw_next(folder, DELIVERY)
            assert isinstance(secret, bytes), "no module has such a key"
            coming, old = X25519PrivateKey.from_private_bytes(secret), identity.keys.delivery_public
            await self._registered(replace(identity.member, delivery=coming.public_key().public_bytes_raw()))
            key_files.take_next(folder, DELIVERY)
            if identity.keys.delivery_of(coming.public_key().public_bytes_raw()) is None:
                identity.take_delivery(coming)
            self._supervision.disclose_anew()
            await self._settle_delivery(reason)
            told = await tell(self._core, self._space, self._exchange, self._author)
        return {
            "kind": DELIVERY,
            "from": old.hex(),
            "to": identity.keys.delivery_public.hex(),
            "until": "",
            "told": told,
        }

    async def log(self, reason: str, *, stolen: bool) -> JsonObject:
        """Sign the heads of our log by a fresh key from now on; returns both (hex), and whether the exchange read it.

        Raises Conflict for an exchange, for a key in a module, and where too many former ones are kept.
        """
        async with self._turn:
            core, identity, folder = self._core, self._core.identity, self._core.data / KEYS
            self._require_log()
            secret = key_files.draw_next(folder, LOG)
            assert isinstance(secret, bytes), "it is drawn in no module"
            old, coming = identity.keys.log_public, Ed25519PrivateKey.from_private_bytes(secret)
            await self._registered(replace(identity.member, log_key=coming.public_key().public_bytes_raw()))
            until = core.clock.now() + timedelta(seconds=0 if stolen else FORMER_LOG_SECONDS)
            size = await core.store.read(core.evidence.size)
            former_log.KEPT.add(folder, log_key.former(identity, coming, size, until).at(core.clock.now()))
            key_files.take_next(folder, LOG)
            log_key.take(core, coming, former_log.KEPT.read(folder))
            self._supervision.disclose_anew()
            await log_key.settle(core, reason)
            told = await tell(core, self._space, self._exchange, self._author)
        to, end = identity.keys.log_public.hex(), until.isoformat(timespec="seconds")
        return {"kind": LOG, "from": old.hex(), "to": to, "until": end, "told": told}

    @property
    def log_stays(self) -> bool:
        """Whether our log's key is followed by no other: an exchange's, and one in a module."""
        return (
            self._core.identity.did == self._space.last().exchange or self._core.identity.keys.keeper(LOG) is not None
        )

    def _require_log(self) -> None:
        """Raise Conflict where our log's key is followed by no other."""
        if self.log_stays:
            text = "the log's key of an exchange, by which its space is headed, and one in a module stay for life"
            raise Conflict(text, "docs/keys.md says what to do")
        former_log.KEPT.require_room(self._core.data / KEYS)

    def forget(self) -> None:
        """Sign by a former key of our log no longer than its time."""
        log_key.forget(self._core)

    async def _registered(self, member: Member) -> str:
        """Have the registry on chain know the keys; the exchange stands in it by its account alone."""
        space = self._space.last()
        if self._core.identity.did == space.exchange or await self._listed() is None:
            return ""
        keys = Keys(member.log_key, member.delivery, member.aggregate)
        act = membership.change_keys(self._programs.deployment, did_digest(space.exchange), keys)
        mined = await self._transactions.submit(f"change-keys:{keys.digest.hex()}", act)
        return mined.transaction

    async def _listed(self) -> Member | None:
        """Return ourselves as the space lists us."""
        return await self._space.member(self._core.identity.did)

    async def _settle_delivery(self, reason: str) -> None:
        core, key = self._core, self._core.identity.keys.delivery_public.hex()

        def act(tx: Tx) -> None:
            if (before := followed(tx, FACT, key)) is not None:
                record(tx, core, {"kind": DELIVERY, "from": before, "to": key}, reason)

        await core.store.write(act)

    def _record_witness(self, tx: Tx, old: bytes, new: bytes, transaction: str, reason: str) -> None:
        now, fields = self._core.clock.now(), {"from": old.hex(), "to": new.hex(), "by": self._core.identity.did}
        told = fields | {"reason": reason, "tx": transaction, "digest": sha(self._core.identity.member.json()).hex()}
        self._core.evidence.record(tx, "identity.moved", part=self._core.identity.did, fields=told, now=now)
        tx.put(FactRow(name=FOLLOWED, value={"key": new.hex()}))


REGISTERED_KEYS = Service(
    readies=RegisteredKeys.settle,
    begins=RegisteredKeys.begin,
    ends=RegisteredKeys.close,
)
