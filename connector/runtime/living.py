"""Whether a process of this machine lives, by its number."""

from __future__ import annotations

import os


def lives(process: int) -> bool:
    """Say whether a process of this machine runs, also one of somebody else's."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
