"""The law of shares: what is found together is what one audit from the beginning finds, whatever happened.

Random histories of the small space with tampering, cut among two to four, one of whom may lie. PENSTOCK_TEST_SEED
repeats a run, PENSTOCK_TEST_LOGS_SCALE makes it longer.
"""

from __future__ import annotations

import os
import random
from dataclasses import replace

import pytest

from ledger.audit.cut import Cut
from ledger.audit.sums import Sums
from tests.connector.audit.shared import Supervised, joined, parts, signed, told, traded, whole
from tests.connector.audit.test_gone_on_histories import TAMPERING, trade
from tests.fault.extent import SEED

TRIES = 6 * int(os.environ.get("PENSTOCK_TEST_LOGS_SCALE", "1"))


def lied(draw, part):
    """Call what is open clean, or add up something else."""
    if part.open and draw.random() < 0.7:
        name = draw.choice(sorted(part.open))
        return replace(part, closed={**part.closed, name: Sums()}, open=part.open - {name})
    if part.closed:
        name = draw.choice(sorted(part.closed))
        wrong = part.closed[name].copy()
        wrong.counts["amount_agreed"] += 1
        return replace(part, closed={**part.closed, name: wrong})
    return part


@pytest.mark.parametrize("number", range(TRIES))
async def test_findings_are_those_of_an_audit_from_the_beginning(number):
    draw, world = random.Random(f"{SEED} {number}"), Supervised()
    traded(world, draw.randrange(5))
    done = [draw.choice((trade, trade, *TAMPERING)) for _ in range(draw.randrange(8))]
    for one in done:
        one(world, draw)
    for _ in range(draw.randrange(3)):
        world.go_on()
    cut = Cut(draw.randbytes(32), draw.randrange(2, 5))
    found = list((await parts(world, cut)).values())
    liar = draw.randrange(2 * cut.of)
    given = [lied(draw, one) if at == liar else one for at, one in enumerate(found)]
    report = await joined(world, cut, signed(world, given))
    names = [one.__name__ for one in done]
    assert told(report) == await whole(world), f"seed {SEED}, {number}: {names}"
    accused = [one.facts["share"] for one in report.findings if one.code == "share-contradicted"]
    assert accused == [str(one.share) for one, true in zip(given, found, strict=True) if one != true]
