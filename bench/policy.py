"""How fast the policy engine decides, beside cedarpy and pyodre on the same rules.

`python -m bench.policy [--rounds 25]`

Everything runs on one core, each engine in a process of its own (`bench/judge.py`), in turn, round after round; the
rules and the thousand requests are those of `bench/rules.py`. Before anything is timed every engine has to give every
request the answer that it deserves. Each rival is installed into an environment of its own, kept in .venv/rivals.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bench import report, rivals, rules
from bench.engines import SOME_RULES
from bench.judge import MOST_RULES
from bench.rounds import in_turn
from bench.space import machine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    Rounds = Sequence[Mapping[str, float]]

ROOT = Path(__file__).parent.parent
MIB = 2**20
ROUNDS, WARM_UP = 25, 2
PYODRE_COUNT = 28  # requests a round: one takes it more than 10 ms
RIVALS = {"cedarpy": "cedarpy==4.12.2", "pyodre": "pyodre==1.0.6"}


class Work(NamedTuple):
    """What an engine of engines.py does in a round; a rival's runs in the rival's environment."""

    engine: str
    count: int = rules.COUNT
    rival: str = ""
    questions: Callable[[], Sequence[rules.Question]] | None = rules.questions  # None: nothing is decided


DECIDE, JSON, MANY, COMPILE = "decide", "decide, request from JSON", f"decide, {SOME_RULES} rules", "read and compile"
PLAIN, ANEW, PYODRE = "decide, pyodre's rules", "read, compile and decide, pyodre's rules", "pyodre"
CEDAR, BATCH = "cedarpy", f"cedarpy, {rules.COUNT:,} in one call"
WORKS = {
    DECIDE: Work("penstock"),
    CEDAR: Work("cedarpy", rival="cedarpy"),
    BATCH: Work("cedarpy_batch", rival="cedarpy"),
    JSON: Work("penstock_json"),
    MANY: Work("penstock_many", rules.COUNT // 10),
    COMPILE: Work("penstock_compile", rules.COUNT // 10, questions=None),
    PLAIN: Work("penstock_plain", PYODRE_COUNT, questions=rules.plain_questions),
    ANEW: Work("penstock_anew", PYODRE_COUNT, questions=rules.plain_questions),
    PYODRE: Work("pyodre", PYODRE_COUNT, "pyodre", rules.plain_questions),
}
# ours, theirs, and by what: a batch has no medians, and a busy machine interrupts a long call more than short ones
COMPARED = (
    (DECIDE, CEDAR, "p50"),
    (DECIDE, BATCH, "CPU"),
    (JSON, CEDAR, "p50"),
    (PLAIN, PYODRE, "CPU"),
    (ANEW, PYODRE, "CPU"),
)
TARGETS = {
    f"{DECIDE}, p50": {"at_most": 10.0},
    f"{DECIDE}, p50 ÷ {CEDAR}": {"at_most": 1.0},
    f"{DECIDE}, CPU ÷ {BATCH}": {"at_most": 1.0},
    f"{PLAIN}, CPU ÷ {PYODRE}": {"at_most": 1 / 20},  # at least 20 times as fast
}


class Judge:
    """An engine's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, line: str) -> Any:
        """Have it do one thing."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n".encode())
        said = await self._process.stdout.readline()
        assert said, f"the engine ended instead of answering `{line}`"
        return json.loads(said)


@contextlib.asynccontextmanager
async def judge(work: Work) -> AsyncIterator[Judge]:
    """Start the engine of a work, and end it."""
    python = rivals.environment(work.rival) / "bin" / "python" if work.rival else sys.executable
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        python, "-m", "bench.judge", work.engine, cwd=ROOT, stdin=pipe, stdout=pipe
    )
    try:
        yield Judge(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


def agree(name: str, given: Sequence[bool], asked: Sequence[rules.Question]) -> None:
    """Hold an engine to the answers that the requests deserve; AssertionError names the first other one."""
    assert len(given) == len(asked), f"{name} answered {len(given)} of {len(asked)} requests"
    for answer, question in zip(given, asked, strict=True):
        assert answer is question.allowed, f"{name} says {answer} to {question}"


def on_one_core() -> None:
    """Keep this process and those it starts to one core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


async def measure(rounds: int = ROUNDS) -> list[report.Row]:
    """Check that all agree, warm up, take the figures in turn."""
    usable = {name for name, wanted in RIVALS.items() if rivals.install(name, wanted)}
    works = {name: work for name, work in WORKS.items() if not work.rival or work.rival in usable}
    async with contextlib.AsyncExitStack() as stack:
        judges = {name: await stack.enter_async_context(judge(work)) for name, work in works.items()}
        for name, each in judges.items():
            if (questions := works[name].questions) is not None:
                agree(name, await each.ask("answers"), questions())
        turns = {name: partial(each.ask, f"round {works[name].count}") for name, each in judges.items()}
        await in_turn(turns, WARM_UP)
        taken = await in_turn(turns, rounds)
    async with judge(WORKS[COMPILE]) as fresh:
        return rows_of(taken, await fresh.ask("large"))


def rows_of(taken: Mapping[str, Rounds], large: Mapping[str, float]) -> list[report.Row]:
    """Return the medians of the rounds, ours by theirs, and what the largest policy took."""
    figures: dict[str, tuple[float, str]] = {}
    for name, rounds in taken.items():
        for kind in rounds[0] if WORKS[name].questions else ("p50", "CPU"):
            figures[f"{name}, {kind}"] = statistics.median(each[kind] for each in rounds), "µs"
    for ours, theirs, kind in COMPARED:
        if theirs in taken:
            ratio = figures[f"{ours}, {kind}"][0] / figures[f"{theirs}, {kind}"][0]
            figures[f"{ours}, {kind} ÷ {theirs}"] = ratio, "times"
    figures[f"{COMPILE}, {MOST_RULES} rules"] = large["ms"], "ms"
    figures[f"{COMPILE}, {MOST_RULES} rules, peak memory"] = large["bytes"] / MIB, "MiB"
    return report.rows(figures, TARGETS)


def main() -> None:
    """Measure, print, write bench/results/policy.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.policy")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    told = parser.parse_args()
    on_one_core()
    print(machine(), flush=True)
    rows = asyncio.run(measure(told.rounds))
    print(report.table(rows))
    print("written to", report.write("policy", rows))


if __name__ == "__main__":
    main()
