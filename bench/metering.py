"""What metering costs: one pull with vouchers, keys and policy, and the same pull again with the keys already here.

`python -m bench.metering FOLDER serve --data DIR` is `penstock serve …` that begins to pull when FOLDER/gate is there.
When the last window is acknowledged it makes FOLDER/bought, and waits for ever while FOLDER/hold is there.

Law: each round is one purchase. First the buyer pulls and pays window by window until every key is bought. Then its
process is killed, its sealed bytes are taken away, and it is started again: keys are durable, so it fetches, verifies,
stores and opens every piece again and has nothing left to buy. The difference in CPU of both sides is what requests,
offers, vouchers, releases, masks, receipts, decisions and their evidence cost.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.gated import GATE, held, there
from bench.purchase import COMPLETE, Purchases
from bench.space import space, workshop
from bench.taken import GIB, figures, level
from connector.negotiation.engine import Engine
from connector.runtime.data_folder import SEALED

if TYPE_CHECKING:
    from bench.report import Figures
    from bench.taken import Taken

PRODUCT = "metered"
HOLD, BOUGHT = "hold", "bought"
METERED, UNMETERED = "with vouchers, keys and policy", "with the keys already here"
COST = "vouchers, keys and policy: CPU"


async def bought(folder: Path) -> None:
    """Say that every key is here, and wait for ever while we are to be held."""
    (folder / BOUGHT).touch()
    while (folder / HOLD).exists():  # another process takes it away, or kills this one
        await asyncio.sleep(1)


class Twice(Purchases):
    """Purchases whose bytes are fetched twice and whose keys are bought once."""

    async def twice(self, product: str) -> dict[str, Taken]:
        """Buy `product` once; return what it took with metering, and again without."""
        folder, buyer = self._gate.parent, self._made.people["buyer"]
        self._number += 1
        key = f"{product}-{self._number}"
        (folder / HOLD).touch()
        await self._ready(product, key, "sealed")
        taken = {METERED: await self._fetched(folder)}
        self.windows = (await self._made.call("buyer", "GET", f"acquisitions/{key}"))["progress"]["windows"]
        await buyer.kill()
        self._clear(expected=0)
        await buyer.start()
        taken[UNMETERED] = await self._fetched(folder)
        (folder / HOLD).unlink()
        self._gate.touch()
        view = await self._made.reach(key, COMPLETE)
        self._gate.unlink()
        assert view["progress"]["windows"] == self.windows, "something was bought again"
        self._clear(expected=0)
        return taken

    async def _fetched(self, folder: Path) -> Taken:
        """Open the gate and return what it took until every key is here."""
        level((self._made.people["provider"].data / SEALED).glob("*"))
        begun = self._begin()
        self._gate.touch()
        await there(folder / BOUGHT)
        taken = self._end(begun)
        self._gate.unlink()
        (folder / BOUGHT).unlink()
        return taken


async def measure(gib: float, rounds: int) -> Figures:
    """Return what metering costs, in percent of the CPU seconds of the same pull without it."""
    from bench.single import EXPOSURE, fill

    with workshop() as folder:
        source, size = folder / "source" / "data.bin", int(gib * GIB)
        fill(source, size)
        command = (sys.executable, "-m", "bench.metering", str(folder), "serve")
        async with space(folder, commands={"buyer": command}) as made:
            await made.offer(PRODUCT, [source], exposure=EXPOSURE)
            buy = Twice(made, size)
            each = [await buy.twice(PRODUCT) for _ in range(rounds)]
    taken = {name: [one[name] for one in each] for name in (METERED, UNMETERED)}
    spent = {name: statistics.median(one.server_cpu + one.client_cpu for one in them) for name, them in taken.items()}
    more = spent[METERED] - spent[UNMETERED]
    return {
        **figures(taken),
        COST: (100 * more / spent[UNMETERED], "%"),
        "a window: CPU of both sides": (1000 * more / buy.windows, "ms"),
        "windows paid in a transfer": (buy.windows, ""),
    }


def main() -> None:
    """Run the command line with its pulls held at both ends."""
    folder, sys.argv = Path(sys.argv[1]), ["penstock", *sys.argv[2:]]
    complete = Engine.complete_transfer

    async def held_back(*told: Any) -> None:
        await bought(folder)
        await complete(*told)

    Engine.complete_transfer = held_back
    from connector.cli.main import run

    with held(lambda: there(folder / GATE)):
        run()


if __name__ == "__main__":
    main()
