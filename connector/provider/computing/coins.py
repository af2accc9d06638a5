"""The coins that say who is covered, and how many keys a buyer may still ask about.

Law: (1) what throws a coin is derived from a key that never leaves this connector, and from edition, table and
question: it is thrown once, for everybody, and what was thrown is kept. (2) Keys are counted before they are answered,
under one agreement together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.compute import blinding
from connector.compute.coverage_points import POINTS
from connector.compute.fitting import Coins, Marks
from connector.runtime.errors import NotPermitted
from connector.store.rows.compute import FittingRow, MarksRow
from contracts import gate as gates
from contracts.canonical import canonical
from contracts.coverage import EDWARDS25519
from contracts.labels import X

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.custody.secrets import Keys
    from connector.store.rows.agreement import AgreementRow
    from connector.store.transaction import Tx
    from contracts.coverage import Coverage

LABEL: Final = "coverage"
COIN_BYTES: Final = 32


def of(secrets: Keys, edition: str, covers: Coverage, known: Sequence[MarksRow], table: str) -> Coins:
    """Return what throws the coins of a table, and what was thrown: of `known`, the edition's.

    Raises NotPermitted where they were thrown as other points: who has both says of a subject more than ε allows.
    """
    key, found = secrets.masks(), {}
    for question in covers.questions:
        about = bytes.fromhex(edition) + canonical([table, question])
        wide = X(key, LABEL, about, blinding.WIDE_BYTES + COIN_BYTES)
        found[question] = (POINTS[covers.points].scalar(wide[: blinding.WIDE_BYTES]), wide[blinding.WIDE_BYTES :])
    of_it = [one for one in known if (one.asked, one.epsilon) == (table, covers.epsilon)]
    if any((one.points or EDWARDS25519) != covers.points for one in of_it):
        text = "marks of this edition were thrown under terms of before"
        raise NotPermitted(text, "ask under these terms, or wait for its provider's next edition")
    return Coins(found, {one.question: Marks(one.places, one.bits) for one in of_it})


def thrown(tx: Tx, edition: str) -> list[MarksRow]:
    """Return the marks of an edition."""
    return tx.find(MarksRow, "edition = ?", (edition,))


def keep(tx: Tx, edition: str, table: str, covers: Coverage, made: Mapping[str, Marks]) -> None:
    """Keep marks that were thrown."""
    for question, one in made.items():
        asked = MarksRow(
            edition=edition,
            asked=table,
            question=question,
            epsilon=covers.epsilon,
            places=one.places,
            bits=one.bits,
            points=covers.points,
        )
        tx.put(asked)


def spend(tx: Tx, agreement: AgreementRow, job: str, keys: int) -> None:
    """Count keys that are asked about; raises NotPermitted where more are than the terms allow."""
    covers = gates.read(agreement.signed_terms["gate"]).coverage
    assert covers is not None, "it was looked at before"
    before = sum(one.keys for one in tx.find(FittingRow, "agreement = ? and job <> ?", (agreement.digest, job)))
    if before + keys > covers.keys:
        text = f"{before} of {covers.keys} keys were asked about, and {keys} more are too many"
        raise NotPermitted(text, "ask about fewer, or agree anew")
    tx.put(FittingRow(agreement=agreement.digest, job=job, keys=keys))


def give_back(tx: Tx, agreement: str, job: str) -> None:
    """Count keys no more, because they were not answered."""
    tx.delete(FittingRow, agreement=agreement, job=job)
