"""Sealed replicas beside file servers: every work of the table that the issue asks for, with its target.

`python -m bench.transfer [--only WORK] [--gib 4] [--rounds 5]`

Works run one after the other and by themselves; the rows of a work that was not run stay as they were last recorded, or
say that it was not run. What a work does is said in docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import traceback
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import uvloop

from bench import crowd, large, many, metering, nginx, peers, report, sealing, single
from bench.space import machine
from bench.taken import BOTH, GIB

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from bench.report import Figures

NAME = "transfer"


@dataclass(frozen=True, slots=True)
class Work:
    """One row of the table: what is measured, over how many GiB, how often, and what its figures are held to."""

    measure: Callable[[float, int], Awaitable[Figures]]
    gib: float
    targets: report.Targets
    rounds: int = 5


WORKS: Mapping[str, Work] = {
    "disk": Work(
        partial(single.compared, single.DISK),
        4,
        {
            f"{single.TO_DISK} ÷ nginx (debian) + curl -o": {"at_least": 1.2},
            f"{single.TO_DISK} ÷ curl -o + openssl dgst -sha256": {"at_least": 2},
            f"{single.TO_DISK} ÷ curl -o + b3sum": {"at_least": 1.5},
            f"{single.TO_DISK} ÷ curl -o + sha256sum": {"at_least": 3},
            f"{single.TO_DISK}: CPU of both sides": {"at_most": 0.9},
            f"{single.TO_DISK}: CPU of the server": {"at_most": 0.25},
            f"{single.TO_DISK} ÷ {single.FLOOR_TO_DISK}": {"at_least": 0.85},
            f"{single.TO_DISK}: {BOTH} ÷ {single.FLOOR_TO_DISK}": {"at_most": 1.35},
        },
    ),
    "null": Work(
        partial(single.compared, single.NULL),
        4,
        {
            f"{single.TO_NULL} ÷ nginx (debian) + curl to null": {"at_least": 0.9},
            f"{single.TO_NULL} ÷ nginx (tuned) + curl to null": {"at_least": 0.7},
            f"{single.TO_NULL}: CPU of both sides": {"at_most": 0.9},
            f"{single.TO_NULL} ÷ {single.FLOOR_TO_NULL}": {"at_least": 0.65},
            f"{single.TO_NULL}: {BOTH} ÷ {single.FLOOR_TO_NULL}": {"at_most": 1.5},
        },
    ),
    "tls": Work(
        partial(single.compared, single.SECURE, secure=True),
        4,
        {
            f"{single.TO_DISK} ÷ nginx (debian) + curl -o": {"at_least": 0.75},
            f"{single.TO_NULL} ÷ nginx (debian) + curl to null": {"at_least": 0.75},
        },
    ),
    "others": Work(
        partial(single.compared, single.OTHERS),
        1,
        {
            f"{single.TO_DISK} ÷ aria2c with sha-256": {"at_least": 2},
            f"{single.TO_DISK} ÷ rclone + b3sum": {"at_least": 1},
            f"{single.TO_DISK} ÷ libtorrent v2": {"at_least": 2},
        },
    ),
    "metering": Work(metering.measure, 4, {metering.COST: {"at_most": 5}}),
    "channels": Work(many.channels, 4, {f"{many.OURS} ÷ {many.CURLS}": {"at_least": 0.95}}),
    "objects": Work(many.objects, many.OBJECTS * many.OBJECT_BYTES / GIB, {many.OBJECTS_RATE: {"at_least": 3_000}}),
    "buyers": Work(crowd.measure, 1 / 32, {crowd.FAIR: {"at_least": 0.95}, crowd.MEMORY: {"at_most": 300}}, 1),
    "stored": Work(large.stored, 10, large.TARGETS, 1),
    "generated": Work(large.generated, 100, large.TARGETS, 1),
    "sealing": Work(sealing.measure, 4, {sealing.RATIO: {"at_least": 0.7}}),
}


def rows_of(name: str, figures: Figures) -> list[report.Row]:
    """Return the figures of a work as rows; a target that no figure answers is of a peer that is absent."""
    work = WORKS[name]
    rows = report.rows(figures, work.targets)
    rows += [report.unmeasured(each, **target) for each, target in work.targets.items() if each not in figures]
    return named(name, rows)


def named(name: str, rows: Sequence[report.Row]) -> list[report.Row]:
    """Return rows under the name of their work."""
    return [replace(row, work=f"{name}: {row.work}") for row in rows]


def gathered(fresh: Mapping[str, Sequence[report.Row]], before: Sequence[report.Row]) -> list[report.Row]:
    """Return the rows of every work: fresh ones, else those recorded before, else that it was not run."""
    rows: list[report.Row] = []
    for name, work in WORKS.items():
        kept = [row for row in before if row.work.startswith(f"{name}: ")]
        missing = [report.unmeasured(each, report.NOT_RUN, **target) for each, target in work.targets.items()]
        rows += fresh.get(name) or kept or named(name, missing)
    return rows


def recorded() -> list[report.Row]:
    """Return the rows that were last recorded."""
    path = report.RESULTS / f"{NAME}.json"
    return [report.Row(**each) for each in json.loads(path.read_text())] if path.exists() else []


def configuration() -> str:
    """Return what we, nginx and the peers are told."""
    servers = [
        f"nginx ({flavour}): worker_processes auto; {' '.join(lines)} {nginx.TLS} (with TLS)"
        for flavour, lines in nginx.FLAVOURS.items()
    ]
    ours = f"ours: pieces as publish cuts them, at 1 per MiB, at most {single.EXPOSURE} unpaid, the rest by default"
    return "\n".join([ours, *servers, *(peer.words(name) for name, peer in peers.PEERS.items())])


def taken(name: str, gib: float, rounds: int) -> list[report.Row]:
    """Run a work and return its rows; one that fails says so and lets the others run."""
    work = WORKS[name]
    try:
        return rows_of(name, uvloop.run(work.measure(gib, rounds)))
    except Exception:  # noqa: BLE001  # whatever it met is printed, and its rows say that it failed
        traceback.print_exc()
        return named(name, [report.unmeasured(each, report.FAILED, **bound) for each, bound in work.targets.items()])


def main() -> None:
    """Measure, print, write bench/results/transfer.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.transfer")
    parser.add_argument("--only", action="append", choices=WORKS, help="one work; may be repeated")
    parser.add_argument("--gib", type=float, help="size of each work, instead of its own")
    parser.add_argument("--rounds", type=int, help="rounds of each work, instead of its own")
    parser.add_argument("--dry", action="store_true", help="print alone, and write no figures")
    told = parser.parse_args()
    print(machine(), configuration(), sep="\n", flush=True)
    fresh: dict[str, list[report.Row]] = {}
    for name in told.only or WORKS:
        work = WORKS[name]
        gib, rounds = told.gib or work.gib, told.rounds or work.rounds
        print(f"\n{name}: {gib:g} GiB, {rounds} rounds", flush=True)
        fresh[name] = taken(name, gib, rounds)
        print(report.table(fresh[name]), flush=True)
        if not told.dry:  # after each work, so that a run that is cut short keeps what it has
            print("written to", report.write(NAME, gathered(fresh, recorded())), flush=True)


if __name__ == "__main__":
    main()
