"""Plain copies in the audit: counted, and priced again from the rows that their provider logs."""

from __future__ import annotations

import pytest

from contracts.tariff import Tariff
from tests.ledger.audit.world import POLICY, errors, named

PRICE = Tariff("byte", 7, 1000, "CNY")
CODE = "copy-differs-from-tariff"


@pytest.fixture
def copied(world):
    """An agreement on plain copies; returns what logs one: rows as [first, count], its amount, and its bytes."""
    deals = {}

    def copy(ranges, amount, *, tariff=PRICE, short=0):
        if tariff not in deals:
            deals[tariff] = world.sign(3 + len(deals), tariff, "plain", 0, POLICY)
        deal = deals[tariff]
        plain = sum(deal["table"].plain_bytes(first, count) for first, count in ranges) - short
        number = str(len(world["provider"].records))
        fields = {"transfer": "07" * 32, "bytes": str(plain + 9), "plainBytes": str(plain), "amount": str(amount)}
        told = {**fields, "rows": ranges, "metering": "metered by provider"}
        world.record("provider", "copy.served", deal["digest"].hex(), ["07" * 32, number], **told)
        return deal

    return copy


def due(deal, count):
    return -(-PRICE.minor * deal["table"].plain_bytes(0, count) // PRICE.per)


async def test_rows_copied_again_cost_nothing_again(world, copied):
    deal = copied([[0, 6]], 0)
    world["provider"].records.pop()
    whole, half = due(deal, 12), due(deal, 6)
    copied([[0, 6]], half)
    copied([[0, 12]], whole - half)
    copied([[3, 2]], 0)
    report = await world.audit()
    assert CODE not in errors(report)
    told = report.json()["metered_by_provider"]
    assert (told["copies"], told["amount"], told["unpriced"]) == (3, str(whole), 0)


@pytest.mark.parametrize(("more", "short"), [(1, 0), (-1, 0), (0, 1)])
async def test_a_copy_that_is_billed_otherwise_is_named(world, copied, more, short):
    deal = copied([[0, 6]], 0)
    world["provider"].records.pop()
    copied([[0, 6]], due(deal, 6) + more, short=short)
    assert named(await world.audit(), CODE) == [("copy.served", len(world["provider"].records) - 1, None)]


async def test_a_price_by_the_opening_counts_copies(world, copied):
    opening = Tariff("opening", 250, 1, "CNY")
    copied([[0, 12]], 250, tariff=opening)
    copied([[0, 12]], 250, tariff=opening)
    assert CODE not in errors(await world.audit())
    copied([[0, 12]], 0, tariff=opening)
    assert CODE in errors(await world.audit())


async def test_what_the_entry_does_not_tell_is_counted_as_unpriced(world, copied):
    copied([[0, 12]], 1, tariff=Tariff("call", 1, 1, "CNY"))
    report = await world.audit()
    assert CODE not in errors(report)
    assert report.json()["metered_by_provider"]["unpriced"] == 1


async def test_rows_beyond_the_edition_are_malformed(world, copied):
    copied([[0, 1]], 0)
    record = world["provider"].records[-1]
    record.fields["rows"] = [[0, 99]]
    assert "field-malformed" in errors(await world.audit())
