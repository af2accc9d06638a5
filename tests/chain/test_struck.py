"""Death, EIO and ENOSPC at the chain's writes: what was told is there, all of it follows, the rest is mined after.

A few points are drawn; with `PENSTOCK_TEST_FAULTS=all` a hundred of them.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.chain import acts
from ledger.chain.client import Chain
from ledger.chain.deployment import deploy
from ledger.embedded import archive
from ledger.embedded.chain import EmbeddedChain
from ledger.embedded.engine import Engine
from ledger.embedded.store import Store
from tests.fault.extent import ALL, SEED
from tests.fault.injection import FAULTS, INJECTED, STRACE, calls, permitted, points

from . import struck
from .conftest import HOST, KEY, Clock

SCRIPT = Path(struck.__file__)
ROOT = Path(__file__).parents[2]
TRACED = ("pwrite64", "fdatasync", "fsync", "ftruncate")
MINTS, DRAWN, LEAST = 6, 100 if ALL else 4, 40
PATIENCE_SECONDS = 30


@pytest.fixture(scope="module")
def ground(tmp_path_factory, absent):
    """A folder with a chain that has the programs, and the transactions to come."""
    if not permitted():
        absent("nobody may trace a process here, so the chain's disk cannot be struck")
    folder = tmp_path_factory.mktemp("ground")

    async def prepare():
        embedded = await EmbeddedChain.open(folder / "chain.sqlite", Clock())
        chain = Chain.local(embedded)
        deployment = await deploy(chain, KEY)
        nonce, act = await chain.nonce(HOST), acts.mint(deployment, HOST, 5)
        raws = [(await chain.sign_transaction(act, nonce=nonce + each, key=KEY)).raw for each in range(MINTS)]
        await embedded.close()
        return raws

    raws = asyncio.run(prepare())
    (folder / "raws").write_text("\n".join(raw.hex() for raw in raws))
    return folder


def mined(chain, ground, inject=None, log=None):
    """Mine all in a process of its own, perhaps under strace; return what it told and its exit code."""
    command = [sys.executable, str(SCRIPT), str(chain), str(ground / "raws")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True, cwd=ROOT, env=environment) as process:
        assert process.stdout.readline() == "ready\n"
        tracer = None
        if log is not None:
            rules = ["-e", f"trace={','.join(TRACED)}", *(["-e", f"inject={inject}"] if inject else [])]
            tracing = [STRACE, "-f", "-o", str(log), "-p", str(process.pid), *rules]
            tracer = subprocess.Popen(tracing, stderr=subprocess.PIPE, text=True)
            assert "attached" in tracer.stderr.readline()
        told = process.communicate("go\n", timeout=PATIENCE_SECONDS)[0].split()
        if tracer is not None:
            tracer.communicate(timeout=PATIENCE_SECONDS)
    return told, process.returncode


def survive(ground, folder, point):
    fault, call, number = point
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(ground / "chain.sqlite", folder)
    told, code = mined(folder / "chain.sqlite", ground, f"{call}:{FAULTS[fault]}:when={number}", folder / "log")
    assert code == (-signal.SIGKILL if fault == "kill" else 0), point
    engine = Engine(Store(folder / "chain.sqlite"), lambda: struck.TIME)
    archive.check(archive.write(engine))
    assert archive.stray_logs(engine) == []
    for each in told:
        assert each == "failed" or engine.index.knows(bytes.fromhex(each)), "what was told is there"
    for line in (ground / "raws").read_text().split():
        engine.send(bytes.fromhex(line))
    root = engine.head.state_root
    engine.store.close()
    assert fault == "kill" or INJECTED in (folder / "log").read_text(errors="replace"), f"{point} struck nothing"
    return root


def test_every_write_of_the_chain_may_fail(ground, tmp_path):
    shutil.copy(ground / "chain.sqlite", tmp_path)
    told, code = mined(tmp_path / "chain.sqlite", ground, log=tmp_path / "log")
    assert (len(told), code) == (MINTS, 0)
    engine = Engine(Store(tmp_path / "chain.sqlite"), lambda: struck.TIME)
    right = engine.head.state_root
    engine.store.close()
    every = points(calls(tmp_path / "log"))
    sys.stdout.write(f"PENSTOCK_TEST_SEED={SEED}: {len(every)} points\n")
    assert len(every) >= LEAST
    for point in random.Random(SEED).sample(every, DRAWN):
        assert survive(ground, tmp_path / "data", point) == right, point
