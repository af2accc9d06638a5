"""How often a found table names the buyer whose copy it was, and how often it names one whose copy it was not.

`python -m bench.watermark [--trials 200] [--innocent 5000]`

Tables of 5,000 rows with a growing number and a measure of two decimals, each trial its own. Every found table is tried
against 1,000 agreements' worth of chance, as `vault trace` corrects for them. *Innocent* are the table as it was before
it was marked, the copy of another buyer, and a tenth of either.
"""

from __future__ import annotations

import argparse
import random
from typing import TYPE_CHECKING

from bench import report
from connector.custody.watermarking import chance, key_of, marks, sightings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Row = list[str]
    Change = Callable[[random.Random, list[Row], list[list[Row]]], list[Row]]

ROWS, TRIED, BUYERS = 5_000, 1_000, 10
TRIALS, INNOCENT = 200, 5_000
HEADER, COLUMNS = ["id", "mm"], {"mm": "id"}
SECRET = bytes(range(32))
FALSE = "innocent tables that name somebody"


def _share(share: float) -> Change:
    return lambda draw, mine, _: draw.sample(mine, int(len(mine) * share))


def _noisy(draw: random.Random, mine: list[Row], _: list[list[Row]]) -> list[Row]:
    """Change every second value of a tenth of the rows."""
    some = draw.sample(mine, len(mine) // 10)
    return [[name, cell if draw.random() < 0.5 else f"{draw.uniform(0, 100):.2f}"] for name, cell in some]


def _rounded(_: random.Random, mine: list[Row], __: list[list[Row]]) -> list[Row]:
    return [[name, f"{float(cell):.1f}"] for name, cell in mine]


def _mixed(count: int) -> Change:
    """Take each row from one of so many buyers' copies, the first of which is the one that is looked for."""
    return lambda draw, _, all_: [draw.choice(rows) for rows in zip(*all_[:count], strict=True)]


FOUND: dict[str, Change] = {
    "all of a copy": _share(1.0),
    "half of its rows": _share(0.5),
    "a tenth of its rows": _share(0.1),
    "a tenth of a copy of 2,000 rows": lambda draw, mine, _: draw.sample(mine[:2_000], 200),
    "a fiftieth of its rows": _share(0.02),
    "a hundredth of its rows": _share(0.01),
    "a tenth, half of its values replaced": _noisy,
    "two buyers' copies mixed row by row": _mixed(2),
    "five buyers' copies mixed row by row": _mixed(5),
    "ten buyers' copies mixed row by row": _mixed(10),
    "all of it, rounded by one place": _rounded,
}
TARGETS = {
    FALSE: {"at_most": 0.001},
    "named: all of a copy": {"at_least": 1.0},
    "named: half of its rows": {"at_least": 1.0},
    "named: a tenth of its rows": {"at_least": 0.99},
    "named: a tenth of a copy of 2,000 rows": {"at_least": 0.99},
    "named: two buyers' copies mixed row by row": {"at_least": 0.99},
}


def table(draw: random.Random) -> bytes:
    """Return a CSV table."""
    lines = (f"{at},{draw.gauss(50, 15):.2f}\n" for at in range(ROWS))
    return ("id,mm\n" + "".join(lines)).encode()


def rows(data: bytes) -> list[Row]:
    """Return the rows below the head."""
    return [line.split(",") for line in data.decode().splitlines()[1:]]


def own(trial: int, buyer: int) -> bytes:
    """Return the key of one buyer's copy."""
    return key_of(SECRET, f"table-{trial}", f"{buyer:064x}")


def is_named(found: Sequence[Row], key: bytes) -> bool:
    """Say whether a found table names the buyer with a key."""
    return chance(sightings(HEADER, found, COLUMNS), "", key, TRIED).names


def measure(trials: int, innocent: int) -> dict[str, tuple[float, str]]:
    """Return the shares."""
    named = dict.fromkeys(FOUND, 0)
    for trial in range(trials):
        draw = random.Random(trial)
        plain = table(draw)
        copies = [rows(marks([plain], COLUMNS, own(trial, buyer)).apply(plain, 0)) for buyer in range(BUYERS)]
        for name, change in FOUND.items():
            named[name] += is_named(change(draw, copies[0], copies), own(trial, 0))
    wrong = 0
    for trial in range(innocent):
        draw = random.Random(-trial - 1)
        if trial % 100 == 0:  # some tables, and as many keys as are asked for
            plain = table(draw)
            other = rows(marks([plain], COLUMNS, own(trial, 1)).apply(plain, 0))
        found = (rows(plain), other)[trial % 2]
        wrong += is_named(draw.sample(found, ROWS // 10) if trial % 4 > 1 else found, own(trial, 0))
    figures = {FALSE: (wrong / innocent, f"of {innocent}")}
    return figures | {f"named: {name}": (count / trials, f"of {trials}") for name, count in named.items()}


def main() -> None:
    """Measure, print and write the results."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--trials", type=int, default=TRIALS)
    told.add_argument("--innocent", type=int, default=INNOCENT)
    asked = told.parse_args()
    found = report.rows(measure(asked.trials, asked.innocent), TARGETS)
    print(report.table(found))
    print(f"written to {report.write('watermark', found)}")


if __name__ == "__main__":
    main()
