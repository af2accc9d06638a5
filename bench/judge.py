"""One policy engine in a process of its own: it answers the requests of rules.py, and times itself on them.

`python -m bench.judge ENGINE` reads a line for each thing to do and answers it with a line of JSON: `answers` all
answers, `round N` the times of one round over the first N requests, `large` what the largest policy takes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING

from bench import report, rules
from bench.engines import ENGINES, compiler

if TYPE_CHECKING:
    from bench.engines import Engine

MOST_RULES, EACH_CONSTRAINTS = 256, 4  # as many as our engine takes, in rules and in all
MICROSECOND = 1000  # nanoseconds


def answers(engine: Engine) -> list[bool]:
    """Return what the engine says to every request."""
    return [each for call in engine.prepare(engine.questions) for each in engine.answers(engine.call(*call))]


def one_round(engine: Engine, count: int) -> dict[str, float]:
    """Return microseconds a request: the medians of all, of those to be allowed and to be refused, and CPU time.

    Where one call takes them all, there is a mean instead of medians.
    """
    asked = engine.questions[:count]
    calls, ask, clock, taken = engine.prepare(asked), engine.call, time.perf_counter_ns, []
    cpu = time.process_time_ns()
    for call in calls:
        begun = clock()
        ask(*call)
        taken.append(clock() - begun)
    cpu = time.process_time_ns() - cpu
    whole = {"CPU": cpu / len(asked) / MICROSECOND}
    if len(calls) < len(asked):
        return {"mean": sum(taken) / len(asked) / MICROSECOND} | whole
    allowed = [each for each, question in zip(taken, asked, strict=True) if question.allowed]
    refused = [each for each, question in zip(taken, asked, strict=True) if not question.allowed]
    kinds = {"p50": taken, "allowed, p50": allowed, "refused, p50": refused}
    return {kind: report.percentile(those, 50) / MICROSECOND for kind, those in kinds.items()} | whole


def large() -> dict[str, float]:
    """Read and compile the largest policy, once; return its milliseconds, and the bytes by which the process grew."""
    compiled = compiler()
    compiled(rules.six())  # what is made at the first use is no policy's
    document = json.loads(json.dumps(rules.many(MOST_RULES, EACH_CONSTRAINTS)))
    before, begun = report.memory_bytes(os.getpid(), peak=True), time.perf_counter_ns()
    kept = compiled(document)
    taken = time.perf_counter_ns() - begun
    assert kept is not None
    return {"ms": taken / MICROSECOND**2, "bytes": report.memory_bytes(os.getpid(), peak=True) - before}


def main() -> None:
    """Do what the lines say."""
    engine = ENGINES[sys.argv[1]]()
    for line in sys.stdin:
        todo, _, count = line.strip().partition(" ")
        said = large() if todo == "large" else answers(engine) if todo == "answers" else one_round(engine, int(count))
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
