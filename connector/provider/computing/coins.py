"""The coins that say who is covered, and how many keys a buyer may still ask about.

Law: (1) what throws a coin is derived from a key that never leaves this connector, and from the edition: it is thrown
once, for everybody. (2) Keys are counted before they are answered, under one agreement together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.compute import blinding
from connector.runtime.errors import NotPermitted
from connector.store.rows.compute import FittingRow
from contracts import gate as gates
from contracts.labels import X

if TYPE_CHECKING:
    from connector.custody.secrets import Keys
    from connector.store.rows.agreement import AgreementRow
    from connector.store.transaction import Tx
    from contracts.gate import Gate

LABEL: Final = "coverage"
COIN_BYTES: Final = 32


def of(secrets: Keys, edition: str, gate: Gate) -> dict[str, tuple[bytes, bytes]]:
    """Return question → the scalar that marks subjects, and the coin that leaves some out."""
    key = secrets.masks()
    questions = gate.coverage.questions if gate.coverage else ()
    found = {}
    for question in questions:
        about = bytes.fromhex(edition) + question.encode()
        wide = X(key, LABEL, about, blinding.WIDE_BYTES + COIN_BYTES)
        found[question] = (blinding.scalar(wide[: blinding.WIDE_BYTES]), wide[blinding.WIDE_BYTES :])
    return found


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
