"""What a program prints, run as a stranger runs it."""

from __future__ import annotations

import asyncio
import json
import os


async def said(*command, at=None):
    """Run a program and return the JSON object it prints."""
    return json.loads(await printed(*command, at=at))


async def printed(*command, at=None, **environment):
    """Run a program and return what it prints; `environment` is added to ours."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=at,
        env={**os.environ, **environment},
    )
    output, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
    return output.decode()
