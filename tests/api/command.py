"""The command line against a participant, as a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-m", "connector.cli.main")
WITHIN_SECONDS = 60


async def penstock(space, role, *words, code=0):
    """Run the command as its participant would; returns what it prints with `--json`."""
    command = (*PROGRAM, *words, "--data", str(space.people[role].data), "--json")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode == code, out
    return json.loads(out)


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
    said, _ = await asyncio.wait_for(process.communicate(), WITHIN_SECONDS)
    assert process.returncode == code, (words, said.decode())
    return said.decode()
