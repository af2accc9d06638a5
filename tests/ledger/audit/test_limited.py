"""An audit of some logs: whatever is left out, an honest space stays clean, and a lie in what is read is found."""

from __future__ import annotations

from itertools import chain, combinations

import pytest

from ledger.audit.how_to_check import RESTS_ON
from ledger.audit.limited import NOWHERE
from tests.every import every
from tests.ledger.audit.diary import WITNESSED_BY
from tests.ledger.audit.test_rights import sub_licensed
from tests.ledger.audit.test_rulings import disputed
from tests.ledger.audit.world import World, errors

SOME = list(chain.from_iterable(combinations(WITNESSED_BY, count) for count in range(1, len(WITNESSED_BY))))


def passed_on():
    world = World()
    sub_licensed(world)
    return world


async def read(world, names):
    left = {diary.did: diary for name, diary in world.space.items() if name not in names}
    world.unreachable, world.unread = {f"{diary.url}/log/" for diary in left.values()}, tuple(left)
    return await world.audit()


@every("names", SOME, ids="+".join)
@every("make", [World, disputed, passed_on])
async def test_what_is_not_read_accuses_nobody(make, names):
    world, other = make(), make()
    for one in (world, other):
        one.go_on()
    whole = {(one.code, one.subject) for one in (await world.audit()).findings}
    report = await read(other, names)
    assert {(one.code, one.subject) for one in report.findings} <= whole
    assert len(report.unread) == len(WITNESSED_BY) - len(names)
    assert {row["code"] for row in report.figures["findings"]} == report.codes()


@pytest.mark.parametrize("names", [names for names in SOME if "provider" in names], ids="+".join)
async def test_a_lie_in_a_log_that_is_read_is_found(world, names):
    provider = world["provider"]
    at = provider.find("keys.released", 3)
    provider.entries()
    provider.alter(at, amount="1")
    provider.cosigned_by = ()
    found = errors(await read(world, names))
    alone = names == ("provider",)  # nobody who was read holds a head of it
    assert ("log-forked-from-anchor" in found, "anchor-unexplained" in found) == (not alone, alone)
    assert found >= {"head-not-witnessed", "amount-differs-from-tariff"}
    assert ("counterparty-differs" in found) is ("buyer" in names)


async def test_what_the_chain_alone_shows_is_found_without_any_log(world):
    world.chain = [one for one in world.chain if one.name != "EditionRegistered"]
    assert "edition-unregistered" in errors(await read(world, ("provider",)))


def test_the_codes_exist():
    assert RESTS_ON.keys() >= NOWHERE
