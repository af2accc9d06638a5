"""`make test-mutants SEED=1 SAMPLE=100`: change sources of money, evidence and authorisation, see which test minds.

Each survivor is printed as file:line with its change; the last line is `N killed, M survived`. Equivalents (a table
with reasons) are neither. Exit code 1 if fewer than 95 of 100 were killed.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from pathlib import Path

from tests.mutants.change import changes
from tests.mutants.equivalents import EQUIVALENTS
from tests.mutants.rooms import ROOT, STAGES, nearest, stages
from tests.mutants.trial import Copy, Verdict, judge_all

KILLED_MIN_PERCENT = 95


def tell(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def all_changes(only, without):
    """Every change of the files whose name fits a pattern of `only` and none of `without`, equivalents left out."""
    found = []
    for file in STAGES:
        if any(fnmatch(file, one) for one in only) and not any(fnmatch(file, one) for one in without):
            found += changes(file, (ROOT / file).read_bytes())
    return [one for one in found if one.key not in EQUIVALENTS]


def judge(drawn, seed, asks, workers):
    """Judge shares of the changes side by side, each in a copy of its own."""
    size = max(-(-len(drawn) // workers), 1)
    shares = [drawn[at : at + size] for at in range(0, len(drawn), size)]
    with tempfile.TemporaryDirectory(prefix="penstock-mutants-") as folder, ThreadPoolExecutor(workers) as pool:
        Path(folder).chmod(0o755)  # a database server goes in as somebody else
        copies = [Copy(ROOT, Path(folder) / str(number), seed) for number in range(len(shares))]
        found = pool.map(lambda copy, share: judge_all(copy, share, asks, tell), copies, shares)
        return [one for share in found for one in share]


def main():
    parser = argparse.ArgumentParser(prog="make test-mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--only", nargs="*", default=["*"], help="patterns of files")
    parser.add_argument("--without", nargs="*", default=[], help="patterns of files")
    parser.add_argument("--near", action="store_true", help="ask only the nearest tests: a first look")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--list", action="store_true", help="print what would be judged")
    asked = parser.parse_args()
    known = all_changes(asked.only, asked.without)
    drawn = random.Random(asked.seed).sample(known, min(asked.sample, len(known)))
    drawn.sort(key=lambda one: (one.file, one.start))  # a file's tests one after the other
    tell(f"{len(drawn)} of {len(known)} changes, drawn by seed {asked.seed}")
    if asked.list:
        for one in drawn:
            tell(one.key)
        return 0
    judged = judge(drawn, asked.seed, nearest if asked.near else stages, asked.workers)
    count = Counter(verdict for _, verdict in judged)
    if count[Verdict.TIMED_OUT]:
        tell(f"{count[Verdict.TIMED_OUT]} of the killed by the time limit")
    if count[Verdict.NOT_JUDGED]:
        tell(f"{count[Verdict.NOT_JUDGED]} not judged")
    killed = count[Verdict.KILLED] + count[Verdict.TIMED_OUT]
    tell(f"{killed} killed, {count[Verdict.SURVIVED]} survived")
    return 0 if killed * 100 >= KILLED_MIN_PERCENT * len(judged) else 1


if __name__ == "__main__":
    sys.exit(main())
