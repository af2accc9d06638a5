"""Disputes as a party or an arbitrator sees them: filed at the exchange, read from its docket, judged here.

Law: nothing that the exchange says about a case is believed: a bundle is what its digest says, and the verdict on it is
our own (`ledger.dispute`). What was filed is recorded here when the exchange has taken it, and kept as it was sent.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connector.errors import PeerMisbehaved
from connector.exchange import docket
from connector.limits import DISPUTE_BYTES_MAX
from contracts.canonical import sha
from ledger import bundle as bundles
from ledger import dispute

if TYPE_CHECKING:
    from connector.base import Base
    from ledger.bundle import Bundle
    from ledger.dispute import Verdict
    from ledger.ruling import Ruling

PATH = "/exchange/disputes"
# a case is its bundle, the accounts concerned and a ruling
CASE_BYTES_MAX = DISPUTE_BYTES_MAX + 65_536
Row = dict[str, Any]


class Cases:
    """The docket of the exchange, asked in our own name."""

    def __init__(self, participant: Base) -> None:
        self._participant = participant

    async def file(self, document: Any) -> Row:
        """File a bundle as a party of its channel; returns the case, with our own verdict as `proposed`."""
        participant = self._participant
        bundle = bundles.parse(document)
        verdict = await self.judged(bundle)
        channel = docket.check_filing(
            await participant.programs.channel(bundle.voucher.value.channel_id), participant.member
        )
        row = await self._ask("POST", "", document)
        own, now = participant.did, participant.clock.now()
        await participant.store.write(lambda tx: docket.file(tx, participant.evidence, bundle, channel, own, now))
        return {**row, "proposed": verdict.json()}

    async def page(self) -> Row:
        """Return the cases that concern us."""
        return await self._ask("GET", "")

    async def show(self, key: str) -> Row:
        """Return a case with its bundle and our own verdict as `proposed`; raises PeerMisbehaved for another bundle."""
        row, bundle = await self.read(key)
        return {**row, "proposed": (await self.judged(bundle)).json()}

    async def read(self, key: str) -> tuple[Row, Bundle]:
        """Return a case and its bundle; raises PeerMisbehaved if that is not the one of this digest."""
        row = await self._ask("GET", "/" + quote(key, safe=""))
        if sha(row.get("bundle")).hex() != key:
            raise PeerMisbehaved("the exchange shows another bundle than the one that was filed", "tell the regulator")
        return row, bundles.parse(row["bundle"])

    async def tell(self, ruling: Ruling, transaction: str) -> Row:
        """Tell the exchange what we ruled."""
        body = {"ruling": ruling.json(), "tx": transaction}
        return await self._ask("POST", f"/{ruling.dispute.hex()}/ruling", body)

    async def judged(self, bundle: Bundle) -> Verdict:
        """Return our verdict; opening a piece takes a while, so it is not done on the loop."""
        return await asyncio.to_thread(dispute.judge, bundle, self._participant.space.domains)

    async def _ask(self, method: str, path: str, body: Any = None) -> Row:
        participant = self._participant
        space = await participant.space_view.current()
        exchange = space.members[space.exchange]
        headers = participant.authorization(exchange.did)
        url = exchange.url + PATH + path
        answer = await participant.outbound.request(method, url, body=body, headers=headers, limit_bytes=CASE_BYTES_MAX)
        row = answer.json()
        if not isinstance(row, dict):
            raise PeerMisbehaved("the exchange answered about a dispute with no object")
        return row
