"""What ties this participant to the account that it has: what no other account could go on with, as a table.

Law: an account is not replaced under anything that names it and that nobody else could end. What only takes a while is
waited for; of a stolen key it is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from connector.runtime.errors import Conflict
from connector.store.rows.agreement import IS_OVER

if TYPE_CHECKING:
    from connector.store.transaction import Tx


class Tie(NamedTuple):
    """Rows that tie us to the account, in words, and what to do about it."""

    query: str
    words: str
    hint: str


# what stands for as long as it stands
TIES: Final = (
    Tie(f"agreements WHERE parent IS NOT NULL AND NOT {IS_OVER}", "it holds sub-licences", "wait for their end"),
    Tie("sub_licences", "it granted sub-licences", "the account of who grants them stays"),
    Tie("authorities WHERE revoked IS NULL", "it authorises others to sign", "penstock authority revoke"),
    Tie("partnerships", "it has a share of a project", "the account of a partner stays"),
    Tie("delegations", "it hosts, or is hosted", "the accounts of both stay"),
    Tie("contracts", "it signs contracts of the national interfaces", "wait for their end"),
    Tie("service_contracts", "it has a service contract", "the account of its parties stays"),
    Tie("disputes WHERE state = 'filed'", "a dispute names it", "wait for the ruling"),
)
# what comes to its end by itself
UNDER_WAY: Final = (
    Tie("chain_txs WHERE state IN ('wanted', 'signed')", "transactions are under way", "ask again when they are mined"),
    Tie(
        "acquisitions WHERE state IN ('negotiating', 'agreed', 'licensed', 'funding')",
        "a purchase is at its beginning",
        "ask again when its data arrive",
    ),
    Tie(
        "products WHERE state IN ('draft', 'renewing', 'sealed', 'registered')",
        "a product is being published",
        "ask again when it is on offer",
    ),
    Tie(
        "negotiations WHERE role = 'provider' AND state IN ('AGREED', 'VERIFIED')",
        "an agreement is at its beginning",
        "ask again when its buyer has signed",
    ),
)


def require_untied(tx: Tx, *, stolen: bool) -> None:
    """Raise Conflict where something ties us to the account; of a `stolen` key nothing is waited for."""
    for tie in TIES if stolen else (*TIES, *UNDER_WAY):
        if tx.execute(f"SELECT 1 FROM {tie.query} LIMIT 1"):  # noqa: S608 - of this table alone
            raise Conflict(f"the account is not replaced now: {tie.words}", tie.hint)
