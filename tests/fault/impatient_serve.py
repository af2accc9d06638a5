"""`penstock serve` with the limits of its patience a fifth of what they are; everything else is the product."""

from __future__ import annotations

import sys

from connector.runtime import limits

PATIENCE = 1 / 5
assert "connector.net.lane" not in sys.modules, "who is loaded has read the limits already"
for name in ("CALL_SECONDS_MAX", "STALL_SECONDS_MAX", "TRICKLE_SECONDS_MAX"):
    setattr(limits, name, getattr(limits, name) * PATIENCE)

if __name__ == "__main__":
    from connector.cli.main import app

    sys.argv = ["penstock", "serve", *sys.argv[1:]]
    app()
