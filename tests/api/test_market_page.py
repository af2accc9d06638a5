"""docs/market.md, followed to the letter: its commands on a real space, and what they print against what it says.

The trade that the rest of the page is about is the one that the demand of its last section comes to.
"""

from __future__ import annotations

import asyncio
import csv
import json
import re
import shlex
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
import pytest_asyncio

from catalog.complaint import CLOCKS
from catalog.complaint import State as Complaint
from catalog.trades import BUYERS_LEAST, TRADES_LEAST
from catalog.working_days import after
from connector.provider.billing import orders
from contracts.price_words import money
from contracts.reputation import FORMULA, Record
from ledger.agreement import bill as bills
from ledger.agreement import bill_check
from tests.api.command import ROOT, run

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = (ROOT / "docs/market.md").read_text(encoding="utf-8")
TEXT = PAGE.replace("\n", " ")
PURSUED = "A demand that is pursued"
DEMAND, PRODUCT, TITLE = "weather", "seattle", "Hourly weather Seattle 2026"
SIZES = (100_000, 70_000)
WITHIN_SECONDS = 30
# who gives a command of the page; the buyer gives every other one
GIVEN_BY = {
    "complaint answer": "provider",
    "complaint close": "exchange",
    "complaint order": "exchange",
    "complaint pay": "provider",
}
# commands of one word
ALONE = {"prices", "reputation"}
# commands that ask no server: they are told of loopback addresses instead
OFFLINE = {"bill check"}
LATE_SECONDS = 120  # of a deadline, against the clock of this test


def shown(amount):
    """An amount as a person reads it."""
    return money(int(amount), "CNY")


def blocks():
    """Return section → its commands as words, each block of the page in its order."""
    sections = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)[1:]
    lines = {
        title: [shlex.split(line)[1:] for line in re.findall(r"^    (penstock .+)$", text, re.MULTILINE)]
        for title, text in zip(sections[::2], sections[1::2], strict=True)
    }
    return {title: found for title, found in lines.items() if found}


def named(words):
    """Return what a command is called: its words before what it is told."""
    return " ".join(words[: 1 if words[0] in ALONE else 2])


class Reader:
    """Somebody who follows the page in a folder; `places` is what stands for the page's own names here."""

    def __init__(self, space, folder):
        self.space, self.folder, self.places, self.told = space, folder, {}, {}

    async def follow(self, title):
        """Give the commands of a section as they are written; keep what each said."""
        for words in blocks()[title]:
            self.told.setdefault(named(words), []).append(await self.give(words))

    async def give(self, words, *more, by=None, code=0):
        """Give a command of the page; returns what it said."""
        data = self.space.people[by or GIVEN_BY.get(named(words), "buyer")].data
        place = ("--development",) if named(words) in OFFLINE else ("--data", str(data))
        given = [self.places.get(word, word) for word in words]
        return await run([*given, *more, *place], self.folder, code=code)

    def read(self, name):
        return (self.folder / name).read_text(encoding="utf-8")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def reader(space, tmp_path_factory):
    """The page was followed, its last section first; `trade` is the agreement that came of it."""
    made = Reader(space, tmp_path_factory.mktemp("reader"))
    about = {"title": TITLE, "price": 600, "classes": {"topic": "B0300"}}
    await space.publish_files("provider", PRODUCT, space.files(PRODUCT, SIZES), **about)
    await made.follow(PURSUED)
    buyer, key = space.doors["buyer"], f"{DEMAND}:{PRODUCT}"
    async with asyncio.timeout(WITHIN_SECONDS):
        while (await buyer.call("GET", f"pursuits/{DEMAND}"))["state"] != "met":
            await asyncio.sleep(0.1)
    digest = (await space.complete(key, within=WITHIN_SECONDS))["agreement"]
    for role in ("provider", "buyer"):  # the buyer takes note of what its provider has closed
        await space.doors[role].call("POST", "settlements", {"agreement": digest})
    (paid,) = [row for row in space.rows("provider", "paid_rows") if row["agreement"] == digest]
    made.trade = SimpleNamespace(digest=digest, amount=paid["amount"], month=space.now().strftime("%Y-%m"))
    made.places = {
        "AGREEMENT": digest,
        "2026-11": made.trade.month,
        "https://exchange.example/rpc": space.url("exchange") + "/rpc",
        "did:web:provider.example": space.did("provider"),
    }
    for title in blocks():
        if title != PURSUED:
            await made.follow(title)
    return made


async def test_what_stands_for_a_reader_s_own_is_on_the_page(reader):
    words = {word for commands in blocks().values() for command in commands for word in command}
    assert set(reader.places) <= words


async def test_a_demand_is_pursued_until_an_agreement_meets_it(space, reader):
    (posted,) = reader.told["demand post"]
    assert posted.startswith(f"{DEMAND}  hourly weather Seattle  (matched)")
    assert f"{PRODUCT}  {TITLE}  (kept) of {space.did('provider')}" in posted
    assert reader.told["demand pursue"][0].startswith(f"{DEMAND}: ")
    (again,) = [words for words in blocks()[PURSUED] if words[1] == "pursue"]
    assert f"{DEMAND}: met, {PRODUCT} as {DEMAND}:{PRODUCT}\ntried: {PRODUCT}\n" in await reader.give(again)
    met = await space.doors["buyer"].call("GET", f"demands/{DEMAND}")
    assert (met["state"], met["agreement"]) == ("met", reader.trade.digest)


async def test_an_order_says_how_far_it_is_and_what_it_came_to(reader):
    (line,) = [one for one in reader.told["bill list"][0].splitlines() if one.startswith(reader.trade.digest[:12])]
    assert re.search(rf"  settled +{re.escape(shown(reader.trade.amount))}  bought +6\.00 CNY per MiB +{TITLE}$", line)
    assert re.findall(r"`(\w+)`", re.search(r"is the first of (.+?) that holds", TEXT)[1]) == list(orders.STATES)


async def test_a_bill_is_a_signed_document_that_both_parties_write_alike(reader):
    bill = reader.told["bill show"][0]
    assert f"agreement: {reader.trade.digest}\n" in bill
    assert f"amount: {int(reader.trade.amount) / 100:.2f} CNY\n" in bill
    assert bill.endswith("written to bill.json\n")
    assert bills.parse(json.loads(reader.read("bill.json"))).bill.amount == int(reader.trade.amount)
    show = ["bill", "show", "AGREEMENT", "--to"]
    await asyncio.gather(
        reader.give([*show, "theirs.json"], by="provider"), reader.give([*show, "bill.html"], by="provider")
    )
    assert "Bill · 账单" in reader.read("bill.html")
    mine, theirs = (bills.parse(json.loads(reader.read(name))).bill for name in ("bill.json", "theirs.json"))
    assert bill_check.difference(mine, theirs) == []


async def test_a_month_s_statement_sums_what_was_released_in_it(reader):
    said = reader.told["bill show"][1]
    sums = re.search(rf"^{reader.trade.month}: spent ([\d.]+) CNY, earned ([\d.]+) CNY$", said, re.MULTILINE)
    outside = re.search(r"^plain copies, .+: ([\d.]+) CNY$", said, re.MULTILINE)
    rows = list(csv.DictReader(reader.read("november.csv").splitlines()))
    (own,) = [row for row in rows if row["agreement"] == reader.trade.digest]
    assert (own["title"], int(own["amount"])) == (TITLE, int(reader.trade.amount))
    told = [*sums.groups(), *(outside.groups() if outside else ())]
    assert sum(int(one.replace(".", "")) for one in told) == sum(int(row["amount"]) for row in rows)


async def test_a_bill_is_checked_by_chain_and_log_and_against_the_other_party_s(reader):
    (said,) = reader.told["bill check"]
    assert said.endswith(f"the bill holds: {shown(reader.trade.amount)}\n")
    lines = said.splitlines()[:-1]
    assert len(lines) == len(bill_check.CHECKS)
    assert all(line.startswith("holds: ") for line in lines), "with chain and log, nothing is left unlooked at"
    altered = json.loads(reader.read("bill.json"))
    for told in (altered["bill"], altered["bill"]["lines"][-1]):
        told["quantity"] = str(int(told["quantity"]) + 1)
    (reader.folder / "altered.json").write_text(json.dumps(altered))
    assert "the exit code is then 6" in TEXT
    differs = await reader.give(["bill", "check", "bill.json", "--against", "altered.json"], code=6)
    assert differs.count("differs: ") == 1
    page = await reader.give(["bill", "check", "bill.html"])
    assert page.endswith(f"the bill holds: {shown(reader.trade.amount)}\n"), "the page that a person files"
    assert ("read as HTML" in page, "read as JSON" in said, "only the bill in it" in page) == (True, True, False)
    assert "not looked at: " in differs, "without --rpc and --log"


async def test_a_settled_trade_is_recorded_and_a_class_of_few_is_not_shown(space, reader):
    (trade,) = [row for row in space.rows("exchange", "trades") if row["agreement"] == reader.trade.digest]
    assert (trade["topic"], int(trade["amount"])) == ("B0300", int(reader.trade.amount))
    (said,) = reader.told["prices"]
    assert re.fullmatch(
        rf"[1-9]\d* classes are not shown: fewer than {TRADES_LEAST} trades or {BUYERS_LEAST} buyers\n", said
    )
    assert (TRADES_LEAST, BUYERS_LEAST) == (5, 3)
    assert "five trades of three buyers" in TEXT


async def test_a_complaint_waits_for_each_in_turn_as_long_as_the_page_says(space, reader):
    turns = {"file": Complaint.FILED, "answer": Complaint.ANSWERED, "escalate": Complaint.ESCALATED}
    for verb, state in turns.items():
        (said,) = [one for one in reader.told[f"complaint {verb}"] if one.startswith("march")]
        turn = re.match(rf"march  \({state}, (\w+) has to act until (\S+)\)  no file of March is in it\n", said)
        until = after(space.now(), CLOCKS[state].days)
        assert turn[1] == CLOCKS[state].whose
        assert abs(until - datetime.fromisoformat(turn[2])) < timedelta(seconds=LATE_SECONDS)
    assert [CLOCKS[state].days for state in turns.values()] == [5, 5, 10]
    assert "five working days to answer, then the complainant five to settle" in TEXT
    assert "the exchange, which has ten to uphold or dismiss" in TEXT
    (closed,) = reader.told["complaint close"]
    assert closed.startswith("march  (upheld)")
    assert "answer: edition 3 has it" in closed
    assert "reason: the listing promised it" in closed


async def test_an_order_is_paid_as_the_page_says(space, reader):
    (share, ordered), (paid,) = reader.told["complaint order"], reader.told["complaint pay"]
    assert re.match(r"april  \(ordered: [0-9.]+ CNY, 0\.00 CNY of it given back, respondent has to act until ", share)
    turn = re.match(
        r"april  \(ordered: 0\.40 CNY, 0\.00 CNY of it given back, respondent has to act until (\S+)\)", ordered
    )
    assert abs(after(space.now(), 10) - datetime.fromisoformat(turn[1])) < timedelta(seconds=LATE_SECONDS)
    assert "The provider has ten working days" in TEXT
    assert paid.startswith("april  (fulfilled: 0.40 CNY, 0.40 CNY of it given back)  April is missing, too")
    for role in ("buyer", "exchange"):
        told = await reader.give(["complaint", "show", "april"], by=role)
        assert told.startswith("april  (fulfilled: 0.40 CNY, 0.40 CNY of it given back)")


async def test_a_reputation_follows_from_its_counts_by_the_formula_of_the_page(space, reader):
    (said,) = reader.told["reputation"]
    counts = {name: int(count) for name, count in re.findall(r"^(\w+): (\d+)  \(", said, re.MULTILINE)}
    assert counts["deals"] >= 1
    assert counts["upheld"] >= 1
    assert f"{Record(**counts).json()['score']} of 100\n" in said
    assert said.endswith(f"score = {FORMULA}\n")
    assert f"    score = {FORMULA}\n" in PAGE
