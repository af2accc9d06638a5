"""The console in a real Chromium on the demo's data: each role's main story, every page accessible, narrow and dark.

Run by `make test-browser`; not collected otherwise, because it needs the package chromium.
"""

from __future__ import annotations

import re
from contextlib import asynccontextmanager

import pytest
from axe_playwright_python.async_playwright import Axe

from connector.console.pages import PAGES
from connector.demo.story import PRODUCT_A, PRODUCT_C
from tests.browser.demo import NARROW, ROLES
from tests.browser.hand import Clicks, picture, purpose

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLICKS_MAX = 5
# the page of each declared act; they are alike
ACT = "act"
LOOKS = ("light", "dark")
LANGUAGES = ("en-US", "zh-CN")


async def test_a_provider_sees_who_holds_what_and_what_it_earned(desks):
    async with desks["provider"].page() as page:
        do = Clicks(page)
        await page.goto(desks["provider"].base)
        await do.on("link", "Products")
        await do.on("link", "New York flights 2013")
        assert "Tailwind Research" in await page.inner_text("main")
        await do.on("link", "Earnings")
        await page.locator("svg.plot").wait_for()
        await picture(page, "provider")
        assert do.count <= CLICKS_MAX
    assert desks["provider"].said == []


async def test_who_asks_and_who_answers_see_what_was_computed(desks):
    for role in ("provider", "buyer"):
        async with desks[role].page() as page:
            await page.goto(desks[role].base)
            await Clicks(page).on("link", "Computations")
            text = await page.inner_text("main")
            assert "select manufacturer, count(*)" in text
            assert "coverage: " in text
            assert "answered" in text
        assert desks[role].said == []


async def test_a_buyer_asks_data_that_stay_and_sees_the_answer(desks):
    """From the agreement's page: the price first, then the cells; loaded again it is answered from what is kept."""
    async with desks["buyer"].page() as page:
        do = Clicks(page)
        answer = await page.request.get(desks["buyer"].base + "/agreements.json")
        [digest] = [row["digest"] for row in (await answer.json())["rows"] if row["product"] == PRODUCT_C]
        await page.goto(f"{desks['buyer'].base}/agreements/{digest}")
        await do.on("link", "Ask these data, which stay where they are")
        statement = "select manufacturer, count(*) as planes from planes group by manufacturer order by planes desc"
        await page.get_by_label("Statement").fill(statement)
        await do.on("button", "Show what would be done")
        assert re.search(r"pay \d+\.\d\d CNY for an answer of", await page.inner_text("main"))
        await do.on("button", "Do it")
        await page.locator("#answer table").wait_for()
        cells = await page.locator("#answer tbody tr td").all_inner_texts()
        assert "BOEING" in cells
        found = await Axe().run(page)
        assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
        await picture(page, "answer")
        assert do.count <= CLICKS_MAX
    assert desks["buyer"].said == []


async def test_a_regulator_sees_that_an_answer_was_signed_and_received(desks):
    async with desks["buyer"].page() as page:
        answer = await page.request.get(desks["buyer"].base + "/agreements.json")
        [digest] = [row["digest"] for row in (await answer.json())["rows"] if row["product"] == PRODUCT_C]
    async with desks["regulator"].page() as page:
        do = Clicks(page)
        await page.goto(desks["regulator"].base + "/lookup")
        await page.get_by_label("Any id").fill(digest)
        await do.on("button", "What is it?")
        await do.on("link", "What happened under it")
        text = await page.inner_text("main")
        for words in ("computation.started", "computation.ended", "answer.received"):
            assert words in text
        assert do.count <= CLICKS_MAX
    assert desks["regulator"].said == []


async def test_an_exchange_suspends_a_listing_and_lists_it_again(desks):
    async with desks["exchange"].page() as page:
        do = Clicks(page)
        await page.goto(desks["exchange"].base + "/listings?state=listed")
        await do.on("link", "New York weather 2013")
        await page.get_by_label("Why, in words").fill("to try it")
        await do.on("button", "Suspend")
        await page.get_by_text("to try it").wait_for()
        await page.get_by_label("Why, in words").fill("tried")
        await do.on("button", "List again")
        await do.on("link", "Indicators")
        await picture(page, "exchange")
        assert do.count <= CLICKS_MAX
    assert desks["exchange"].said == []


async def test_a_regulator_looks_an_agreement_up_and_audits(desks):
    async with desks["buyer"].page() as page:
        answer = await page.request.get(desks["buyer"].base + "/agreements.json")
        rows = (await answer.json())["rows"]
        digest = [row["digest"] for row in rows if row["product"] == PRODUCT_A][-1]  # of the demo, and anchored
    async with desks["regulator"].page() as page:
        do = Clicks(page)
        await page.goto(desks["regulator"].base + "/lookup")
        await page.get_by_label("Any id").fill("0x" + digest.upper())
        await do.on("button", "What is it?")
        await do.on("link", "What happened under it")
        text = await page.inner_text("main")
        for words in ("agreement.signed", "LicenceGranted", "keys.released", "Claimed"):
            assert words in text
        await do.on("link", "Findings")
        await do.on("button", "Audit now")
        for _ in range(120):
            await page.wait_for_timeout(1_000)
            await page.reload()
            if "An audit is running" not in await page.inner_text("main"):
                break
        assert "Clean: the books agree." in await page.inner_text("main")
        assert do.count <= CLICKS_MAX
    assert desks["regulator"].said == []


async def test_a_buyer_finds_and_buys(desks):
    async with desks["buyer"].page() as page:
        do = Clicks(page)
        await page.goto(desks["buyer"].base + "/search")
        await page.get_by_label("Words of a title").fill("flights")
        await do.on("button", "Find")
        await picture(page, "search")
        await do.on("link", "New York flights 2013")
        await picture(page, "product")
        assert "5.00 CNY per MiB" in await page.inner_text("main")
        await do.on("link", "Buy this product")
        await page.get_by_label("Most to agree to").fill("5.00")
        await page.get_by_label("What you will use it for").select_option(value=await purpose(page))
        await do.on("button", "Buy it")
        await page.get_by_text("It is here.").wait_for(timeout=60_000)
        await do.on("link", "See the agreement")
        assert "by provider and buyer" in await page.inner_text("main")
        assert do.count <= CLICKS_MAX
        await page.goto(desks["buyer"].base + "/overview")
        await page.locator("svg.plot").wait_for()
        await picture(page, "overview")
        await page.goto(desks["buyer"].base + "/wallet")
        await page.locator("table").first.wait_for()
        await picture(page, "wallet")
    async with desks["buyer"].page(viewport=NARROW, locale="zh-CN") as page:
        await page.goto(desks["buyer"].base + "/overview")
        await picture(page, "narrow")
    assert desks["buyer"].said == []


async def addresses(page, desk):
    """Every page of a role: those with an address of their own, and one of each kind that they lead to."""
    found = {f"{desk.base}{one.path}": one.name for one in PAGES if "{" not in one.path and desk.role in one.roles}
    found = {url: name for url, name in found.items() if name != ACT}
    for url in list(found):
        await page.goto(url)
        links = await page.locator("main a").evaluate_all("all => all.map(one => one.href.split('?')[0])")
        for link in links:
            below = link.removeprefix(desk.base)
            name = next((one.name for one in PAGES if "{" in one.path and same(one.path, below)), None)
            if name and name not in found.values():
                found[link] = name
    return found


def same(pattern, path):
    return re.fullmatch(re.sub(r"\{[^{}]*\}", "[^/]+", pattern), path) is not None


@pytest.mark.parametrize("role", ROLES)
async def test_every_page_is_accessible_and_fits(desks, role):
    """By axe in light and dark, both languages; at 360 pixels nothing is wider than the page; no complaint."""
    desk, axe, wrong = desks[role], Axe(), []
    async with desk.page() as page:
        pages = await addresses(page, desk)
    assert len(pages) >= 6
    for look, locale in zip(LOOKS, LANGUAGES, strict=True):
        async with desk.page(color_scheme=look, locale=locale, viewport=NARROW) as page:
            for url, name in pages.items():
                await page.goto(url)
                found = await axe.run(page)
                wrong += [(name, look, one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]]
                wide = await page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                if wide > 0:
                    wrong.append((name, look, f"{wide} px too wide"))
    assert not wrong
    assert desk.said == []


async def test_the_keyboard_is_enough(desks):
    async with desks["buyer"].page() as page:
        await page.goto(desks["buyer"].base + "/search")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.name") == "q"
        await page.keyboard.type("weather")
        await page.keyboard.press("Enter")
        await page.get_by_text("products found").wait_for()


async def test_the_menu_folds_where_there_is_little_room(desks):
    async with desks["buyer"].page(viewport=NARROW) as page:
        await page.goto(desks["buyer"].base)
        entry = page.get_by_role("link", name="Agreements", exact=True)
        assert not await entry.is_visible()
        await page.get_by_role("checkbox", name="Menu").check()
        await entry.click()
        assert page.url.endswith("/agreements")
        assert not await page.get_by_role("link", name="Bills", exact=True).is_visible()


async def test_without_script_all_is_there(desks):
    async with desks["buyer"].page(java_script_enabled=False) as page:
        await page.goto(desks["buyer"].base + "/acquisitions")
        await page.get_by_role("link", name=PRODUCT_A).first.click()
        assert "CNY" in await page.inner_text("main")


async def test_a_session_that_is_over_leads_back_after_signing_in(desks):
    desk = desks["buyer"]
    async with desk.page(storage_state=None) as page:
        await page.goto(desk.base + "/replicas")
        assert "/sign-in?next=" in page.url


async def test_a_provider_publishes_what_it_has_looked_at(desks):
    async with desks["provider"].page() as page:
        do = Clicks(page)
        await page.goto(desks["provider"].base)
        await do.on("link", "Publish data")
        await do.on("checkbox", "weather")
        for label, text in (("Title", "Weather by hand"), ("Price asked", "2.50"), ("Until the end of", "2099-12-31")):
            await page.get_by_label(label).first.fill(text)
        await do.on("button", "Preview")
        preview = await page.inner_text("main")
        assert "2.50 CNY per MiB" in preview
        assert "humid" in preview
        await picture(page, "publishing")
        await do.on("button", "Publish it")
        for _ in range(60):
            if "submitted" in await page.inner_text("main"):
                break
            await page.wait_for_timeout(500)
            await page.reload()
        assert "submitted" in await page.inner_text("main")
        assert do.count <= CLICKS_MAX
    assert desks["provider"].said == []


async def test_a_wrong_amount_is_refused_in_words_and_nothing_is_bought(desks):
    desk = desks["buyer"]
    for locale, said in (("en-US", "What you filled in makes no sense as it is."), ("zh-CN", "填写的内容不符合要求。")):
        async with alone(desk, locale=locale) as page:
            await page.goto(f"{desk.base}/catalogue/{PRODUCT_A}/quote")
            await page.locator("input[name=limit]").fill("a lot")
            await page.locator("main form button").click()
            text = await page.inner_text("main")
            assert said in text
            assert "`a lot`, which is no amount" in text


async def test_two_at_once_do_a_thing_once(desks):
    desk = desks["exchange"]
    async with alone(desk) as one, alone(desk) as other:
        for page in (one, other):
            await page.goto(desk.base + "/listings?state=listed")
            await page.get_by_role("link", name="New York weather 2013").click()
            await page.get_by_label("Why, in words").fill("both of us")
        await one.get_by_role("button", name="Suspend").click()
        await one.get_by_text("both of us").wait_for()
        await other.get_by_role("button", name="Suspend").click()
        assert "Look at the list: perhaps it moved meanwhile." in await other.inner_text("main")
        await one.get_by_label("Why, in words").fill("done")
        await one.get_by_role("button", name="List again").click()


@asynccontextmanager
async def alone(desk, **options):
    """Open a tab of somebody who has signed in, whose refusals are expected."""
    context = await desk.machine.new_context(**{"locale": "en-US", "storage_state": desk.kept, **options})
    page = await context.new_page()
    page.set_default_timeout(15_000)
    yield page
    await context.close()
