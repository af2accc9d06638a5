"""Asking data that stay at their provider: a statement goes there, and an answer comes back that its provider signed.

Law: (1) what is asked is durable before it is sent, under an id of ours: a broken line costs nothing, because the same
id brings the same answer and is counted once. (2) An answer is kept with the receipt that binds it to what was asked;
one without is none. (3) One transfer an agreement is kept for its statements, as for calls (`consumer.calling`).
"""

from __future__ import annotations

import asyncio
import base64
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import orjson
from yarl import URL

from connector.compute import cpu
from connector.compute.epsilon import chosen, typed
from connector.consumer import attested_answer
from connector.consumer.asking_price import foretell, take
from connector.consumer.attested_answer import AttestedQuestion
from connector.consumer.lines import agreed
from connector.consumer.wish import wished
from connector.custody import bearers
from connector.custody.renewal import renewed
from connector.enforcement.person import OWNER
from connector.negotiation.notices import address_of
from connector.negotiation.protocol import data_address
from connector.negotiation.protocol.states import CONSUMER
from connector.net.answer import refused
from connector.runtime import rehearsal
from connector.runtime.errors import Absent, Conflict, InvalidInput, PeerMisbehaved
from connector.store.rows.agreement import AcquisitionRow, AgreementRow
from connector.store.rows.compute import AnswerRow, JointQuestionRow
from connector.store.table_row import replace
from contracts import answered, attested, call_receipt, lifecycle, price_words, signature
from contracts import gate as gates
from contracts.answered import Answered, seconds_text
from contracts.call_receipt import Made
from contracts.canonical import load, sha
from contracts.decimals import read_hex
from contracts.errors import ContractError
from contracts.namespace import AGREEMENT_URN
from contracts.noise import epsilon_text
from contracts.tariff import Tariff
from contracts.tried import part
from contracts.units import COMPUTED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from connector.consumer.lines import Lines
    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.negotiation.protocol.messages import Document
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from contracts.gate import Gate
    from contracts.noise import Noise

    Sent = bytes | Callable[[], Awaitable[bytes]]

TOKEN_OVER: Final = 401
# of an answer that tells how fresh subjects are: the day on which their edition was sealed
SEALED: Final = "sealed"
STATEMENT_CHARACTERS_MAX: Final = 8_192
ANSWER_BYTES_MAX: Final = 1 << 20
LISTED_MAX: Final = 200
# a statement has its time at the provider, waits for those before it, and its connector takes a moment
SECONDS: Final = 600.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked, of what was agreed, under an id of ours; `said` is what else is said of the use.

    It is about so many `keys`, one where it is a statement; with `matched` rows are asked of so many subjects who are
    there. `epsilon` is the one that is chosen, in hundredths. It may take so many `tenths` of CPU seconds, where these
    are paid. `budgeted` is no answer that says nothing out of the budget of ε: that of a list, or of a program that is
    run by an `assent` (the digest in hex). `nonce` is our number where its answer is attested.
    """

    agreement: AgreementRow
    job: str
    statement: str
    purpose: str
    said: Any
    keys: int = 1
    epsilon: int | None = None
    tenths: int | None = None
    budgeted: bool = True
    assent: str = ""
    nonce: str = ""
    matched: int = 0

    def foreseen(self) -> Answered:
        """Return what its answer will be, at most; raises InvalidInput for what the terms do not leave to its buyer."""
        epsilon, tenths = chosen(self._noise, self.epsilon), cpu.at_most(self.tariff, self.tenths)
        return Answered(self.keys, epsilon, tenths, self.matched)

    def found(self, answer: bytes) -> Answered:
        """Return what an answer is; raises PeerMisbehaved where it took more than it may, or does not say."""
        foreseen = self.foreseen()
        if not foreseen.tenths:
            return foreseen
        try:
            took = cpu.typed(orjson.loads(answer)["seconds"]) or 0
        except (KeyError, TypeError, ValueError, InvalidInput) as fault:
            raise PeerMisbehaved("the answer does not say how many CPU seconds it took") from fault
        if took > foreseen.tenths:
            raise PeerMisbehaved(f"the answer took {seconds_text(took)} CPU seconds, more than was said at most")
        return replace(foreseen, tenths=took)

    def receipted(self) -> str:
        """Return what the receipt of its answer says of ε: nothing where the terms fix it."""
        return epsilon_text(self.foreseen().epsilon) if answered.says_epsilon(self.tariff, self._noise) else ""

    @property
    def tariff(self) -> Tariff:
        """The price that was agreed."""
        return Tariff.from_json(self.agreement.signed_terms["tariff"])

    @property
    def _noise(self) -> Noise | None:
        return self.gate.noise if self.budgeted else None

    @property
    def gate(self) -> Gate:
        """The gate that was agreed."""
        return gates.read(self.agreement.signed_terms["gate"])

    def accepted(self, answer: bytes) -> dict[str, Any]:
        """Return what our log says of an answer beside its receipt: evidence of its reader, where terms want that.

        Raises PeerMisbehaved where it has none, or one that is not of this answer.
        """
        if (gate := self.gate).attested is None:
            return {}
        asked = AttestedQuestion(self.agreement.digest, self.job, self.statement, gate.at(self.epsilon), self.nonce)
        return {attested_answer.MEMBER: asked.accepted(answer)}

    def part(self, number: int) -> Wanted:
        """Return it under the id of a part of a long list: the first has the list's own."""
        return replace(self, job=part(self.job, number))


class Querying:
    """The statements that one buyer asks."""

    def __init__(self, core: Core, peers: Peers, lines: Lines) -> None:
        self._core, self._peers, self._lines = core, peers, lines

    async def ask(
        self,
        what: str,
        statement: str,
        epsilon: str | None = None,
        at_most: str | None = None,
        purpose: str | None = None,
        said: Any = None,
        job: str | None = None,
    ) -> JsonObject:
        """Ask a statement of what was agreed on: an agreement of ours, what was got, or a product.

        `epsilon` is how much the answer may tell, where its terms leave a choice, such as 1.4; `at_most` are the CPU
        seconds that it may take, where these have the price. Returns the answer with its provider's receipt. Raises
        InvalidInput, NotPermitted with the provider's reasons.
        """
        if not 0 < len(statement.strip()) <= STATEMENT_CHARACTERS_MAX:
            raise InvalidInput(f"a statement has 1 to {STATEMENT_CHARACTERS_MAX} characters")
        row, name = await self.meant(what), job or uuid.uuid4().hex
        wanted = Wanted(row, name, statement, purpose or "", said, epsilon=typed(epsilon), tenths=cpu.typed(at_most))
        most = {} if wanted.tenths is None else {"atMost": seconds_text(wanted.tenths)}
        if wanted.gate.attested is not None:
            wanted = replace(wanted, nonce=attested_answer.nonce(self._core.identity.keys, row.digest, name))
        fresh = {"nonce": wanted.nonce} if wanted.nonce else {}
        sent = orjson.dumps({"id": name, "statement": statement, **with_epsilon(wanted), **most, **fresh})
        return await self.settled(wanted, sent, lambda answer: answer)

    async def meant(self, what: str) -> AgreementRow:
        """Return the agreement of ours that is meant; raises Absent, Conflict."""
        return await self._core.store.read(lambda tx: _agreed(tx, what.removeprefix(AGREEMENT_URN)))

    async def foretell(self, all_wanted: Sequence[Wanted]) -> None:
        """Tell in a rehearsal what all of these would cost that are not answered; in earnest do nothing."""

        def look(tx: Tx) -> None:
            rows = [(one, tx.get(AnswerRow, agreement=one.agreement.digest, job=one.job)) for one in all_wanted]
            open_ = [one for one, row in rows if row is None or row.answer is None]
            foretell(tx, *((one.agreement, one.foreseen()) for one in open_))

        if rehearsal.current() is not None:
            await self._core.store.write(look)

    async def settled(
        self, wanted: Wanted, sent: Sent, read: Callable[[bytes], bytes], most_bytes: int = ANSWER_BYTES_MAX
    ) -> JsonObject:
        """Return what is answered under an id, now or before; `read` says what is kept of an answer that came."""
        return _shown(await self.kept(wanted, sent, read, most_bytes), wanted.agreement)

    async def kept(
        self, wanted: Wanted, sent: Sent, read: Callable[[bytes], bytes], most_bytes: int = ANSWER_BYTES_MAX
    ) -> AnswerRow:
        """Return the same as it is kept, its receipt beside it; what is sent is made where it is asked for first."""
        row = wanted.agreement
        use = wished(row, self._core.identity.did, wanted.purpose, OWNER.says(wanted.said))
        asked = await self._core.store.write(lambda tx: self._asked(tx, wanted))
        if asked.answer is not None:
            return asked
        sent = sent if isinstance(sent, bytes) else await sent()
        told, answer = await self.sent(row, sent, {name: text for name, text in use.items() if text}, most_bytes)
        found = wanted.found(answer)
        seconds, matched = seconds_text(found.tenths) if found.tenths else "", str(found.matched or "")
        made = Made(row.digest, "POST", "", sent, 200, answer, wanted.receipted(), seconds, wanted.assent, matched)
        receipt, signed = _receipt(row, told, made)
        evidence = wanted.accepted(answer)
        kept, units = await asyncio.to_thread(read, answer), answered.units(wanted.tariff, found)
        return await self._core.store.write(lambda tx: self._kept(tx, asked, (kept, units), receipt, signed, evidence))

    async def cancel(self, what: str, job: str) -> JsonObject:
        """Take back what is asked under an id and not answered; returns how many at the provider were ended.

        Raises Absent where nothing was asked under it, Conflict where it is answered.
        """
        row = await self.meant(what)
        asked = await self._core.store.read(lambda tx: tx.get(AnswerRow, agreement=row.digest, job=job))
        if asked is None:
            raise Absent(f"nothing is asked under `{job[:100]}`", "penstock admin queries")
        if asked.answer is not None:
            raise Conflict(f"`{job[:100]}` is answered", "it is paid, and stays")
        _, answer = await self.sent(row, orjson.dumps({"id": job, "cancel": True}), {}, ANSWER_BYTES_MAX)
        return {"agreement": row.digest, "id": job, "cancelled": orjson.loads(answer)["cancelled"]}

    async def asked(self, what: str | None = None) -> JsonObject:
        """Return what was asked, the newest first, with what was answered; of several at once what is not, first."""

        def look(tx: Tx) -> list[JsonObject]:
            if what is None:
                joint = tx.find(JointQuestionRow, "ended is null", order="created desc", limit=LISTED_MAX)
                newest = tx.find(AnswerRow, order="created desc", limit=LISTED_MAX)
                return [*map(_open, joint), *(_line(tx, one) for one in newest)]
            row = _agreed(tx, what.removeprefix(AGREEMENT_URN))
            of_it = tx.find(AnswerRow, "agreement = ?", (row.digest,), order="created desc", limit=LISTED_MAX)
            return [_line(tx, one) for one in of_it]

        return {"statements": await self._core.store.read(look)}

    async def sent(
        self, row: AgreementRow, sent: bytes, use: Mapping[str, str], most_bytes: int
    ) -> tuple[Mapping[str, str], bytes]:
        """Send a body over a running transfer; returns headers and body of the answer, or raises its refusal."""
        transfer = await self._lines.running(row.digest, bearers.takes_statements)
        assert transfer.address is not None, "it was started"
        headers = {bearers.USE: urlencode(use), "Content-Type": "application/json"}
        status, told, answer = await self._post(transfer.address, sent, headers, most_bytes)
        if status == TOKEN_OVER:
            address = await renewed(self._core, self._peers, row.peer, transfer)
            status, told, answer = await self._post(address, sent, headers, most_bytes)
        if status != 200:
            raise refused(URL(data_address.endpoint(transfer.address)), "POST", status, answer)
        return told, answer

    async def _post(
        self, address: Document, sent: bytes, headers: Mapping[str, str], most_bytes: int
    ) -> tuple[int, Mapping[str, str], bytes]:
        bearer = {"Authorization": bearers.of_address(address)} | dict(headers)
        url = data_address.endpoint(address)
        async with self._core.outbound.forward(
            "POST", url, sent, bearer, seconds=SECONDS, limit_bytes=most_bytes
        ) as answer:
            return answer.status, answer.headers, b"".join([chunk async for chunk in answer.chunks()])

    def _asked(self, tx: Tx, wanted: Wanted) -> AnswerRow:
        """Return what is asked under an id, written before it is sent; raises Conflict for another statement."""
        known = tx.get(AnswerRow, agreement=wanted.agreement.digest, job=wanted.job)
        told = wanted.foreseen()
        if known is not None and known.statement != wanted.statement:
            raise Conflict(f"`{wanted.job[:100]}` is another statement", "choose another id")
        if known is not None and replace(wanted, epsilon=known.epsilon).foreseen() != told:
            raise Conflict(f"`{wanted.job[:100]}` is asked with another ε", "choose another id")
        if known is None or known.answer is None:
            take(tx, wanted.agreement, told, wanted.job, self._core.clock.now())
        if known is not None and (known.at_most or 0) > told.tenths and known.answer is None:
            text = f"`{wanted.job[:100]}` is asked with at most {seconds_text(known.at_most or 0)} CPU seconds"
            raise Conflict(text, "say as many, or more")
        if known is not None and known.at_most != wanted.tenths and known.answer is None:
            return tx.change(known, replace(known, at_most=wanted.tenths))
        if known is not None:
            return known
        made = AnswerRow(
            agreement=wanted.agreement.digest,
            job=wanted.job,
            statement=wanted.statement,
            purpose=wanted.purpose,
            units=answered.units(wanted.tariff, told),
            epsilon=wanted.epsilon,
            at_most=wanted.tenths,
            created=self._core.clock.now(),
        )
        tx.insert(made)
        return made

    def _kept(
        self,
        tx: Tx,
        asked: AnswerRow,
        found: tuple[bytes, int],
        receipt: JsonObject,
        signed: bytes,
        evidence: Mapping[str, Any],
    ) -> AnswerRow:
        """Keep an answer and its units, with an event that says which: its provider's log says the same, or lies."""
        now = self._core.clock.now()
        known = tx.get(AnswerRow, agreement=asked.agreement, job=asked.job)
        assert known is not None, "it was asked"
        if known.answer is not None:
            return known
        answer, units = found
        after = replace(known, answer=answer, units=units, receipt=receipt, signature=signed, ended=now)
        fields = {"job": asked.job, "statement": sha({"query": " ".join(asked.statement.split())}).hex()}
        told = fields | {"receipt": receipt, "signature": signed.hex(), **evidence}
        link = [asked.agreement, str(receipt["call"])]
        self._core.evidence.record(tx, "answer.received", part=asked.agreement, link=link, fields=told, now=now)
        return tx.change(known, after)


def with_epsilon(wanted: Wanted) -> dict[str, str]:
    """Return what a question says of its ε: nothing where none was chosen."""
    return {} if wanted.epsilon is None else {"epsilon": epsilon_text(wanted.epsilon)}


def _agreed(tx: Tx, what: str) -> AgreementRow:
    """Return the agreement of ours that is meant, by its digest or by what was got; raises Absent, Conflict."""
    row = tx.get(AgreementRow, digest=what)
    got = tx.get(AcquisitionRow, id=what) if row is None else None
    if got is not None and got.agreement:
        row = tx.get(AgreementRow, digest=got.agreement)
    if row is None:
        mine = tx.find(AgreementRow, "product = ? and role = ?", (what, CONSUMER), order="created desc")
        row = next((one for one in mine if one.state not in lifecycle.OVER), None)
    if row is None:
        raise Absent(f"nothing was agreed about `{what[:100]}`", "penstock get, first")
    return agreed(tx, row.digest, (COMPUTED,))


def _receipt(row: AgreementRow, told: Mapping[str, str], made: Made) -> tuple[JsonObject, bytes]:
    """Return the receipt that came with an answer, and its signature; raises PeerMisbehaved for none."""
    provider = address_of(row)
    assert provider is not None, "what is asked was agreed and signed"
    try:
        said = load(base64.urlsafe_b64decode(told.get(bearers.RECEIPT, "")))
        signed = read_hex(told.get(bearers.SIGNED), "signature", signature.SIGNATURE_BYTES)
        return call_receipt.check(said, signed, provider, made), signed
    except (ContractError, ValueError) as fault:
        raise PeerMisbehaved(f"the answer came without the receipt that belongs to it: {fault}") from fault


def _line(tx: Tx, row: AnswerRow) -> JsonObject:
    """Return what is shown of a statement; `billed` is what its answer counts as in words."""
    deal = tx.get(AgreementRow, digest=row.agreement)
    assert deal is not None, "no agreement is ever deleted"
    tariff, units = Tariff.from_json(deal.signed_terms["tariff"]), 1 if row.units is None else row.units
    return {
        "agreement": row.agreement,
        "id": row.job,
        "statement": row.statement,
        "asked": row.created.isoformat(timespec="seconds"),
        "answered": None if row.ended is None else row.ended.isoformat(timespec="seconds"),
        "rows": None if row.answer is None else len(orjson.loads(row.answer)["rows"]),
        "billed": "" if row.answer is None else price_words.billed(tariff, units),
        "attested": "" if row.answer is None else attested.label(deal.signed_terms),
    }


def _open(row: JointQuestionRow) -> JsonObject:
    """Return a question to several that has no answer yet; it goes on under its id."""
    told = {
        "agreement": next(iter(row.asked["agreements"].values())),
        "id": row.job,
        "statement": row.asked["statement"],
    }
    none = {"answered": None, "rows": None, "billed": "", "attested": ""}
    return told | {"asked": row.created.isoformat(timespec="seconds"), **none}


def _shown(row: AnswerRow, deal: AgreementRow) -> JsonObject:
    assert row.answer is not None
    assert row.receipt is not None
    assert row.signature is not None
    told = orjson.loads(row.answer)
    receipt = {**row.receipt, "signature": row.signature.hex()}
    names = ("edition", "columns", "rows", "heldBack", "confined")
    noise = {name: told.get(name) for name in ("needs", "epsilon", "left")} | {"margins": told.get("margins") or []}
    shown = {**{name: told[name] for name in names}, **noise, **attested_answer.shown(deal.signed_terms, told)}
    shown |= {SEALED: told[SEALED]} if SEALED in told else {}
    return {"agreement": row.agreement, "id": row.job, **shown, "receipt": receipt}
