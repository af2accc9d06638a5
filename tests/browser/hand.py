"""What a person does with a page: clicks that are counted, fields found by their words in either language, pictures."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Error

from connector.console import language
from connector.demo.story import LAWFUL

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "console"
PICTURE_BYTES_MAX = 150_000
CUTS = (0, 100, 200, 300)
# a loaded machine draws a page in a quarter of a minute now and then
PICTURE_MS = 60_000


class Clicks:
    """Counts what a person does on a page besides typing."""

    def __init__(self, page):
        self.page, self.count = page, 0

    async def on(self, role, name, *, exact=False):
        self.count += 1
        await self.page.get_by_role(role, name=name, exact=exact).first.click()
        await self.page.wait_for_load_state()


async def picture(page, name):
    """Keep what docs/ show: no larger than a reader likes to load, so that of a full page the end may lack."""
    PICTURES.mkdir(exist_ok=True)
    path, seen = PICTURES / f"{name}.png", page.viewport_size
    for height in (seen["height"] - cut for cut in CUTS):
        clip = {"x": 0, "y": 0, **seen, "height": height}
        await _taken(page, path, clip)
        if path.stat().st_size <= PICTURE_BYTES_MAX:
            return
    raise AssertionError(f"{path} has more than {PICTURE_BYTES_MAX} bytes")


async def _taken(page, path, clip):
    """Take a picture; a browser that hangs over it, or whose page is just coming anew, is asked once more."""
    told = {"path": path, "timeout": PICTURE_MS, "animations": "disabled", "clip": clip}
    try:
        await page.screenshot(**told)
    except Error:
        await page.bring_to_front()
        await page.screenshot(**told)


async def purpose(page):
    """Return the value of the purpose that the demo's policy permits."""
    options = await page.locator("select[name=purpose] option").evaluate_all("all => all.map(one => one.value)")
    return next(one for one in options if one.endswith("#" + LAWFUL))


class Words:
    """The console's words in one language, and the fields and buttons that bear them."""

    def __init__(self, page, lang):
        self.page, self.lang = page, lang
        self.do = Clicks(page)

    def __call__(self, key, **values):
        return language.say(self.lang, key, **values)

    async def click(self, role, key, **values):
        await self.do.on(role, self(key, **values), exact=True)

    async def fill(self, key, text):
        await self.page.get_by_label(self(key)).first.fill(text)

    async def choose(self, key, value):
        await self.page.get_by_label(self(key)).first.select_option(value=value)

    async def sees(self, key, seconds=15, **values):
        await self.page.get_by_text(self(key, **values)).first.wait_for(timeout=1_000 * seconds)
