"""Transfers that begin together: everything up to the start is done, and the pulls wait at a gate.

`python -m bench.gated GATE serve --data DIR` is `penstock serve …` whose pulls begin when the file GATE is there. What
comes before (finding, negotiating, licence, deposit) is then out of the time, and so is that it took one longer.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.consumer import pulling

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

GATE, TURNS = "gate", "turns"
POLL_SECONDS = 0.01


@contextlib.contextmanager
def held(opened: Callable[[], Awaitable[object]], note: Path | None = None) -> Iterator[None]:
    """Have every pull that begins meanwhile wait for `opened` first; `note` is told what turns the last one took."""
    pull = pulling.Pulls.pull

    async def gated(*told: Any, **more: Any) -> None:
        await opened()
        begun = _turns()
        await pull(*told, **more)
        if note is not None:
            note.write_text(str(_turns() - begun))

    pulling.Pulls.pull = gated  # type: ignore[method-assign]
    try:
        yield
    finally:
        pulling.Pulls.pull = pull  # type: ignore[method-assign]


def _turns() -> int:
    """Return how often threads of this process, also those that have ended, gave their processor up."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw


async def there(gate: Path) -> None:
    """Return when the file is there."""
    while not gate.exists():  # another process makes it
        await asyncio.sleep(POLL_SECONDS)


def main() -> None:
    """Run the command line with its pulls held."""
    gate, sys.argv = Path(sys.argv[1]), ["penstock", *sys.argv[2:]]
    from connector.cli.main import run

    with held(lambda: there(gate), gate.with_name(TURNS)):
        run()


if __name__ == "__main__":
    main()
