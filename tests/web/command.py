"""The command line against a participant of the space, as a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys


async def penstock(space, role, *words, code=0):
    """Run the command as its participant would; returns what it prints with `--json`."""
    command = (sys.executable, "-m", "connector.cli.main", *words, "--data", str(space.people[role].data), "--json")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode == code, out
    return json.loads(out)
