"""Every figure that the protocol is held to, in one run: negotiation, catalogue, start, hostile peers, strangers.

`python -m bench.protocol` does what each part does by itself (`python -m bench.PART`), one after the other. A row is
named after its part, and a target that no row answers ends the run.
"""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING

import uvloop

from bench import hosted, hostile, negotiation, pages, report, start
from bench.space import machine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PARTS = {"negotiation": negotiation, "catalogue": pages, "start": start, "hostile": hostile, "strangers": hosted}
TARGETS = {f"{name}: {work}": target for name, part in PARTS.items() for work, target in part.TARGETS.items()}


def measure() -> dict[str, Sequence[report.Row]]:
    """Return the rows of every part."""
    command = [str(start.installed())]
    return {
        "negotiation": uvloop.run(negotiation.measure(command))[0],
        "catalogue": uvloop.run(pages.measure(command)),
        "start": start.measure(command),
        "hostile": uvloop.run(hostile.measure()),
        "strangers": asyncio.run(hosted.measure()),
    }


def gathered(found: Mapping[str, Sequence[report.Row]]) -> list[report.Row]:
    """Return the rows of all parts as one table."""
    rows = [dataclasses.replace(row, work=f"{part}: {row.work}") for part, each in found.items() for row in each]
    unanswered = TARGETS.keys() - {row.work for row in rows if row.target}
    assert not unanswered, f"no figure answers {', '.join(sorted(unanswered))}"
    return rows


def main() -> None:
    """Measure, print, write bench/results/protocol.json."""
    print(machine(), flush=True)
    rows = gathered(measure())
    print(report.table(rows))
    print("written to", report.write("protocol", rows))


if __name__ == "__main__":
    main()
