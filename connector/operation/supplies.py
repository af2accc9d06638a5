"""What a participant needs of others to do its work, and whether it has it: fees, a bucket, witnesses of its log.

    unfunded       the account cannot pay for transactions on a chain that charges for them
    bucket-away    the bucket of `vault.blobs` is not there, or does not answer
    anchors-late   what is in the log has not come to the chain for a long time

Law: a look changes nothing, costs one question each, and holds up nobody. What is lacking is said when it begins, at a
start first of all, with what to do about it, and when it is over; the doctor says the same words.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.custody.errors import VaultError
from connector.operation import measures
from connector.runtime.cancellation import cancel
from contracts import address
from ledger.chain.errors import ChainError
from ledger.chain.fees import coins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.chain.anchoring import Anchoring
    from connector.core.core import Core
    from connector.custody.blobs import Blobs
    from ledger.chain.client import Chain
    from ledger.chain.fees import Fees

UNFUNDED, BUCKET_AWAY, ANCHORS_LATE = "unfunded", "bucket-away", "anchors-late"
LOOK_SECONDS = 60.0  # a look costs a question to the chain, three where gas has a price, and one to the bucket
# some ten claims or anchors: who has less should be given more before it stands still
RESERVE_GAS = 2_000_000
# an anchor that fails is tried again each minute, so after an hour somebody is needed
ANCHOR_LATE_SECONDS = 3_600
ANCHOR_LATE_INTERVALS = 6

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that is lacking: its word, what is so, and what to do about it."""

    word: str
    text: str
    hint: str


def unfunded(account: bytes, balance: int, fees: Fees) -> Lack | None:
    """Return what is lacking if an account cannot pay for RESERVE_GAS; nothing is, where gas is free."""
    lacking = fees.lacking(balance, RESERVE_GAS)
    if not lacking:
        return None
    text = f"the account {address.show(account)} has {coins(balance)} of the chain's own coin to pay fees with"
    return Lack(UNFUNDED, text, f"send it {coins(lacking)} or more; what waits for it then goes on by itself")


def bucket_away(fault: VaultError) -> Lack:
    """Return what is lacking when a bucket cannot be asked; its editions stay here meanwhile, or cannot be served."""
    return Lack(BUCKET_AWAY, str(fault).removesuffix(f"; {fault.hint}"), fault.hint)


def anchors_late(unanchored_seconds: float, interval_seconds: int) -> Lack | None:
    """Return what is lacking if events wait too long for the chain; never, where they are not anchored by time."""
    if not interval_seconds or unanchored_seconds < max(ANCHOR_LATE_SECONDS, ANCHOR_LATE_INTERVALS * interval_seconds):
        return None
    text = f"events of {unanchored_seconds / 3600:.1f} hours ago are in no anchored head of the log"
    return Lack(ANCHORS_LATE, text, "`penstock log anchor` does it now, or says who did not sign")


class Supplies:
    """What one participant lacks, as last seen; `begin` looks at once, and from then on every minute."""

    def __init__(self, core: Core, chain: Chain, blobs: Blobs, anchoring: Anchoring) -> None:
        self._core, self._chain, self._bucket, self._anchoring = core, chain, blobs.bucket, anchoring
        self._lacks: dict[str, Lack | None] = {}
        self._balance: int | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._rounds(), name="supplies")

    async def close(self) -> None:
        """Look no more."""
        await cancel(self._task)

    def warnings(self) -> list[str]:
        """Return the words of what is lacking."""
        return [word for word, lack in self._lacks.items() if lack is not None]

    async def measures(self) -> Mapping[str, float | None]:
        """Return what was seen; what nobody asks of us, as coins where gas is free, has no value."""
        seen: dict[str, float | None] = {"penstock_account_native_wei": self._balance}
        for name, word in (("account_funded", UNFUNDED), ("bucket_reachable", BUCKET_AWAY)):
            seen[f"penstock_{name}"] = float(self._lacks[word] is None) if word in self._lacks else None
        if not self._anchoring.witnessed():
            seen["penstock_log_unanchored_seconds"] = None
        return seen

    async def look(self) -> None:
        """Look at everything once; what cannot be seen now stays as it was seen last."""
        await asyncio.gather(self._look_at_account(), self._look_at_bucket(), self._look_at_anchors())

    async def _rounds(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as fault:  # noqa: BLE001  # one look's fault must not end the others
                log.warning("could not look at what we need of others: %s", fault)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look_at_account(self) -> None:
        account = self._core.identity.keys.address
        try:
            fees = await self._chain.fees()
            balance = await self._chain.balance(account) if fees.price else 0
        except ChainError:
            return  # how old our sight of the chain is, is told elsewhere
        self._balance = balance if fees.price else None
        self._note(UNFUNDED, unfunded(account, balance, fees))

    async def _look_at_bucket(self) -> None:
        if self._bucket is None:
            return
        try:
            await asyncio.to_thread(self._bucket.look)
        except VaultError as fault:
            self._note(BUCKET_AWAY, bucket_away(fault))
        else:
            self._note(BUCKET_AWAY, None)

    async def _look_at_anchors(self) -> None:
        late = None
        if self._anchoring.witnessed():
            now, origin = self._core.clock.now(), self._core.evidence.origin
            age = await self._core.store.read(lambda tx: measures.unanchored_seconds(tx, origin, now))
            late = anchors_late(age, self._core.settings.log.anchor_interval_seconds)
        self._note(ANCHORS_LATE, late)

    def _note(self, word: str, lack: Lack | None) -> None:
        before, self._lacks[word] = self._lacks.get(word), lack
        if lack is not None and before is None:
            log.warning("%s: %s; %s", word, lack.text, lack.hint)
        elif lack is None and before is not None:
            log.warning("%s: no longer", word)
