"""`penstock serve` with a clock so many seconds ahead of the machine's as the file named by `PENSTOCK_TEST_CLOCK` says.

That file is read whenever somebody asks for the time. Rounds come every `PENSTOCK_TEST_ROUND` seconds. Everything else
is the product, or with `PENSTOCK_TEST_MUTE` a buyer that never acknowledges, and with `PENSTOCK_TEST_TENURE` one that
keeps its database for so many seconds: its clock may be set while it runs.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

from connector.runtime.clock import Clock

AHEAD = Path(os.environ["PENSTOCK_TEST_CLOCK"])
right = Clock.now


def now(self):
    return right(self) + timedelta(seconds=int(AHEAD.read_text()))


def be_mute():
    from connector.consumer.acknowledging import Acknowledging

    async def recover(_self):
        """Find nothing owed."""

    Acknowledging.recover = recover
    Acknowledging.served = Acknowledging.wake = lambda *_: None


if __name__ == "__main__":
    Clock.now = now
    from connector.cli.main import app
    from connector.settlement import (
        claiming,  # looks ahead by a round of the product's
        monitor,
    )
    from connector.store import tenure

    assert claiming.ROUND_SECONDS == monitor.ROUND_SECONDS
    monitor.ROUND_SECONDS = float(os.environ.get("PENSTOCK_TEST_ROUND", "20"))
    if "PENSTOCK_TEST_MUTE" in os.environ:
        be_mute()
    if "PENSTOCK_TEST_TENURE" in os.environ:
        tenure.LEASE_SECONDS = int(os.environ["PENSTOCK_TEST_TENURE"])
    sys.argv = ["penstock", "serve", *sys.argv[1:]]
    app()
