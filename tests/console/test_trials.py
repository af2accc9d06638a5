"""A list that a browser sends to be tried: held in memory alone, priced within the budget, and shown to nobody."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import orjson
import pytest
import pytest_asyncio

from connector.consumer import held_lists, trials
from connector.consumer.held_lists import LIST_BYTES_MAX, HeldLists
from connector.consumer.trials import Offered, TrialState
from connector.runtime.errors import Absent, Conflict, InvalidInput, PaymentRefused, PurchaseRefused
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.compute import AnswerRow
from connector.store.table_row import replace as replace_row
from contracts import gate as gates
from contracts.tariff import Tariff

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET = "OWN-SECRET"
KEYS = [f"{SECRET}-{at}" for at in range(300)]
CSV = "\n".join(["firm,won", *(f"{one},yes" for one in KEYS)]).encode()
FILE = {"list": ("mine.csv", CSV)}
FORM = "catalogue/firms-fit/trial"
TERMS = {
    "title": "Firms", "tariff": {"unit": "query", "minor": "1000", "per": "1", "currency": "CNY"},
    "gate": {
        "columns": ["revenue"], "subject": "firm", "least": "10", "share": "80", "digits": "5",
        "coverage": {"epsilon": "140", "keys": "20000", "filled": ["revenue"]},
    },
}  # fmt: skip


def terms(price=1000):
    return TERMS | {"tariff": TERMS["tariff"] | {"minor": str(price)}}


def agreed(connector, digest="0d" * 32, price=1000):
    now = connector.clock.now()
    return AgreementRow(
        digest=digest, negotiation=None, role="consumer", peer="did:web:grid.example", product="firms-fit",
        state="performing", terms=terms(price), odrl={}, created=now,
    )  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session")
async def firms(connector, monkeypatch):
    """A product that is on offer for 10.00 an answer, and that nobody has to be asked about."""

    async def offered(product):
        told = terms(firms.price)
        tariff, gate = Tariff.from_json(told["tariff"]), gates.read(told["gate"])
        return Offered(product, "Firms", "did:web:grid.example", firms.agreement, told, {}, tariff, gate)

    firms = SimpleNamespace(price=1000, agreement=None)
    monkeypatch.setattr(connector.trials, "offered", offered)
    yield firms
    connector.held_lists.close()


@pytest_asyncio.fixture(loop_scope="session")
async def buyer(enter, firms):
    return await enter("tries", ("buyer",), again=True)


def budgeted(connector, monkeypatch, most):
    settings = replace(connector.settings, console=replace(connector.settings.console, budget=most))
    monkeypatch.setattr(connector.budget, "_core", replace(connector.core, settings=settings))


async def sent(visitor, files=None, **told):
    return await visitor.send_files(await visitor.open(FORM), "/list", files or FILE, **{"key": "firm", **told})


def held(connector):
    return list(connector.held_lists._held.values())


async def test_a_list_is_held_in_memory_alone_and_its_price_is_said(connector, buyer, monkeypatch):
    budgeted(connector, monkeypatch, 2500)
    seen = await sent(buyer)
    assert seen.status == 200, seen.text
    for words in ("It costs 10.00 CNY", "300 different keys of the column firm", "Try it for 10.00 CNY",
                  "It counts 10.00 CNY against this month&#39;s budget, of which 25.00 CNY are left."):  # fmt: skip
        assert words in seen.text, words
    assert SECRET not in seen.text + (await buyer.open(seen.url.replace("trial?", "trial.json?"))).text
    kept = [path for path in Path(connector.core.data).rglob("*") if path.is_file()]
    assert not [path for path in kept if SECRET.encode() in path.read_bytes()]
    [one] = held(connector)
    assert one.keys == 300
    await sent(buyer)
    assert [again.job != one.job for again in held(connector)] == [True], "the next one takes its place"
    assert (await buyer.open(seen.url)).status == 404


@pytest.mark.parametrize(
    ("files", "told", "status", "words"),
    [
        ({"list": ("big.csv", bytes(LIST_BYTES_MAX + 1))}, {}, 413, "at most"),
        ({"list": ("huge.csv", bytes(LIST_BYTES_MAX + (1 << 20)))}, {}, 413, "at most"),
        ({"list": ("mine.csv", b"")}, {}, 400, "no list was chosen"),
        ({"list": ("", b"")}, {}, 400, "no list was chosen"),
        ({"list": ("mine.parquet", CSV)}, {}, 400, "the list is no text by its name"),
        ({"list": ("../../etc/passwd", CSV)}, {}, 400, "the list is no text by its name"),
        ({"list": ("mine.csv", b"firm\n\x89PNG\r\n\x1a\n")}, {}, 400, "line 2 of the list is no text in UTF-8"),
        ({"list": ("mine.csv", b"firm," + b"x" * 1000 + b"\n")}, {}, 400, "line 1 of the list names a column in more"),
        ({"list": ("mine.csv", b"firm," * 5000)}, {}, 400, "line 1 of the list makes more than 200 columns"),
        ({"list": ("mine.csv", CSV), "other": ("a.csv", CSV)}, {}, 400, "this form has the files"),
        (FILE, {"key": ""}, 400, "the column with the keys is not named"),
        (FILE, {"key": "k" * 401}, 400, "`key` has at most 400"),
        (FILE, {"key": "k" * 5000}, 413, "`key` has at most"),
        (FILE, {"key": "fi\nrm"}, 400, "`key` has at most 400 printable"),
        (FILE, {"group": "none"}, 400, "line 1 of the list names no column `none`"),
        (FILE, {"job": "j" * 101}, 400, "the id of a list"),
        (FILE, {"said": "nonsense"}, 400, "a line `name=value` each"),
        ({"list": ("mine.csv", b"firm\nF1\nF2\n")}, {}, 400, "a group has 2 keys"),
        ({"list": ("mine.csv", b"firm,b\n,x\n")}, {}, 400, "the column has no keys"),
    ],
)
async def test_what_is_no_list_is_refused_and_not_held(connector, buyer, files, told, status, words):
    seen = await sent(buyer, files, **told)
    assert (seen.status, words in seen.text) == (status, True), seen.text
    assert SECRET not in seen.text
    assert held(connector) == []


async def test_another_site_a_stranger_and_who_may_only_look_send_nothing(connector, enter, buyer):
    page = await buyer.open(FORM)
    onlooker = await enter("looks-at-trials", ("buyer",), operator=False)
    provider = await enter("tries-nothing", ("provider",))
    for visitor in (onlooker, provider):
        token = (await visitor.open("overview")).form("sign-out")[2]["form"]
        assert (await visitor.send_files(page, "/list", FILE, key="firm", form=token)).status == 403
    assert "multipart" not in (await onlooker.open(FORM)).text
    assert (await provider.open(FORM)).status == 403
    theirs = (await onlooker.open("overview")).form("sign-out")[2]["form"]
    for token in ("", "0" * 64, theirs):
        assert (await buyer.send_files(page, "/list", FILE, key="firm", form=token)).status == 403
    there = {"Sec-Fetch-Site": "cross-site"}
    assert (await buyer.send_files(page, "/list", FILE, key="firm", headers=there)).status == 403
    assert held(connector) == []
    looked = await sent(buyer)
    assert (await buyer.send(looked, "/trial", headers=there)).status == 403
    assert (await buyer.send(looked, "/trial", form=theirs)).status == 403
    other = await enter("tries-too", ("buyer",))
    assert (await other.open(looked.url)).status == 404, "a list is its account's"
    token = (await other.open("overview")).form("sign-out")[2]["form"]
    assert (await other.send(looked, "/trial", form=token)).status == 404
    assert connector.trials.seen(held(connector)[0].job) is None, "nothing was begun"


async def test_a_list_is_let_go_in_time_and_the_oldest_makes_room(monkeypatch):
    monkeypatch.setattr(held_lists, "HELD_SECONDS_MAX", 0.05)
    lists = HeldLists()
    made = [lists.hold(f"account-{at}", "firms", {"": KEYS}, {}) for at in range(held_lists.HELD_LISTS_MAX + 1)]
    with pytest.raises(Absent, match="here no more"):
        lists.one("account-0", "firms", made[0].job)
    assert lists.one("account-4", "firms", made[4].job) is made[4]
    for account, product in (("account-3", "firms"), ("account-4", "others")):
        with pytest.raises(Absent):
            lists.one(account, product, made[4].job)
    async with asyncio.timeout(5):
        while lists.waits(made[4].job):
            await asyncio.sleep(0.01)
    with lists.coming(), lists.coming(), lists.coming(), lists.coming(), pytest.raises(Conflict), lists.coming():
        pass
    with pytest.raises(InvalidInput):
        lists.hold("account", "firms", {}, {}, "a\nb")


async def begun(connector, firms, monkeypatch, asked):
    """Hold a list for which an agreement stands, answered by `asked`; returns it."""
    firms.agreement = agreed(connector)
    monkeypatch.setattr(connector.fitting, "ask_of", asked)
    return connector.held_lists.hold("tries", "firms-fit", {"": KEYS}, {"key": "firm", "purpose": ""})


async def test_what_is_tried_counts_against_the_budget_while_it_runs_and_after(connector, firms, monkeypatch):
    budgeted(connector, monkeypatch, 2500)
    answer = asyncio.Event()

    async def asked(*_about, **_more):
        await answer.wait()

    one = await begun(connector, firms, monkeypatch, asked)
    await connector.trials.begin(one, 1000)
    await connector.trials.begin(one, 1000)
    assert (await connector.budget.page())["begun"] == "1000", "once"
    other = connector.held_lists.hold("another", "firms-fit", {"": KEYS}, {})
    await connector.trials.begin(other, 1000)
    third = connector.held_lists.hold("third", "firms-fit", {"": KEYS}, {})
    with pytest.raises(PaymentRefused, match=r"may cost 10.00, and 5.00 .* beside 20.00 for what is being bought"):
        await connector.trials.begin(third, 1000)
    assert connector.trials.seen(third.job) is None
    answer.set()
    async with asyncio.timeout(5):
        while connector.trials.seen(other.job).state != TrialState.ANSWERED:
            await asyncio.sleep(0.01)
    assert (await connector.budget.page())["begun"] == "0"
    await answered_(connector, firms.agreement, one.job)
    assert {name: (await connector.budget.page())[name] for name in ("spent", "begun", "left")} == {
        "spent": "1000", "begun": "0", "left": "1500",
    }  # fmt: skip


async def answered_(connector, deal, job):
    """Put an agreement and an answer under it, one of this month and one of long ago, as they are kept."""
    now = connector.clock.now()

    def put(tx):
        tx.insert(deal)
        for name, at in ((job, now), ("long-ago", now.replace(year=now.year - 1))):
            told = {"agreement": deal.digest, "statement": "coverage: 300 keys", "purpose": "", "units": 1}
            tx.insert(AnswerRow(job=name, answer=b"{}", created=at, ended=at, **told))

    await connector.store.write(put)


async def test_a_price_that_is_another_by_now_is_not_paid_and_a_fault_is_told(connector, buyer, firms, monkeypatch):
    async def asked(*_about, **_more):
        raise Conflict("`x` is another statement", "choose another id")

    firms.price = 2000
    one = await begun(connector, firms, monkeypatch, asked)
    with pytest.raises(PurchaseRefused, match="another one by now"):
        await connector.trials.begin(one, 1000)
    await connector.trials.begin(one, 2000)
    async with asyncio.timeout(5):
        while connector.trials.seen(one.job).state != TrialState.FAILED:
            await asyncio.sleep(0.01)
    page = await buyer.open(f"trials/{one.job}")
    for words in ("The list could not be tried", "is another statement", f"trial?job={one.job}"):
        assert words in page.text, words
    chinese = await buyer.open(f"trials/{one.job}", params={"lang": "zh"})
    assert "名单未能试用" in chinese.text
    await buyer.open("overview", params={"lang": "en"})


async def test_a_long_list_of_which_a_part_may_lack_says_so(connector, buyer, firms):
    deal, now = agreed(connector, "0e" * 32), connector.clock.now()
    rows = {"few": 9_999, "many": 18_000}
    kept = {
        job: {"rows": [["", "", keys, keys // 2, keys // 3, keys], ["", "revenue", keys, keys // 4, 0, keys]]}
        for job, keys in rows.items()
    }

    def put(tx):
        tx.insert(deal)
        about = {"agreement": deal.digest, "statement": "coverage: …", "purpose": "", "created": now, "ended": now}
        for job, told in kept.items():
            tx.insert(AnswerRow(job=job, answer=orjson.dumps(told), receipt={"answer": "00" * 32}, **about))

    await connector.store.write(put)
    few, many = [await buyer.open(f"trials/{job}") for job in rows]
    for page, keys in ((few, "9,999"), (many, "18,000")):
        for words in (
            f"50 % of your {keys} keys are covered",
            "Covered, and with revenue",
            "25 % (between 0 and 100 %)",
        ):
            assert words in page.text, words
    assert ("Has your list more keys" in few.text, "Has your list more keys" in many.text) == (False, True)
    record = await buyer.open(f"computations/{deal.digest}@many")
    assert "50 % of your 18,000 keys are covered" in record.text


async def test_ages_that_are_beyond_what_was_asked_or_of_too_few_are_said_so(connector, buyer):
    fresh = {"fresh": {"column": "updated", "days": ["30", "90"]}, "filled": []}
    aged = terms() | {"gate": TERMS["gate"] | {"coverage": TERMS["gate"]["coverage"] | fresh}}
    deal, now = replace_row(agreed(connector, "0f" * 32), terms=aged), connector.clock.now()
    told = {
        "older": [400, 380, 420, [20, 10, 30], [60, 40, 80]],
        "unsure": [400, 100, 700, [150, 10, 300], [250, 40, 500]],
        "nobody": [2, 0, 9, [1, 0, 2], [1, 0, 2]],
    }

    def put(tx):
        tx.insert(deal)
        about = {"agreement": deal.digest, "statement": "coverage: …", "purpose": "", "created": now, "ended": now}
        for job, (covered, low, high, *ages) in told.items():
            rows = [["", "", 1000, covered, low, high, None]]
            rows += [["", "updated", 1000, *one, days] for one, days in zip(ages, (30, 90), strict=True)]
            answer = orjson.dumps({"rows": rows, "sealed": "2026-11-30"})
            tx.insert(AnswerRow(job=job, answer=answer, receipt={"answer": "00" * 32}, **about))

    await connector.store.write(put)
    older, unsure, nobody = [await buyer.open(f"trials/{job}") for job in told]
    assert "40 % of your 1,000 keys are covered, median age more than 90 days<" in older.text
    assert "The median age is more than 90 days, counted on 2026-11-30" in older.text
    assert "Of those covered, updated of at most 30 days" in older.text
    assert "median age 60 days" in unsure.text
    assert "The median age is more than 0 days" in unsure.text
    assert "Too few are covered to say how old updated is." in nobody.text
    assert "median" not in nobody.text


async def test_so_many_are_tried_at_once(connector, firms, monkeypatch):
    never = asyncio.Event()

    async def asked(*_about, **_more):
        await never.wait()

    lists = [await begun(connector, firms, monkeypatch, asked) for _ in range(trials.RUNNING_MAX + 1)]
    lists = [replace(one, account=str(at)) for at, one in enumerate(lists)]
    for one in lists[:-1]:
        await connector.trials.begin(one, 1000)
    with pytest.raises(Conflict, match="4 lists are being tried"):
        await connector.trials.begin(lists[-1], 1000)
    await connector.trials.close()
    await connector.trials.begin(lists[-1], 1000)
    await connector.trials.close()


async def test_the_form_says_both_languages(enter, firms):
    chinese = await enter("tries-zh", ("buyer",), language="zh")
    page = await chinese.open(FORM)
    for words in ("用您自己的名单试用", "键所在的列", "每次回答的价格"):
        assert words in page.text, words
