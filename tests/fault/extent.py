"""How much is tried: a few cases drawn by a seed, or, with `PENSTOCK_TEST_FAULTS=all`, every one.

`PENSTOCK_TEST_SEED` repeats a draw. Each test says with `record_property(figure, count)` how many it has executed;
`FIGURES` says how many of each the whole run must have seen, so that an empty run cannot pass.
"""

from __future__ import annotations

import os
import random

# a short run tries one of so many examples of a law, and not fewer than these
SHORTER, LEAST_TRIED = 3, 10
ALL = os.environ.get("PENSTOCK_TEST_FAULTS") == "all"
SEED = int(os.environ.get("PENSTOCK_TEST_SEED") or random.SystemRandom().getrandbits(32))

POINTS, ATTACKS, FINDINGS, MONEY = "fault points", "voucher attacks", "findings of the verifier", "journeys of money"
CALLS = "faults at a system call"
LEAST_OF_ROLE = 400
SERVED, SERVED_ROLES = "faults in a served process", 4
DEATHS, FAILURES = "deaths of a served process", "failures of a served process's disk"  # of these
SYNCED, TORN, FLIPPED = "words after a sync", "torn and lost writes", "flipped bits"
TRANSFERS, STORIES = "harmed transfers of 64 pieces", "stories of harmed messages"
APARTS = "stories in a namespace"
SKEWED = "pulls with a wrong clock"
SLOW = "slow answers"
LOGGED = "faults in a log writer"
DRAINED = "pulls drained"
HANDED = "negotiations handed on between processes"
UPGRADED = "upgraded spaces"
# told by tests elsewhere, counted by `make reliability`
ASTRAY = "names that lead elsewhere"
ADDRESSES, CONTEXTS = "addresses inside", "contexts of documents"
FIGURES = {
    APARTS: 5,
    SKEWED: 4,
    SLOW: 8,
    TRANSFERS: 1_000,
    STORIES: 300,
    SYNCED: 30,
    TORN: 2_000,
    FLIPPED: 1_000,
    CALLS: 2 * LEAST_OF_ROLE,
    SERVED: SERVED_ROLES * LEAST_OF_ROLE,
    HANDED: 200,
    LOGGED: 100,
    DRAINED: 20,
    POINTS: 154,
    ATTACKS: 40,
    FINDINGS: 7,
    MONEY: 10_000,
}


def tried(count):
    """How many examples are drawn of a law: `count` of them, or a third of that in a short run."""
    return count if ALL else max(-(-count // SHORTER), LEAST_TRIED)


def drawn(cases, count):
    """All cases, or `count` of them."""
    cases = list(cases)
    return cases if ALL else random.Random(SEED).sample(cases, min(count, len(cases)))
