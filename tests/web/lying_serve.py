"""`penstock serve` whose provider gives wrong keys for the rows that the file `lies` of its data directory names."""

from __future__ import annotations

import sys
from pathlib import Path

from connector.engine.books import Books


def arm(data):
    honest = Books.secrets

    def secrets(self, tx, edition_id, rows):
        found = honest(self, tx, edition_id, rows)
        lies = data / "lies"
        wrong = {int(word) for word in lies.read_text().split()} if lies.exists() else set()
        return [bytes(32) if row in wrong else secret for row, secret in zip(rows, found, strict=True)]

    Books.secrets = secrets


if __name__ == "__main__":
    arm(Path(sys.argv[sys.argv.index("--data") + 1]))
    from connector.cli.main import app

    sys.argv = ["penstock", "serve", *sys.argv[1:]]
    app()
