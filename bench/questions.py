"""Asking an exchange for products, one question after the other, while something else is measured.

`python -m bench.questions URL TOKEN SECONDS` prints, until it is ended, for each question its milliseconds and how many
products there were; `SECONDS` lie between two. A process of its own does not wait for what a benchmark plays beside it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import urllib.request
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ASK_SECONDS = 0.2
FIND = "/management/find?q=&where=tier%3Dkept,leased,plain"


@dataclass(slots=True)
class Answers:
    """What was asked: milliseconds of each question, and the least that was found."""

    milliseconds: list[float]
    least: int = 0


@asynccontextmanager
async def asked(url: str, token: str) -> AsyncIterator[Answers]:
    """Ask from another process as long as the block lasts; the answers are there behind it, one at least."""
    command = (sys.executable, "-m", "bench.questions", url, token, str(ASK_SECONDS))
    asker = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert asker.stdout is not None
    first, told = await asker.stdout.readline(), Answers([])
    said = asyncio.create_task(asker.stdout.read())
    try:
        yield told
    finally:
        asker.terminate()
        await asker.wait()
        whole = (first + await said).rpartition(b"\n")[0]
    for line in whole.decode().splitlines():
        took, found = line.split()
        told.least = min(int(found), told.least) if told.milliseconds else int(found)
        told.milliseconds.append(float(took))


def main() -> None:
    """Ask until we are ended."""
    url, token, pause = sys.argv[1:]
    question = urllib.request.Request(url + FIND, headers={"Authorization": f"Bearer {token}"})
    while True:
        begun = time.perf_counter()
        with urllib.request.urlopen(question) as answer:
            told = answer.read()
        took = 1000 * (time.perf_counter() - begun)
        print(took, json.loads(told)["found"], flush=True)
        time.sleep(float(pause))


if __name__ == "__main__":
    main()
