"""Spaces by seed: `python -m tests.simulation --seed 7 --seeds 50` plays seeds 7 to 56; ends `N passed, M failed`.

A seed that fails is played again with fewer and fewer of its events, and told with those that are left. `--only` plays
one seed alone and prints its plan and its trace, whose digest is the same each time. `--members 1000 --calm` plays a
large space in which nothing goes wrong, and holds the events of an order against what `penstock plan` multiplies.
`--kept FILE` goes on where an earlier run of the same program was interrupted.
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
from pathlib import Path

from connector.operation.plan import year
from tests.simulation import seed as seeds
from tests.simulation.kept import Kept
from tests.simulation.shrinking import shrink

SHRUNK_MAX = 3
TOLD_EVERY = 50
APART = 0.2  # a plan may be so far from what is counted


def run(job):
    logging.disable(logging.CRITICAL)
    seed, drawn = job
    played = seeds.play(seed, **drawn)
    played.fault, played.trace = None, []  # what travels between processes
    return played


def simulate(first, count, workers, *, say=sys.stdout.write, kept=None, **drawn):
    """Return how many seeds failed; `drawn` says of which plans (`trouble.draw`)."""
    begun, failed, figures = time.monotonic(), 0, Counter(kept.figures if kept else {})
    left = [seed for seed in range(first, first + count) if not kept or seed not in kept.seeds]
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        for done, played in enumerate(pool.imap(run, ((seed, drawn) for seed in left)), count - len(left) + 1):
            figures.update(played.figures)
            if kept and not played.broken:
                kept.keep(played)
            if played.broken:
                failed += 1
                say(f"seed {played.seed}: {played.broken}\n")
                if failed <= SHRUNK_MAX:
                    plan, broken = shrink(played.seed, seeds.plan_of(played.seed, **drawn), played.broken)
                    say("".join(f"    {event}\n" for event in plan.events) + f"    → {broken}\n")
                say(f"    {_again(played.seed, **drawn)} plays it alone; digest {played.digest}\n")
            if done % TOLD_EVERY == 0:
                say(f"{done} of {count} seeds, {failed} failed, {time.monotonic() - begun:.0f} s\n")
                sys.stdout.flush()
        pool.close()  # nobody is killed who has just begun
        pool.join()
    say(", ".join(f"{number} {name}" for name, number in figures.items()) + f" in {time.monotonic() - begun:.0f} s\n")
    if drawn.get("calm") and not failed:
        failed += sum(_apart(figures, side, say) for side in ("provider", "buyer"))
    say(f"--seed {first} --seeds {count} plays the same\n{count - failed} passed, {failed} failed\n")
    return failed


def _apart(figures, side, say):
    """Tell the events of an order that were counted and those of the plan; say whether they are too far apart."""
    counted = figures[f"{side} events"] / figures["orders"]
    planned = year.of_windows(side, "events", figures["windows"] / figures["orders"])
    say(f"an order: {counted:.1f} events of its {side}, and {planned:.1f} by the plan\n")
    return not (1 - APART) * planned <= counted <= (1 + APART) * planned


def alone(seed, *, say=sys.stdout.write, **drawn):
    """Play one seed and tell everything of it; return whether it failed."""
    plan = seeds.plan_of(seed, **drawn)
    played = seeds.play(seed, plan)
    say("".join(f"{line}\n" for line in played.trace))
    say(f"{len(plan.providers)} providers, {len(plan.buyers)} buyers\n" + "".join(f"{one}\n" for one in plan.events))
    if played.fault is not None:
        say("".join(traceback.format_exception(played.fault)))
    say(f"digest {played.digest}\n{int(not played.broken)} passed, {int(bool(played.broken))} failed\n")
    return bool(played.broken)


def _again(seed, *, members=0, calm=False):
    more = (f" --members {members}" if members else "") + (" --calm" if calm else "")
    return f"python -m tests.simulation --seed {seed} --only{more}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(31))
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--only", action="store_true", help="play one seed alone, with its trace")
    parser.add_argument("--members", type=int, default=0, help="of each space, a quarter of them providers")
    parser.add_argument("--calm", action="store_true", help="nothing goes wrong; counts are held against the plan")
    parser.add_argument("--kept", type=Path, help="a file of the seeds that have held: those are not played again")
    asked = parser.parse_args()
    drawn = {"members": asked.members, "calm": asked.calm}
    if asked.only:
        logging.disable(logging.CRITICAL)
        return int(alone(asked.seed, **drawn))
    kept = Kept(asked.kept, asked.seed, **drawn) if asked.kept else None
    first = kept.first if kept else asked.seed
    return 1 if simulate(first, asked.seeds, asked.workers, kept=kept, **drawn) else 0
