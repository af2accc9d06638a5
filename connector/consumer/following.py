"""Streams that we bought, followed into a file: each batch once, in order, also across crashes of either side.

Law: (1) the file's first `size` bytes are what the row counts; what a crash left behind them is cut off, and the batch
is fetched again, which costs nothing. (2) A batch that does not follow the one before is not taken. (3) A provider that
is away, or that says no, is asked again, and what it said is shown; what is over by its agreement ends.
"""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from connector.consumer.copying import folder_of
from connector.consumer.lines import agreed
from connector.consumer.wish import wished
from connector.core.driver import Driver
from connector.custody import batches, bearers
from connector.custody.batches import Acknowledgement, Batch
from connector.custody.errors import VaultError
from connector.custody.renewal import renewed
from connector.enforcement.person import OWNER
from connector.licence.running_uses import STREAM
from connector.negotiation.notices import account_of
from connector.runtime import files
from connector.runtime.errors import Absent, Conflict, InvalidInput, PeerMisbehaved, PeerRefused, PeerUnreachable
from connector.runtime.files import Part
from connector.runtime.limits import BATCH_BYTES_MAX, BATCH_MESSAGES_MAX
from connector.store.rows.stream import FollowedRow, FollowedState
from connector.store.table_row import replace
from contracts.decimals import read_decimal, read_hex
from contracts.errors import ContractError
from contracts.namespace import AGREEMENT_URN
from contracts.ranges import RowSet

if TYPE_CHECKING:
    from connector.consumer.lines import Lines
    from connector.core.core import Core
    from connector.custody.blobs import Blobs
    from connector.identity.peers import Peers
    from connector.licence.running_uses import RunningUses
    from connector.licence.standing import Standing
    from connector.negotiation.protocol.messages import Document
    from connector.net.outbound import Answer
    from connector.store.rows.agreement import AgreementRow
    from connector.store.rows.protocol import TransferRow
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

FIRST, NOW = "first", "now"
FILE: Final = "stream.ndjson"
# the provider is asked to wait so long for the next batch
WAIT_SECONDS: Final = 20
ANSWER_SECONDS: Final = 30.0
SEALED_BYTES_MAX: Final = 2 * BATCH_BYTES_MAX + 16
TOKEN_OVER, NOTHING = 401, 204
# may be otherwise in a moment: not permitted now, a batch that was just forgotten, halted meanwhile
AGAIN: Final = frozenset({403, 404, 409})
NUMBER_MAX: Final = 1 << 53


class Followings:
    """The streams that one participant follows."""

    def __init__(
        self, core: Core, peers: Peers, lines: Lines, standing: Standing, blobs: Blobs, running_uses: RunningUses
    ) -> None:
        self._core, self._peers, self._lines, self._standing = core, peers, lines, standing
        self._running = running_uses
        self._folder = blobs.folder
        self.driver = Driver("following", self._follow, self._fail)

    async def recover(self) -> None:
        """Go on with every stream that is followed."""
        rows = await self._core.store.read(lambda tx: tx.find(FollowedRow, "state = ?", (FollowedState.FOLLOWING,)))
        for row in rows:
            self.driver.wake(row.agreement)

    async def follow(
        self, agreement: str, to: str | None, since: str | None, purpose: str | None, said: Any = None
    ) -> JsonObject:
        """Follow a stream of ours into the file `to`, from its first batch that is kept or from now; returns its view.

        Raises Absent, InvalidInput, and Conflict for what is no stream, or is followed elsewhere.
        """
        if since not in (None, FIRST, NOW):
            raise InvalidInput(f"`{str(since)[:20]}` is no beginning", f"{FIRST} or {NOW}")
        row = await self._core.store.read(lambda tx: agreed(tx, agreement.removeprefix(AGREEMENT_URN)))
        place = Path(to) if to else folder_of(self._folder, row.digest) / FILE
        asked = wished(row, self._core.identity.did, purpose or "", OWNER.says(said))
        known = await self._known(row.digest)
        if known is not None and known.state == FollowedState.FOLLOWING:
            if to and str(place) != known.place:
                raise Conflict(f"it is followed into `{known.place}`", f"penstock stream stop {row.digest[:12]}")
            return self._view(known)
        if known is None or str(place) != known.place:
            await asyncio.to_thread(_require_free, place, made=not to)
        transfer = await self._lines.running(row.digest, bearers.stream_of)
        fresh = _begun(row.digest, known, place, asked, self._core.clock.now())
        if fresh.number == 0 and since == NOW:
            fresh = replace(fresh, number=int((await self._ask(row.peer, transfer, "")).json()["newest"]))

        def act(tx: Tx) -> None:
            if known is None:
                tx.insert(fresh)
            else:
                tx.change(known, fresh)

        await self._core.store.write(act)
        self.driver.wake(row.digest)
        return self._view(fresh)

    async def stop(self, agreement: str) -> JsonObject:
        """Follow a stream no more; the provider signs what it has served, and what came stays."""
        row = await self._core.store.read(lambda tx: agreed(tx, agreement.removeprefix(AGREEMENT_URN)))
        known = await self._known(row.digest)
        if known is None:
            raise Absent("no stream is followed under this agreement", "penstock stream list")
        if known.state == FollowedState.FOLLOWING:
            await self._end(row.digest, FollowedState.STOPPED, "")
            self.driver.hurry(row.digest)
        await self._lines.end(row.digest)
        now = await self._known(row.digest)
        assert now is not None, "no row of these is ever deleted"
        return self._view(now)

    async def page(self) -> JsonObject:
        """Return every stream that we follow, or followed."""
        rows = await self._core.store.read(lambda tx: tx.find(FollowedRow, order="since"))
        return {"streams": [self._view(row) for row in rows]}

    # ---- one stream

    async def _follow(self, agreement: str) -> None:
        with self._running.of(agreement, STREAM):
            await self._follow_on(agreement)

    async def _follow_on(self, agreement: str) -> None:
        deal = await self._core.store.read(lambda tx: agreed(tx, agreement))
        while (row := await self._known(agreement)) and row.state == FollowedState.FOLLOWING:
            if over := await self._core.store.read(lambda tx: self._standing.over(tx, deal, self._core.clock.now())):
                await self._end(agreement, FollowedState.ENDED, over)
                await self._lines.end(agreement)
                return
            transfer = await self._lines.running(agreement, bearers.stream_of)
            try:
                await self._next(deal, transfer, row)
            except PeerRefused as fault:
                if fault.status not in AGAIN:
                    raise
                raise PeerUnreachable(f"the provider says no for now: {fault}", fault.hint) from fault

    async def _next(self, deal: AgreementRow, transfer: TransferRow, row: FollowedRow) -> None:
        """Take the next batch, if one comes; what it brings is in the file before it is counted."""
        query = {"after": str(row.number), "seconds": str(WAIT_SECONDS)}
        peer = deal.peer
        answer = await self._ask(peer, transfer, "?" + urlencode(query))
        if answer.status == NOTHING:
            return
        batch = _batch(answer, row)
        after = _with(row, batch)
        word = Acknowledgement(row.agreement, batch.number, batch.head.hex(), after.messages, after.bytes)
        body = {name: value for name, value in word.json().items() if name in ("head", "messages", "bytes")}
        body["signature"] = self._core.identity.sign(word.digest, account_of(deal)).hex()
        use = urlencode({name: text for name, text in row.asked.items() if text})
        told = (await self._ask(peer, transfer, f"/{batch.number}?{use}", body)).json()
        try:
            plain = batches.opened(read_hex(told["key"], "key", batches.KEY_BYTES), batch, answer.body)
        except (VaultError, ContractError, KeyError, TypeError) as fault:
            raise PeerMisbehaved(f"batch {batch.number} of the stream does not open: {fault}") from fault
        await asyncio.to_thread(_append, Path(row.place), row.size, plain)
        now = self._core.clock.now()

        def act(tx: Tx) -> None:
            there = tx.get(FollowedRow, agreement=row.agreement)
            assert there is not None, "no row of these is ever deleted"
            tx.change(there, replace(after, state=there.state, reason=there.reason, updated=now))

        await self._core.store.write(act)

    async def _ask(self, peer: str, transfer: TransferRow, rest: str, body: Any = None) -> Answer:
        """Ask the provider's stream, once more with a fresh token where ours is over."""
        assert transfer.address is not None, "it was started"
        try:
            return await self._asked(transfer.address, rest, body)
        except PeerRefused as fault:
            if fault.status != TOKEN_OVER:
                raise
        return await self._asked(await renewed(self._core, self._peers, peer, transfer), rest, body)

    async def _asked(self, address: Document, rest: str, body: Any) -> Answer:
        headers, url = {"Authorization": bearers.of_address(address)}, bearers.stream_of(address) + rest
        options = {"timeout_seconds": ANSWER_SECONDS, "limit_bytes": SEALED_BYTES_MAX}
        if body is None:
            return await self._core.outbound.get(url, headers=headers, **options)
        return await self._core.outbound.post(url, body, headers=headers, **options)

    async def _known(self, agreement: str) -> FollowedRow | None:
        return await self._core.store.read(lambda tx: tx.get(FollowedRow, agreement=agreement))

    async def _end(self, agreement: str, state: FollowedState, reason: str) -> None:
        now = self._core.clock.now()
        await self._core.store.write(
            lambda tx: tx.update(FollowedRow, {"agreement": agreement}, state=state, reason=reason, updated=now)
        )

    async def _fail(self, agreement: str, fault: Exception) -> None:
        await self._end(agreement, FollowedState.ENDED, str(fault))

    def _view(self, row: FollowedRow) -> JsonObject:
        trouble = self.driver.trouble(row.agreement)
        return {
            "agreement": row.agreement,
            "to": row.place,
            "state": str(row.state),
            "messages": str(row.messages),
            "bytes": str(row.bytes),
            "batch": row.number,
            "missed": row.missed,
            "since": row.since.isoformat(),
            "updated": row.updated.isoformat(),
            "reason": row.reason or ("" if trouble is None else trouble.text),
        }


def _batch(answer: Answer, row: FollowedRow) -> Batch:
    """Return the batch of an answer; raises PeerMisbehaved for one that is none, or follows another past than ours."""
    head = answer.headers
    try:
        number = read_decimal(head.get(batches.NUMBER), "batch")
        messages = read_decimal(head.get(batches.MESSAGES), "messages")
        plain = read_decimal(head.get(batches.BYTES), "bytes")
        previous = read_hex(head.get(batches.PREVIOUS), "previous", len(batches.NO_BATCH))
    except ContractError as fault:
        raise PeerMisbehaved(f"the provider's batch says no number: {fault}") from fault
    if not row.number < number <= NUMBER_MAX or messages > BATCH_MESSAGES_MAX or plain > SEALED_BYTES_MAX:
        raise PeerMisbehaved(f"batch {number} was asked for behind {row.number}")
    if row.head and number == row.number + 1 and previous != row.head:
        raise PeerMisbehaved(
            f"batch {number} follows another past than the one that came here", "complain to its provider"
        )
    return Batch(number, previous, messages, plain, sha256(answer.body).digest())


def _with(row: FollowedRow, batch: Batch) -> FollowedRow:
    """Return the row with a batch in its file; of one that was taken before nothing is counted again."""
    before = RowSet.from_json(row.numbers)
    fresh = RowSet.of([(batch.number, 1)]) - before
    return replace(
        row,
        numbers=(before | fresh).json(),
        number=batch.number,
        head=batch.head,
        missed=row.missed + batch.number - row.number - 1,
        messages=row.messages + (batch.messages if fresh else 0),
        bytes=row.bytes + (batch.plain_bytes if fresh else 0),
        size=row.size + batch.plain_bytes,
    )


def _begun(agreement: str, known: FollowedRow | None, place: Path, asked: JsonObject, now: Any) -> FollowedRow:
    """Return the row to begin with: on in the same file where it stopped, or from the first in another one."""
    if known is not None and known.place == str(place):
        return replace(known, state=FollowedState.FOLLOWING, reason="", asked=asked, updated=now)
    return FollowedRow(
        agreement=agreement,
        place=str(place),
        state=FollowedState.FOLLOWING,
        reason="",
        asked=asked,
        numbers=[] if known is None else known.numbers,
        number=0,
        head=b"",
        missed=0,
        messages=0 if known is None else known.messages,
        bytes=0 if known is None else known.bytes,
        size=0,
        since=now,
        updated=now,
    )


def _require_free(place: Path, *, made: bool) -> None:
    """Raise InvalidInput, or Conflict, for a file that cannot be begun; its folder is made where it is ours."""
    if made:
        files.make_folder(place.parent)
    if not place.is_absolute() or not place.parent.is_dir():
        raise InvalidInput(f"`{place}` is no place for a file", "say the absolute path of a new file")
    if place.exists():
        raise Conflict(f"there is a file `{place}`", "say another one")


def _append(place: Path, size: int, data: bytes) -> None:
    """Write behind the first `size` bytes of a file, durably; what a crash left there is cut off."""
    part = Part(place, size, direct=False)
    try:
        part.write(data, size)
        part.sync()
    finally:
        part.close()
