"""The demo, played and left running, with a real browser in front of each participant's console."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import asynccontextmanager
from functools import partial

import pytest
from playwright.async_api import async_playwright

from connector.demo import run
from tests.browser import false_books

SEED = 20130101
WIDE, NARROW = {"width": 1100, "height": 900}, {"width": 360, "height": 740}
# folders beside the participants': what a buyer opens, and what a provider would publish
OPENED, BROUGHT = "console-opened", "brought"
ROLES = ("provider", "buyer", "exchange", "regulator")


@asynccontextmanager
async def played(folder):
    """Play the demo as `penstock demo --keep` does; yields its cast while all four run."""
    casts, ready = [], asyncio.get_running_loop().create_future()

    async def journey(cast, *rest, play=run.journey):
        casts.append(cast)
        await play(cast, *rest)

    for name in (OPENED, BROUGHT):
        (folder / name).mkdir()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(run, "journey", journey)
        patched.setattr(run, "stage", partial(run.stage, commands={"provider": false_books.COMMAND}))
        patched.setenv("PENSTOCK_CONSOLE_OPENED", str(folder / OPENED))
        patched.setenv("PENSTOCK_CONSOLE_ROOTS", str(folder))
        show = lambda *_told: ready.set_result(None)  # noqa: E731
        kept = asyncio.create_task(run.run(keep=True, seed=SEED, folder=folder, say=print, show=show))
        try:
            await asyncio.wait([kept, ready], return_when=asyncio.FIRST_COMPLETED)
            if kept.done():
                await kept
            yield casts[0]
        finally:
            kept.cancel()
            await asyncio.wait([kept])


@asynccontextmanager
async def browser():
    """Start the Chromium of this machine."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "this needs the package chromium"
    async with async_playwright() as machine:
        started = await machine.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield started
        await started.close()


class Desk:
    """One participant's console in the browser; `kept` are the cookies of whoever has come in by the demo's link."""

    def __init__(self, machine, cast, role):
        self.machine, self.role = machine, role
        self.link = cast.notes["console " + role]
        self.base = self.link.split("/enter", 1)[0]
        self.kept, self.said = None, []
        self.data = getattr(cast, role).data

    async def enter(self):
        context = await self.machine.new_context()
        page = await context.new_page()
        await page.goto(self.link)
        self.kept = await context.storage_state()
        await context.close()

    @asynccontextmanager
    async def page(self, **options):
        """Open a tab of somebody who has signed in; what it complains of is kept in `said`."""
        told = {"viewport": WIDE, "locale": "en-US", "storage_state": self.kept, **options}
        context = await self.machine.new_context(**told)
        page = await context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: self.said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("response", lambda answer: self.said.append(answer.url) if answer.status >= 400 else None)
        page.on("request", lambda request: self._own(request.url))
        yield page
        await context.close()

    def _own(self, url):
        if not url.startswith(self.base):
            self.said.append(f"a page asked for {url}")
