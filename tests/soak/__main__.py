"""`make soak MINUTES=10`: a space of real processes trades while they are struck, and then the books must agree.

    python -m tests.soak --minutes 10 [--seed N] [--json] [--keep FOLDER]

Ends with a table of figures and `N passed, M failed`; 0 if none failed. A seed repeats what was drawn, not what the
machine's clock makes of it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from bench.report import table
from tests.soak.soak import Soak


def arguments():
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--minutes", type=float, default=1.0, help="how long buyers order and participants are struck")
    parser.add_argument("--seed", type=int, default=None, help="draws what is ordered and who is struck")
    parser.add_argument("--json", action="store_true", help="print one object; progress goes to stderr")
    parser.add_argument("--keep", type=Path, default=None, help="lay the participants' folders here, and leave them")
    return parser.parse_args()


async def main():
    asked = arguments()
    seed = random.SystemRandom().getrandbits(32) if asked.seed is None else asked.seed
    begun, out = time.monotonic(), sys.stderr if asked.json else sys.stdout

    def say(line):
        out.write(f"{time.monotonic() - begun:6.0f} s  {line}\n")
        out.flush()

    say(f"seed {seed}")
    with tempfile.TemporaryDirectory(prefix="penstock-soak-") as folder:
        soak = Soak(asked.keep or Path(folder), asked.minutes * 60, seed, say)
        rows = await soak.run()
    judged = [row.met for row in rows if row.met is not None]
    passed, failed = judged.count(True), judged.count(False)
    if asked.json:
        told = {"rows": [asdict(row) for row in rows], "passed": passed, "failed": failed, "seed": seed}
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        out.write(f"{table(rows)}\nseed {seed}\n{passed} passed, {failed} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
