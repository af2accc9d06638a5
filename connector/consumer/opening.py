"""Opening a replica for a purpose: a decision, then plaintext, then evidence (spec 5).

Kept: the keys are here, so our own connector decides and counts, as the tier's label says. Leased: nothing is
here but sealed bytes; each opening buys the keys of its rows for a fresh reader key, the provider decides and
counts, and the secrets live in memory only.

Law: (1) an opening is named by its caller; asked again it is not paid again. (2) What was decided is recorded before a
byte of plaintext exists, but for the index, whose names are held against the place the files go to. (3) What would be
in the way there is found before anything is counted or paid for; where the names are not known yet, anything is. (4)
Whatever rule stops holding while it is read ends it, and no file of it gets its name.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.channel import account as accounts
from connector.channel import openings, tally, windows
from connector.channel.plan import Want
from connector.consumer import copying, key_export, next_channel, reads
from connector.consumer.asking import Question, while_it_holds
from connector.consumer.followed import WAIT_SECONDS_MAX
from connector.consumer.held import Held
from connector.consumer.mandate import refuse_unwritable
from connector.consumer.place import Place
from connector.consumer.purchase import Purchase
from connector.consumer.wish import wished
from connector.custody import joined, replicas
from connector.custody.errors import VaultError
from connector.custody.reader import Reader
from connector.custody.scrub import require_undestroyed
from connector.enforcement.context import QUERY
from connector.enforcement.person import OWNER, Person
from connector.licence.books import transfer_id
from connector.licence.licensed import rows_of
from connector.negotiation.envelope import pids
from connector.negotiation.protocol.offers import PLAIN
from connector.runtime.cut import Cut
from connector.runtime.errors import Absent, InvalidInput, NotPermitted, PeerUnreachable, from_reason
from connector.runtime.local_names import renamed
from connector.settlement import disputes
from connector.store.rows.agreement import AcquisitionRow, AcquisitionState, AgreementRow
from connector.store.rows.channel import Side
from connector.store.rows.protocol import TransferRow
from connector.store.rows.use import OpeningRow, ReadRow, ReadState
from contracts.ranges import RowSet
from contracts.units import LEASED
from ledger.edition.opening import Code, OpeningError
from policy.purposes import resolve

if TYPE_CHECKING:
    from connector.channel.doors import Buyer
    from connector.channel.receive import Received
    from connector.consumer.acknowledging import Acknowledging
    from connector.consumer.acquisition import Acquisitions
    from connector.consumer.joining import Joining
    from connector.consumer.next_channel import NextChannels
    from connector.consumer.opening_turns import OpeningTurns
    from connector.consumer.purchase import Till
    from connector.consumer.reads import Reads
    from connector.core.core import Core
    from connector.custody.blobs import Blobs
    from connector.custody.replicas import WholeReplica
    from connector.custody.secrets import Keys as Secrets
    from connector.licence.books import Books
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

    To = Place | Question | Held | None


class Openings:
    """The openings this participant asks for."""

    def __init__(
        self,
        core: Core,
        buyer: Buyer,
        secrets: Secrets,
        blobs: Blobs,
        books: Books,
        acknowledging: Acknowledging,
        next_channels: NextChannels,
        reads: Reads,
        till: Till,
        acquisitions: Acquisitions,
        opening_turns: OpeningTurns,
        joining: Joining,
    ) -> None:
        self._core, self._buyer, self._secrets, self._blobs = core, buyer, secrets, blobs
        self._books, self._acknowledging, self._next_channels = books, acknowledging, next_channels
        self._reads, self._till, self._acquisitions = reads, till, acquisitions
        self._turns, self._joining = opening_turns, joining

    async def open(self, body: Any, person: Person = OWNER) -> JsonObject:
        """Open as `{id, acquisition, purpose, said?, to?, overwrite?, packed?}` says; raises NotPermitted with reasons.

        `person` is who of our people asks.
        """
        key, purpose = str(body.get("id", "")), resolve(str(body.get("purpose", "")))
        to, overwrite, packed = body.get("to"), body.get("overwrite", False), body.get("packed", False)
        absolute = to is None or Path(str(to)).is_absolute()
        if not (key and absolute and isinstance(overwrite, bool) and isinstance(packed, bool)):
            words = "an opening needs an `id`; `to` is an absolute path if it is given, and the rest true or false"
            raise InvalidInput(words)
        if taken := next((one for one in (key_export.PREFIX, joined.PREFIX) if key.startswith(one)), ""):
            raise InvalidInput(f"the id of an opening does not begin with `{taken}`", "choose another id")
        said = person.says(body.get("said"))
        if body.get(joined.JOINED) is not None:
            return await self._joining.ask(key, purpose, said, body)
        if (question := Question.of(body)) is not None:
            return await self._ask(key, purpose, said, question, str(body.get("acquisition", "")))
        if packed and to is None:
            raise InvalidInput("archives are left packed where they are written", "say `to`, the directory for them")
        if to is not None:
            refuse_unwritable(Path(str(to)))
        place = None if to is None else Place(Path(str(to)), overwrite, packed)
        got = await self._reads.got(str(body.get("acquisition", "")))
        async with self._turns.of(got.its_agreement):
            row = await self._reads.begin(key, got, purpose, said)
            if row.state == ReadState.DONE and row.result is not None:
                return {"renamed": {}} | dict(row.result)
            return await self._perform(row, place)

    async def _ask(
        self, key: str, purpose: str, said: dict[str, str], question: Question, acquisition: str
    ) -> JsonObject:
        """Have a statement answered by what is opened for it; the answer is told once and kept nowhere."""
        got = await self._reads.got(acquisition)
        async with self._turns.of(got.its_agreement), self._turns.sittings, question:
            await asyncio.to_thread(question.require, None)
            row = await self._reads.begin(key, got, purpose, {**said, QUERY: question.statement})
            if row.state == ReadState.DONE and row.result is not None:
                return {"renamed": {}} | dict(row.result)
            done = await self._perform(row, question)
            return {**done, "answer": await question.told()}

    async def got(self, named: str) -> AcquisitionRow:
        """Return the acquisition that is named by its id or its agreement; raises Absent."""
        return await self._reads.got(named)

    async def hold(self, key: str, got: AcquisitionRow, purpose: str, said: dict[str, str], into: Held) -> JsonObject:
        """Open into memory alone, under an id of ours; raises as `open`."""
        async with self._turns.of(got.its_agreement):
            return await self._perform(await self._reads.begin(key, got, purpose, said), into)

    async def export_keys(self, body: Any, person: Person = OWNER) -> JsonObject:
        """Hand out a kept replica's keys as `{id, acquisition, purpose, said?, to}` says; an opening like any other.

        Raises NotPermitted (also of a leased replica), Conflict where `to` is there already.
        """
        key, purpose = str(body.get("id", "")), resolve(str(body.get("purpose", "")))
        to = Path(str(body.get("to", "")))
        if not key or not to.is_absolute():
            raise InvalidInput("an export needs an `id`, and `to`, the absolute path of a new file")
        key, said = key_export.PREFIX + key, person.says(body.get("said"))
        got = await self._reads.got(str(body.get("acquisition", "")))
        async with self._turns.of(got.its_agreement):
            agreement = await self._agreement(got.its_agreement)
            key_export.check_tier(agreement)
            known = await self._core.store.read(lambda tx: tx.get(ReadRow, id=key))
            if known is None or known.state != ReadState.DONE:
                key_export.check_place(to)
            row = await self._reads.begin(key, got, purpose, said)
            done = row.result if row.state == ReadState.DONE else None
            return key_export.told(done or await self._export(row, agreement, to))

    async def _export(self, row: ReadRow, agreement: AgreementRow, to: Path) -> JsonObject:
        replica = await self._core.store.read(lambda tx: replicas.under(tx, row.agreement))
        assert replica is not None, "a complete acquisition has its replica"
        try:
            number = await self._reads.decide(row, keys_leave=True)
        except NotPermitted as refusal:
            await self._reads.deny(row, refusal=refusal)
            raise
        secrets = await self._core.store.read(lambda tx: replicas.load_secrets(tx, self._secrets, replica.id))
        await asyncio.to_thread(key_export.write, replica, agreement, secrets, to)
        table = replicas.table_of(replica)
        size = tally.plain_bytes(table, rows_of(agreement.signed_terms, table))
        return await self._reads.finish(row, number, size, [str(to)])

    async def _agreement(self, digest: str) -> AgreementRow:
        agreement = await self._core.store.read(lambda tx: tx.get(AgreementRow, digest=digest))
        assert agreement is not None
        return agreement

    async def _perform(self, row: ReadRow, to: To) -> JsonObject:
        agreement = await self._agreement(row.agreement)
        if agreement.terms is None:
            raise Absent("what a connector of another make gave is a file", "it lies where `get --to` put it")
        if isinstance(to, Question):
            to.of_tier(agreement.signed_terms["tier"])
        elif agreement.signed_terms["tier"] == PLAIN and not isinstance(to, Held):
            return await self._plain(row, to)
        replica = await self._core.store.read(lambda tx: replicas.under(tx, row.agreement))
        assert replica is not None, "a complete acquisition has its replica"
        way = self._leased if agreement.signed_terms["tier"] == LEASED else self._kept
        try:
            require_undestroyed(replica.state)
            try:
                return await way(row, agreement, replica, to)
            except VaultError:  # it may have been destroyed meanwhile
                now = await self._core.store.read(lambda tx: replicas.seen(tx, row.agreement))
                require_undestroyed(None if now is None else now.state)
                raise
        except NotPermitted as refusal:
            await self._reads.deny(row, refusal=refusal)
            raise

    # ---- plain: here already, and nobody's to control

    async def _plain(self, row: ReadRow, to: Place | None) -> JsonObject:
        got = await self._core.store.read(lambda tx: tx.get(AcquisitionRow, id=row.acquisition))
        assert got is not None
        sizes, folder = got.progress["files"], copying.folder_of(self._blobs.folder, row.agreement)
        names = list(sizes)
        if to is not None:
            await asyncio.to_thread(to.require, sizes)
            cut = Cut()
            copy = partial(copying.hand_out, folder, sizes, to.folder, cut, overwrite=to.overwrite)
            # of a copy in plain nothing but the exchange's word is looked at again
            names = await while_it_holds(asyncio.to_thread(copy), partial(self._reads.halted, row), cut.end)

        def act(tx: Tx) -> JsonObject:
            before = tx.find(ReadRow, "agreement = ? and state = ?", (row.agreement, ReadState.DONE))
            number, size = len(before) + 1, sum(sizes.values())
            told = renamed(sizes)
            return reads.settle(tx, row, number=number, size=size, files=names, charged=0, renamed=told)

        return await self._core.store.write(act)

    # ---- leased: bought from the key holder, once per opening

    async def _leased(self, row: ReadRow, agreement: AgreementRow, replica: WholeReplica, to: To) -> JsonObject:
        got = await self._paid_in(row.acquisition)
        rows = rows_of(agreement.signed_terms, replicas.table_of(replica))
        if to is not None and not row.reader_key:  # not paid yet
            await asyncio.to_thread(to.require, None)
        try:
            reader, brought = await self._bought(row, got, rows)
        except Exception as fault:
            if not (next_channel.says_over(fault) and await self._next_channels.soon_over(got)):
                raise
            got = await self._renewed(got)
            reader, brought = await self._bought(row, got, rows)
        channel = bytes.fromhex(got.its_channel)
        secrets = {key.row: key.secret for received in brought for key in received.keys}
        try:
            told, files, size = await self._read(row, agreement, replica, secrets, to)
        except OpeningError as wrong:
            if wrong.code is Code.EDITION and wrong.row is not None:
                received = next(one for one in brought if any(key.row == wrong.row for key in one.keys))
                await disputes.accuse(self._core, self._buyer, channel, received, wrong.row)
            raise
        self._books.forget(reader)
        ended = await self._core.store.write(
            lambda tx: self._end_leased(tx, row, reader, channel, brought, size=size, files=files, told=told)
        )
        self._acknowledging.wake(channel)
        return ended

    async def _renewed(self, got: AcquisitionRow) -> AcquisitionRow:
        """Return an acquisition with its next channel, its own being over; raises what kept that from being opened."""
        await self._acquisitions.go_on(got)
        end = await self._paid_in(got.id)
        if end.channel == got.channel:
            assert end.reason is not None, "it says what its next channel met"
            raise from_reason(end.reason)
        return end

    async def _paid_in(self, key: str) -> AcquisitionRow:
        """Return an acquisition as soon as no channel of it is being paid into; raises PeerUnreachable."""
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                while (end := await self._acquisition(key)).state != AcquisitionState.COMPLETE:
                    mark = (await self._acquisitions.view(key))["mark"]
                    await self._acquisitions.wait(key, mark, WAIT_SECONDS_MAX)
        except TimeoutError:
            hint = "ask again with the same id"
            raise PeerUnreachable(f"the next channel of `{key}` is not open yet", hint) from None
        return end

    async def _acquisition(self, key: str) -> AcquisitionRow:
        row = await self._core.store.read(lambda tx: tx.get(AcquisitionRow, id=key))
        assert row is not None, "what is opened was acquired"
        return row

    async def _bought(self, row: ReadRow, got: AcquisitionRow, rows: RowSet) -> tuple[bytes, list[Received]]:
        """Buy the keys of an opening through the channel of its acquisition; return its reader key with them.

        What an earlier run left unfinished there is brought to its end first; what is more than a batch takes several.
        """
        purchase = Purchase(self._till, got.its_provider, bytes.fromhex(got.its_channel))
        received = await purchase.resume([row.reader_key]) if row.reader_key else None
        reader = self._books.goes_on(row.reader_key, received, rows) or self._books.lend(X25519PrivateKey.generate())
        await self._core.store.write(lambda tx: tx.update(ReadRow, {"id": row.id}, reader_key=reader))
        transfer = await self._core.store.read(lambda tx: tx.get(TransferRow, id=got.transfer))
        assert transfer is not None
        agreement = await self._agreement(row.agreement)
        want = Want(
            agreement=bytes.fromhex(row.agreement),
            transfer=transfer_id(*pids(transfer)),
            use=tally.OPEN,
            rows=rows,
            reader_key=reader,
            context=wished(agreement, self._core.identity.did, row.purpose, row.said or {}),
        )
        brought = [received] if received is not None and reader == row.reader_key else []
        while not rows <= RowSet.rows(key.row for one in brought for key in one.keys):
            if (received := await purchase.next(want)) is None:
                break  # the reader says which lack
            brought.append(received)
        return reader, brought

    def _end_leased(
        self,
        tx: Tx,
        row: ReadRow,
        reader: bytes,
        channel: bytes,
        brought: list[Received],
        *,
        size: int,
        files: list[str],
        told: dict[str, str],
    ) -> JsonObject:
        """End our side's record of the opening; returns what is told of it."""
        found = tx.find(OpeningRow, "agreement = ? and role = ?", (row.agreement, "payer"))
        opened = next(one for one in found if one.reader_key == reader)
        openings.end(tx, self._core.evidence, opened.id, "read", self._core.clock.now())
        account = accounts.load(tx, channel, Side.PAYER)
        bought = [windows.find(tx, account, received.seq) for received in brought]
        number, charged = opened.number, sum(window.amount for window in bought if window is not None)
        return reads.settle(tx, row, number=number, size=size, files=files, charged=charged, renamed=told)

    # ---- kept: decided and counted here

    async def _kept(self, row: ReadRow, agreement: AgreementRow, replica: WholeReplica, to: To) -> JsonObject:
        secrets = await self._core.store.read(lambda tx: replicas.load_secrets(tx, self._secrets, replica.id))
        if to is not None and row.state == ReadState.ASKED:  # not counted yet
            await asyncio.to_thread(self._look, to, agreement, replica, secrets)
        number = await self._reads.decide(row, leaves=isinstance(to, Question) and to.to is not None)
        try:
            told, files, size = await self._read(row, agreement, replica, secrets, to)
        except BaseException:
            await self._reads.stop(row)
            raise
        return await self._reads.finish(row, number, size, files, told)

    def _look(
        self, to: Place | Question | Held, agreement: AgreementRow, replica: WholeReplica, secrets: dict[int, bytes]
    ) -> None:
        with replicas.sealed_file(self._blobs.folder, replica) as sealed:
            to.look(Reader(sealed, secrets, rows_of(agreement.signed_terms, sealed.table)))

    # ---- both

    async def _read(
        self,
        row: ReadRow,
        agreement: AgreementRow,
        replica: WholeReplica,
        secrets: dict[int, bytes],
        to: To,
    ) -> tuple[dict[str, str], list[str], int]:
        """Open all that was agreed on, to a folder or only in memory, for as long as that may be read.

        Returns the files that are called otherwise here (told name → name here), names or paths, and plain bytes.
        """
        cut = Cut()

        def work() -> tuple[dict[str, str], list[str], int]:
            with replicas.sealed_file(self._blobs.folder, replica) as sealed:
                rows = rows_of(agreement.signed_terms, sealed.table)
                reader = Reader(sealed, secrets, rows, cut)
                size = tally.plain_bytes(sealed.table, rows - RowSet(((0, sealed.table.index_rows),)))
                names, size = (reader.prove(), size) if to is None else to.take(reader, size)
                return reader.renamed, names, size

        end = cut.end
        if isinstance(to, Question):
            to.columns, end = sorted(agreement.signed_terms.get("columns", ())), to.sitting.cut
        return await while_it_holds(asyncio.to_thread(work), partial(self._reads.over, row), end)
