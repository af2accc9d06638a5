"""What is asked of data that stay here: on what ground, under which names, and what is written and recorded of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.compute.assented import Assented
from connector.compute.engine.attached import Attached
from connector.compute.program import Program
from connector.enforcement import uses
from connector.enforcement.use import Granted
from connector.licence.books import transfer_id
from connector.negotiation.envelope import pids
from connector.provider.computing import privacy
from connector.provider.plain import decision
from connector.runtime.errors import Conflict, NotPermitted
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.compute import ComputationRow
from connector.store.rows.compute import ComputationState as State
from connector.store.rows.product import ProductRow
from connector.store.rows.protocol import TransferRow
from connector.store.rows.vault import CopyRow
from contracts.canonical import sha
from contracts.units import COMPUTED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.compute.cross_table import Cells
    from connector.compute.fitting import Groups
    from connector.compute.lesson import Match, Step
    from connector.compute.matched import Matched
    from connector.compute.sketch import Sketch
    from connector.compute.sought import Sought
    from connector.compute.together import Together
    from connector.core.core import Core
    from connector.custody.tickets import Ticket
    from connector.enforcement.enforce import Enforcement
    from connector.provider.plain.copies import Copies
    from connector.store.transaction import Tx

    About = Groups | Sought | Matched | Cells | Together | Program | Assented | Attached | Sketch | Match | Step

VERSION: Final = 1
SQL: Final = "SQL"
# what is run, and known by its digest
RUN: Final = (Program, Assented, Attached)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as its buyer asks it: under an id of the buyer's, for a purpose, and what is said of the use.

    `about` is what it is of, where that is no statement in SQL: a list, subjects that are looked up, rows of those who
    are there, cells of a total, whom that one is opened with, a program, perhaps with an assent to it, an engine, a
    sketch, or a lesson; the statement is then what these say.
    `epsilon` is chosen for the answer, in hundredths; none for the usual one. It may take so many `tenths` of CPU
    seconds, where they are paid. `nonce` is a fresh number of the buyer's (64 hexadecimal digits) where its answers are
    attested.
    """

    job: str
    statement: str
    purpose: str
    said: Mapping[str, str]
    about: About | None = None
    epsilon: int | None = None
    tenths: int | None = None
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a statement is answered on: the agreement, the transfer that runs, the product as it is described."""

    agreement: AgreementRow
    transfer: TransferRow
    product: ProductRow


def ground_of(copies: Copies, tx: Tx, ticket: Ticket) -> Ground:
    """Return what statements with a ticket are answered on; raises NotPermitted."""
    agreement, transfer = copies.under(tx, ticket, COMPUTED)
    product = tx.get(ProductRow, id=agreement.product)
    if product is None or product.edition != agreement.signed_edition:
        raise NotPermitted("the agreed edition is asked no more: there is a newer one", "agree on it")
    return Ground(agreement, transfer, product)


def copy_of(copies: Copies, tx: Tx, ground: Ground, purpose: str, now: datetime) -> CopyRow:
    """Return the transfer's row, which counts its statements; it is begun with the first one."""
    agreement, transfer = ground.agreement, ground.transfer
    copy = tx.get(CopyRow, id=transfer.id)
    if copy is None:
        copies.start(tx, agreement, transfer, purpose, copies.size(tx, agreement), now)
        copy = tx.get(CopyRow, id=transfer.id)
        assert copy is not None, "it was written just now"
    return copy


def permitted(
    enforcement: Enforcement,
    tx: Tx,
    ground: Ground,
    asked: Asked,
    functions: tuple[str, ...],
    cost: Mapping[str, str],
    now: datetime,
) -> Granted:
    """Decide a statement that computes `functions`; raises NotPermitted with the reasons."""
    agreement = ground.agreement
    taker = job_name(agreement.digest, asked.job)
    purpose = purpose_of(ground, asked)
    use = decision.computed(
        agreement, purpose, asked.said, taker, asked.statement, functions, algorithm_of(asked), cost
    )
    granted = enforcement.enforce(tx, use, now)
    if not isinstance(granted, Granted):
        raise NotPermitted(granted.text)
    return granted


def take(enforcement: Enforcement, tx: Tx, granted: Granted, now: datetime) -> None:
    """Count a statement that was decided: what was held for it is used."""
    enforcement.take(tx, granted, now)
    if granted.ruling.held:
        uses.end(tx, granted.use.taker, now)


def algorithm_of(asked: Asked) -> str:
    """Return by what a question is computed: what is run by its digest, our own way of answering by its name."""
    return asked.about.digest if isinstance(asked.about, RUN) else SQL


def run_of(asked: Asked) -> dict[str, Any]:
    """Return what a log says of what is run: its digest, and the assent by which it is; of a statement nothing."""
    if not isinstance(asked.about, RUN):
        return {}
    assent = {"assent": asked.about.told()} if isinstance(asked.about, Assented) else {}
    return {"program": asked.about.digest, **assent}


def purpose_of(ground: Ground, asked: Asked) -> str:
    """Return for what a statement is asked: as it says, else as was agreed."""
    return asked.purpose or decision.agreed_purpose(ground.agreement)


def row_for(ground: Ground, asked: Asked, state: State, now: datetime) -> ComputationRow:
    """Return the row of a statement that begins."""
    agreement = ground.agreement
    return ComputationRow(
        agreement=agreement.digest,
        job=asked.job,
        product=agreement.product,
        edition=agreement.signed_edition,
        transfer=ground.transfer.id,
        peer=agreement.peer,
        statement=asked.statement,
        purpose=purpose_of(ground, asked),
        state=state,
        at_most=asked.tenths,
        created=now,
    )


def job_name(agreement: str, job: str) -> str:
    """Return the 32 bytes (hex) that stand for a statement under an agreement, in logs and counters."""
    return sha({"agreement": agreement, "job": job}).hex()


def statement_digest(statement: str) -> str:
    """Return the digest (hex) by which logs name a statement."""
    return sha({"query": " ".join(statement.split())}).hex()


def written(row: ComputationRow, members: Mapping[str, Any], confined: Sequence[str], now: datetime) -> bytes:
    """Return an answer as it leaves, and as it is signed; `members` are what it says."""
    told = {
        "v": VERSION,
        "agreement": row.agreement,
        "edition": row.edition,
        "job": row.job,
        "statement": statement_digest(row.statement),
        **members,
        "confined": confined,
        "at": now.isoformat(),
    }
    return orjson.dumps(told)


def agreement_of(tx: Tx, row: ComputationRow) -> AgreementRow:
    """Return the agreement under which a statement was asked."""
    found = tx.get(AgreementRow, digest=row.agreement)
    assert found is not None, "no agreement is ever deleted"
    return found


def row_of(tx: Tx, granted: Granted, asked: Asked) -> ComputationRow | None:
    """Return how a statement stands that was decided."""
    return tx.get(ComputationRow, agreement=granted.use.own.agreement, job=asked.job)


def known(tx: Tx, ground: Ground, asked: Asked) -> ComputationRow | None:
    """Return what was answered under the id of a statement, None where it is to be answered; raises Conflict."""
    row = tx.get(ComputationRow, agreement=ground.agreement.digest, job=asked.job)
    if row is None or row.state is State.FAILED:
        return None
    if row.statement != asked.statement:
        raise Conflict(f"`{asked.job}` is another statement", "choose another id")
    privacy.require_same(ground.agreement, row, asked.epsilon)
    if row.state is State.RUNNING:
        raise Conflict(f"`{asked.job}` is being answered", "ask again under the same id")
    return row


def record(core: Core, tx: Tx, kind: str, row: ComputationRow, fields: Mapping[str, Any], now: datetime) -> None:
    """Write an event of a statement."""
    transfer = tx.get(TransferRow, id=row.transfer)
    assert transfer is not None, "no transfer is ever deleted"
    name, job = transfer_id(*pids(transfer)).hex(), job_name(row.agreement, row.job)
    told = {"transfer": name, "job": row.job, "statement": statement_digest(row.statement), **fields}
    core.evidence.record(tx, kind, part=row.agreement, link=[name, job], fields=told, now=now)
