"""What would lapse is claimed in time, whether keys flow or not, and said before (spec 3.5, 4; decision 0112).

Law: (1) a start claims what is due before it does anything else, and so does every round. (2) What is due is reckoned
as of the next round, so that a round that comes a little late is not too late. (3) The owner is told what would lapse
at a start and at a stop, and what was lost for as long as that is so; strangers learn only a word.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from connector.channel import chain_time, claims, lapsing
from connector.settlement import holdings
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import Side
from contracts import price_words
from contracts.tariff import Tariff

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from connector.chain.chain_watch import ChainWatch
    from connector.chain.transactions import Transactions
    from connector.channel.doors import Holder
    from connector.channel.lapsing import Lapse
    from connector.core.core import Core
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs

ROUND_SECONDS = 20.0  # well within the claim margin and the shortest lease; a round costs a few reads
LOOK_SECONDS = 5.0  # a start waits so long for a chain that does not answer, and then claims by its own clock
LINES_MAX = 10  # lapses that are told one by one
LATE, LOST = "claims-late", "money-lapsed"

log = logging.getLogger(__name__)


class Claiming:
    """The urgent claims of one participant, and what it says of them."""

    def __init__(
        self, core: Core, programs: Programs, transactions: Transactions, watch: ChainWatch, holder: Holder
    ) -> None:
        self._core, self._programs, self._transactions, self._watch = core, programs, transactions, watch
        self._holder = holder
        self._found: list[Lapse] = []
        self._late = False

    async def begin(self) -> None:
        """Claim what is due after we were away, and say what will be."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await self._watch.look()
        await self._claim()
        await self._tell(self._found, "while this participant serves, it claims that from {claimed} on")

    async def end(self) -> None:
        """Say what will lapse while nobody is here."""
        found = await self._core.store.read(self._look)
        await self._tell(found, "nobody serves here now: be back by {claimed}, or it may be lost")

    async def chore(self) -> None:
        """Claim every voucher that would lapse within the claim margin: what is not claimed then is never paid."""
        await self._watch.look()
        await self._claim()

    def warnings(self) -> list[str]:
        """Return the words of what is wrong with our claims, as of the last round."""
        found = {LATE: self._late, LOST: any(each.lost for each in self._found)}
        return [word for word, holds in found.items() if holds]

    async def measures(self) -> dict[str, float | None]:
        """Return what is not on the chain yet and what of it lapses when, as of the last round; minor units."""
        owed = await self._core.store.read(lambda tx: holdings.owed(tx, Side.PAYEE))
        lapsing, lost = ([each for each in self._found if each.lost is lost] for lost in (False, True))
        return {
            "penstock_unclaimed_minor_units": float(owed),
            "penstock_lapsing_minor_units": float(sum(each.amount for each in lapsing)),
            "penstock_lapsed_minor_units": float(sum(each.amount for each in lost)),
            "penstock_first_lapse_timestamp_seconds": _first(each.at for each in lapsing),
            "penstock_first_claim_timestamp_seconds": _first(each.claimed_from for each in lapsing),
        }

    async def lapses(self) -> list[JsonObject]:
        """Return what lapses, or has lapsed, as its owner reads it; what comes first stands first."""
        return await self._core.store.read(lambda tx: [self._told(tx, each) for each in self._look(tx)])

    async def _claim(self) -> None:
        holder, then = self._holder, self._core.clock.now() + timedelta(seconds=ROUND_SECONDS)
        for _channel, claim in await self._core.store.read(lambda tx: claims.urgent(tx, holder, then)):
            enqueue = partial(self._transactions.enqueue, key=claim.key, act=claim.act(self._programs.deployment))
            await self._core.store.write(enqueue)
        self._found, self._late = await self._core.store.read(self._state)

    def _look(self, tx: Tx) -> list[Lapse]:
        return lapsing.lapses(tx, self._holder)

    def _state(self, tx: Tx) -> tuple[list[Lapse], bool]:
        """Return what lapses, and whether some of it should be on the chain since half of its claim margin."""
        found, now = self._look(tx), chain_time.reckoned(tx, self._holder, self._core.clock.now())
        half = [each.claimed_from + (each.at - each.claimed_from) / 2 for each in found if not each.lost]
        return found, any(now > moment for moment in half)

    def _told(self, tx: Tx, lapse: Lapse) -> JsonObject:
        row = tx.get(AgreementRow, digest=lapse.agreement)
        terms = (row and row.terms) or {}
        currency = Tariff.from_json(terms["tariff"]).currency if "tariff" in terms else ""
        return {
            "channel": lapse.channel,
            "agreement": lapse.agreement,
            "title": str(terms.get("title", "")),
            "peer": lapse.peer,
            "amount": str(lapse.amount),
            "money": price_words.money(lapse.amount, currency),
            "at": lapse.at.isoformat(),
            "claimedFrom": lapse.claimed_from.isoformat(),
            "lost": lapse.lost,
        }

    async def _tell(self, found: Sequence[Lapse], otherwise: str) -> None:
        """Write a line for each lapse, and one for the rest of them."""
        for each in await self._core.store.read(lambda tx: [self._told(tx, one) for one in found[:LINES_MAX]]):
            about = f"{each['money']} under the agreement `{each['agreement'][:16]}` with `{each['peer']}`"
            if each["lost"]:
                log.warning("%s cannot be claimed any more: its buyer's acknowledgement is needed", about)
            else:
                then = otherwise.format(claimed=each["claimedFrom"])
                log.warning("%s lapses at %s unless its buyer acknowledges it; %s", about, each["at"], then)
        if left := _rest(found):
            log.warning("%s", left)


def _first(moments: Iterable[datetime]) -> float | None:
    first = min(moments, default=None)
    return None if first is None else first.timestamp()


def _rest(found: Sequence[Lapse]) -> str:
    return f"and on {len(found) - LINES_MAX} more channels: `penstock show`" if len(found) > LINES_MAX else ""
