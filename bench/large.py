"""Large editions: the memory of both sides while one is sealed, pulled, paid for and opened is the same for any size.

`stored` is of a file and a sealed edition on the provider's disk, opened to the buyer's.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from bench.memory import watched
from bench.purchase import PARTIES, Purchases, market
from bench.single import EXPOSURE, PIECE_KIB, fill
from bench.space import workshop
from bench.taken import GIB, MIB, figures

if TYPE_CHECKING:
    from bench.memory import Curve
    from bench.report import Figures

PRODUCT = "large"
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
        size = int(gib * GIB)
        if shutil.disk_usage(folder).free < COPIES * size:
            raise OSError(f"the disk has no room for {COPIES} times {gib:g} GiB")
        source = folder / "source" / "data.bin"
        fill(source, size)
        async with market(folder) as made:
            async with watched({"provider": made.pid("provider")}) as sealing:
                await made.offer(PRODUCT, [source], PIECE_KIB, exposure=EXPOSURE)
            buy = Purchases(made, size)
            async with watched({role: made.pid(role) for role in PARTIES}) as curves:
                taken = await buy.once([PRODUCT], "disk")
    return {**figures({"opened to disk": [taken]}), **of_curves(curves, sealing["provider"])}


def of_curves(curves: dict[str, Curve], sealing: Curve) -> Figures:
    """Return how far each side rose above idle, and whether it still grew towards the end."""
    found = {SEALING: (sealing.above / MIB, "MiB")}
    for role, curve in curves.items():
        print(f"{role}, MiB: {curve.shown()}")
        found[ABOVE[role]] = curve.above / MIB, "MiB"
        found[f"growth of the {role} in its second half"] = curve.growth / MIB, "MiB"
    return found
