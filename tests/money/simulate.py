"""Journeys of money by a seed: `python -m tests.money.simulate --seed 1 --journeys 20000`; ends `N passed, M failed`.

A journey that fails is played again with fewer and fewer acts, and told with what is left: a trace to be read.
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

from tests.money.acts import ACTS, MOODS, SPACES
from tests.money.journey import Journey

ACTS_LEAST, ACTS_MOST = 6, 28
TOLD_EVERY = 500
SHRUNK_MAX = 12
SHRINK_TRIES = 300


def draw(seed, number):
    """A journey's space and acts, by the seed and its number alone."""
    chance = random.Random(f"{seed}/{number}")
    tiers, lying = (chance.choice(SPACES[name]) for name in ("tiers", "lying"))
    honest = tuple(not lying >> at & 1 for at in range(len(tiers)))
    mood = MOODS[chance.choice(sorted(MOODS))]
    weights = [0 if act.lie and all(honest) else act.weight * mood.get(act.name, 1) for act in ACTS]
    drawn = chance.choices(ACTS, weights, k=chance.randint(ACTS_LEAST, ACTS_MOST))
    return (tiers, honest), [(act.name, {name: chance.choice(of) for name, of in act.args.items()}) for act in drawn]


def play(space, trace):
    """Play a journey to its end; return what broke, None if nothing did."""
    journey = None
    try:
        journey = Journey(*space)
        for name, args in trace:
            journey.do(name, args)
        journey.finish()
    except Exception as fault:
        return f"{type(fault).__name__}: {fault}", traceback.format_exc()
    finally:
        if journey is not None:
            journey.world.payee.end()
    return None


def shrink(space, trace, broken):
    """Leave out what is not needed to break the same law."""
    law, tries, size = broken.split(":")[1].split(" on ")[0], 0, max(len(trace) // 2, 1)
    while size and tries < SHRINK_TRIES:
        at = 0
        while at < len(trace) and tries < SHRINK_TRIES:
            less, tries = trace[:at] + trace[at + size :], tries + 1
            found = play(space, less)
            if found is not None and law in found[0]:
                trace = less
            else:
                at += size
        size //= 2
    return trace


def run(job):
    logging.disable(logging.CRITICAL)
    seed, number = job
    space, trace = draw(seed, number)
    broken = play(space, trace)
    return number, None if broken is None else broken


def told(space, trace):
    lines = [f"    tiers {space[0]}, honest {space[1]}"]
    return "\n".join(
        lines + [f"    {name}({', '.join(f'{key}={value!r}' for key, value in args.items())})" for name, args in trace]
    )


def simulate(seed, journeys, workers, say=sys.stdout.write):
    """Return how many journeys failed."""
    start, failed, shrunk = time.monotonic(), 0, 0
    jobs = ((seed, number) for number in range(journeys))
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        results = pool.imap(run, jobs, chunksize=20)
        for done, (number, broken) in enumerate(results, 1):
            if broken is not None:
                failed += 1
                say(f"journey {number} of seed {seed}: {broken[0]}\n")
                if shrunk < SHRUNK_MAX:
                    shrunk += 1
                    space, trace = draw(seed, number)
                    trace = shrink(space, trace, broken[0])
                    say(told(space, trace) + "\n    → " + (play(space, trace) or broken)[0] + "\n")
            if done % TOLD_EVERY == 0:
                say(f"{done} of {journeys} journeys, {failed} failed, {time.monotonic() - start:.0f} s\n")
                sys.stdout.flush()
    say(f"--seed {seed} repeats what was drawn\n{journeys - failed} passed, {failed} failed\n")
    return failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--journeys", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--only", type=int, help="play this journey alone, with its traceback")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)  # refusals are a journey's everyday
    if asked.only is not None:
        space, trace = draw(asked.seed, asked.only)
        sys.stdout.write(told(space, trace) + "\n" + str((play(space, trace) or ("passed", ""))[1]) + "\n")
        return 0
    return 1 if simulate(asked.seed, asked.journeys, asked.workers) else 0


if __name__ == "__main__":
    sys.exit(main())
