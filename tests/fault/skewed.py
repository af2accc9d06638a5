"""`penstock`, any command, its clock `PENSTOCK_TEST_SKEW` seconds ahead; everything else is the product."""

from __future__ import annotations

import os
import sys
from datetime import timedelta

from connector.runtime.clock import Clock

AHEAD = timedelta(seconds=int(os.environ["PENSTOCK_TEST_SKEW"]))
right = Clock.now

if __name__ == "__main__":
    Clock.now = lambda self: right(self) + AHEAD
    from connector.cli.main import app

    sys.argv[0] = "penstock"
    app()
