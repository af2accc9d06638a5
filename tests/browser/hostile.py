"""What hostile sites and writers try at every form of every page; played last, for a form that is sent does things."""

from __future__ import annotations

import pytest

from tests.browser.demo import ROLES
from tests.browser.stories import addresses, alone

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("role", ROLES)
async def test_forms_of_other_sites_do_nothing(desks, role):
    """Every form of every page, sent with the reader's cookies and without the page's token."""
    desk, tried = desks[role], 0
    async with alone(desk) as page:
        for url in await addresses(page, desk):
            await page.goto(url)
            found = "all => all.map(one => [one.action, one.enctype, [...new FormData(one).keys()]])"
            for action, kind, names in await page.locator("form[method=post]").evaluate_all(found):
                told = {name: "x" for name in names if name != "form"}
                sent = {"multipart" if kind.startswith("multipart") else "form": told}
                answer = await page.request.post(action, max_redirects=0, **sent)
                assert answer.status == 403, (url, action)
                tried += 1
    assert tried


@pytest.mark.parametrize("role", ROLES)
async def test_markup_in_every_text_field_stays_text(desks, role):
    """What is written into each field of each form, and all that is shown after it, runs nothing."""
    desk, tried = desks[role], 0
    async with alone(desk) as page:
        pages = list(await addresses(page, desk))
        for url in pages:
            await page.goto(url)
            for at in range(await page.locator("main form").count()):
                await page.goto(url)
                form = page.locator("main form").nth(at)
                filled = await form.evaluate(FILLS, MARKUP)
                if filled:
                    async with page.expect_navigation():
                        await form.evaluate("form => HTMLFormElement.prototype.submit.call(form)")
                    assert await page.evaluate("window.hacked") is None, url
                tried += filled
        for url in pages:
            await page.goto(url)
            assert await page.evaluate("window.hacked") is None, url
    assert tried


MARKUP = "\"'><script>window.hacked=1</script><img src=x onerror=window.hacked=1>{{7*7}}"
FILLS = """(form, text) => {
  const others = "[type=hidden], [type=checkbox], [type=date], [type=file]";
  const fields = [...form.querySelectorAll(`input:not(${others}), textarea`)];
  for (const field of fields) field.value = text;
  return fields.length;
}"""
