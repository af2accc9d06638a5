"""What is measured when somebody scrapes: the table of gauges, and those that our own rows tell.

Law: every measure is a row of COUNTED or TOLD, and so has words; what nothing can be said of has no value, so that an
alert on it is silent and one on its absence is possible. Ages are seconds, moments Unix seconds, money minor units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.store.columns import EPOCH, MICROSECOND
from connector.store.evidence import anchored
from connector.store.rows.evidence import LogEntryRow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx

# measure → (words, the label, the question whose rows are its values)
COUNTED: Mapping[str, tuple[str, str, str]] = {
    "penstock_negotiations": (
        "negotiations by state", "state", "SELECT state, count(*) AS n FROM negotiations GROUP BY state"
    ),
    "penstock_transfers": (
        "transfers by state", "state", "SELECT state, count(*) AS n FROM transfers GROUP BY state"
    ),
    "penstock_acquisitions": (
        "acquisitions by state", "state", "SELECT state, count(*) AS n FROM acquisitions GROUP BY state"
    ),
    "penstock_products": (
        "own products by state", "state", "SELECT state, count(*) AS n FROM products GROUP BY state"
    ),
    "penstock_listings": (
        "listings by state (exchange)", "state", "SELECT state, count(*) AS n FROM listings GROUP BY state"
    ),
    "penstock_channels": (
        "payment channels by state", "state", "SELECT state, count(*) AS n FROM channels GROUP BY state"
    ),
    "penstock_chain_transactions": (
        "transactions on chain by state", "state", "SELECT state, count(*) AS n FROM chain_txs GROUP BY state"
    ),
    "penstock_outbox_messages": (
        "messages under way to peers, by process", "process",
        "SELECT process, count(*) AS n FROM outbox GROUP BY process",
    ),
}  # fmt: skip

# measure → words; whoever tells it names it so (`connector.core.service.measured`)
TOLD: Mapping[str, str] = {
    "penstock_ready": "whether it is ready, 1 or 0",
    # money
    "penstock_unclaimed_minor_units": "paid by vouchers of buyers and not claimed on chain yet",
    "penstock_lapsing_minor_units": "what of it lapses unless it is claimed or acknowledged before",
    "penstock_lapsed_minor_units": "what can be claimed no more unless its buyer acknowledges it",
    "penstock_first_lapse_timestamp_seconds": "when the first of it lapses",
    "penstock_first_claim_timestamp_seconds": "when this participant begins to claim that by itself",
    # peers
    "penstock_outbox_oldest_seconds": "age of the oldest message to a peer that is under way",
    # the own log
    "penstock_log_entries": "entries of the own log",
    "penstock_log_head_age_seconds": "since the newest entry of the own log",
    "penstock_log_anchor_age_seconds": "since a head of the own log was anchored on chain",
    "penstock_log_unanchored_entries": "entries that no anchored head covers",
    "penstock_log_unanchored_seconds": "age of the oldest entry that no anchored head covers",
    # the chain
    "penstock_chain_age_seconds": "since the chain was seen last",
    "penstock_chain_lag_seconds": "how far the newest block's time lies behind our clock",
    "penstock_chain_transaction_oldest_seconds": "age of the oldest transaction that is wanted and not mined",
    "penstock_account_native_wei": "what the account has to pay fees with; none where gas is free",
    "penstock_account_funded": "whether that pays for the next transactions, 1 or 0; 1 where gas is free",
    # where bytes lie
    "penstock_disk_free_bytes": "room left where the data lie",
    "penstock_bucket_reachable": "whether the bucket of `vault.blobs` is there and answers, 1 or 0; none without one",
    "penstock_bucket_failed_moves": "editions whose move into the bucket failed and will be tried again",
}

_WAITING = "SELECT min(created) AS since FROM outbox"
_UNMINED = "SELECT min(created) AS since FROM chain_txs WHERE state IN ('wanted', 'signed')"


def rows(tx: Tx) -> dict[str, list[tuple[str, int]]]:
    """Return how many rows there are of each value of a label."""
    return {
        name: [(row[label], row["n"]) for row in tx.execute(question)] for name, (_, label, question) in COUNTED.items()
    }


def ages(tx: Tx, evidence: Evidence, now: datetime) -> dict[str, float | None]:
    """Return what our own rows say of the log and of what waits; what waits for nothing is 0 old."""
    size, anchor = evidence.size(tx), anchored(tx, evidence.origin)
    return {
        "penstock_log_entries": float(size),
        "penstock_log_head_age_seconds": _entry_age(tx, size - 1, now),
        "penstock_log_anchor_age_seconds": None if anchor is None else _age(anchor.at, now),
        "penstock_log_unanchored_entries": float(evidence.unanchored(tx)),
        "penstock_log_unanchored_seconds": unanchored_seconds(tx, evidence.origin, now),
        "penstock_outbox_oldest_seconds": _since(tx, _WAITING, now),
        "penstock_chain_transaction_oldest_seconds": _since(tx, _UNMINED, now),
    }


def unanchored_seconds(tx: Tx, origin: str, now: datetime) -> float:
    """Return the age of the oldest entry of the own log that no anchored head covers, 0 if there is none."""
    anchor = anchored(tx, origin)
    return _entry_age(tx, anchor.size if anchor else 0, now) or 0.0


def _since(tx: Tx, question: str, now: datetime) -> float:
    since = tx.execute(question)[0]["since"]
    return 0.0 if since is None else _age(EPOCH + int(since) * MICROSECOND, now)


def _entry_age(tx: Tx, index: int, now: datetime) -> float | None:
    row = tx.get(LogEntryRow, idx=index)
    return None if row is None else _age(row.at, now)


def _age(then: datetime, now: datetime) -> float:
    return max((now - then).total_seconds(), 0.0)
