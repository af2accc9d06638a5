"""The reports of a node: its own upward, made on a schedule and at once by command, and those that came from below.

Law: (1) a report and its event in our log are one transaction, and it is kept before it is sent; one that did not
arrive is sent again, in the order of their numbers. (2) One that comes is kept with what is wrong with it: a person
judges. (3) What was reported first under a number stays; another of the same number is named beside it.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from catalog.document import members, text
from connector.exchange.node import report as reports
from connector.exchange.node.counting import counted
from connector.exchange.node.report import PURPOSE, Report, view
from connector.exchange.signed_answer import check, signed
from connector.identity.space.node import NODE, REPORTS
from connector.net import log_files
from connector.runtime.errors import (
    Absent,
    Conflict,
    InvalidInput,
    NotPermitted,
    PeerRefused,
    PenstockError,
    explain_failure,
)
from connector.runtime.limits import PAGE_ROWS_MAX, REPORTS_KEPT_MAX
from connector.store.rows.linked import BelowRow, LinkState, NodeReportRow, ReportedLogRow
from contracts.canonical import canonical, sha
from ledger.log import merkle, reader

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.exchange.case import Write
    from connector.exchange.node.links import Links
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

MADE, RECEIVED = "report.made", "report.received"
# how often a report is made by itself, how often one that did not arrive is sent again, and when one is missed
REPORT_SECONDS: Final = 86_400
AGAIN_SECONDS: Final = 60.0
MISSED_SECONDS: Final = 2 * REPORT_SECONDS
TROUBLE_CHARACTERS_MAX: Final = 1_000
NOTE_CHARACTERS_MAX: Final = 2_048
CONFLICT: Final = 409

log = logging.getLogger(__name__)


class Reports:
    """The reports that a node makes and takes in."""

    def __init__(self, core: Core, space: SpaceView, peers: Peers, links: Links) -> None:
        self._core, self._space, self._peers, self._links = core, space, peers, links
        self._looked = float("-inf")
        self._turn = asyncio.Lock()

    async def chore(self) -> None:
        """Make a report when it is time, and send what did not arrive; a chore of the monitor, at a node."""
        now = self._core.clock.monotonic()
        if NODE not in self._core.identity.roles or now - self._looked < AGAIN_SECONDS:
            return
        self._looked = now
        try:
            await self._keep_up()
        except PenstockError as fault:
            log.warning("the node above was not told: %s", explain_failure(fault).text)

    async def _keep_up(self) -> None:
        """Ask how we stand above while we wait to be accepted, then report when it is time."""
        above = await self._links.above()
        if above is not None and above.state is LinkState.ASKED:
            await self._links.rise(above.did, again=True)
            above = await self._links.above()
        if above is None or above.state is not LinkState.ACCEPTED:
            return
        last = await self._core.store.read(lambda tx: _newest(tx, self._core.identity.did))
        if last is None or self._core.clock.now() - last.came >= timedelta(seconds=REPORT_SECONDS):
            await self.make()
        elif last.sent is None:
            async with self._turn:
                await self._send()

    async def make(self) -> JsonObject:
        """Make a report of what no report has counted, and send it; returns it as it is kept then."""
        if await self._links.above() is None:
            raise Absent("no node is above this one", "penstock node above ADDRESS")
        own, space = self._core.identity.did, await self._space.whole()
        async with self._turn:
            found = await counted(self._core.store, space, own, self._core.clock.now())

            def act(tx: Tx) -> NodeReportRow:
                last, now, head = _newest(tx, own), self._core.clock.now(), self._core.evidence.head(tx)
                document: JsonObject = {
                    "number": 1 if last is None else last.number + 1,
                    "previous": "" if last is None else last.digest,
                    "node": own,
                    "exchange": space.exchange,
                    "from": "" if last is None else last.document["until"],
                    "until": now.isoformat(timespec="seconds"),
                    "counts": found.counts,
                    "log": {"size": head.size, "root": head.root.hex()},
                    "logs": found.logs,
                    "digest": found.digest,
                }
                note = signed(canonical(document), own, PURPOSE, self._core.identity.keys.log)
                row = NodeReportRow(
                    node=own, number=document["number"], digest=sha(document).hex(), document=document, note=note,
                    came=now, sent=None, trouble="it was not sent yet",
                )  # fmt: skip
                tx.insert(row)
                for member, size in found.sizes.items():
                    tx.put(ReportedLogRow(member=member, size=size))
                _forget(tx, own)
                fields = {"number": str(row.number), "until": document["until"]}
                self._core.evidence.record(tx, MADE, part=row.digest, fields=fields, now=now)
                return row

            row = await self._core.store.write(act)
            await self._send()
        kept = await self._core.store.read(lambda tx: tx.get(NodeReportRow, node=own, number=row.number))
        return self._view(kept or row, "")

    async def _send(self) -> None:
        """Send what did not arrive, the oldest first; one that cannot be sent keeps those after it waiting."""
        own, above = self._core.identity.did, await self._links.above()
        rows = await self._core.store.read(
            lambda tx: tx.find(NodeReportRow, "node = ? AND sent IS NULL", (own,), "number", PAGE_ROWS_MAX)
        )
        if above is None:
            return
        for row in rows:
            try:
                url, headers = await self._links.url(above.did), self._peers.authorization(above.did)
                body = {"report": row.document, "note": row.note}
                await self._core.outbound.post(url + REPORTS, body, headers=headers)
                after = replace(row, sent=self._core.clock.now(), trouble="")
            except PenstockError as fault:
                why = explain_failure(fault).text
                # who has another report of this number will never take this one
                gone = self._core.clock.now() if isinstance(fault, PeerRefused) and fault.status == CONFLICT else None
                log.warning("report %d did not arrive at `%s`: %s", row.number, above.did, why)
                after = replace(row, sent=gone, trouble=f"it did not arrive: {why}"[:TROUBLE_CHARACTERS_MAX])
            await self._core.store.write(partial(_changed, row, after))
            if after.sent is None:
                return

    async def take(self, document: Any, caller: str, write: Write) -> JsonObject:
        """Take a report in that a node below us makes; the same again changes nothing. Raises Conflict for another."""
        told: Any = members(document, "answer", required={"report", "note"}, allowed=frozenset({"report", "note"}))
        now, note = reports.from_json(told["report"]), text(told["note"], "note", limit=NOTE_CHARACTERS_MAX)
        below = await self._core.store.read(lambda tx: tx.get(BelowRow, did=caller))
        if below is None or below.state is not LinkState.ACCEPTED:
            raise NotPermitted(f"`{caller[:200]}` is not accepted below this node", "penstock node above")
        if (now.node, now.exchange) != (caller, below.exchange):
            raise InvalidInput("a node reports of itself, and of its own space")
        check(canonical(told["report"]), note, caller, PURPOSE, (await self._peers.document(caller)).require("log"))
        last = await self._core.store.read(lambda tx: _newest(tx, caller))
        grown = "" if last is None else await self._not_grown(_read(last), now)

        def act(tx: Tx) -> bool:
            known = tx.get(NodeReportRow, node=caller, number=now.number)
            if known is not None:
                if known.digest != now.digest:
                    tx.change(known, replace(known, trouble=_and(known.trouble, "another report has the same number")))
                return known.digest == now.digest
            before = _newest(tx, caller)
            found = [*reports.troubles(None if before is None else _read(before), now), *filter(None, [grown])]
            tx.insert(NodeReportRow(
                node=caller, number=now.number, digest=now.digest, document=told["report"], note=note,
                came=self._core.clock.now(), sent=None, trouble=_and(*found),
            ))  # fmt: skip
            _forget(tx, caller)
            fields = {"number": str(now.number), "from": caller}
            self._core.evidence.record(tx, RECEIVED, part=now.digest, fields=fields, now=self._core.clock.now())
            return True

        if not await write(act):
            raise Conflict(f"another report {now.number} came before this one, and stays", "its operator sees it")
        return {"number": str(now.number)}

    async def _not_grown(self, before: Report, now: Report) -> str:
        """Return what is wrong if the node's log does not grow from the head reported before to this one."""
        old, new = before.log, now.log
        if not 0 < old.size < new.size:
            return ""
        fetch = log_files.below(self._core.outbound, await self._links.url(now.node) + "/log", log_files.FILE_BYTES_MAX)
        try:
            proof = await reader.consistency(fetch, old.size, new.size)
            merkle.verify_consistency(old.size, bytes.fromhex(old.root), new.size, bytes.fromhex(new.root), proof)
        except merkle.ProofError as fault:
            return f"its log does not grow from what it reported before: {fault}"
        except (PenstockError, ValueError, TimeoutError) as fault:
            return f"whether its log grew from what it reported before could not be read: {fault}"
        return ""

    async def page(self) -> list[JsonObject]:
        """List our reports and those from below, the newest first; who is below and does not report is named."""
        own, now = self._core.identity.did, self._core.clock.now()

        def read(tx: Tx) -> tuple[list[NodeReportRow], list[tuple[BelowRow, NodeReportRow | None]]]:
            rows = tx.find(NodeReportRow, order="came DESC, node, number DESC", limit=PAGE_ROWS_MAX)
            below = tx.find(BelowRow, "state = ?", (LinkState.ACCEPTED.value,), "did")
            return rows, [(one, _newest(tx, one.did)) for one in below]

        rows, below = await self._core.store.read(read)
        late = [
            {"node": one.did, "name": one.name, "side": "below", "number": "0", "trouble": _silence(one, last)}
            for one, last in below
            if now - (one.moved if last is None else max(last.came, one.moved)) > timedelta(seconds=MISSED_SECONDS)
        ]
        names = {one.did: one.name for one, _ in below} | {own: "ourselves"}
        return [*late, *(self._view(row, names.get(row.node, "")) for row in rows)]

    def _view(self, row: NodeReportRow, name: str) -> JsonObject:
        side = "up" if row.node == self._core.identity.did else "below"
        moments = {"came": row.came.isoformat(timespec="seconds"), "sent": _moment(row.sent)}
        return {"node": row.node, "name": name, "side": side, "trouble": row.trouble, **moments, **view(row.document)}


def _silence(below: BelowRow, last: NodeReportRow | None) -> str:
    since = "it was accepted" if last is None else f"report {last.number}"
    return f"nothing was reported since {since}, {_moment(below.moved if last is None else last.came)}"


def _moment(told: datetime | None) -> str:
    return "" if told is None else told.isoformat(timespec="seconds")


def _and(*words: str) -> str:
    return "; ".join(dict.fromkeys(filter(None, words)))[:TROUBLE_CHARACTERS_MAX]


def _read(row: NodeReportRow) -> Report:
    return reports.from_json(row.document)


def _changed(row: NodeReportRow, after: NodeReportRow, tx: Tx) -> None:
    tx.change(row, after)


def _newest(tx: Tx, node: str) -> NodeReportRow | None:
    return next(iter(tx.find(NodeReportRow, "node = ?", (node,), "number DESC", 1)), None)


def _forget(tx: Tx, node: str) -> None:
    """Keep the reports of a node that came last: a number is what the node says, and could leave out many."""
    query = "SELECT number FROM node_reports WHERE node = ? ORDER BY came DESC, number DESC LIMIT ? OFFSET ?"
    for number in tx.column(query, node, PAGE_ROWS_MAX, REPORTS_KEPT_MAX):
        tx.delete(NodeReportRow, node=node, number=number)
