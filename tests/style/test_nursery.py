"""`tests.nursery`: a fork is the process that was asked for, and what is not ours is begun as ever."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests import nursery

PIPE, STDOUT = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
MODULE = (sys.executable, "-m", "connector.cli.main")
SCRIPT = """
import os, sys, threading
threading.Thread(target=lambda: None).start()
print(__name__, sys.argv[1:], os.environ.get("TOLD"), os.getcwd(), sys.path[0])
sys.stderr.write(sys.stdin.read())
sys.exit(len(sys.argv))
"""


def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.fixture
def script(tmp_path, monkeypatch):
    """A script that tells what it is, where scripts of tests are."""
    monkeypatch.setattr(nursery, "SCRIPTS", str(tmp_path))
    path = tmp_path / "tells.py"
    path.write_text(SCRIPT)
    return path


async def test_a_fork_has_what_the_process_would_have(script, tmp_path):
    command = ("env", "TOLD=a word", sys.executable, str(script), "one", "two")
    heard = []
    for begin in (nursery.begin, nursery.EXEC):
        process = await begin(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=tmp_path)
        heard.append((*await process.communicate(b"hears"), process.returncode))
    assert heard[0] == heard[1]
    assert heard[0] == (f"__main__ ['one', 'two'] a word {tmp_path} {tmp_path}\n".encode(), b"hears", 3)


async def test_a_verb_is_forked_and_ends_with_its_code():
    process = await nursery.begin(*MODULE, "nothing-of-ours", stdout=PIPE, stderr=STDOUT)
    said, _ = await process.communicate()
    assert isinstance(process, nursery.Process)
    assert process.returncode == 2
    assert b"nothing-of-ours" in said


async def test_a_fork_is_killed_and_everybody_who_waits_hears_of_it(tmp_path):
    process = await nursery.begin(*MODULE, "chain", "serve", "--data", tmp_path / "chain", "--port", "0", stdout=PIPE)
    assert await process.stdout.readline()
    assert process.returncode is None
    assert parent(process.pid) != os.getpid()
    waiting = [asyncio.create_task(process.wait()) for _ in range(2)]
    await asyncio.sleep(0)
    process.kill()
    assert await asyncio.gather(*waiting) == [-signal.SIGKILL] * 2
    with pytest.raises(ProcessLookupError):
        process.kill()


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("true",), {}),
        ((sys.executable, "-c", "pass"), {}),
        ((sys.executable, "-m", "http.server", "--help"), {}),
        ((*MODULE, "--help"), {"env": {**os.environ, "PYTHONHASHSEED": "7"}}),
        ((*MODULE, "--help"), {"start_new_session": True}),
    ],
)
async def test_what_is_not_ours_or_wants_another_python_is_begun_as_ever(command, told):
    process = await nursery.begin(*command, stdout=PIPE, **told)
    await process.communicate()
    assert not isinstance(process, nursery.Process)
    assert process.returncode == 0


async def test_the_nursery_ends_with_the_tests_and_all_that_it_forked(tmp_path, monkeypatch):
    begun = []
    monkeypatch.delenv(nursery.PLACE, raising=False)
    monkeypatch.setattr(nursery.atexit, "register", begun.append)
    # a name of its own, besides that of this process
    monkeypatch.setattr(nursery.os, "getpid", lambda: f"{os.getppid()}-other")
    process = await nursery.begin(*MODULE, "chain", "serve", "--data", tmp_path / "chain", "--port", "0", stdout=PIPE)
    assert await process.stdout.readline()
    await asyncio.to_thread(begun[0])
    assert await process.wait() == -signal.SIGKILL


async def test_who_waits_is_told_though_somebody_else_looked():
    process = await nursery.begin(*MODULE, "--version", stdout=PIPE)
    waiting = asyncio.create_task(process.wait())
    await asyncio.sleep(0)
    while process.returncode is None:
        time.sleep(0.01)
    async with asyncio.timeout(30):
        assert await waiting == 0
