"""Each role to the end, in both languages, with a product of own data: sent, published, listed, bought, audited.

Law: what is clicked and read is found by role, label and the words of the console's tables, never by where it stands.
The tests of a language go on where the one before left off; the provider begins to keep false books before its first
sale here, so they come after the stories in which an audit is clean.
"""

from __future__ import annotations

import asyncio
import json
import random
import re

import pytest
from axe_playwright_python.async_playwright import Axe

from connector.compute.program import digest_of
from connector.demo.story import PRODUCT_A, PRODUCT_C
from contracts import assent as assents
from tests.browser.demo import BROUGHT, OPENED
from tests.browser.false_books import FALSE
from tests.browser.hand import Words, picture, purpose
from tests.compute import programs

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.parametrize(("lang", "locale"), [("en", "en-US"), ("zh", "zh-CN")], scope="session"),
]

MEANT = {"en": "Harbour gauges", "zh": "潮位站"}
WAIT_SECONDS = 60
ROWS = 120_000
# what a reviewer says of a program besides which one it is
ASSENTED = {
    "product": "planes", "statement": "select seats from planes", "tells": "mean:0:500",
    "until": "2099-06-30T00:00:00Z", "why": "a mean says nothing of one plane",
    "buyer": "did:web:buyer.example", "provider": "did:web:provider.example",
}  # fmt: skip
# what an order says of itself before anything of it is here
NOTHING_YET = "0 of 0 pieces"
# from what was found to an order that runs
BUYING_CLICKS_MAX = 4
# from a product's page to a purchase that names its trial, beside the choice of a file and the button that asks
TRYING_CLICKS = 3


def table(lang, what):
    """Some three megabytes of data of our own, the same whenever it is asked for."""
    drawn = random.Random(f"{lang} {what}")  # no secret
    lines = [f"{what}{number % 7},{drawn.randint(0, 10**9)},{drawn.random():.6f}" for number in range(ROWS)]
    return "\n".join(["gauge,seen,level", *lines, ""]).encode()


def titled(lang, how):
    return f"{MEANT[lang]} ({how})"


async def described(words, title):
    """Fill in the form of a product whose files are chosen, look at the preview, publish it, and wait."""
    page = words.page
    await words.fill("column.title", title)
    await words.fill("publish.price", "1.00")
    await words.choose("publish.purpose", await purpose(page))
    await words.fill("publish.until", "2099-12-31")
    await words.click("button", "publish.look")
    await words.sees("publish.preview")
    assert "gauge" in await page.inner_text("main")
    await words.click("button", "publish.button")
    async with asyncio.timeout(WAIT_SECONDS):
        while words("state.submitted") not in await page.inner_text("main"):
            await page.wait_for_timeout(500)
            await page.reload()


async def test_a_provider_publishes_a_file_that_it_sends(desks, tmp_path_factory, lang, locale):
    desk = desks["provider"]
    file = tmp_path_factory.mktemp("own") / f"gauges-{lang}.csv"
    file.write_bytes(table(lang, "sent"))
    async with desk.page(locale=locale) as page:
        words = Words(page, lang)
        await page.goto(desk.base)
        await words.click("link", "publish.title")
        await page.get_by_label(words("upload.files")).set_input_files(file)
        await words.click("button", "upload.button")
        chosen = page.get_by_role("checkbox", name=file.name)
        await page.wait_for_url("**/publish?files=*")
        assert await chosen.is_checked()
        if lang == "en":
            await picture(page, "sending")
        await described(words, titled(lang, "sent"))
    assert desk.said == []


async def test_a_provider_publishes_from_a_folder_that_it_chooses(desks, lang, locale):
    desk = desks["provider"]
    place = desk.data.parent / BROUGHT / lang
    place.mkdir()
    (place / f"folder-{lang}.csv").write_bytes(table(lang, "folder"))
    async with desk.page(locale=locale) as page:
        words = Words(page, lang)
        await page.goto(desk.base + "/publish")
        await words.click("link", "publish-folders.title")
        for name in (str(desk.data.parent), BROUGHT, lang):
            await page.get_by_role("link", name=name, exact=True).click()
        await words.click("button", "publish-folders.button")
        await page.get_by_role("checkbox", name=f"folder-{lang}.csv").check()
        await described(words, titled(lang, "folder"))
    assert desk.said == []


async def test_an_upload_that_is_too_large_is_refused_in_words(desks, tmp_path_factory, lang, locale):
    desk = desks["provider"]
    file = tmp_path_factory.mktemp("large") / "large.bin"
    file.write_bytes(bytes(2_000_000))
    for script in (True, False):
        async with desk.page(locale=locale, java_script_enabled=script) as page:
            words = Words(page, lang)
            await page.goto(desk.base + "/publish")
            if script:
                await page.evaluate("document.querySelector('form[data-upload]').dataset.upload = '1000000'")
                await page.get_by_label(words("upload.files")).set_input_files(file)
                await words.click("button", "upload.button")
                await words.sees("upload.large")
            else:
                assert await page.get_by_label(words("upload.files")).is_visible()
    assert desk.said == []


async def test_an_exchange_reviews_and_lists_it(desks, lang, locale):
    desk = desks["exchange"]
    for how in ("sent", "folder"):
        async with desk.page(locale=locale) as page:
            words = Words(page, lang)
            await page.goto(desk.base + "/listings?state=submitted")
            await page.get_by_role("link", name=titled(lang, how)).click()
            await words.click("button", "listing.review")
            await words.sees("state.listed", WAIT_SECONDS)
    assert desk.said == []


async def test_a_buyer_buys_watches_and_opens_it(desks, lang, locale):
    (desks["provider"].data / FALSE).touch()
    desk, title, asked = desks["buyer"], titled(lang, "sent"), []
    async with desk.page(locale=locale) as page:
        words = Words(page, lang)
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(desk.base + "/search")
        await words.fill("search.label", MEANT[lang])
        await words.click("button", "search.button")
        words.do.count = 0
        await words.do.on("link", title)
        await words.click("link", "product.quote")
        if lang == "en":
            await picture(page, "buying")
        await words.choose("quote.purpose", await purpose(page))
        await words.click("button", "quote.button")
        assert words.do.count <= BUYING_CLICKS_MAX
        assert re.search(r"/acquisitions/console-[0-9a-f]+$", page.url)
        async with asyncio.timeout(WAIT_SECONDS):  # it changes by itself: nobody loads the page again
            while NOTHING_YET in await page.inner_text("main"):
                await page.wait_for_timeout(50)
        if lang == "en":
            await picture(page, "order")
        await words.sees("acquisition.done", WAIT_SECONDS)
        assert [url for url in asked if url.endswith("/live")], "it was watched live"
        await words.click("link", "acquisition.agreement")
        await words.choose("quote.purpose", await purpose(page))
        await words.click("button", "agreement.openit")
        async with asyncio.timeout(WAIT_SECONDS):
            while not (found := list((desk.data.parent / OPENED).rglob(f"gauges-{lang}.csv"))):
                await page.wait_for_timeout(200)
        await page.reload()
        assert f"gauges-{lang}.csv" in await page.inner_text("main")
        assert [path.read_bytes() for path in found] == [table(lang, "sent")]
    assert desk.said == []


async def anchored(desks, lang, locale):
    """Have every head anchored by an act of the console: what is later is not seen yet, and accuses nobody."""
    for desk in desks.values():
        async with desk.page(locale=locale) as page:
            words = Words(page, lang)
            await page.goto(desk.base + "/acts/log-anchor")
            await words.click("button", "acts.look")
            await words.click("button", "acts.do")
            await page.wait_for_url(lambda url: "preview" not in url, timeout=1_000 * WAIT_SECONDS)
            assert page.url.endswith("/acts?done=log-anchor"), await page.inner_text("main")


async def test_a_regulator_audits_reads_what_is_wrong_proves_and_exports_it(desks, lang, locale):
    await anchored(desks, lang, locale)
    desk = desks["regulator"]
    async with desks["buyer"].page() as page:
        rows = (await (await page.request.get(desks["buyer"].base + "/agreements.json")).json())["rows"]
        [digest] = [row["digest"] for row in rows if row["title"] == titled(lang, "sent")]
    async with desk.page(locale=locale) as page:
        words = Words(page, lang)
        await page.goto(desk.base)
        await words.click("link", "findings.title")
        await words.click("button", "findings.audit")
        await words.sees("findings.running")
        async with asyncio.timeout(WAIT_SECONDS):
            while words("findings.running") in await page.inner_text("main"):
                await page.wait_for_timeout(500)
                await page.reload()
        assert words("findings.found") in (said := await page.inner_text("main")), said
        cause = page.locator("details", has=page.locator("summary", has_text="amount-differs-from-tariff"))
        assert await cause.count() == 1, "one cause, however many findings"
        assert await cause.get_attribute("open") is not None
        assert words("findings.check") in await cause.inner_text()
        if lang == "en":
            await picture(page, "regulator")
        await cause.get_by_role("link", name=words("timeline.proof")).first.click()
        await words.sees("proof.holds")
        assert "keys.released" in await page.inner_text("main")
        await page.goto(desk.base + "/timeline/" + digest)
        await words.click("link", "export.title")
        async with page.expect_download() as download:
            await page.get_by_role("link", name=words("export.button")).click()
        said = json.loads(await asyncio.to_thread((await (await download.value).path()).read_bytes))
        assert said["view"]["agreement"] == digest
        assert len(said["view"]["proofs"]) > len(said["view"]["unproven"])
        assert said["signature"]
    assert desk.said == []


async def test_a_reviewer_assents_to_a_program_that_was_sent(desks, tmp_path_factory, lang, locale):
    """The program is sent and its digest shown; after the button the assent is a page, and the file for its buyer."""
    desk, code = desks["regulator"], programs.MEAN + f";; {lang}\n".encode()
    file = tmp_path_factory.mktemp("program") / f"mean-{lang}.wat"
    file.write_bytes(code)
    async with desk.page(locale=locale) as page:
        words = Words(page, lang)
        await page.goto(desk.base + "/acts/program-assent")
        await page.locator("input[type=file]").set_input_files(file)
        await words.click("button", "upload.button")
        for name, text in ASSENTED.items():
            await page.locator(f"form.sheet [name={name}]").fill(text)
        await words.click("button", "acts.look")
        assert digest_of(code) in await page.locator("main section").first.inner_text()
        found = await Axe().run(page)
        assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
        await words.click("button", "acts.do")
        await words.sees("assent.signature")
        answer = await page.request.get(page.url + ".json")
        assert assents.read(await answer.body()).assent.program == digest_of(code)
        await page.goto(desk.base + "/assents")
        await words.sees("state.good")
    assert desk.said == []


async def test_a_buyer_tries_a_list_of_its_own_and_goes_on_to_buy(desks, lang, locale):
    """From the product's page: a list is sent, its price read, a button asks, and the trial leads to a purchase."""
    desk = desks["buyer"]
    async with desk.page(locale=locale) as page:
        words = Words(page, lang)
        await page.goto(f"{desk.base}/catalogue/{PRODUCT_C}")
        await words.click("link", "product.try")
        await page.locator("input[type=file]").set_input_files(desk.data.parent / "own-planes.csv")
        await words.fill("trial.key", "tailnum")
        await words.fill("trial.for", PRODUCT_A)
        await words.click("button", "trial.send")
        await words.sees("trial.look")
        for look in ("trial.agreed", "trial.other"):
            await words.sees(look)
        await looked_at(page)
        await page.locator(f"form[action$='/{PRODUCT_C}/trial'] button").click()
        await words.sees("coverage.estimates", seconds=WAIT_SECONDS)
        text = await page.locator("#answer").inner_text()
        assert re.search(r"(4[5-9]|5[0-5]) %", text), text
        await looked_at(page)
        if lang == "en":
            await picture(page, "trial")
        await words.click("link", "tried.buy", product=PRODUCT_A)
        await words.sees("quote.tried")
        assert words.do.count == TRYING_CLICKS
    assert desk.said == []


async def looked_at(page):
    found = await Axe().run(page)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
