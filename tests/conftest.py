"""What every test shares: the rule about absent counterparts, the hypothesis profiles, the order on several workers.

Law: a file's tests run in one worker, and so do those of a room whose processes are started once for all of it, but for
files of it that start their own. A large room is several: its files by their first letter.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests import hsm as softhsm
from tests import new_store, nursery
from tests.fault import extent
from tests.reliability import tally

# tests write through to the disk some hundred thousand times; memory keeps what a killed process wrote just as well
MEMORY, MEMORY_BYTES_MIN = Path("/dev/shm"), 6 << 30
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

IN_CI = os.environ.get("PENSTOCK_CI") == "1"
# drawn by the process that starts the workers, so that all of them collect the same tests
os.environ.setdefault("PENSTOCK_TEST_SEED", str(random.SystemRandom().getrandbits(32)))

# rooms in which a session's processes serve every file (some 200 MB each, five of them for the wire), its market day or
# its demo
TOGETHER = ("tests/api/", "tests/hostile/", "tests/market/", "tests/journey/")
# of a room so large that one worker would be the last to end, each part has processes of its own; up to which letter
PARTS = {"tests/api/": "dmz"}
# files of such a room that start all their processes themselves: they go to whoever is free
_OWN = "aggregate_anchors answers anvil_journey codes collected fork_reported joint light_server tls"
ALONE = tuple(f"tests/api/test_{name}.py" for name in _OWN.split())
# what takes longest begins first, or one worker would be alone with it at the end
LONGEST = (
    "tests/market/",
    "tests/fault/test_faults",
    # who want rest around them come before who trade
    "tests/api/test_tokens",
    "tests/api/test_management_faults",
    "tests/api/test_dsp_faults",
    "tests/api/",
    "tests/journey/",
    "tests/fault/",
    "tests/hostile/",
    "tests/interop/",
)
# long stories of processes, a tenth of a minute or more each: `make test-stories` plays them, `make test` the others
STORIES = (
    "tests/fault/test_apart",
    "tests/fault/test_clock_skew",
    "tests/fault/test_drained",
    "tests/fault/test_exchange_pair",
    "tests/fault/test_listing_pair",
    "tests/fault/test_plug",
    "tests/fault/test_served.py",
    "tests/fault/test_slow_peers",
    "tests/fault/test_waiting_orders",
    "tests/federation/test_killed",
    "tests/upgrades/",
    "tests/journey/test_auditor",
    "tests/journey/test_redress",
    "tests/journey/test_up",
    "tests/market/test_exchange_page",
    "tests/api/test_aggregate_anchors",
    "tests/api/test_answers",
    "tests/api/test_anvil_journey",
    "tests/api/test_continuity",
    "tests/api/test_damaged_wire",
    "tests/api/test_distributions",
    "tests/api/test_many_pieces",
    "tests/api/test_market_page",
    "tests/api/test_one_pass",
    "tests/api/test_operation",
    "tests/api/test_packages",
    "tests/api/test_stream",
    "tests/api/test_swarm",
    "tests/api/test_tls",
    "tests/api/test_unlisted",
)

# attacks as an adversary plays them, against real processes: `make test-attacks`
ATTACKS = "tests/attacks/"

# each run draws others; the long runs, with thousands, are targets of their own
settings.register_profile(
    "default", max_examples=extent.tried(50), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("default")

asyncio.create_subprocess_exec = nursery.begin
new_store.copy()

# what is collected lives as long as the session: looking through it again and again was a third of the collection
gc.disable()


def pytest_configure(config):
    if not hasattr(config, "workerinput") and (counting := tally.Tally.asked()):
        config.pluginmanager.register(counting)


def pytest_collection_finish():
    gc.collect()
    gc.freeze()
    gc.enable()


def _absent(reason: str, *, optional: bool = False) -> None:
    """Skip with a reason on a user's machine; in continuous integration what is not optional must be there."""
    if IN_CI and not optional:
        pytest.fail(f"absent in CI: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def absent():
    """Call it with the reason why the real counterpart cannot run here."""
    return _absent


@pytest.fixture(scope="session")
def hsm(tmp_path_factory, absent):
    """The folder of a token that all tests of this process share."""
    if not softhsm.is_there():
        absent("softhsm2 is not installed")
    return softhsm.begin(tmp_path_factory.mktemp("hsm"))


class _ByRoom(LoadScopeScheduling):
    """Deals out files, and rooms whose files share their processes."""

    def _split_scope(self, nodeid):
        file = nodeid.split("::", 1)[0]
        if file in ALONE:
            return file
        room = next((room for room in TOGETHER if file.startswith(room)), None)
        if room is None:
            return file
        first = file.removeprefix(f"{room}test_")[:1]
        return room + next((last for last in PARTS.get(room, "") if first <= last), "")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Deal out in the order of collection: see `LONGEST`."""
    config.option.loadscopereorder = False
    return _ByRoom(config, log)


@pytest.hookimpl(tryfirst=True)  # before `-m` looks at the marks
def pytest_collection_modifyitems(items):
    for item in items:
        if item.nodeid.startswith(STORIES):
            item.add_marker("story")
        if item.nodeid.startswith(ATTACKS):
            item.add_marker("attack")
    items.sort(key=lambda item: next((n for n, one in enumerate(LONGEST) if item.nodeid.startswith(one)), len(LONGEST)))


@pytest.fixture
async def store(tmp_path):
    """An empty database of all tables."""
    from connector.store.store import Store
    from connector.store.tables import TABLES

    made = await Store.open(tmp_path / "store.sqlite", TABLES)
    yield made
    await made.close()
