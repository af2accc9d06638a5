"""One pull to strike: an edition on offer, its acquisition, and what must be true of bytes and money at its end."""

from __future__ import annotations

import asyncio
import random

from blake3 import blake3

from contracts.tariff import Tariff, amount

MIB = 2**20
PURPOSE = "AirTrafficResearch"
TARIFF = Tariff("byte", 1, MIB, "CNY")
# so small that there are windows enough for a strike to fall well inside the pull
PIECE_KIB = 64
LOOK_SECONDS = 0.02  # a connector tells who waits of progress only a few times a second


def digest(path):
    hasher = blake3()
    with path.open("rb", buffering=0) as file:
        while piece := file.read(MIB):
            hasher.update(piece)
    return hasher.hexdigest()


def fill(path, mib):
    """Write bytes of a seed: no two pieces alike, and nothing that compresses."""
    drawn = random.Random(mib)
    with path.open("wb") as file:
        for _ in range(mib):
            file.write(drawn.randbytes(MIB))


class Pull:
    """The acquisition `name` of a product of that name, from the file `source`."""

    def __init__(self, space, source, name="pull"):
        self.space, self.source, self.name = space, source, name

    async def begin(self, piece_kib=PIECE_KIB, **mandate):
        """Publish, list, and let the buyer begin."""
        self.published = await self.space.offer(self.name, [self.source], pieceKiB=piece_kib)
        await self.ask(**mandate)

    async def ask(self, **mandate):
        """Say what the buyer's command says; said again it resumes."""
        usual = {"bid": None, "limit": "1", "purpose": PURPOSE, "deposit": None}
        told = {"id": self.name, "product": self.name, "mandate": usual | mandate}
        await self.space.call("buyer", "POST", "acquisitions", told)

    async def until(self, share):
        """Return the buyer's view as soon as so much of the keys is here; the pull must not be over by then."""
        while True:
            view = await self.space.call("buyer", "GET", f"acquisitions/{self.name}")
            assert view["state"] not in ("complete", "failed"), view
            progress = view["progress"]
            if progress["rows"] and progress["keysHeld"] >= share * progress["rows"]:
                return view
            await asyncio.sleep(LOOK_SECONDS)

    async def ends_right(self, target):
        """Wait for its end; then the right bytes are opened to `target`, and the right bill is paid on the chain."""
        view = await self.space.reach(self.name, frozenset({"complete"}))
        opening = {"id": f"open-{self.name}", "acquisition": self.name, "purpose": PURPOSE, "to": str(target)}
        await self.space.call("buyer", "POST", "openings", opening)
        (opened,) = [path for path in target.rglob("*") if path.is_file()]
        assert opened.stat().st_size == self.source.stat().st_size
        assert digest(opened) == digest(self.source)
        await self.is_billed(view)

    async def is_billed(self, view):
        """What was paid, and what the chain settled, is the price of everything, once."""
        due = amount(TARIFF, int(self.published["plainBytes"]))
        assert view["progress"]["paid"] == str(due), view
        settled = await self.space.call("provider", "POST", "settlements", {"agreement": view["agreement"]})
        assert [row["settled"] for row in settled["channels"]] == [str(due)]
