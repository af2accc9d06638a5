"""Several products joined in one confined reading: an opening of each, decided and counted together or not at all.

    asked     one statement, and other orders under names of their own (`joined`: name → order)
    openings  one of each order, called as `connector.custody.joined` has it
    read      by one process, which is handed of each what the statement asks for and its agreement licenses

Law: (1) each agreement must permit to be read for the purpose and to be joined with others (`aggregate`); if one does
not, none is counted and nothing is read. (2) Openings are counted here alone: what its provider counts (leased) or
keeps (computed), and what nobody counts (plain), is joined with nothing. (3) As soon as one agreement is over, or its
policy holds no more, the process is ended. (4) What the log tells one provider names no other one, and neither the
statement nor a digest of it that could be guessed.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from connector.compute.joined_sitting import JoinedSitting, Source
from connector.consumer.asking import Question, while_it_holds
from connector.consumer.reads import Read
from connector.custody import joined, replicas
from connector.custody.errors import VaultError
from connector.custody.joined import BLIND, JOINED
from connector.custody.reader import Reader
from connector.custody.scrub import require_undestroyed
from connector.enforcement.context import QUERY
from connector.licence.licensed import rows_of
from connector.negotiation.protocol.offers import PLAIN
from connector.runtime.errors import Absent, InvalidInput, NotPermitted
from connector.store import naming
from connector.store.rows.agreement import AcquisitionRow, AgreementRow
from connector.store.rows.use import ReadState
from contracts.units import COMPUTED, KEPT, LEASED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.consumer.opening_turns import OpeningTurns
    from connector.consumer.reads import Reads
    from connector.core.core import Core
    from connector.custody.blobs import Blobs
    from connector.custody.replicas import WholeReplica
    from connector.custody.secrets import Keys as Secrets
    from connector.store.rows.use import ReadRow
    from contracts.canonical import JsonObject

# products that one statement joins, the first among them
PRODUCTS_MAX: Final = 8
NAME_CHARACTERS_MAX: Final = 60
BLIND_BYTES: Final = 16
# tier that is not joined → why
ELSEWHERE: Final[Mapping[str, str]] = {
    LEASED: "it is leased: its provider counts each opening, so it cannot be counted with others or not at all",
    COMPUTED: "it stays at its provider: there is nothing of it here to join",
    PLAIN: "its files are here in plain, and nobody counts what reads them",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One of what is joined: its opening, and what it is read from."""

    row: ReadRow
    agreement: AgreementRow
    replica: WholeReplica
    secrets: Mapping[int, bytes]

    def source(self, folder: Any, opened: ExitStack) -> Source:
        """Open its sealed bytes for as long as `opened` is."""
        sealed = opened.enter_context(replicas.sealed_file(folder, self.replica))
        reader = Reader(sealed, self.secrets, rows_of(self.agreement.signed_terms, sealed.table))
        return Source(reader, sorted(self.agreement.signed_terms.get("columns", ())))


class JoinedQuestion(Question):
    """One statement over several products, with the process that will answer it."""

    sitting: JoinedSitting
    process = JoinedSitting

    def look_at(self, parts: Mapping[str, Part], folder: Any) -> None:
        """Have the statement looked at over what there is of each (blocking)."""
        with ExitStack() as opened:
            self.sitting.ask_all({name: part.source(folder, opened).reader.files() for name, part in parts.items()})

    def answer_from(self, parts: Mapping[str, Part], folder: Any) -> None:
        """Answer it (blocking)."""
        with ExitStack() as opened:
            self.answer = self.sitting.answer_all({name: part.source(folder, opened) for name, part in parts.items()})


class Joining:
    """The joined readings that this participant asks for."""

    def __init__(self, core: Core, secrets: Secrets, blobs: Blobs, reads: Reads, opening_turns: OpeningTurns) -> None:
        self._core, self._secrets, self._blobs, self._reads, self._turns = core, secrets, blobs, reads, opening_turns

    async def ask(self, key: str, purpose: str, said: dict[str, str], body: Mapping[str, Any]) -> JsonObject:
        """Have a statement over several orders answered; it is told once and kept nowhere.

        Raises InvalidInput for what cannot be joined, and NotPermitted with who refuses, and why.
        """
        question = JoinedQuestion.of(body)
        if question is None:
            raise InvalidInput("products are joined by a statement", "say it as `query`")
        got = await self._got(str(body.get("acquisition", "")), _named(body[JOINED]))
        async with self._turns.of(*(one.its_agreement for one in got.values())), self._turns.sittings, question:
            await asyncio.to_thread(question.require, None)
            rows = await self._begun(key, got, purpose, said | {QUERY: question.statement})
            if all(row.state == ReadState.DONE for row in rows.values()):
                return _told(key, rows, [row.result or {} for row in rows.values()])
            try:
                ended = await self._read(rows, question)
            except NotPermitted as refusal:
                await self._reads.deny(*rows.values(), refusal=refusal)
                raise
            return {**_told(key, rows, ended), "answer": await question.told()}

    async def _got(self, first: str, others: Mapping[str, str]) -> dict[str, AcquisitionRow]:
        """Return what was got by the orders, each by its name, the first by none; raises InvalidInput, Absent."""

        def whole(tx: Any) -> dict[str, str]:
            return {name: naming.meant(tx, "acquisition", named) for name, named in others.items()}

        named = {"": first, **await self._core.store.read(whole)}
        got = {name: await self._reads.got(one) for name, one in named.items()}
        names = dict[str, str]()
        for name, one in got.items():
            if (twice := names.setdefault(one.its_agreement, name)) != name:
                text = f"`{name}` is what `{twice or first[:100]}` is: one agreement is joined once"
                raise InvalidInput(text, "name its tables twice in the statement")
        agreements = await self._core.store.read(
            lambda tx: {name: tx.get(AgreementRow, digest=one.its_agreement) for name, one in got.items()}
        )
        for name, agreement in agreements.items():
            called = f"`{name or first[:100]}`"
            if agreement is None or agreement.terms is None:
                raise Absent(f"{called} is a file that a connector of another make gave", "it lies where it was put")
            if (tier := agreement.terms["tier"]) != KEPT:
                raise InvalidInput(f"{called} is not joined: {ELSEWHERE[tier]}", f"only the tier `{KEPT}` is joined")
        return got

    async def _begun(
        self, key: str, got: Mapping[str, AcquisitionRow], purpose: str, said: Mapping[str, str]
    ) -> dict[str, ReadRow]:
        """Return the openings, made where they are new; which orders are joined is known to the first alone."""
        others = joined.written({name: one.id for name, one in got.items() if name})
        rows = {}
        for name, one in got.items():
            more = {JOINED: key if name else others, BLIND: secrets.token_hex(BLIND_BYTES)}
            rows[name] = await self._reads.begin(joined.opening_id(key, name), one, purpose, {**said, **more})
        return rows

    async def _read(self, rows: Mapping[str, ReadRow], question: JoinedQuestion) -> list[JsonObject]:
        """Decide, count and read all of it; returns what is told of each opening."""
        await self._require_undestroyed(rows)
        parts = {name: await self._part(row) for name, row in rows.items()}
        try:
            return await self._counted(parts, question)
        except VaultError:  # one of them may have been destroyed meanwhile
            await self._require_undestroyed(rows)
            raise

    async def _counted(self, parts: Mapping[str, Part], question: JoinedQuestion) -> list[JsonObject]:
        rows, folder = {name: part.row for name, part in parts.items()}, self._blobs.folder
        await asyncio.to_thread(question.look_at, parts, folder)
        numbers = await self._reads.decide_together(rows, leaves=question.to is not None)
        try:
            reading = asyncio.to_thread(question.answer_from, parts, folder)
            await while_it_holds(reading, partial(self._over, rows), question.sitting.cut)
        except BaseException:
            for row in rows.values():
                await self._reads.stop(row)
            raise
        asked = {name: question.sitting.asked_of(name) for name in rows}
        return await self._reads.finish_all(
            [
                Read(row, numbers[name], sum(file.size for file in asked[name]), [file.name for file in asked[name]])
                for name, row in rows.items()
            ]
        )

    async def _part(self, row: ReadRow) -> Part:
        """Return what an opening is read from."""

        def look(tx: Any) -> Part:
            agreement, replica = tx.get(AgreementRow, digest=row.agreement), replicas.under(tx, row.agreement)
            assert replica is not None, "a complete acquisition has its replica"
            return Part(row, agreement, replica, replicas.load_secrets(tx, self._secrets, replica.id))

        return await self._core.store.read(look)

    async def _require_undestroyed(self, rows: Mapping[str, ReadRow]) -> None:
        """Raise NotPermitted where one of them was destroyed here."""
        for name, row in rows.items():
            seen = await self._core.store.read(partial(replicas.seen, agreement=row.agreement))
            try:
                require_undestroyed(None if seen is None else seen.state)
            except NotPermitted as refusal:
                raise NotPermitted(f"`{name or row.acquisition}` is not joined: {refusal}", refusal.hint) from refusal

    async def _over(self, rows: Mapping[str, ReadRow]) -> str:
        """Return why one of them may not be read any more, empty while all may."""
        for name, row in rows.items():
            if why := await self._reads.over(row):
                return f"`{name or row.acquisition}`: {why}"
        return ""


def _named(told: Any) -> dict[str, str]:
    """Return name → order as they are asked for; raises InvalidInput."""
    texts = isinstance(told, dict) and all(isinstance(one, str) and one for pair in told.items() for one in pair)
    if not texts or not told:
        raise InvalidInput("what is joined is an object of names and orders", "such as `stations` and its order")
    if len(told) >= PRODUCTS_MAX:
        raise InvalidInput(f"{len(told) + 1} products are to be joined", f"at most {PRODUCTS_MAX} in one statement")
    for name in told:
        if not name.isidentifier() or len(name) > NAME_CHARACTERS_MAX:
            hint = f"letters, digits and `_`, at most {NAME_CHARACTERS_MAX}, no digit first"
            raise InvalidInput(f"`{name[:100]}` is no name for a product in a statement", hint)
    if len({name.casefold() for name in told}) < len(told):
        raise InvalidInput("two products have names that differ in capital letters alone", "name them otherwise")
    return dict(told)


def _told(key: str, rows: Mapping[str, ReadRow], ended: list[JsonObject]) -> JsonObject:
    """Return what is told of a joined reading: as the opening of the first, and beside it the opening of each."""
    openings = [
        {"name": name, **{member: one[member] for member in ("acquisition", "number", "bytes")}, BLIND: said[BLIND]}
        for (name, said), one in zip(((name, row.said or {}) for name, row in rows.items()), ended, strict=True)
    ]
    return {"renamed": {}} | dict(ended[0]) | {"id": key, JOINED: openings}
