"""A complaint upheld moves money, on real processes: bought, ordered, paid; equal books, an audit that is clean.

And what is not paid: time passes (every process is begun again with a clock that is ahead), the audit has its finding,
everybody sees it, and it is over once it is paid, however late. A payer that is killed pays once.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from bench.space import space as opened
from connector.identity import keys as key_files
from connector.regulator.sources import sources
from connector.runtime.errors import PenstockError
from ledger.audit import audit
from tests.fault.pulls import MIB, PURPOSE, Pull

pytestmark = pytest.mark.asyncio(loop_scope="session")

SKEWED = (sys.executable, str(Path(__file__).resolve().parents[1] / "fault" / "skewed.py"), "serve")
SKEW = "PENSTOCK_TEST_SKEW"
ROLES = ("exchange", "regulator", "provider", "buyer")
PRICE = 50_000
DAYS = 16  # more than ten working days
KILLED_AFTER_SECONDS = (0.02, 0.1, 0.3)
WORDS = {"words": "the listing promised March"}


class Story:
    """Four processes, and what has been bought and complained about there."""

    def __init__(self, made, folder):
        self.made, self.folder = made, folder

    async def ask(self, role, path):
        return await self.made.call(role, "GET", path)

    async def tell(self, role, path, body=None):
        return await self.made.call(role, "POST", path, body or {})

    async def bought(self, name):
        """Return an agreement that was settled, and what was paid under it."""
        source = self.folder / f"{name}.bin"
        source.write_bytes(random.Random(name).randbytes(MIB))
        pull = Pull(self.made, source, name)
        pull.published = await self.made.offer(name, [source], price=str(PRICE), floor=str(PRICE))
        await pull.ask(limit=str(PRICE), purpose=PURPOSE)
        view = await self.made.reach(name, frozenset({"complete"}))
        await self.tell("provider", "settlements", {"agreement": view["agreement"]})
        return view["agreement"], int(view["progress"]["paid"])

    async def ordered(self, agreement, key, amount):
        await self.tell("buyer", "complaints", {"id": key, "agreement": agreement, "words": "March is missing"})
        await self.tell("provider", f"complaints/{key}/answer", {"words": "it is there"})
        await self.tell("buyer", f"complaints/{key}/escalate", {"words": "it is not"})
        return await self.tell("exchange", f"complaints/{key}/order", WORDS | {"amount": str(amount)})

    async def seen(self, key):
        """Return a complaint as all three see it, each by its own look at the chain."""
        rows = [await self.ask(role, f"complaints/{key}") for role in ("exchange", "provider", "buyer")]
        assert rows[0] == rows[1] == rows[2]
        return rows[0]["state"], int(rows[0]["amount"]), int(rows[0]["given"])

    async def balance(self, role):
        return int((await self.ask(role, "wallet"))["balance"])

    async def refunded(self, agreement):
        """Return what both sides' books say was given back under an agreement."""
        found = set()
        for role in ("provider", "buyer"):
            orders = (await self.ask(role, "bills"))["orders"]
            found |= {row["refunded"] for row in orders if row["agreement"] == agreement}
        assert len(found) == 1
        return int(found.pop())

    async def audited(self):
        """Return what an auditor finds wrong, and the reputation of the provider as it counts it."""
        for role in ROLES:
            await self.tell(role, "log/anchor")
        delivery = key_files.load(self.made.people["regulator"].data / "keys").delivery
        async with sources(self.made.doors["exchange"].address(), development=True) as found:
            report = await audit.run(found, delivery)
        [row] = [one for one in report.figures["reputation"] if one["party"] == self.made.did("provider")]
        return sorted(one.code for one in report.findings if one.severity == "error"), row

    async def begin_again(self, days=0):
        """Begin every process again, with a clock that is so many days ahead."""
        os.environ[SKEW] = str(days * 86_400)
        for person in self.made.people.values():
            await person.stop()
        for role in ROLES:
            await self.made.people[role].start()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def story(tmp_path_factory):
    folder = tmp_path_factory.mktemp("redress")
    before, os.environ[SKEW] = os.environ.get(SKEW), "0"
    try:
        async with opened(folder, commands=dict.fromkeys(ROLES, SKEWED)) as made:
            yield Story(made, folder)
    finally:
        del os.environ[SKEW]
        if before is not None:
            os.environ[SKEW] = before


async def test_what_is_ordered_is_paid_and_all_books_are_equal(story):
    agreement, paid = await story.bought("honest")
    assert paid > 1000
    told = await story.ordered(agreement, "honest", 700)
    assert (told["state"], told["turn"], told["amount"]) == ("ordered", "respondent", "700")
    before = {role: await story.balance(role) for role in ("provider", "buyer")}
    told = await story.tell("provider", "redress/honest")
    assert told["state"] == "fulfilled"
    assert await story.seen("honest") == ("fulfilled", 700, 700)
    assert await story.balance("provider") == before["provider"] - 700
    assert await story.balance("buyer") == before["buyer"] + 700
    assert await story.refunded(agreement) == 700
    found, row = await story.audited()
    assert found == []
    assert (row["upheld"], row["late"], row["unpaid"]) == ("1", "0", "0")


async def test_a_payer_that_is_killed_at_any_moment_pays_once(story):
    agreement, _ = await story.bought("killed")
    await story.ordered(agreement, "killed", 600)
    before = await story.balance("buyer")
    for seconds in KILLED_AFTER_SECONDS:
        paying = asyncio.create_task(story.tell("provider", "redress/killed"))
        await asyncio.sleep(seconds)
        await story.made.people["provider"].kill()
        with suppress(PenstockError):
            await paying
        await story.made.people["provider"].start()
    for _ in range(2):
        assert (await story.tell("provider", "redress/killed"))["state"] == "fulfilled"
    assert await story.seen("killed") == ("fulfilled", 600, 600)
    assert await story.balance("buyer") == before + 600
    assert await story.refunded(agreement) == 600


async def test_what_is_not_paid_in_time_is_found_and_shown_until_it_is_paid(story):
    agreement, _ = await story.bought("owing")
    await story.ordered(agreement, "owing", 900)
    assert (await story.audited())[0] == []
    await story.begin_again(DAYS)
    await story.tell("exchange", "log/marks")
    found, row = await story.audited()
    assert found == ["order-unpaid"]
    assert (row["upheld"], row["unpaid"]) == ("3", "1")
    did = story.made.did("provider")
    told = await story.ask("buyer", f"reputation/{did.replace('%', '%25')}")
    assert {name: told[name] for name in ("upheld", "late", "unpaid", "score")} == {
        name: row[name] for name in ("upheld", "late", "unpaid", "score")
    }
    assert (await story.ask("buyer", "offers/owing"))["unpaid"] == 1
    assert (await story.ask("provider", "complaints/owing"))["overdue"]
    assert (await story.tell("provider", "redress/owing"))["state"] == "fulfilled"
    found, row = await story.audited()
    assert found == []
    assert (row["upheld"], row["late"], row["unpaid"]) == ("3", "1", "0")
    assert "unpaid" not in await story.ask("buyer", "offers/owing")
    assert await story.refunded(agreement) == 900
