"""Stories in a namespace of their own, where a link can be taken down and a small disk mounted: `penstock serve`, real.

`python -m tests.fault.apart STORY FOLDER` plays one; `APART` before it makes the namespace. All four participants live
in it, so its loopback is the link between them, and what is mounted goes when the last of them ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

from bench.space import space
from connector.runtime.errors import PenstockError
from tests import nursery
from tests.fault.pulls import PIECE_KIB, PURPOSE, Pull, digest, fill

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
UNTIL = "2099-01-01T00:00:00Z"
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


async def command(*words, code):
    """Run a command as its user; it ends with this code, in time. Returns what it said on stderr."""
    line = (sys.executable, "-m", "connector.cli.main", *map(str, words))
    process = await nursery.EXEC(*line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    async with asyncio.timeout(WORDS_SECONDS):
        _, said = await process.communicate()
    assert process.returncode == code, said.decode()
    return said.decode()


def says_what_lacks(said, place):
    """A person is told which disk it is, and how much is missing; a log, no trace."""
    assert NO_ROOM in said, said
    assert str(place) in said, said
    assert re.search(r"[1-9][0-9]*\.[0-9] MiB more are needed", said), said
    assert "Traceback" not in said


async def offered(made, folder):
    source = folder / "data.bin"
    fill(source, SOURCE_MIB)
    pull = Pull(made, source)
    pull.published = await made.offer(pull.name, [source], pieceKiB=PIECE_KIB)
    return pull


async def get_ends(folder, place, *more):
    """`penstock get` ends with 74 and says it; the same command, when there is room, goes on to the right end."""
    mount(folder / place, SMALL_MIB)
    async with space(folder) as made:
        pull = await offered(made, folder)
        bounds = ("--max-price", 1, "--purpose", PURPOSE, "--id", pull.name, "--data", folder / "buyer")
        words = ("get", pull.name, *bounds, *(one.format(folder=folder) for one in more))
        says_what_lacks(await command(*words, code=DISK_EXIT), folder / place)
        assert "Traceback" not in (folder / "buyer" / "serve.log").read_text()
        make_room(folder / place)
        await command(*words, code=0)
        await pull.ends_right(folder / "opened")


async def open_ends(folder):
    """`penstock open --to` of a small disk leaves nothing behind, and the same opening is counted once."""
    target = folder / "target"
    mount(target, SMALL_MIB)
    async with space(folder) as made:
        pull = await begun(made, folder)
        await made.reach(pull.name, frozenset({"complete"}))
        to = ("--id", "small", "--to", target / "opened")
        words = ("open", pull.name, "--purpose", PURPOSE, *to, "--data", folder / "buyer")
        says_what_lacks(await command(*words, code=DISK_EXIT), target)
        assert "Traceback" not in (folder / "buyer" / "serve.log").read_text()
        assert not [path for path in target.rglob("*") if path.is_file()]
        make_room(target)
        await command(*words, code=0)
        assert digest(target / "opened" / pull.source.name) == digest(pull.source)


async def publish_ends(folder):
    """`penstock publish` into a vault without room; the same command publishes when there is some."""
    sealed = folder / "provider" / "sealed"
    mount(sealed, SMALL_MIB)
    async with space(folder) as made:
        source = folder / "data.bin"
        fill(source, SOURCE_MIB)
        told = (
            "--id",
            "small",
            "--title",
            "T",
            "--price",
            1,
            "--purpose",
            "Research",
            "--until",
            "2099-01-01T00:00:00Z",
        )
        words = ("publish", source, *told, "--data", folder / "provider")
        says_what_lacks(await command(*words, code=DISK_EXIT), sealed)
        assert "Traceback" not in (folder / "provider" / "serve.log").read_text()
        assert not [path for path in sealed.rglob("*") if path.is_file()], "what did not fit takes no room"
        make_room(sealed)
        await command(*words, code=0)
        assert (await made.call("provider", "GET", "publications/small?wait=0"))["state"] == "submitted"


async def store_ends(folder, role):
    """All of a participant's disk is full: its server ends, and so does who asked it, with the same word."""
    mount(folder / role, ROOM_MIB)
    async with space(folder) as made:
        pull, person = await offered(made, folder), made.people[role]
        filler = fill_up(folder / role)
        bounds = ("--max-price", 1, "--purpose", PURPOSE, "--id", pull.name, "--data", folder / role)
        said = await command("get", pull.name, *bounds, code=DISK_EXIT)
        assert str(folder / role) in said
        assert "is full" in said
        async with asyncio.timeout(WORDS_SECONDS):
            await person.wait()
        filler.unlink()
        await person.start()
        await command("get", pull.name, *bounds, code=0)
        await pull.ends_right(folder / "opened")


STORIES = {
    "get-replicas": partial(get_ends, place="buyer/sealed"),
    "get-target": lambda folder: get_ends(folder, "target", "--to", "{folder}/target"),
    "open-target": open_ends,
    "publish-vault": publish_ends,
    "get-store": partial(store_ends, role="buyer"),
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
