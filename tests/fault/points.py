"""Every durable step of every role at which a process may die: two faults each, before and after its commit.

A step is an event of the role's log, a table whose rows may be written without an event (the payer's signed voucher is
one: `row.windows`), or a block of the chain that the exchange hosts. The order is that of the journey; a step that
stands there again strikes at a later time. Behind `row.reads>` windows are leased openings, with their keys in memory.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

STEPS: Mapping[str, Sequence[str]] = {
    "exchange": (
        "row.members",
        "member.moved",
        "chain.block",
        "row.listings",
        "listing.moved",
        "time.mark",
        "row.checkpoints",
        "row.chain_txs",
        "row.anchors",
        "edition.reviewed",
        # licences, channels, claims, closings
        *("chain.block",) * 6,
        "row.witnessed",
        "row.peer_heads",
        "row.attestations",
    ),
    "regulator": ("row.witnessed", "row.peer_heads", "time.mark", "row.checkpoints", "row.chain_txs", "row.anchors"),
    "provider": (
        "row.products",
        "edition.sealed",
        "row.chain_txs",
        "edition.registered",
        "row.negotiations",
        "row.received",
        "negotiation.moved",
        "row.outbox",
        "negotiation.moved",
        "row.outbox",
        "agreement.signed",
        "licence.granted",
        "row.transfers",
        "channel.opened",
        "row.carried",
        "decision.made",
        "keys.offered",
        "keys.released",
        "keys.acknowledged",
        "keys.released",
        "opening.started",
        "channel.claimed",
        "channel.closed",
        "time.mark",
        "row.anchors",
    ),
    "buyer": (
        "row.acquisitions",
        "row.negotiations",
        "negotiation.moved",
        "row.outbox",
        "negotiation.moved",
        "row.outbox",
        "agreement.signed",
        "licence.granted",
        "row.chain_txs",
        "channel.opened",
        "row.transfers",
        "replica.held",
        "row.replicas",
        *("row.windows",) * 2,
        "keys.received",
        "row.row_secrets",
        "keys.received",
        "decision.made",
        "row.reads",
        "opening.started",
        "opening.ended",
        "row.reads>row.windows",
        "row.reads>keys.received",
        "channel.closed",
        "time.mark",
        "row.anchors",
    ),
}
MOMENTS = ("before", "after")
Point = tuple[str, str, str]  # role, step, moment
POINTS: tuple[Point, ...] = tuple(
    (role, step, moment) for role, steps in STEPS.items() for step in steps for moment in MOMENTS
)


def drawn(seed: int, count: int) -> list[Point]:
    """`count` points, in the order of the table."""
    return [POINTS[index] for index in sorted(random.Random(seed).sample(range(len(POINTS)), count))]


def by_role(points: Iterable[Point], which: int = 1) -> dict[str, list[str]]:
    """Role → faults as crashing_serve.py reads them, each at its `which`-th commit since the process started."""
    faults: dict[str, list[str]] = {}
    for role, step, moment in points:
        faults.setdefault(role, []).append(f"{step}:{moment}:{which}")
    return faults
