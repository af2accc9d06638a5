"""`penstock serve` that takes its first step when a tracer is attached to it."""

from __future__ import annotations

import sys
import time
from pathlib import Path

LOOK_SECONDS = 0.01

if __name__ == "__main__":
    while "TracerPid:\t0\n" in Path("/proc/self/status").read_text():
        time.sleep(LOOK_SECONDS)
    from connector.cli.main import app

    sys.argv = ["penstock", "serve", *sys.argv[1:]]
    app()
