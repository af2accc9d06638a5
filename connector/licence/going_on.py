"""What goes on under an amendment: what was counted and done under the agreement before it, and what is held of it.

Law: (1) a count is of the uses of one buyer, whichever of the agreements stands: who could begin it anew by a longer
end could use without limit. It goes on by the rule's name, which is its place where it has none of its own. (2) Money
is of one agreement: what is owed and paid under the one before stays there. (3) A sealed replica is of the same edition
(an amendment changes no data), so its keys stay and are not paid for again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.custody import replicas
from connector.negotiation.protocol.states import CONSUMER
from connector.store.rows.use import ReadRow, UseState
from connector.store.rows.vault import ReplicaRow, VaultState

if TYPE_CHECKING:
    from datetime import datetime

    from connector.core.core import Core
    from connector.store.rows.agreement import AgreementRow
    from connector.store.transaction import Tx

_USES: Final = (
    "INSERT INTO uses (holder, agreement, rule, operand, unit, numerator, denominator, at, until, state) "
    "SELECT holder, ?, rule, operand, unit, numerator, denominator, at, until, state FROM uses "
    "WHERE agreement = ? AND state <> ?"
)
# the key of an act begins with its agreement
_ACTS: Final = (
    "INSERT INTO performed (id, agreement, action, who, at) "
    "SELECT ? || substr(id, ?), ?, action, who, at FROM performed WHERE agreement = ?"
)
DIGEST_CHARACTERS: Final = 64
GONE: Final = frozenset({VaultState.DELETING, VaultState.DELETED})


def carry(tx: Tx, core: Core, old: AgreementRow, new: AgreementRow, now: datetime) -> None:
    """Put what goes on under the amendment, in the transaction in which it comes into force."""
    tx.execute(_USES, new.digest, old.digest, UseState.RETURNED)
    tx.execute(_ACTS, new.digest, DIGEST_CHARACTERS + 1, new.digest, old.digest)
    held = replicas.seen(tx, old.digest) if old.role == CONSUMER else None
    if held is None or held.state in GONE:
        return
    tx.update(ReplicaRow, {"id": held.id}, agreement=new.digest)
    tx.update(ReadRow, {"agreement": old.digest}, agreement=new.digest)
    link, told = (held.edition, new.digest), {"place": core.identity.url, "from": old.peer}
    core.evidence.record(tx, "replica.held", part=new.digest, link=link, fields=told, now=now)
