"""The command line against a participant: as a process of its own, or in this one.

Law: of each family of commands (`exchange`, `rights`, …) the first that a worker runs is a real process; the others run
here, in a thread, by the same parser and with the same streams, where what they import is there already.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import typer
from click.testing import CliRunner

from connector.cli import speak
from connector.cli.main import app
from tests import nursery

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-m", "connector.cli.main")
WITHIN_SECONDS = 60
# made once: Typer reads every signature of every command
COMMAND = cache(lambda: typer.main.get_command(app))
# families of which a process was run here
_proven = set()
# the streams of this process are those of one command at a time
_alone = asyncio.Lock()


class Said(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int
    out: bytes
    err: bytes


async def commanded(*words):
    """Run `penstock` with these words."""
    if words[0] in _proven:
        async with _alone:
            return await asyncio.to_thread(_here, [str(word) for word in words])
    _proven.add(words[0])
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    process = await nursery.EXEC(*PROGRAM, *map(str, words), **pipes)
    out, err = await process.communicate()
    return Said(process.returncode, out, err)


def _here(words):
    speak.ACTING.clear()  # a process begins as nobody
    result = CliRunner().invoke(COMMAND(), words)
    if not isinstance(result.exception, SystemExit | None):
        raise result.exception
    return Said(result.exit_code, result.stdout_bytes, result.stderr_bytes)


async def penstock(space, role, *words, code=0):
    """Run the command as its participant would; returns what it prints with `--json`. A code of None is any."""
    ended = await commanded(*words, "--data", space.people[role].data, "--json")
    assert code in (None, ended.code), ended
    return json.loads(ended.out)


async def run(words, folder, environment=None, code=0):
    """Run the command in a folder, as somebody who follows a page would; returns what a person reads."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = await asyncio.create_subprocess_exec(
        *PROGRAM,
        *words,
        cwd=folder,
        env={**os.environ, **(environment or {}), "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    shown, _ = await asyncio.wait_for(process.communicate(), WITHIN_SECONDS)
    assert process.returncode == code, (words, shown.decode())
    return shown.decode()
