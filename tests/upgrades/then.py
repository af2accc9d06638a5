"""`penstock` at another time: its clock runs `PENSTOCK_TEST_SKEW` seconds beside the machine's, in any command."""

from __future__ import annotations

import os
from datetime import timedelta

from connector.runtime.clock import Clock

BESIDE = timedelta(seconds=int(os.environ["PENSTOCK_TEST_SKEW"]))
right = Clock.now

if __name__ == "__main__":
    Clock.now = lambda self: right(self) + BESIDE
    from connector.cli.main import app

    app()
