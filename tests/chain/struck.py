"""A process that mines the transactions of a file, one a line, and tells each that it has; its disk may fail.

Run as `python struck.py <chain> <transactions>`; it says `ready`, waits for a line, and tells `<hash>` or `failed`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ledger.embedded.engine import Engine
from ledger.embedded.store import Store

TIME = 1_800_000_000


def tell(word):
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


def main(path, raws):
    engine = Engine(Store(path), lambda: TIME)
    tell("ready")
    sys.stdin.readline()
    for raw in raws:
        try:
            tell(engine.send(raw).hex())
        except Exception:
            tell("failed")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [bytes.fromhex(line) for line in Path(sys.argv[2]).read_text().split()])
