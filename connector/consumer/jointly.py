"""Asking several providers at once, of whom only the total is read: none of them, and not we, sees another's numbers.

    1  each is asked, and answers with its numbers under masks     who does not answer is left out, down to the quorum
    2  whom it is opened with is said to each, and signed
    3  all signatures are shown to each, and it tells what opens its part      now it is counted, and paid

Law: (1) what was asked, and whom it is opened with, is durable before it is said: after a crash the same id goes on,
and nobody who has signed is left out. (2) What can be known of the terms is looked at before anybody is asked: that all
name the same providers and the same bounds, and that each leaves the ε that is chosen to us. (3) A total is kept with
the receipts that each has signed.
"""

from __future__ import annotations

import asyncio
import base64
import uuid
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.compute import aggregation, crossed
from connector.compute.epsilon import common, typed
from connector.compute.totals import About, totals
from connector.consumer.asking_price import foretell
from connector.consumer.querying import STATEMENT_CHARACTERS_MAX, Wanted
from connector.consumer.wish import wished
from connector.enforcement.person import OWNER
from connector.runtime.errors import Conflict, InvalidInput, NotPermitted, PeerMisbehaved, explain_failure
from connector.store.rows.compute import JointQuestionRow
from connector.store.table_row import replace
from contracts import gate as gates
from contracts import joint as joints
from contracts.errors import ContractError
from contracts.noise import epsilon_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.consumer.querying import Querying
    from connector.core.core import Core
    from connector.store.rows.agreement import AgreementRow
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from contracts.gate import Gate

MASKED_BYTES_MAX: Final = 1 << 20
# earlier questions among which one to the same providers is looked for
LOOKED_AT_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, its agreements by their providers' DIDs, and the gate of each."""

    job: str
    statement: str
    words: str
    over: crossed.Over
    purpose: str
    said: Any
    deals: Mapping[str, AgreementRow]
    gates: Mapping[str, Gate]
    providers: tuple[str, ...]
    quorum: int
    epsilon: int | None

    def wanted(self, did: str) -> Wanted:
        """Return what is asked of one provider."""
        return Wanted(self.deals[did], self.job, self.words, self.purpose, self.said, epsilon=self.epsilon)


class AskingJointly:
    """The questions that one buyer asks of several providers."""

    def __init__(self, core: Core, querying: Querying) -> None:
        self._core, self._querying = core, querying

    async def ask(
        self,
        what: Sequence[str],
        statement: str,
        over: Mapping[str, str] | None = None,
        epsilon: str | None = None,
        purpose: str | None = None,
        said: Any = None,
        job: str | None = None,
    ) -> JsonObject:
        """Ask a statement of several products or agreements, over cells that are named, and return the totals.

        `epsilon` is how much each answer may tell, where the terms of all leave it to us, such as 1.4. Under the same
        id it goes on where it ended. Raises InvalidInput, NotPermitted with the reasons of those who do
        not answer, Conflict where one that has signed cannot be reached.
        """
        if not 0 < len(statement.strip()) <= STATEMENT_CHARACTERS_MAX:
            raise InvalidInput(f"a statement has 1 to {STATEMENT_CHARACTERS_MAX} characters")
        cells = crossed.over({name: _values(of) for name, of in (over or {}).items()})
        deals = await self._deals(what)
        asked = _asked(deals, statement, cells, (purpose or "", said), job or uuid.uuid4().hex, typed(epsilon))
        row = await self._core.store.write(lambda tx: self._begin(tx, asked))
        if row.answer is not None:
            return _shown(row)
        told, faults = await self._masked(asked, row)
        row = await self._core.store.write(lambda tx: self._chosen(tx, asked, told, faults))
        assert row.opened is not None, "it was chosen just now"
        opened = await self._opened(asked, row.opened["members"], told)
        return await self._told(asked, told, opened)

    async def _deals(self, what: Sequence[str]) -> dict[str, AgreementRow]:
        deals: dict[str, AgreementRow] = {}
        for one in dict.fromkeys(what):
            row = await self._querying.meant(one)
            if row.peer in deals:
                raise InvalidInput(f"`{row.peer}` is asked twice", "name one product of each provider")
            deals[row.peer] = row
        return deals

    async def _masked(self, asked: _Asked, row: JointQuestionRow) -> tuple[dict[str, JsonObject], dict[str, Exception]]:
        """Ask each that may still be opened; returns the answers, and why others have none."""
        dids = [did for did in asked.deals if row.opened is None or did in row.opened["members"]]
        body = {"id": asked.job, "statement": asked.statement, "over": asked.over.json()}
        sent = orjson.dumps(body | ({} if asked.epsilon is None else {"epsilon": epsilon_text(asked.epsilon)}))
        found = await asyncio.gather(*(self._say(asked, did, sent) for did in dids), return_exceptions=True)
        answers, faults = {}, {}
        for did, one in zip(dids, found, strict=True):
            if isinstance(one, Exception):
                faults[did] = one
            elif isinstance(one, BaseException):
                raise one
            else:
                answers[did] = one
        return answers, faults

    async def _opened(
        self, asked: _Asked, members: Sequence[str], told: Mapping[str, JsonObject]
    ) -> dict[str, JsonObject]:
        """Have it signed whom it is opened with, then opened; each answer is kept with its receipt."""
        set_ = orjson.dumps({"id": asked.job, "members": members})
        signed = await asyncio.gather(*(self._say(asked, did, set_) for did in members))
        signatures = {did: one.get("signature") for did, one in zip(members, signed, strict=True)}
        sent = orjson.dumps({"id": asked.job, "members": members, "signatures": signatures})
        return dict(
            zip(members, await asyncio.gather(*(self._settled(asked, d, sent, told) for d in members)), strict=True)
        )

    async def _say(self, asked: _Asked, did: str, sent: bytes) -> JsonObject:
        deal = asked.deals[did]
        use = wished(deal, self._core.identity.did, asked.purpose, OWNER.says(asked.said))
        _, answer = await self._querying.sent(deal, sent, {k: v for k, v in use.items() if v}, MASKED_BYTES_MAX)
        return _read(answer, did)

    async def _settled(self, asked: _Asked, did: str, sent: bytes, told: Mapping[str, JsonObject]) -> JsonObject:
        """Return what opens a provider's part; what is kept of it is what it says, with its receipt."""
        masked = sha256(told[did]["bytes"]).hexdigest()

        def read(answer: bytes) -> bytes:
            said = orjson.loads(answer)
            if said.get("masked") != masked:
                raise PeerMisbehaved(f"`{did}` opens other numbers than it has told")
            head = {"columns": [], "rows": [], "heldBack": False}
            return orjson.dumps({**said, **head})

        row = await self._querying.kept(asked.wanted(did), sent, read, MASKED_BYTES_MAX)
        assert row.answer is not None, "it was kept just now"
        assert row.receipt is not None, "as above"
        assert row.signature is not None, "as above"
        said: JsonObject = orjson.loads(row.answer)
        return said | {"receipt": {**row.receipt, "signature": row.signature.hex()}}

    async def _told(
        self, asked: _Asked, told: Mapping[str, JsonObject], opened: Mapping[str, JsonObject]
    ) -> JsonObject:
        """Return the totals, kept."""
        about = _about(told, opened)
        masked = {did: base64.b64decode(told[did]["masked"]) for did in opened}
        own = {did: bytes.fromhex(one["own"]) for did, one in opened.items()}
        pairs = {
            did: {other: bytes.fromhex(seed) for other, seed in one["pairs"].items()} for did, one in opened.items()
        }
        numbers = await asyncio.to_thread(aggregation.total, masked, own, pairs)
        gates_ = [asked.gates[did].at(asked.epsilon) for did in opened]
        found = totals(numbers, about, asked.over, gates_)
        answer = {
            **found,
            "members": [
                {"did": did, "agreement": asked.deals[did].digest, "epsilon": one["epsilon"], "left": one["left"]}
                for did, one in sorted(opened.items())
            ],
            "missing": sorted(set(asked.providers) - set(opened)),
            "receipts": [one["receipt"] for _, one in sorted(opened.items())],
        }
        kept = orjson.dumps(answer)
        return _shown(await self._core.store.write(lambda tx: self._keep(tx, asked.job, kept)))

    # ---- inside one transaction

    def _begin(self, tx: Tx, asked: _Asked) -> JointQuestionRow:
        """Return the question as it stands, written before anybody is asked; raises Conflict for another one."""
        told = {
            "statement": asked.words,
            "agreements": {did: row.digest for did, row in sorted(asked.deals.items())},
            "purpose": asked.purpose,
        } | ({} if asked.epsilon is None else {"epsilon": epsilon_text(asked.epsilon)})
        known = tx.get(JointQuestionRow, job=asked.job)
        if known is None:
            now, before = self._core.clock.now(), _before(tx, told)
            known = JointQuestionRow(job=asked.job, asked=told, opened=before, created=now)
            tx.insert(known)
        if known.answer is None:
            foretell(tx, *((row, asked.wanted(did).foreseen()) for did, row in sorted(asked.deals.items())))
        if known.asked != told and {**known.asked, "epsilon": ""} == {**told, "epsilon": ""}:
            raise Conflict(f"`{asked.job[:100]}` is asked with another ε", "choose another id")
        if known.asked != told:
            raise Conflict(f"`{asked.job[:100]}` is another question, or asks others", "choose another id")
        return known

    def _chosen(
        self, tx: Tx, asked: _Asked, told: Mapping[str, JsonObject], faults: Mapping[str, Exception]
    ) -> JointQuestionRow:
        """Write whom it is opened with: those who answered; raises where they are too few, or one has gone since."""
        row = tx.get(JointQuestionRow, job=asked.job)
        assert row is not None, "it was written before anybody was asked"
        if not told:
            raise _too_few(asked.quorum, told, faults)
        if row.opened is None:
            members = _knowing_each_other(told)
            if len(members) < asked.quorum:
                raise _too_few(asked.quorum, told, faults)
            row = tx.change(row, replace(row, opened={"members": members}))
        if lacking := [did for did in (row.opened or {})["members"] if did not in told]:
            reason = explain_failure(faults[lacking[0]]).text
            text = f"it is opened with `{lacking[0]}`, too, who does not answer: {reason}"
            raise Conflict(text, "ask again under the same id: what the others told stays told")
        return row

    def _keep(self, tx: Tx, job: str, answer: bytes) -> JointQuestionRow:
        known = tx.get(JointQuestionRow, job=job)
        assert known is not None, "it was asked"
        if known.answer is not None:
            return known
        return tx.change(known, replace(known, answer=answer, ended=self._core.clock.now()))


def _before(tx: Tx, told: JsonObject) -> JsonObject | None:
    """Return with whom the same agreements were opened before: with others they are opened no more."""
    rows = tx.find(JointQuestionRow, "ended is not null", order="created desc", limit=LOOKED_AT_MAX)
    return next((row.opened for row in rows if row.asked["agreements"] == told["agreements"]), None)


def _asked(
    deals: Mapping[str, AgreementRow],
    statement: str,
    cells: crossed.Over,
    use: tuple[str, Any],
    job: str,
    epsilon: int | None,
) -> _Asked:
    """Return a question of agreements whose terms go together, and leave its ε to us; raises InvalidInput."""
    found = {did: gates.read(row.signed_terms["gate"]) for did, row in deals.items()}
    if odd := next((did for did, gate in found.items() if gate.joint is None), None):
        raise InvalidInput(f"the terms of `{odd}` name nobody beside whom it answers", "penstock query asks one alone")
    joint = {did: gate.joint for did, gate in found.items() if gate.joint is not None}
    quorum = max((one.quorum for one in joint.values()), default=joints.QUORUM_MIN)
    try:
        providers = joints.alike(joint) if joint else ()
    except ContractError as fault:
        raise InvalidInput(str(fault), "its providers agree on it among themselves, and publish anew") from fault
    if strangers := [did for did in deals if did not in providers]:
        raise InvalidInput(f"`{strangers[0]}` is nobody beside whom the others answer")
    if len(deals) < quorum:
        raise InvalidInput(f"{len(deals)} providers are asked, and {quorum} answer at least", "name products of more")
    bounds = {did: gate.noise.bounds for did, gate in found.items() if gate.noise is not None}
    if len(set(bounds.values())) > 1:
        text = "they bound columns differently, so their sums are in different steps"
        raise InvalidInput(text, "its providers agree on bounds among themselves, and publish anew")
    one = common(found, epsilon)
    return _Asked(job, statement, cells.words(statement), cells, *use, deals, found, providers, quorum, one)


def _values(text: str) -> list[Any]:
    """Return the values that are said of a cell's part: `A,B,C`, or a JSON list where one has a comma."""
    if not text.startswith("["):
        return [one.strip() for one in text.split(",")]
    try:
        return list(orjson.loads(text))
    except ValueError as fault:
        raise InvalidInput(f"`{text[:60]}` is no list of values", 'such as A,B,C or ["A","B"]') from fault


def _knowing_each_other(told: Mapping[str, JsonObject]) -> list[str]:
    """Return those who answered and have masks with one another, by the same keys; who lacks most is left out first."""
    members = sorted(told)
    while members:
        lacks = {
            did: sum(
                told[one]["keys"].get(did) != told[did]["keys"].get(did)
                or told[did]["keys"].get(one) != told[one]["keys"].get(one)
                for one in members
            )
            for did in members
        }
        worst = max(members, key=lambda did: lacks[did])
        if not lacks[worst]:
            break
        members.remove(worst)
    return members


def _about(told: Mapping[str, JsonObject], opened: Mapping[str, JsonObject]) -> About:
    """Return what the numbers are, as all say; raises PeerMisbehaved where they do not."""
    said = [told[did]["about"] for did in opened]
    if any(one != said[0] for one in said):
        raise PeerMisbehaved("those who answer do not say the same of what they count", "ask under another id")
    return About.read(said[0])


def _too_few(quorum: int, told: Mapping[str, JsonObject], faults: Mapping[str, Exception]) -> Exception:
    """Return why nothing is told: the reason of all where nobody answers, or that of the first who does not."""
    if not faults:
        text = f"{len(told)} answer, and fewer than {quorum} of them have reached one another"
        return Conflict(text, "ask again under another id when they do; nothing was paid")
    did, fault = next(iter(faults.items()))
    reason = explain_failure(fault)
    if not told and all(explain_failure(one).code == reason.code for one in faults.values()):
        return fault
    text = f"{len(told)} of {len(told) + len(faults)} answer, and {quorum} are needed. `{did}`: {reason.text}"
    return NotPermitted(text, "ask again under the same id when they do; nothing was paid")


def _read(answer: bytes, did: str) -> JsonObject:
    """Return what a provider says in a step; raises PeerMisbehaved."""
    try:
        said = orjson.loads(answer)
        if "masked" not in said:
            return {"signature": str(said["signature"])}
        about = {name: said[name] for name in About.MEMBERS}
        return {"about": about, "masked": str(said["masked"]), "keys": dict(said["keys"]), "bytes": answer}
    except (KeyError, TypeError, ValueError) as fault:
        raise PeerMisbehaved(f"`{did}` answers nothing to what was asked") from fault


def _shown(row: JointQuestionRow) -> JsonObject:
    assert row.answer is not None, "it was kept"
    told: JsonObject = orjson.loads(row.answer)
    return {"id": row.job, **told}
