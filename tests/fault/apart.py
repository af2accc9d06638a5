"""Stories in a namespace of their own, where a link can be taken down and a small disk mounted: `penstock serve`, real.

`python -m tests.fault.apart STORY FOLDER` plays one; `APART` before it makes the namespace. All four participants live
in it, so its loopback is the link between them, and what is mounted goes when the last of them ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from functools import partial
from pathlib import Path

from bench.space import space
from connector.runtime.errors import PenstockError
from tests.fault.pulls import Pull, digest, fill

APART = ("unshare", "--map-root-user", "--net", "--mount")
LINK = ("ip", "link", "set", "lo")
SOURCE_MIB = 24
# less than the edition, more than a window
SMALL_MIB = 14
# a participant's whole folder
ROOM_MIB = 4 * SOURCE_MIB
PAGE_BYTES = 4096
# longer than the peers try without a pause, shorter than a stalled connection is given up
DOWN_SECONDS = 3
DISK_EXIT = 74
WORDS_SECONDS = 40
NO_ROOM = "no space left on device"


def run(*command):
    subprocess.run(command, check=True)


def mount(folder, mib):
    folder.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", f"size={mib}m", "none", str(folder))


def make_room(folder):
    run("mount", "-o", f"remount,size={ROOM_MIB}m", str(folder))


def fill_up(folder):
    """Leave no byte free."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(PAGE_BYTES))
    return filler


async def begun(made, folder, **mandate):
    source = folder / "data.bin"
    fill(source, SOURCE_MIB)
    pull = Pull(made, source)
    await pull.begin(**mandate)
    return pull


async def says(made, word):
    """Wait until the buyer's view gives `word` as the reason why it does not go on; return whose turn it is."""
    async with asyncio.timeout(WORDS_SECONDS):
        while True:
            with contextlib.suppress(PenstockError):
                view = await made.call("buyer", "GET", "acquisitions/pull")
                assert view["state"] not in ("complete", "failed"), view
                if word in view["turn"]["why"]:
                    return view["turn"]["whose"]
            await asyncio.sleep(0.1)


async def link_down(folder):
    """The link is taken down in the middle of a pull and comes back."""
    async with space(folder) as made:
        pull = await begun(made, folder)
        await pull.until(1 / 4)
        run(*LINK, "down")
        await asyncio.sleep(DOWN_SECONDS)
        run(*LINK, "up")
        await pull.ends_right(folder / "opened")


async def full_replicas(folder):
    """The disk of the buyer's replicas is full: it says so, goes on serving, and goes on pulling when there is room."""
    sealed = folder / "buyer" / "sealed"
    mount(sealed, SMALL_MIB)
    async with space(folder) as made:
        pull = await begun(made, folder)
        assert await says(made, NO_ROOM) == "buyer"
        make_room(sealed)
        await pull.ask()
        await pull.ends_right(folder / "opened")


async def full_target(folder):
    """The disk that the buyer opens to is full."""
    target = folder / "target"
    mount(target, SMALL_MIB)
    async with space(folder) as made:
        pull = await begun(made, folder, to=str(target))
        assert await says(made, NO_ROOM) == "buyer"
        make_room(target)
        await pull.ask()
        await pull.ends_right(folder / "opened")
        assert digest(target / pull.source.name) == digest(pull.source)


async def full(folder, role):
    """All of a participant's disk is full in the middle of a pull, its database and log, too: it says so and ends."""
    mount(folder / role, ROOM_MIB)
    async with space(folder) as made:
        pull, person = await begun(made, folder), made.people[role]
        await pull.until(1 / 4)
        filler = fill_up(folder / role)
        async with asyncio.timeout(WORDS_SECONDS):
            await person.wait()
        assert person._process.returncode == DISK_EXIT
        assert "disk" in person.last_words()
        filler.unlink()
        await person.start()
        await pull.ends_right(folder / "opened")


STORIES = {
    "link-down": link_down,
    "full-replicas": full_replicas,
    "full-target": full_target,
    "full-buyer": partial(full, role="buyer"),
    "full-provider": partial(full, role="provider"),
}


def main():
    name, folder = sys.argv[1:]
    run(*LINK, "up")
    asyncio.run(STORIES[name](Path(folder)))


if __name__ == "__main__":
    main()
