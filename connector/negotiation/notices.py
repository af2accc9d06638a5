"""Signed words of one party of an agreement to the other: that it is revoked, that something was done under it.

Law: (1) a notice counts only from the other party of the agreement it names, under the key that signed the agreement;
any other changes nothing and raises an alarm, one for each sender and agreement however often it tries. (2) What a
notice brings about is a row of `takers`; a kind without a row is refused. (3) It leaves through the outbox, in the
transaction of its cause, and the same notice counts once.

    POST /notices   {kind, agreement, text, at, signature}      signature over H("notice", JCS of the other members)
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.outbox import NOTICE
from connector.negotiation.protocol.states import PROVIDER
from connector.runtime.errors import Absent, InvalidInput, Unproven
from connector.runtime.limits import REASON_CHARACTERS_MAX
from connector.store import alarms
from connector.store.rows.agreement import AgreementRow, AlarmRow
from connector.store.rows.protocol import ReceivedRow
from contracts import signature
from contracts.canonical import canonical
from contracts.decimals import read_hex
from contracts.errors import ContractError
from contracts.labels import H
from contracts.typed_data import Agreement
from contracts.typed_json import from_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.identity.identity import Identity
    from connector.negotiation.outbox import Outbox
    from connector.runtime.clock import Clock
    from connector.store.recorder import Recorder
    from connector.store.store import Store
    from connector.store.transaction import Tx
    from ledger.space.document import Member

    Taker = Callable[[Tx, AgreementRow, "Notice", datetime], None]

PATH: Final = "/notices"
REVOCATION: Final = "revocation"
INFORM: Final = "inform"
DISPUTE: Final = "dispute"
DELETION: Final = "deletion"
SERVES: Final = "serves"
# a party that is away for a week has other troubles; its own clock ends the term, and the chain shows a revocation
PATIENCE = timedelta(days=7)
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
_MEMBERS = frozenset({"kind", "agreement", "text", "at", "signature"})

log = logging.getLogger("connector.negotiation.notices")  # lines keep the name that operators know (0124)


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told: `kind` is a row of `takers`, `agreement` its digest in hex, `text` words for people."""

    kind: str
    agreement: str
    text: str
    at: datetime

    def json(self) -> dict[str, str]:
        """Return what is signed."""
        at = self.at.astimezone(UTC).strftime(_TIME)
        return {"kind": self.kind, "agreement": self.agreement, "text": self.text, "at": at}

    @property
    def digest(self) -> bytes:
        """Return the 32 bytes that the sender signs."""
        return H("notice", canonical(self.json()))


def read(document: Any) -> tuple[Notice, bytes]:
    """Read a notice and its signature strictly; raises InvalidInput."""
    if not isinstance(document, dict) or set(document) != _MEMBERS:
        raise InvalidInput(f"a notice has exactly the members {', '.join(sorted(_MEMBERS))}")
    if not all(isinstance(value, str) and len(value) <= REASON_CHARACTERS_MAX for value in document.values()):
        raise InvalidInput(f"the members of a notice are texts of at most {REASON_CHARACTERS_MAX} characters")
    try:
        signed = read_hex(document["signature"], "signature", signature.SIGNATURE_BYTES)
        at = datetime.strptime(document["at"], _TIME).replace(tzinfo=UTC)
    except (ContractError, ValueError) as error:
        raise InvalidInput(f"the notice is not well formed: {error}") from error
    return Notice(document["kind"], document["agreement"], document["text"], at), signed


class Notices:
    """What one participant tells the other parties of its agreements, and what it is told.

    `member` returns a party by its DID, None for one that is no member of the space as last known.
    """

    def __init__(
        self,
        identity: Identity,
        store: Store,
        evidence: Recorder,
        clock: Clock,
        outbox: Outbox,
        member: Callable[[str], Member | None],
    ) -> None:
        self._identity, self._store, self._evidence, self._clock = identity, store, evidence, clock
        self._outbox, self._member = outbox, member
        self.takers: dict[str, Taker] = {INFORM: self._informed, DISPUTE: self._informed}

    def send(self, tx: Tx, agreement: AgreementRow, notice: Notice) -> None:
        """Tell the other party, if it is one that takes notices: others hear of an end by the protocol alone."""
        peer, now = agreement.peer, self._clock.now()
        member = self._member(peer)
        if member is None:
            log.warning("`%s` takes no notices: our `%s` of `%s` is not sent", peer, notice.kind, notice.agreement)
            return
        fields = {"kind": notice.kind, "text": notice.text, "to": peer}
        self._evidence.record(tx, "notice.sent", part=notice.agreement, fields=fields, now=now)
        self._outbox.enqueue(
            tx,
            peer=peer,
            url=member.url + PATH,
            body={**notice.json(), "signature": self._identity.sign(notice.digest, account_of(agreement)).hex()},
            process=NOTICE,
            subject=f"{NOTICE}:{notice.digest.hex()}",
            kind=notice.kind,
            now=now,
            deadline=now + PATIENCE,
        )

    async def take(self, peer: str, document: Any, admit: Callable[[Tx], None]) -> None:
        """Take a notice of a proven `peer`; raises Absent to a stranger, Unproven for a signature that is not its own.

        `admit` is run first in the transaction.
        """
        notice, signed = read(document)
        if notice.kind not in self.takers:
            raise InvalidInput(f"`{notice.kind[:100]}` is no notice", f"known are {', '.join(sorted(self.takers))}")

        def act(tx: Tx) -> Exception | None:
            admit(tx)
            return self._take(tx, peer, notice, signed)

        fault = await self._store.write(act)
        if fault is not None:
            raise fault

    def _take(self, tx: Tx, peer: str, notice: Notice, signed: bytes) -> Exception | None:
        """Do what a notice says, or return why not; an alarm must outlast the refusal."""
        now = self._clock.now()
        row = tx.get(AgreementRow, digest=notice.agreement)
        if row is None:
            return Absent(f"there is no agreement `{notice.agreement[:100]}` here")
        if row.peer != peer:
            self._alarm(tx, notice, "no-party", peer, now)
            return Absent(f"there is no agreement `{notice.agreement[:100]}` here")
        address = address_of(row)
        if address is None or not signature.is_by(address, notice.digest, signed):
            self._alarm(tx, notice, "bad-signature", peer, now)
            return Unproven("the notice is not signed with the key that signed the agreement")
        subject, digest = notice.agreement, notice.digest
        if tx.get(ReceivedRow, subject=subject, digest=digest) is None:
            tx.insert(ReceivedRow(subject=subject, digest=digest, status=200, state=notice.kind, at=now))
            fields = {"kind": notice.kind, "text": notice.text, "from": peer}
            self._evidence.record(tx, "notice.received", part=notice.agreement, fields=fields, now=now)
            self.takers[notice.kind](tx, row, notice, now)
        return None

    def _informed(self, tx: Tx, agreement: AgreementRow, notice: Notice, now: datetime) -> None:
        """Do nothing more: that we were told is in the log."""
        del tx, agreement, notice, now

    def _alarm(self, tx: Tx, notice: Notice, code: str, peer: str, now: datetime) -> None:
        key = H("alarm", canonical([notice.agreement, code, peer])).hex()
        log.warning("a `%s` of agreement `%s` by `%s` is ignored: %s", notice.kind, notice.agreement, peer, code)
        alarm = AlarmRow(id=key, agreement=notice.agreement, code=code, who=peer, text=notice.text, at=now)
        alarms.sound(tx, self._evidence, alarm, {"kind": notice.kind})


def address_of(agreement: AgreementRow) -> bytes | None:
    """Return the address of the key with which the other party signed, None for one that did not sign."""
    if agreement.agreement is None:
        return None
    typed = from_json(Agreement, agreement.agreement)
    return typed.buyer if agreement.role == PROVIDER else typed.provider


def account_of(agreement: AgreementRow) -> bytes | None:
    """Return our account under an agreement, None for one without signatures: what is said of it is signed by that."""
    if agreement.agreement is None:
        return None
    typed = from_json(Agreement, agreement.agreement)
    return typed.provider if agreement.role == PROVIDER else typed.buyer


def account_under(tx: Tx, digest: str) -> bytes | None:
    """Return our account under the agreement with a digest, None where there is none that is signed."""
    row = tx.get(AgreementRow, digest=digest)
    return None if row is None else account_of(row)
