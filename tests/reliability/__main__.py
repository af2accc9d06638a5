"""`make reliability`: the scorecard of reliability, a row for each figure as it is known; ends `N passed, M failed`.

The short form takes minutes, tries a few of each, and says which figures it leaves out; `--long` tries as many as the
scorecard asks for, which takes hours. `--only F1,F7` runs those alone, `--record` keeps their rows in
docs/reliability.json, of which docs/reliability.md is made; only what is run in the long form is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.reliability import run, tally
from tests.reliability.figure import LONG, LOST, SHORT, TWICE, row
from tests.reliability.table import FIGURES

RECORD = Path(__file__).resolve().parents[2] / "docs/reliability.json"
HEAD = f"{'':4} {'tried':>7} {'survived':>8} {'lost':>5} {'twice':>5} {'least':>6}"


def arguments():
    """Return what was asked."""
    parser = argparse.ArgumentParser(prog="make reliability", description=__doc__)
    parser.add_argument("--long", action="store_true", help="as many as the scorecard asks for")
    parser.add_argument("--only", default="", help="figures, for example F1,F7")
    parser.add_argument("--record", action="store_true", help="keep the rows for docs/reliability.md")
    parser.add_argument("--workers", default=str(os.cpu_count()))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--after", type=Path, help=f"tests that were run with {tally.PLACE}=FILE are not run again")
    asked = parser.parse_args()
    if asked.record and not asked.long:
        parser.error("--record keeps rows of the long form: add --long")
    if asked.after and asked.long:
        parser.error("what was run before was of the short form: leave --long out")
    return asked


def line(told):
    """Return a row as it is printed."""
    harm = ["?" if told[name] is None else told[name] for name in (LOST, TWICE)]
    state = {True: "met", False: "MISSED", None: "not tried here"}[told["met"]]
    text = f"{told['figure']:4} {told['tried']:7} {told['survived']:8} {harm[0]!s:>5} {harm[1]!s:>5} {told['least']:6}"
    more = [f"absent: {one}" for one in told["absent"]] + [f"in the long form: {one}" for one in told["leftOut"]]
    return f"{text}  {state}: {told['unit']}; {told['what']}" + "".join(f"\n     {one}" for one in more)


def keep(rows, commit):
    """Put rows into the record in the place of older ones."""
    kept = {one["figure"]: one for one in json.loads(RECORD.read_text())["rows"]} if RECORD.exists() else {}
    kept |= {one["figure"]: {**one, "date": datetime.now(UTC).date().isoformat(), "commit": commit} for one in rows}
    order = [one.number for one in FIGURES]
    told = {"rows": sorted(kept.values(), key=lambda one: order.index(one["figure"]))}
    RECORD.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def main() -> int:
    """Run it; returns the exit code."""
    asked, began, rows = arguments(), time.monotonic(), []
    wanted = set(filter(None, asked.only.split(",")))
    if strange := wanted - {one.number for one in FIGURES}:
        sys.stderr.write(f"there is no figure {', '.join(sorted(strange))}\n")
        return 2
    figures = [one for one in FIGURES if not wanted or one.number in wanted]
    seed = os.environ.setdefault("PENSTOCK_TEST_SEED", str(int.from_bytes(os.urandom(4), "big")))
    form = LONG if asked.long else SHORT

    def say(text):
        sys.stderr.write(text + "\n")

    def tell(figure, came):
        rows.append(row(figure, came, form))
        if not asked.json:
            sys.stdout.write(line(rows[-1]) + "\n")
            sys.stdout.flush()

    if not asked.json:
        sys.stdout.write(HEAD + "\n")
    run.play(figures, form, asked.workers, say, tell, tally.read(asked.after) if asked.after else None)
    met = [one["met"] for one in rows]
    passed, failed = met.count(True), met.count(False)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    if asked.record:
        keep(rows, commit.stdout.strip())
    if asked.json:
        sys.stdout.write(json.dumps({"rows": rows, "passed": passed, "failed": failed, "seed": seed}) + "\n")
    else:
        sys.stdout.write(f"PENSTOCK_TEST_SEED={seed} repeats what was drawn, {time.monotonic() - began:.0f} s\n")
        sys.stdout.write(f"{passed} passed, {failed} failed\n")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
