"""Our part of questions that several providers answer together: masked, then opened with a set that all of it signed.

    masked    numbers with noise leave under masks that cancel; ε is held       running → masked
    signed    whom they are opened with is said once, and signed                masked
    opened    every one of the set has signed it: our own seed is told          masked → released, counted, billed

Law: (1) our own seed leaves when a set of `quorum` or more, of those whom our terms name, ourselves among them, is
signed by each of it; and we sign one set of a question. So whoever is in two sets has signed but one of them, and no
total can be taken from another. (2) Nor can it over two questions: over one edition we sign for a buyer the same set
again, or one that differs by `quorum` providers or more. (3) What is durable before it is sent: the masked numbers, the
set, the opening. (4) What was masked and is not opened within `LAPSES` never is: its ε is given back.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.channel.errors import ChannelFault
from connector.compute import aggregation
from connector.compute.cross_table import Cells, CrossTable
from connector.compute.together import Together
from connector.provider.computing import privacy
from connector.provider.computing.asked import copy_of, ground_of, record, written
from connector.provider.computing.ended import billed
from connector.provider.computing.forms import Form
from connector.runtime.errors import (
    Conflict,
    InvalidInput,
    NotPermitted,
    PeerUnreachable,
    PenstockError,
    explain_failure,
)
from connector.store.rows.compute import ComputationRow, JointPartRow
from connector.store.rows.compute import ComputationState as State
from connector.store.table_row import replace
from contracts import gate as gates
from contracts import joint as joints
from contracts import signature
from contracts.labels import X

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from connector.compute.cross_table import Crossed
    from connector.compute.waiting import Waiting
    from connector.core.core import Core
    from connector.custody.secrets import Keys
    from connector.custody.tickets import Ticket
    from connector.identity.peers import Peers
    from connector.licence.duties import Duties
    from connector.provider.computing.asked import Asked, Ground
    from connector.provider.computing.forms import Process, Types
    from connector.provider.computing.privacy import Held
    from connector.provider.plain.copies import Copies
    from connector.store.rows.agreement import AgreementRow
    from connector.store.transaction import Tx
    from contracts.gate import Gate
    from contracts.joint import Joint

LAPSES: Final = timedelta(days=1)
NONCE_BYTES: Final = 32
OWN: Final = "joint own"
_SETS: Final = (
    "SELECT p.opened FROM joint_parts AS p JOIN computations AS c ON c.agreement = p.agreement AND c.job = p.job "
    "WHERE c.peer = ? AND c.product = ? AND c.edition = ? AND c.state IN (?, ?) AND p.opened IS NOT NULL"
)
GONE: Final = "it was masked, and nobody had it opened in time: its numbers are told no more"


@dataclass(frozen=True, slots=True)
class Masked:
    """Numbers as they leave: what the answer says, and what is kept to open them."""

    told: int
    members: Mapping[str, Any]
    confined: tuple[str, ...]
    question: bytes
    nonce: bytes
    memory: None = None


class Jointly(Form):
    """The questions that one provider answers together with others."""

    def __init__(self, core: Core, secrets_: Keys, peers: Peers, copies: Copies, duties: Duties) -> None:
        super().__init__(core)
        self._secrets, self._peers, self._copies, self._duties = secrets_, peers, copies, duties

    async def process(self, _ground: Ground, gate: Gate, types: Types, asked: Asked, waiting: Waiting) -> Process:
        """Return what counts the cells of a question; raises InvalidInput."""
        assert isinstance(asked.about, Cells), "it is of cells"
        return CrossTable(asked.about, gate, types, waiting)

    def hold(self, tx: Tx, agreement: AgreementRow, asked: Asked, now: datetime) -> Held | None:
        """Hold its ε, after what nobody had opened in time is given back; raises NotPermitted."""
        self._lapse(tx, agreement, now)
        return super().hold(tx, agreement, asked, now)

    async def found(self, ground: Ground, asked: Asked, _file: str, found: Crossed) -> Masked:
        """Return numbers under masks with all others that can be reached; raises why one cannot, of too few.

        With who cannot be reached now we are not opened: there is no mask between us (`_sign`).
        """
        joint = _joint(ground)
        me, providers = self._core.identity.did, self._providers(joint)
        asked_by = ground.agreement.peer
        question = joints.question(asked.statement, providers, asked_by, asked.job)
        mine = self._core.identity.keys.delivery
        pairs, nonce = await self._pairs(joint, question, mine), secrets.token_bytes(NONCE_BYTES)
        own, seeds = self._own(question, nonce), {did: seed for did, (_, seed) in pairs.items()}
        told = await asyncio.to_thread(aggregation.masked, found.numbers, me, own, seeds)
        public = {did: key for did, (key, _) in pairs.items()} | {me: mine.public_key().public_bytes_raw()}
        members = {
            **found.about,
            "masked": base64.b64encode(told).decode(),
            "keys": {did: key.hex() for did, key in sorted(public.items())},
        }
        return Masked(len(found.numbers), members, found.confined, question, nonce)

    async def _pairs(self, joint: Joint, question: bytes, mine: X25519PrivateKey) -> dict[str, tuple[bytes, bytes]]:
        """Return key and seed with each of the others that can be reached now; raises why one cannot, of too few."""

        async def pair(did: str) -> tuple[bytes, bytes]:
            key = (await self._peers.document(did)).require("delivery")
            return key, aggregation.pair(mine, key, question)

        found = await asyncio.gather(*map(pair, joint.members), return_exceptions=True)
        faults = [one for one in found if isinstance(one, BaseException)]
        if (odd := next((one for one in faults if not isinstance(one, PenstockError)), None)) is not None:
            raise odd
        pairs = {did: one for did, one in zip(joint.members, found, strict=True) if not isinstance(one, BaseException)}
        if len(pairs) + 1 < joint.quorum:
            raise PeerUnreachable(f"too few of the others are there: {explain_failure(faults[0]).text}")
        return pairs

    async def _signer(self, did: str) -> bytes:
        """Return by which address a provider signs."""
        if did == self._core.identity.did:
            return self._core.identity.keys.address
        return (await self._peers.document(did)).require("agreement")

    async def together(self, ticket: Ticket, ground: Ground, asked: Asked) -> ComputationRow:
        """Sign whom a question is opened with, or open it; raises InvalidInput, NotPermitted, Conflict."""
        joint, said = _joint(ground), asked.about
        assert isinstance(said, Together), "it is of those whom it is opened with"
        self._require(joint, said.members)
        if said.signatures is None:
            return await self._core.store.write(partial(self._sign, ticket, joint, asked, said.members))
        row, part = await self._core.store.read(lambda tx: self._part(tx, ground_of(self._copies, tx, ticket), asked))
        about = joints.opened(part.question, said.members)
        for did, signed in said.signatures.items():
            if not signature.is_by(await self._signer(did), about, signed):
                raise NotPermitted(f"`{did}` has not signed whom this question is opened with", "have it signed first")
        try:
            return await self._core.store.write(partial(self._open, ticket, asked, said.members, said.signatures))
        except ChannelFault as fault:
            await self._duties.note(fault, [row.agreement])
            raise

    # ---- inside one transaction

    def keep(self, tx: Tx, row: ComputationRow, found: Masked, now: datetime) -> ComputationRow:
        """Write masked numbers before they leave; raises Conflict where other ones have the same masks.

        Of one question two products of ours would be masked alike, and opened both by the signatures of one set: what
        they differ by would be read.
        """
        before = tx.find(JointPartRow, "question = ?", (found.question,))
        if any(one.agreement != row.agreement for one in before):
            raise Conflict(f"`{row.job}` was asked of another product of ours", "ask under another id")
        if any(one.opened is not None for one in before):
            raise Conflict(f"`{row.job}` was signed before, and has lapsed", "ask under another id")
        answer = written(row, found.members, found.confined, now)
        kept = JointPartRow(
            agreement=row.agreement, job=row.job, question=found.question, nonce=found.nonce, answer=answer
        )
        tx.put(kept)
        after = tx.change(row, replace(row, state=State.MASKED, rows=found.told))
        return replace(after, answer=answer, ended=now)

    def answered(self, tx: Tx, row: ComputationRow) -> ComputationRow:
        """Return what was masked, as it left."""
        part = tx.get(JointPartRow, agreement=row.agreement, job=row.job)
        assert part is not None, "it is kept with its row"
        return replace(row, answer=part.answer, ended=row.ended or row.created)

    def _lapse(self, tx: Tx, agreement: AgreementRow, now: datetime) -> None:
        """Give back what is held for questions of a buyer that nobody had opened."""
        about = (agreement.peer, agreement.product, State.MASKED, now - LAPSES)
        for row in tx.find(ComputationRow, "peer = ? and product = ? and state = ? and created < ?", about):
            after = privacy.given_back(agreement, row)
            tx.change(row, replace(after, state=State.FAILED, reason=GONE, ended=now))
            ended = {"outcome": State.FAILED.value, "rows": "0"}
            record(self._core, tx, "computation.ended", row, ended, now)

    def _sign(self, ticket: Ticket, joint: Joint, asked: Asked, members: Sequence[str], tx: Tx) -> ComputationRow:
        """Write whom a question is opened with, and sign it; raises Conflict, NotPermitted where it is another set."""
        row, part = self._part(tx, ground_of(self._copies, tx, ticket), asked)
        if part.opened is not None and part.opened["members"] != list(members):
            told = ", ".join(part.opened["members"])
            raise Conflict(f"`{asked.job}` is opened with {told}, and with nobody else", "or ask under another id")
        if part.opened is None:
            _require_masks(part, members)
            self._apart(tx, row, set(members), joint.quorum)
            tx.change(part, replace(part, opened={"members": list(members)}))
        signed = self._core.identity.sign(joints.opened(part.question, members))
        answer = orjson.dumps({"members": members, "signature": signed.hex()})
        return replace(row, answer=answer, ended=row.ended or row.created)

    def _apart(self, tx: Tx, row: ComputationRow, members: set[str], quorum: int) -> None:
        """Raise NotPermitted where a total that was signed before, taken from this one, tells of too few."""
        for text in tx.column(_SETS, row.peer, row.product, row.edition, State.MASKED, State.RELEASED):
            before = set(orjson.loads(text)["members"])
            if 0 < len(apart := before ^ members) < quorum:
                told = f"this edition was told you with {', '.join(sorted(before))}: what is told with others "
                told += f"would tell what {', '.join(sorted(apart))} has"
                raise NotPermitted(told, "ask the same ones again, or of the next edition")

    def _open(
        self, ticket: Ticket, asked: Asked, members: Sequence[str], signatures: Mapping[str, bytes], tx: Tx
    ) -> ComputationRow:
        """Tell our seeds, count and bill it; who asks again gets the same bytes. Raises Conflict, NotPermitted."""
        ground, now = ground_of(self._copies, tx, ticket), self._core.clock.now()
        row, part = self._part(tx, ground, asked)
        if part.opened != {"members": list(members)}:
            raise Conflict(f"whom `{asked.job}` is opened with was not signed here", "have it signed first")
        if row.state is State.RELEASED:
            return row
        masked = orjson.loads(part.answer)
        lacking = {did: bytes.fromhex(key) for did, key in masked["keys"].items() if did not in members}
        # by which its masks were made, whatever key followed it since
        mine = self._core.identity.keys.delivery_of(bytes.fromhex(masked["keys"][self._core.identity.did]))
        assert mine is not None, "a key that others know us by stays ours"
        seeds = {did: aggregation.pair(mine, key, part.question).hex() for did, key in lacking.items()}
        told = {
            "members": members,
            "masked": sha256(part.answer).hexdigest(),
            "own": self._own(part.question, part.nonce).hex(),
            "pairs": seeds,
            **privacy.told(tx, ground.agreement, row),
        }
        now_on = replace(row, transfer=ground.transfer.id)
        answer = written(now_on, told, masked["confined"], now)
        copy = copy_of(self._copies, tx, ground, row.purpose, now)
        counted = replace(
            copy, calls=copy.calls + billed(ground.agreement, row), bytes=copy.bytes + len(part.answer) + len(answer)
        )
        self._copies.within_quota(tx, ground.agreement, counted)
        tx.change(copy, counted)
        after = replace(now_on, state=State.RELEASED, answer=answer, ended=now)
        ended = {"outcome": after.state.value, "rows": str(after.rows), "answer": sha256(answer).hexdigest()}
        signed = {did: one.hex() for did, one in signatures.items()}
        about = {"question": part.question.hex(), "members": list(members), "signatures": signed}
        record(self._core, tx, "computation.ended", after, {**ended, **about}, now)
        return tx.change(row, after)

    def _part(self, tx: Tx, ground: Ground, asked: Asked) -> tuple[ComputationRow, JointPartRow]:
        row = tx.get(ComputationRow, agreement=ground.agreement.digest, job=asked.job)
        part = tx.get(JointPartRow, agreement=ground.agreement.digest, job=asked.job)
        if row is None or part is None or row.state not in (State.MASKED, State.RELEASED):
            raise Conflict(f"nothing is masked under `{asked.job}`", "ask its statement first")
        return row, part

    # ----

    def _providers(self, joint: Joint) -> list[str]:
        return sorted({self._core.identity.did, *joint.members})

    def _require(self, joint: Joint, members: Sequence[str]) -> None:
        """Raise InvalidInput for a set that our terms do not open."""
        me, allowed = self._core.identity.did, self._providers(joint)
        if odd := next((did for did in members if did not in allowed), None):
            raise InvalidInput(f"`{odd[:100]}` is nobody beside whom our terms answer")
        if me not in members or len(members) < joint.quorum:
            raise InvalidInput(f"it is opened with us and {joint.quorum - 1} others at least", "ask more providers")

    def _own(self, question: bytes, nonce: bytes) -> bytes:
        """Return the seed of our own mask: of a key that is no row, so that who reads the tables opens nothing."""
        return X(self._secrets.masks(), OWN, question + nonce, aggregation.SEED_BYTES)


def _joint(ground: Ground) -> Joint:
    """Return beside whom its terms have it answered."""
    joint = gates.read(ground.agreement.signed_terms["gate"]).joint
    assert joint is not None, "it was looked at before"
    return joint


def _require_masks(part: JointPartRow, members: Sequence[str]) -> None:
    """Raise NotPermitted for one with whom we have no mask: between us and it nothing would be hidden."""
    known = orjson.loads(part.answer)["keys"]
    if odd := next((did for did in members if did not in known), None):
        raise NotPermitted(f"`{odd}` was not to be reached when this was asked", "open it without, or ask another id")
