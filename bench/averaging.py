"""A model averaged over two providers' tables, each fitted behind a door by Flower, beside the pooled model.

`python -m bench.averaging [--rounds 3] [--firms 3000]`

Each provider has its own firms, and answers each round through its gate: the weights of a Flower ClientApp
(docs/engines/averaging.py) on a hundred blocks, with noise. Whoever asks averages both, and sends that with the next
round. Ranked are firms that neither had, by the averaged weights and by those of a model of all rows. Flower is
installed into an environment of its own; nothing of it is in ours.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
from pathlib import Path
from typing import Any

from bench import report, rivals
from bench.space import machine
from connector.compute.engine.attached import Attached
from connector.compute.engine.installed import Installed
from connector.compute.engine.running import Running
from connector.compute.program import Tells, digest_of
from contracts.engine import Engine
from contracts.gate import Gate
from contracts.noise import Noise
from ledger.edition.index import IndexedFile

ROUNDS, FIRMS, BLOCKS, SECONDS, EPSILON = 3, 3_000, 100, 15, 200
RIVAL, WANTED = "flwr", "flwr==1.42.0"
APART = "AUC: pooled less averaged"
TARGETS = {APART: {"at_most": 0.01}}
ENGINE = Path("docs/engines/averaging.py").resolve()
COLUMNS = {"firm": "VARCHAR", "kwh": "DOUBLE", "age": "DOUBLE", "late": "BIGINT"}
TELLS = tuple(Tells(name, -4, 4) for name in ("constant", "kwh", "age"))
STATEMENT = "select kwh, age, late from firms"


def made(seed: int, firms: int) -> list[tuple[float, float, int]]:
    """Return firms: two numbers between -1 and 1, and whether it pays late."""
    drawn, found = random.Random(seed), []
    for _ in range(firms):
        kwh, age = drawn.uniform(-1, 1), drawn.uniform(-1, 1)
        found.append((kwh, age, int(drawn.random() < 1 / (1 + math.exp(-(0.3 + 2 * kwh - 1.5 * age))))))
    return found


def asked(installed: Installed, table: bytes, weights: list[float]) -> list[float]:
    """Return the weights that one provider tells of its table."""
    source = installed.source()
    engine = Engine(installed.name, digest_of(source), SECONDS)
    gate = Gate(("kwh", "age", "late"), "firm", noise=Noise(EPSILON, 100 * EPSILON), engine=engine)
    attached = Attached(STATEMENT, TELLS, tuple(weights), BLOCKS, engine=engine.digest)
    with Running(attached, gate, {"firms": COLUMNS}, installed) as run:
        found = run.compute(run.foresee().table, IndexedFile("firms.csv", 0, len(table), 0, 1), [(0, table)], b"")
    return [float(one) for one in found.rows[0][1:]]


def auc(weights: list[float], firms: list[tuple[float, float, int]]) -> float:
    """Return how well weights rank firms: the odds that one that is late stands above one that is not."""
    ranked = sorted(firms, key=lambda one: weights[1] * one[0] + weights[2] * one[1])
    late = sum(one[2] for one in firms)
    ranks = sum(at for at, one in enumerate(ranked, 1) if one[2])
    return (ranks - late * (late + 1) / 2) / (late * (len(firms) - late))


def pooled(firms: list[tuple[float, float, int]]) -> list[float]:
    """Return the weights of a logistic model of all rows, by plain descent."""
    weights = [0.0] * 3
    for _ in range(300):
        slope = [0.0] * 3
        for kwh, age, late in firms:
            off = 1 / (1 + math.exp(-(weights[0] + weights[1] * kwh + weights[2] * age))) - late
            slope = [one + off * cell for one, cell in zip(slope, (1.0, kwh, age), strict=True)]
        weights = [one - 2 * part / len(firms) for one, part in zip(weights, slope, strict=True)]
    return weights


async def measured(rounds: int, firms: int) -> dict[str, tuple[float, str]]:
    """Return the figures; both providers answer a round at once."""
    installed = Installed("averaging", str(rivals.environment(RIVAL) / "bin" / "python"), ENGINE)
    sides = [made(seed, firms) for seed in (1, 2)]
    tables = [
        ("firm,kwh,age,late\n" + "".join(f"F{at},{k:.4f},{a:.4f},{y}\n" for at, (k, a, y) in enumerate(side))).encode()
        for side in sides
    ]
    weights: list[float] = []
    for _ in range(rounds):
        told = await asyncio.gather(*(asyncio.to_thread(asked, installed, one, weights) for one in tables))
        weights = [sum(one) / len(one) for one in zip(*told, strict=True)]
    others: list[Any] = made(3, 4_000)
    mine, whole = auc(weights, others), auc(pooled(sides[0] + sides[1]), others)
    return {
        f"AUC, averaged in {rounds} rounds of ε {EPSILON / 100:g} each": (mine, "of 1"),
        "AUC, pooled": (whole, "of 1"),
        APART: (whole - mine, "of 1"),
    }


def main() -> None:
    """Measure, print, write bench/results/averaging.json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--firms", type=int, default=FIRMS)
    given = parser.parse_args()
    print(machine(), flush=True)
    if not rivals.install(RIVAL, WANTED):
        raise SystemExit(1)
    found = report.rows(asyncio.run(measured(given.rounds, given.firms)), TARGETS)
    print(report.table(found))
    print("written to", report.write("averaging", found))


if __name__ == "__main__":
    main()
