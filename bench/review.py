"""How often the look of a review catches a false profile, and how often it doubts an honest one.

Each trial has a CSV table of its own, cut into pieces. They are drawn as a review draws them
(`ledger/edition/review.py`) and read by the program that a review hands them to (`catalog/looking.py`). The same draw
is held against the honest profile and against every false one. *Caught* is any doubt; *refused* is one that is certain.

    python -m bench.review [--trials N]
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bench import report
from catalog.describe import describe
from catalog.doubts import CERTAIN
from catalog.hints import suggest_grade
from catalog.looking import frame, told
from catalog.profile import file_json, ratio_bps
from contracts.split import WHOLE_BPS
from ledger.edition.review import draw, sample_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog.profile import FileProfile

    Lie = Callable[[FileProfile], FileProfile]

FEW, SOME, MANY = 5_000, 20_000, 40_000  # rows of a table: of its pieces, about 50 for FEW, an eighth is drawn
PIECE_BYTES = 4 * 1024
TRIALS = 20
NAMES = ("id", "degrees", "side", "day", "line")
HONEST_DOUBTED, HONEST_REFUSED = "honest: doubted", "honest: refused"


def table(seed: int, rows: int) -> bytes:
    """Return a CSV table: a growing number, a measure, a category, days of which some are empty, telephone numbers."""
    chance = random.Random(seed)
    empty = chance.uniform(0.01, 0.2)
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(NAMES)
    for at in range(rows):
        day = f"2024-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        lines.writerow(
            (
                at,
                f"{chance.gauss(20, 5):.2f}",
                chance.choice(("north", "south", "east")),
                "" if chance.random() < empty else day,
                f"+49 30 {chance.randint(10**6, 10**7 - 1)}",
            )
        )
    return out.getvalue().encode()


def _column(name: str, **facts: Any) -> Lie:
    def lie(said: FileProfile) -> FileProfile:
        return replace(said, columns=tuple(replace(one, **facts) if one.name == name else one for one in said.columns))

    return lie


def _rows(times: float) -> Lie:
    return lambda said: replace(said, rows=round((said.rows or 0) * times))


def _more_empty(said: FileProfile) -> FileProfile:
    return _column("day", nulls=(said.rows or 0) // 2)(said)


def _last_row_above(said: FileProfile) -> FileProfile:
    return _column("id", maximum=str((said.rows or 0) - 2))(said)


def _other_names(said: FileProfile) -> FileProfile:
    return replace(said, columns=tuple(replace(one, name=f"other_{one.name}") for one in said.columns))


def _other_order(said: FileProfile) -> FileProfile:
    return replace(said, columns=said.columns[::-1])


def _column_more(said: FileProfile) -> FileProfile:
    return replace(said, columns=(*said.columns, replace(said.columns[0], name="more")))


def _careless(said: FileProfile) -> FileProfile:
    """Say that fewer cells are empty, and forget that the columns tell otherwise."""
    return replace(said, quality={**said.quality, "completeness": WHOLE_BPS})


def careful(said: FileProfile) -> FileProfile:
    """Return a profile that does not contradict itself: who lies well says what follows from the lie, too."""
    cells, empty = (said.rows or 0) * len(said.columns), sum(one.nulls for one in said.columns)
    return replace(said, quality={**said.quality, "completeness": ratio_bps(max(cells - empty, 0), cells)})


# what a false profile says → how it is made of the honest one
LIES: dict[str, Lie] = {
    "no cell is empty": _column("day", nulls=0),
    "half of the cells are empty": _more_empty,
    "a narrower range": _column("degrees", minimum="10.00"),
    "fewer different values": _column("side", distinct=2),
    "a hidden column of telephone numbers": _column("line", hint=None),
    "another kind": _column("day", kind="integer", minimum=None, maximum=None),
    "a column more": _column_more,
    "columns in another order": _other_order,
    "columns of other names": _other_names,
    "rows doubled": _rows(2),
    "a fifth more rows": _rows(1.2),
    "a range that one row passes": _last_row_above,
}
# seen in one piece alone, so caught when that one is drawn
ONE_PIECE = frozenset({"columns of other names", "a range that one row passes"})
# a lie that needs no piece to be seen through
CARELESS = "a completeness that its columns do not have"
# a matter of shares → the least rows from which it is held to be caught: rows are counted from eight drawn pieces on,
# and a fifth that is said to be a half is beyond chance (1 in 1,000) from 36 on
SHARES = {"rows doubled": SOME, "a fifth more rows": SOME, "half of the cells are empty": MANY}
LEAST_PERCENT = 95
MOST_FALSE_PERCENT = 2


def work(rows: int, what: str) -> str:
    """Return the name of a figure."""
    return f"{rows:,} rows: {what}"


def targets(rows: int) -> dict[str, dict[str, float]]:
    """Return what the figures of tables with so many rows are held against."""
    untold = ONE_PIECE | {lie for lie, least in SHARES.items() if rows < least}
    told_ = [*(lie for lie in LIES if lie not in untold), CARELESS]
    caught = {work(rows, f"caught: {lie}"): {"at_least": float(LEAST_PERCENT)} for lie in told_}
    false = {HONEST_DOUBTED: {"at_most": float(MOST_FALSE_PERCENT)}, HONEST_REFUSED: {"at_most": 0.0}}
    return caught | {work(rows, what): bound for what, bound in false.items()}


def doubts(profile: FileProfile, data: bytes, seed: bytes) -> list[str]:
    """Return the weights of what a review with this seed doubts of a profile."""
    pieces = [data[at : at + PIECE_BYTES] for at in range(0, len(data), PIECE_BYTES)]
    drawn = draw(seed, len(pieces), sample_size(len(pieces)))
    lengths = [len(one) for one in pieces]
    begin = frame({"files": [file_json(profile)], "lengths": lengths, "grade": suggest_grade([profile]).grade})
    frames = begin + b"".join(frame({"piece": number}, pieces[number]) for number in drawn)
    return [one["weight"] for one in told(io.BytesIO(frames))["doubts"]]


def measure(trials: int, rows: int) -> dict[str, tuple[float, str]]:
    """Return the share of `trials`, in percent, in which each lie was caught and refused, and the honest one was."""
    assert trials > 0
    counts = dict.fromkeys([HONEST_DOUBTED, HONEST_REFUSED], 0)
    counts |= {f"{what}: {lie}": 0 for lie in (*LIES, CARELESS) for what in ("caught", "refused")}
    for trial in range(trials):
        data, seed = table(trial, rows), hashlib.sha256(b"review %d" % trial).digest()
        honest = describe("t.csv", io.BytesIO(data))
        found = doubts(honest, data, seed)
        counts[HONEST_DOUBTED] += bool(found)
        counts[HONEST_REFUSED] += CERTAIN in found
        lies = {lie: careful(made(honest)) for lie, made in LIES.items()} | {CARELESS: _careless(honest)}
        for lie, said in lies.items():
            found = doubts(said, data, seed)
            counts[f"caught: {lie}"] += bool(found)
            counts[f"refused: {lie}"] += CERTAIN in found
    return {work(rows, what): (100 * count / trials, "%") for what, count in counts.items()}


def main() -> None:
    """Measure, print, write bench/results/review.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.review")
    parser.add_argument("--trials", type=int, default=TRIALS)
    asked = parser.parse_args()
    rows = [row for many in (FEW, SOME, MANY) for row in report.rows(measure(asked.trials, many), targets(many))]
    print(report.table(rows))
    print("written to", report.write("review", rows))


if __name__ == "__main__":
    main()
