"""Spaces by seed: `python -m tests.simulation --seed 7 --seeds 50` plays seeds 7 to 56; ends `N passed, M failed`.

A seed that fails is played again with fewer and fewer of its events, and told with those that are left. `--only` plays
one seed alone and prints its plan and its trace, whose digest is the same each time.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import random
import sys
import time
import traceback
from collections import Counter

from tests.simulation import seed as seeds
from tests.simulation.shrinking import shrink

SHRUNK_MAX = 3
TOLD_EVERY = 50


def run(job):
    logging.disable(logging.CRITICAL)
    seed, crowd = job
    played = seeds.play(seed, crowd=crowd)
    played.fault, played.trace = None, []  # what travels between processes
    return played


def simulate(first, count, workers, *, crowd, say=sys.stdout.write):
    """Return how many seeds failed."""
    begun, failed, figures = time.monotonic(), 0, Counter()
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        for done, played in enumerate(pool.imap(run, ((first + at, crowd) for at in range(count))), 1):
            figures.update(played.figures)
            if played.broken:
                failed += 1
                say(f"seed {played.seed}: {played.broken}\n")
                if failed <= SHRUNK_MAX:
                    plan, broken = shrink(played.seed, seeds.plan_of(played.seed, crowd=crowd), played.broken)
                    say("".join(f"    {event}\n" for event in plan.events) + f"    → {broken}\n")
                say(f"    {_again(played.seed, crowd)} plays it alone; digest {played.digest}\n")
            if done % TOLD_EVERY == 0:
                say(f"{done} of {count} seeds, {failed} failed, {time.monotonic() - begun:.0f} s\n")
                sys.stdout.flush()
    say(", ".join(f"{number} {name}" for name, number in figures.items()) + f" in {time.monotonic() - begun:.0f} s\n")
    say(f"--seed {first} --seeds {count} plays the same\n{count - failed} passed, {failed} failed\n")
    return failed


def alone(seed, *, crowd, say=sys.stdout.write):
    """Play one seed and tell everything of it; return whether it failed."""
    plan = seeds.plan_of(seed, crowd=crowd)
    played = seeds.play(seed, plan)
    say("".join(f"{line}\n" for line in played.trace))
    say(f"{len(plan.providers)} providers, {len(plan.buyers)} buyers\n" + "".join(f"{one}\n" for one in plan.events))
    if played.fault is not None:
        say("".join(traceback.format_exception(played.fault)))
    say(f"digest {played.digest}\n{int(not played.broken)} passed, {int(bool(played.broken))} failed\n")
    return bool(played.broken)


def _again(seed, crowd):
    return f"python -m tests.simulation --seed {seed} --only" + (" --crowd" if crowd else "")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(31))
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--only", action="store_true", help="play one seed alone, with its trace")
    parser.add_argument("--crowd", action="store_true", help="four providers and twelve buyers")
    asked = parser.parse_args()
    if asked.only:
        logging.disable(logging.CRITICAL)
        return int(alone(asked.seed, crowd=asked.crowd))
    return 1 if simulate(asked.seed, asked.seeds, asked.workers, crowd=asked.crowd) else 0
