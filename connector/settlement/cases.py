"""Disputes as a party or an arbitrator sees them: filed at the exchange, read from its docket, judged here.

Law: nothing that the exchange says about a case is believed: what was filed is what its digest says, and the verdict on
it is our own (`ledger.dispute.filing`). What was filed is recorded here when the exchange has taken it, kept as it was
sent, and the other party of the agreement hears of it by a signed notice.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connector.negotiation.notices import DISPUTE, Notice
from connector.runtime.errors import PeerMisbehaved
from connector.runtime.limits import DISPUTE_BYTES_MAX
from connector.settlement import docket
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import ChannelRow, DisputeRow
from contracts.canonical import sha
from contracts.typed_data import digest
from ledger.dispute import filing as filings

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.space.exchange import ExchangeDoor
    from connector.identity.space.view import SpaceView
    from connector.negotiation.notices import Notices
    from connector.settlement.docket import Concerned
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs
    from ledger.dispute.filing import Filing
    from ledger.dispute.ruling import Ruling
    from ledger.dispute.verdict import Verdict

PATH = "/exchange/disputes"
# a case is its bundle, the accounts concerned and a ruling
CASE_BYTES_MAX = DISPUTE_BYTES_MAX + 65_536


class Cases:
    """The docket of the exchange, asked in our own name."""

    def __init__(
        self, core: Core, space: SpaceView, programs: Programs, exchange: ExchangeDoor, notices: Notices
    ) -> None:
        self._core, self._space, self._programs, self._exchange = core, space, programs, exchange
        self._notices = notices

    async def file(self, document: Any) -> JsonObject:
        """File what is to be ruled on; returns the case, with our own verdict as `proposed`."""
        filing = filings.read(document)
        verdict = await self.judged(filing)
        about = await docket.concerned(self._space, self._programs, filing, self._core.identity.member)
        row = await self._ask("POST", "", document)
        await self._core.store.write(partial(self._file, filing=filing, about=about, verdict=verdict))
        return {**row, "proposed": verdict.json()}

    def _file(self, tx: Tx, filing: Filing, about: Concerned, verdict: Verdict) -> None:
        """Keep and record what the exchange has taken, and tell the other party, once."""
        now = self._core.clock.now()
        key = filing.id.hex()
        if tx.get(DisputeRow, id=key) is not None:
            return
        docket.file(tx, self._core.evidence, filing, about, self._core.identity.did, now)
        row = tx.get(AgreementRow, digest=self._agreement(tx, filing))
        if row is not None:
            window = f" in window {filing.bundle.voucher.value.seq}" if filing.bundle else ""
            text = f"we filed the dispute {key} at the exchange: {verdict.finding.value}{window}"
            self._notices.send(tx, row, Notice(DISPUTE, row.digest, text, now))

    def _agreement(self, tx: Tx, filing: Filing) -> str:
        """Return the digest of the agreement that a filing is about, empty for a log or a channel we do not know."""
        if filing.bundle is not None:
            return digest(self._programs.deployment.domain("licences"), filing.bundle.agreement).hex()
        channel = tx.get(ChannelRow, id=filing.part.hex())
        return channel.agreement if channel else ""

    async def page(self) -> JsonObject:
        """Return the cases that concern us."""
        return await self._ask("GET", "")

    async def show(self, key: str) -> JsonObject:
        """Return a case, what was filed as `bundle`, our own verdict as `proposed`; raises PeerMisbehaved."""
        row, filing = await self.read(key)
        return {**row, "proposed": (await self.judged(filing)).json()}

    async def read(self, key: str) -> tuple[JsonObject, Filing]:
        """Return a case and what was filed; raises PeerMisbehaved if that is not the document of this digest."""
        row = await self._ask("GET", "/" + quote(key, safe=""))
        if sha(row.get("bundle")).hex() != key:
            raise PeerMisbehaved("the exchange shows another bundle than the one that was filed", "tell the regulator")
        return row, filings.read(row["bundle"])

    async def tell(self, ruling: Ruling, transaction: str) -> JsonObject:
        """Tell the exchange what we ruled."""
        body = {"ruling": ruling.json(), "tx": transaction}
        return await self._ask("POST", f"/{ruling.dispute.hex()}/ruling", body)

    async def judged(self, filing: Filing) -> Verdict:
        """Return our verdict; opening a piece takes a while, so it is not done on the loop."""
        if filing.origin:
            await self._space.of_origin(filing.origin)
        channel = None if filing.origin else await self._programs.channel(filing.part)
        return await asyncio.to_thread(filings.judge, filing, self._space.last(), channel)

    async def _ask(self, method: str, path: str, body: Any = None) -> JsonObject:
        row = await self._exchange.ask(method, PATH + path, body, limit_bytes=CASE_BYTES_MAX)
        if not isinstance(row, dict):
            raise PeerMisbehaved("the exchange answered about a dispute with no object")
        return row
