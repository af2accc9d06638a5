"""The exchange writes its space into the registry on chain: founded once, members admitted, the supervisor as judge.

Law: who is in by the space's document is in by the registry, under the same keys, queued in the same transaction; what
was queued is not queued again. What a member changes of its keys later it changes there itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from catalog.roles import Doing, does
from ledger.chain import membership
from ledger.chain.membership import Keys
from ledger.chain.standing import did_digest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.chain.transactions import Transactions
    from connector.store.transaction import Tx
    from ledger.chain.deployment import Deployment
    from ledger.space.document import Member

MEMBER, ARBITRATOR = "member:", "arbitrator:"  # with a DID, the name of an act
_QUEUED: Final = "SELECT id FROM chain_txs WHERE substr(id, 1, 7) = 'member:' OR substr(id, 1, 11) = 'arbitrator:'"


def found(tx: Tx, transactions: Transactions, deployment: Deployment, exchange: str) -> None:
    """Queue the founding of the space of `exchange`."""
    transactions.enqueue(tx, "space:" + exchange, membership.found(deployment, did_digest(exchange)))


def register(tx: Tx, transactions: Transactions, deployment: Deployment, exchange: str, member: Member) -> None:
    """Queue the admission of a member, after the founding."""
    space, keys = did_digest(exchange), Keys(member.log_key, member.delivery, member.aggregate)
    admit = membership.admit(deployment, space, member.address, member.did, member.role, keys)
    transactions.enqueue(tx, MEMBER + member.did, admit)
    if does(member.role, Doing.RULE):
        name = membership.name_arbitrator(deployment, space, member.address)
        transactions.enqueue(tx, ARBITRATOR + member.did, name)


def follow(tx: Tx, transactions: Transactions, deployment: Deployment, exchange: str, member: Member) -> None:
    """Queue the admission of the account under which a member goes on."""
    space, keys = did_digest(exchange), Keys(member.log_key, member.delivery, member.aggregate)
    admit = membership.admit(deployment, space, member.address, member.did, member.role, keys)
    transactions.enqueue(tx, f"account:{member.address.hex()}", admit)


def unregistered(tx: Tx, members: Iterable[Member]) -> list[Member]:
    """Return the members of whom something is not queued yet: one look, however many there are."""
    queued = set(tx.column(_QUEUED))
    return [
        one
        for one in members
        if MEMBER + one.did not in queued or (does(one.role, Doing.RULE) and ARBITRATOR + one.did not in queued)
    ]
