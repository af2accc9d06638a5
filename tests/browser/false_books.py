"""`penstock serve` of a provider that writes half of what it was paid into its own log while the file `false` is in its
data directory, to keep the exchange's share. Everything else is the product."""

from __future__ import annotations

import sys
from pathlib import Path

from connector.store.evidence import Evidence

FALSE = "false"
COMMAND = (sys.executable, str(Path(__file__)))


def keep_false_books(data):
    honest = Evidence.record

    def record(self, tx, kind, *, fields, **more):
        if kind == "keys.released" and (data / FALSE).exists():
            fields = {**fields, "amount": str(int(fields["amount"]) // 2)}
        return honest(self, tx, kind, fields=fields, **more)

    Evidence.record = record


if __name__ == "__main__":
    keep_false_books(Path(sys.argv[sys.argv.index("--data") + 1]))
    from connector.cli.main import app

    sys.argv = ["penstock", "serve", *sys.argv[1:]]
    app()
