"""A provider that answers a byte at a time: each wait ends at a named limit, the pull goes on when it is over, and an
honest provider is not waited for meanwhile.

Real processes; the buyer's patience is a fifth of what it is (`impatient_serve`), a byte comes every tenth of a second.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from connector.runtime.clock import Clock
from tests.api.proxy import proxied
from tests.api.space import Space
from tests.fault.extent import SLOW, drawn

ROLES = ("exchange", "provider", "second", "buyer")
# with an option of Python's it is no fork (tests/nursery.py), whose modules have read the limits already
IMPATIENT = (sys.executable, "-u", str(Path(__file__).with_name("impatient_serve.py")))
PRICE = 64_000  # minor units a MiB
PIECE = 65_536
PAUSE_SECONDS = 0.1
# a message is given up after 3 s here, pieces after 12 and, begun in the middle of a look, after 24
WITHIN_SECONDS = 60
# what is answered slowly → the beginning and the end of its path, and in which words the buyer's view says so
ANSWERS = {
    "request": ("/channel/", "/request", "did not answer"),
    "voucher": ("/channel/", "/voucher", "did not answer"),
    "step": ("/channel/", "/step", "did not answer"),
    "acknowledgement": ("/channel/", "/acknowledge", "did not answer"),
    "header": ("/sealed/", "/header", "did not answer"),
    "rows": ("/sealed/", "/rows", "did not answer"),
    "seal": ("/sealed/", "/seal", "did not answer"),
    "pieces": ("/sealed/", "/pieces", "bytes came in"),
}

pytestmark = [pytest.mark.faults, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def proxy():
    async with proxied() as made:
        made.pause = PAUSE_SECONDS
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def space(tmp_path_factory, proxy):
    made = Space(tmp_path_factory.mktemp("slow"), Clock().now)
    proxy.target = made.prepare(ROLES, {"second": proxy.url})["second"]
    made.people["buyer"].command = IMPATIENT
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


def waits_for(words, view):
    assert view["state"] not in ("complete", "failed"), view
    return words in view["turn"]["why"]


@pytest.mark.parametrize("answer", drawn(ANSWERS, 1))
async def test_a_slow_answer_ends_at_its_limit_and_holds_nobody_up(space, proxy, answer, record_property):
    begins, ends, words = ANSWERS[answer]
    files = await space.publish("second", answer, (10 * PIECE,), price=PRICE)
    await space.publish("provider", f"{answer}-beside", (4 * PIECE,), price=PRICE)
    slow = []

    def drips(request):
        found = request.path.startswith(begins) and request.path.endswith(ends)
        slow.extend([request.path] * found)
        return found

    proxy.drips = drips
    try:
        await space.get(answer, limit=PRICE)
        await space.until(answer, partial(waits_for, words), within=WITHIN_SECONDS)
        assert slow
        await space.get(f"{answer}-beside", limit=PRICE)
        await space.complete(f"{answer}-beside", within=WITHIN_SECONDS)
    finally:
        proxy.drips = None
    view = await space.complete(answer, within=WITHIN_SECONDS)
    assert await space.opened(answer) == [path.read_bytes() for path in files]
    assert view["progress"]["paid"] == str(-(-int(view["progress"]["bytes"]) * PRICE // 2**20))
    record_property(SLOW, 1)
