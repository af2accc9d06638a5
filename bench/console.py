"""Fifty people on two consoles while data move between the participants that serve them: how long a page takes.

`python -m bench.console [--users 50] [--seconds 30]`

A buyer and a provider are each a process of their own. The buyer gets a product again and again, sealed and paid window
by window, for as long as the people look. Each person has signed in, looks at one page after the other of a console
and thinks for a second in between; half of them are at the provider's. A page counts from the request to its last byte.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import uvloop

from bench import report
from bench.purchase import COMPLETE, LIMIT, PURPOSE
from bench.single import fill
from bench.space import machine, space, workshop
from connector.console.page import PREFIX

if TYPE_CHECKING:
    from pathlib import Path

    from bench.space import Space

USERS, SECONDS = 50, 30
THINKS_SECONDS = 1.0
MIB = 1 << 20
SIZE = 256 * MIB
PRODUCT, ACCOUNT = "looked-at", "looker"
# what people look at, by the role of the participant whose console it is
PAGES = {
    "provider": ("overview", "products", f"products/{PRODUCT}", "agreements", "earnings", "bills", "evidence"),
    "buyer": ("overview", "search?q=bench", f"catalogue/{PRODUCT}", "acquisitions", "agreements", "spending"),
}
TARGETS = {"page while data move, p99": {"at_most": 300.0}}


async def look(
    session: aiohttp.ClientSession, base: str, pages: tuple[str, ...], number: int, until: float
) -> list[float]:
    """Look at one page after the other until the end; return the milliseconds of each."""
    taken = []
    await asyncio.sleep(THINKS_SECONDS * number / USERS)  # nobody begins with everybody else
    for path in itertools.islice(itertools.cycle(pages), number, None):
        begun = time.perf_counter()
        if begun > until:
            return taken
        async with session.get(f"{base}/{path}", headers={"Accept": "text/html"}) as answer:
            await answer.read()
            assert answer.status == 200, f"{path}: {answer.status}"
        taken.append(1000 * (time.perf_counter() - begun))
        await asyncio.sleep(THINKS_SECONDS)
    raise AssertionError("a cycle has no end")


async def enter(made: Space, role: str) -> tuple[str, aiohttp.ClientSession]:
    """Sign in once; fifty people of one account are fifty requests all the same."""
    url = (await made.call(role, "POST", f"accounts/{ACCOUNT}/link", {}))["url"]
    session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), connector=aiohttp.TCPConnector(limit=0))
    async with session.get(url) as answer:
        assert answer.status == 200, answer.status
    return url.split(PREFIX, 1)[0] + PREFIX, session


async def moving(made: Space, moved: list[int]) -> None:
    """Get the product again and again; count the bytes of each time that it was there."""
    for number in itertools.count():
        key = f"{PRODUCT}-{number}"
        mandate = {"limit": LIMIT, "purpose": PURPOSE}
        await made.call("buyer", "POST", "acquisitions", {"id": key, "product": PRODUCT, "mandate": mandate})
        await made.reach(key, COMPLETE)
        moved.append(SIZE)


async def measure(folder: Path, users: int, seconds: float) -> dict[str, Any]:
    """Return the figures of pages, with data moving and without."""
    async with space(folder) as made:
        fill(folder / "data.bin", SIZE)
        await made.offer(PRODUCT, [folder / "data.bin"])
        desks = {}
        for role in PAGES:
            await made.call(role, "POST", "accounts", {"name": ACCOUNT, "roles": [role], "operator": False})
            desks[role] = await enter(made, role)
        taken: dict[str, list[float]] = {}
        moved: list[int] = []
        for name in ("at rest", "while data move"):
            going = asyncio.create_task(moving(made, moved)) if name != "at rest" else None
            until = time.perf_counter() + seconds
            people = [
                look(desks[role][1], desks[role][0], PAGES[role], number, until)
                for number, role in zip(range(users), itertools.cycle(PAGES), strict=False)
            ]
            taken[name] = [one for each in await asyncio.gather(*people) for one in each]
            if going is not None:
                going.cancel()
                await asyncio.wait([going])
        for _, session in desks.values():
            await session.close()
    figures: dict[str, Any] = {"people": (users, ""), "data moved meanwhile": (sum(moved) / MIB, "MiB")}
    for name, values in taken.items():
        figures[f"pages {name}"] = (len(values), "")
        figures |= {f"page {name}, p{at}": (report.percentile(values, at), "ms") for at in (50, 99)}
    return figures


def main() -> None:
    """Measure, print, write bench/results/console.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.console")
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    told = parser.parse_args()
    print(machine())
    with workshop() as folder:
        rows = report.rows(uvloop.run(measure(folder, told.users, told.seconds)), TARGETS)
    print(report.table(rows))
    print("written to", report.write("console", rows))


if __name__ == "__main__":
    main()
