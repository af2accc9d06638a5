"""Large editions: the memory of both sides while one is sealed, pulled, paid for and opened is the same for any size.

`stored` is of a file and a sealed edition on the provider's disk, opened to the buyer's. `generated` is of one larger
than the disk: the source is a file of zeros that takes none, the provider seals every piece when the edition is made
and again when it is asked for (`bench/unstored.py`), and the buyer verifies, pays, opens and forgets.
"""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any

from bench.memory import watched
from bench.purchase import PARTIES, Purchases, market
from bench.single import EXPOSURE, fill
from bench.space import workshop
from bench.taken import GIB, MIB, figures

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.memory import Curve
    from bench.report import Figures
    from bench.space import Space

PRODUCT = "large"
PIECE_KIB = 1024  # such pieces are what a provider without sealed bytes leaves out (`bench.unstored.Hollow`)
UNSTORED = (sys.executable, "-m", "bench.unstored", "serve")
COPIES = 3.2  # of the file on the disk at once: itself, sealed, opened; and some room
ABOVE_MIB, SEALING_MIB = 150.0, 200.0
SEALING = "sealing: memory of the provider above idle"
ABOVE = {role: f"memory of the {role} above idle" for role in PARTIES}
TARGETS = {
    **{name: {"at_most": ABOVE_MIB} for name in ABOVE.values()},
    SEALING: {"at_most": SEALING_MIB},
}


async def stored(gib: float, _rounds: int) -> Figures:
    """Seal and take `gib` GiB once, to the disk; raises OSError where the disk has no room for it."""
    with workshop() as folder:
        source, size = folder / "source" / "data.bin", int(gib * GIB)
        if shutil.disk_usage(folder).free < COPIES * size:
            raise OSError(f"the disk has no room for {COPIES} times {gib:g} GiB")
        fill(source, size)
        async with market(folder) as made:
            return await _watched(made, source, "disk")


async def generated(gib: float, _rounds: int) -> Figures:
    """Seal `gib` GiB of zeros twice and take them once, to null."""
    with workshop() as folder:
        source = folder / "source" / "data.bin"
        source.parent.mkdir()
        with source.open("wb") as file:
            file.truncate(int(gib * GIB))
        async with market(folder, provider=UNSTORED) as made:
            return await _watched(made, source, "null", pieceKiB=PIECE_KIB)


async def _watched(made: Space, source: Path, sink: str, **brief: Any) -> Figures:
    """Publish a file, with a `brief` of its own, and buy it once, watching both sides."""
    async with watched({"provider": made.pid("provider")}) as sealing:
        await made.offer(PRODUCT, [source], exposure=EXPOSURE, **brief)
    async with watched({role: made.pid(role) for role in PARTIES}) as curves:
        taken = await Purchases(made, source.stat().st_size).once([PRODUCT], sink)
    return {**figures({f"opened to {sink}": [taken]}), **of_curves(curves, sealing["provider"])}


def of_curves(curves: Mapping[str, Curve], sealing: Curve) -> Figures:
    """Return how far each side rose above idle, and whether it still grew towards the end."""
    found = {SEALING: (sealing.above / MIB, "MiB")}
    for role, curve in curves.items():
        print(f"{role}, MiB: {curve.shown()}")
        found[ABOVE[role]] = curve.above / MIB, "MiB"
        found[f"growth of the {role} in its second half"] = curve.growth / MIB, "MiB"
    return found
