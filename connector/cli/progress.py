"""How far long work is, on a terminal that somebody watches: bytes or steps, how fast, and how long it will take.

Law: nothing of it goes to stdout, and where nobody watches nothing of it is shown but what an audit says now and then.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from connector.cli.speak import flash, talk, watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

LOOK_SECONDS = 0.5
BLOCK_BYTES = 512  # of what a file system says that a file takes
PARTS = ".*.part"  # what files that are being written lie in (`connector.runtime.stage`)


@contextmanager
def reading(workplace: Callable[..., AbstractContextManager[Any]]) -> Iterator[Any]:
    """Yield an audit's workplace whose progress changes in one line where somebody watches."""
    if not watched():
        with workplace(talk) as place:
            yield place
        return
    with workplace(lambda line: flash("  " + line), LOOK_SECONDS) as place:
        try:
            yield place
        finally:
            flash("")


@contextmanager
def writing(folder: Path, whole: int) -> Iterator[None]:
    """Show inside the block how much of `whole` bytes is written for `folder` by a server of this machine."""
    from connector.runtime.clock import Clock  # noqa: PLC0415  # loaded when a verb runs
    from connector.runtime.speed import Pace  # noqa: PLC0415  # the same

    over, clock, pace, before = threading.Event(), Clock(), Pace(), _parts(folder)

    def show() -> None:
        most = 0  # files that have their names are in the making no more
        while not over.wait(LOOK_SECONDS):
            most = max(most, written(_parts(folder) - before))
            flash(f"  opening: {pace.line(clock.monotonic(), most, whole)}")

    shown = threading.Thread(target=show, name="progress", daemon=True)
    shown.start()
    try:
        yield
    finally:
        over.set()
        shown.join()
        flash("")


def written(parts: set[Path]) -> int:
    """Return how many bytes lie in folders in the making; what is renamed meanwhile counts as nothing."""
    found = 0
    for path in [path for part in parts for path in part.rglob("*")]:
        try:
            told = path.lstat()
        except OSError:
            continue
        found += min(told.st_size, told.st_blocks * BLOCK_BYTES)
    return found


def _parts(folder: Path) -> set[Path]:
    """Return the folders in the making for a folder: beside it, or in it where it is there already."""
    try:
        return set((folder if folder.exists() else folder.parent).glob(PARTS))
    except OSError:
        return set()
