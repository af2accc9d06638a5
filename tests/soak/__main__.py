"""`make soak MINUTES=10`: a space of real processes trades while they are struck, and then the books must agree.

    python -m tests.soak --minutes 10 [--on defaults|servers|several] [--from COMMIT] [--seed N] [--json] [--keep DIR]

Ends with a table of figures and `N passed, M failed`, which counts the laws; 0 if none failed. How databases grow
is told beside its target, and fails nobody. A seed repeats what was drawn, not what the machine's clock makes of it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from bench.report import table, unmeasured
from tests.onchain.nodes import NotHereError
from tests.soak.ground import DEFAULTS, GROUNDS, SEVERAL, SMALL, apart, ground, older, small_disks
from tests.soak.soak import PER_ORDER, Soak

IN_CI = os.environ.get("PENSTOCK_CI") == "1"


def arguments():
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--minutes", type=float, default=1.0, help="how long buyers order and participants are struck")
    parser.add_argument("--on", choices=GROUNDS, default=DEFAULTS, help="what the participants stand on")
    parser.add_argument("--from", dest="older", default="", help="begin two with the program of this commit")
    parser.add_argument("--seed", type=int, default=None, help="draws what is ordered and who is struck")
    parser.add_argument("--json", action="store_true", help="print one object; progress goes to stderr")
    parser.add_argument("--keep", type=Path, default=None, help="lay the folders here; fill no disk")
    return parser.parse_args()


async def main():
    asked = arguments()
    may_mount = apart()
    seed = random.SystemRandom().getrandbits(32) if asked.seed is None else asked.seed
    begun, out = time.monotonic(), sys.stderr if asked.json else sys.stdout

    def say(line):
        out.write(f"{time.monotonic() - begun:6.0f} s  {line}\n")
        out.flush()

    if not may_mount:
        say("no disk can be filled here: this machine lets nobody mount in a namespace of his own")
        assert not IN_CI, "absent in CI: a namespace"
    say(f"seed {seed}, on {asked.on}")
    with tempfile.TemporaryDirectory(prefix="penstock-soak-", ignore_cleanup_errors=True) as made:
        folder = asked.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        # what lies on such a disk goes with it
        small = SMALL if may_mount and not asked.keep else ()
        try:
            with ground(asked.on, folder) as stands_on, small_disks(folder, small):
                # before this program two processes of one participant did not serve side by side
                old = None if asked.on == SEVERAL else _older(folder, asked.older, say)
                soak = Soak(folder, stands_on, asked.minutes * 60, seed, say, small, old)
                rows, broken = await soak.run(), soak.broken
        except NotHereError as lacks:
            say(f"not on this machine: {lacks}")
            rows, broken = [unmeasured(f"a soak on {asked.on}", "not here")], []
            if IN_CI:
                raise
    laws = [row.met for row in rows if row.met is not None and row.unit != PER_ORDER]
    passed, failed = laws.count(True), laws.count(False)
    missed = [row.work for row in rows if row.met is False and row.unit == PER_ORDER]
    if asked.json:
        told = {"rows": [asdict(row) for row in rows], "passed": passed, "failed": failed, "seed": seed}
        told |= {"missed": missed, "broken": broken}
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        out.write("\n".join((table(rows), *broken, f"seed {seed}, figures missed: {len(missed)}")))
        out.write(f"\n{passed} passed, {failed} failed\n")
    return 1 if failed else 0


def _older(folder, revision, say):
    """Return the command of an older program, None where there is no history to take one from."""
    try:
        return older(folder / "older", revision)
    except NotHereError as lacks:
        say(str(lacks))
        return None


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
